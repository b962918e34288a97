"""Summary: what a run did, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from runner_core.brain import Brain
from runner_core.pipeline.profile import Profile, Timings
from runner_core.results.inference import Inference
from runner_core.results.result import Result

INTERRUPTED = "interrupted"


@attrs.define
class Summary:
    """Counts over a run.

    ``failed``   frames that could not be read or that a brain failed on.
    ``dropped``  frames of a live source that were passed over.
    ``skipped``  how many files the source passed over, by suffix, because they are not pictures.
    ``broken``   why the source ended early; ``INTERRUPTED`` if somebody stopped it.
    ``earlier``  how many of the frames an earlier run has answered, which this one has gone on with.
    ``seconds``  that the run took.
    ``explain``  whether ``to_json`` gives the profile too.
    """

    frames: int = 0
    failed: int = 0
    dropped: int = 0
    skipped: Mapping[str, int] = attrs.field(factory=dict)
    broken: str = ""
    earlier: int = attrs.field(default=0, repr=False)
    seconds: float = attrs.field(default=0.0, repr=False)
    brains: dict[str, Tally] = attrs.field(factory=dict)
    profile: Profile = attrs.field(factory=Profile, repr=False)  # long; it has tables of its own
    explain: bool = False

    def expect(self, brains: Iterable[Brain]) -> None:
        """Notes what the answers of these brains will rest on."""
        for brain in brains:
            if brain.guesses:
                self.brains[brain.name] = Tally(guesses=tuple(map(str, brain.guesses)))

    def go_on(self, earlier: Summary) -> None:
        """Begins with what an earlier run counted."""
        self.earlier = earlier.frames
        self.add_counts(earlier.to_counts())

    def add(self, result: Result) -> None:
        """Counts and measures a result."""
        self.profile.add_result(result)
        self.count(result)

    def count(self, result: Result) -> None:
        """Counts a result that is measured already."""
        self.frames += 1
        self.failed += bool(result.failures)
        self.dropped += result.dropped
        for entry in result.inferences:
            tally = self.brains.setdefault(entry.brain, Tally())
            if isinstance(entry, Inference):
                tally.add(entry)
            else:
                tally.failed += 1

    def add_counts(self, counts: Mapping[str, Any]) -> None:
        """Adds what another run counted, as ``to_counts`` and ``subtract_counts`` give it."""
        self.frames += counts.get("frames", 0)
        self.failed += counts.get("failed", 0)
        for name, numbers in counts["brains"].items():
            self.brains.setdefault(name, Tally()).add_counts(numbers)

    def to_counts(self) -> dict[str, Any]:
        """JSON data of what adds up from run to run."""
        brains = {name: tally.to_counts() for name, tally in self.brains.items()}
        return {"frames": self.frames, "failed": self.failed, "brains": brains}

    def to_json(self) -> dict[str, Any]:
        """The last record of a run's JSON lines."""
        interrupted = self.broken == INTERRUPTED
        brains = {name: tally.to_json() for name, tally in self.brains.items()}
        rare = {
            "dropped": self.dropped, "skipped": dict(self.skipped), "interrupted": interrupted,
            "broken": "" if interrupted else self.broken,
        }  # fmt: skip
        said = {key: value for key, value in rare.items() if value}
        profile = {"explain": self.profile.to_json()} if self.explain else {}
        return {"frames": self.frames, "failed": self.failed, **said, "brains": brains, **profile}

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failed and not self.broken


def subtract_counts(counts: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """What was counted between two calls of ``to_counts``; what is nothing is left out."""
    since: dict[str, Any] = {}
    for key, value in counts.items():
        if isinstance(value, Mapping):
            since[key] = subtract_counts(value, earlier.get(key, {}))
        elif value != earlier.get(key, 0):
            since[key] = value - earlier.get(key, 0)
    return since


@attrs.define
class Tally:
    """One brain's part: frames answered, instances found, failures, milliseconds a frame; what it rests on."""

    answered: int = 0
    found: int = 0
    failed: int = 0
    labels: Counter[str] = attrs.field(factory=Counter)
    ms: Timings = attrs.field(factory=Timings)
    guesses: tuple[str, ...] = attrs.field(default=(), repr=False)

    def add(self, inference: Inference) -> None:
        """Counts an answer."""
        self.answered += 1
        self.found += len(inference)
        self.labels.update(inference.names)
        self.ms.add(sum(inference.ms.values()))

    def add_counts(self, counts: Mapping[str, Any]) -> None:
        """Adds what ``to_counts`` gave; a number that is left out is none."""
        self.answered += counts.get("answered", 0)
        self.found += counts.get("found", 0)
        self.failed += counts.get("failed", 0)
        self.labels.update(counts["labels"])

    def to_counts(self) -> dict[str, Any]:
        """JSON data of what adds up from run to run."""
        return {"answered": self.answered, "found": self.found, "failed": self.failed, "labels": dict(self.labels)}

    def to_json(self) -> dict[str, Any]:
        """``ms`` is the median, and left out if there was no answer."""
        spent: dict[str, Any] = {"ms": self.ms.to_json()["p50"]} if self.ms else {}
        if self.guesses:
            spent["guesses"] = list(self.guesses)
        return self.to_counts() | spent
