"""Profile: where a run's time went, and what its brains shared."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic, perf_counter
from typing import Any

import attrs
import numpy as np

from runner_core.frames.frame import Frame
from runner_core.frames.memo import DECODED, FeaturesKey, stage_of
from runner_core.frames.picture_spec import PictureSpec
from runner_core.pipeline.threads import ThreadSplit
from runner_core.results.inference import Inference
from runner_core.results.result import Result

Size = tuple[int, int]  # (width, height)

KEPT = 10_000  # times of a stage, the last ones
PERCENTILES = (50, 90, 99)
SIZES = 100  # of pictures are reported, the most frequent ones


@attrs.define(repr=False)
class Timings:
    """Milliseconds of one stage; the last ``KEPT`` are kept."""

    _kept: array[float] = attrs.field(factory=lambda: array("f"), init=False)
    _oldest: int = attrs.field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        """The percentiles, not each time: ``Timings(3, p50=5.2, p90=6.1, p99=6.3)``."""
        return f"Timings({', '.join([str(len(self)), *(f'{key}={ms:.1f}' for key, ms in self.to_json().items())])})"

    def add(self, ms: float) -> None:
        """Takes the place of the oldest once there are ``KEPT``."""
        if len(self._kept) < KEPT:
            self._kept.append(ms)
        else:
            self._kept[self._oldest] = ms
            self._oldest = (self._oldest + 1) % KEPT

    def to_json(self) -> dict[str, float]:
        """``{"p50": ..., "p90": ..., "p99": ...}``: so many percent of the times are no longer; empty without times."""
        if not self._kept:
            return {}
        found = np.percentile(self._kept, PERCENTILES)
        return {f"p{share}": round(float(ms), 3) for share, ms in zip(PERCENTILES, found, strict=True)}


def _by_stage() -> dict[str, Timings]:
    return defaultdict(Timings)


@attrs.define
class Profile:
    """Gathered frame by frame, in memory that does not grow with the run.

    ``threads``  how they were split; ``within`` those of one call of each brain, None being its engine's choice.
    ``specs``    what each brain asks of a frame.
    ``decoded``  how often a picture was decoded, by the size it was decoded at and its own, (width, height).
    ``tensors``  how often one was built, by its spec.
    ``stages``   of a frame: ``read``, ``decode``, ``prepare``, ``trunk``, each without the others.
    ``brains``   by name, then by stage: ``encode`` contains the first three for the brain that asks first, ``run`` a
                 trunk, and both the wait for others.
    ``trunks``   how often each was computed, and ``shared`` which of them each brain begins with.
    ``sinks``    by their names.
    ``age``      of a live frame, when its result was ready.
    ``gaps``     how often a live source was lost and came back.
    """

    threads: ThreadSplit | None = None
    within: Mapping[str, int | None] = attrs.field(factory=dict)
    specs: Mapping[str, PictureSpec | None] = attrs.field(factory=dict)
    frames: int = 0
    dropped: int = 0
    gaps: int = 0
    decoded: Counter[tuple[Size, Size]] = attrs.field(factory=Counter)
    tensors: Counter[PictureSpec] = attrs.field(factory=Counter)
    trunks: Counter[str] = attrs.field(factory=Counter)
    shared: Mapping[str, str] = attrs.field(factory=dict)
    stages: dict[str, Timings] = attrs.field(factory=_by_stage)
    brains: dict[str, dict[str, Timings]] = attrs.field(factory=lambda: defaultdict(_by_stage))
    sinks: dict[str, Timings] = attrs.field(factory=_by_stage)
    age: Timings = attrs.field(factory=Timings)
    _begun: float = attrs.field(factory=perf_counter, init=False)
    _ended: float = attrs.field(factory=perf_counter, init=False)

    def add_result(self, result: Result) -> None:
        """Counts a result. Called as soon as it is ready, because it measures the frame's age."""
        self.frames += 1
        self.dropped += result.dropped
        if result.frame.taken is not None:
            self.age.add((monotonic() - result.frame.taken) * 1e3)
        for entry in result.inferences:
            if isinstance(entry, Inference):
                for stage, ms in entry.ms.items():
                    self.brains[entry.brain][stage].add(ms)

    @contextmanager
    def time_sink(self, sink: str) -> Iterator[None]:
        """Times the block."""
        begun = perf_counter()
        yield
        self.sinks[sink].add((perf_counter() - begun) * 1e3)

    def add_frame(self, frame: Frame) -> None:
        """Counts what was computed of a frame. Called once nobody will ask it for more."""
        self._ended = perf_counter()
        spent: dict[str, float] = defaultdict(float)
        for computed in frame.computed:
            spent[stage_of(computed)] += computed.ms
            if isinstance(computed.key, PictureSpec):
                self.tensors[computed.key] += 1
            elif isinstance(computed.key, FeaturesKey):
                self.trunks[computed.key.trunk] += 1
            elif computed.key in DECODED and computed.shape:
                self.decoded[(computed.shape[1], computed.shape[0]), frame.size] += 1
        for stage, ms in spent.items():
            self.stages[stage].add(ms)

    @property
    def seconds(self) -> float:
        """From the beginning until the last frame was written."""
        return self._ended - self._begun

    def users_of(self, spec: PictureSpec) -> list[str]:
        """The brains that share a tensor."""
        return [brain for brain, own in self.specs.items() if own == spec]

    def sharers_of(self, trunk: str) -> list[str]:
        """The brains that share a trunk."""
        return [brain for brain, own in self.shared.items() if own == trunk]

    def to_json(self) -> dict[str, Any]:
        """What ``--explain`` writes; what was not measured is left out."""
        profile = {
            "seconds": round(self.seconds, 3),
            "frames_per_second": round(self.frames / self.seconds, 2) if self.frames else 0.0,
            "threads": attrs.asdict(self.threads) | {"within": dict(self.within)} if self.threads else None,
            "decoded": [{"size": at, "of": of, "times": times} for (at, of), times in self.decoded.most_common(SIZES)],
            "tensors": [
                {"tensor": str(spec), "built": built, "brains": self.users_of(spec)}
                for spec, built in self.tensors.most_common()
            ],
            "trunks": [
                {"trunk": trunk, "computed": times, "brains": self.sharers_of(trunk)}
                for trunk, times in self.trunks.most_common()
            ],
            "stages": _percentiles_of(self.stages),
            "brains": {name: _percentiles_of(stages) for name, stages in self.brains.items()},
            "sinks": _percentiles_of(self.sinks),
            "age": self.age.to_json(),
        }
        return {key: value for key, value in profile.items() if value} | {"dropped": self.dropped, "gaps": self.gaps}


def _percentiles_of(stages: Mapping[str, Timings]) -> dict[str, dict[str, float]]:
    return {stage: times.to_json() for stage, times in stages.items()}
