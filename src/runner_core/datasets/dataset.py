"""Dataset: labelled pictures, to train on and to measure with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import overload

import attrs
import numpy as np

from runner_core.cards.labels import LabelMap
from runner_core.datasets.example import Example, Finding, Truth
from runner_core.datasets.fingerprint import hash_examples
from runner_core.errors import DatasetError
from runner_core.frames.frame import Frame
from runner_core.results.inference import Inference
from runner_core.util.spelling import ask_if_meant


@attrs.frozen(eq=False)
class Dataset(Sequence[Example]):
    """Labelled pictures in a fixed order; each is read when it is asked for, and not kept. It is a Source of them.

    ``location``  as it was typed.
    ``kind``      what its labels are, in the words of an Inference's ``task``: ``object-detection``, ...
    ``labels``    its classes; model_ids from 0 without gaps.
    ``findings``  what is odd about its files: pictures that are missing, labels of no picture. What is odd about a
                  picture's own labels is in its Truth.
    """

    live = False

    location: str
    kind: str
    labels: LabelMap
    examples: tuple[Example, ...] = attrs.field(repr=lambda examples: f"{len(examples)} examples")
    findings: tuple[Finding, ...] = attrs.field(default=(), repr=lambda findings: f"{len(findings)} findings")

    def __len__(self) -> int:
        return len(self.examples)

    def __iter__(self) -> Iterator[Example]:
        return iter(self.examples)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Dataset: ...
    def __getitem__(self, index: int | slice) -> Example | Dataset:
        return attrs.evolve(self, examples=self.examples[index]) if isinstance(index, slice) else self.examples[index]

    def frames(self) -> Iterator[Frame]:
        """The pictures as a run reads them: ``index`` is an example's place."""
        for index, example in enumerate(self):
            frame = example.make_frame()
            frame.index = index
            yield frame

    def fingerprint(self) -> str:
        """The SHA-256, as hexadecimal text, of keys, picture files and labels: what a card says it was trained on.

        It does not depend on the order or the folder. Reads everything. Raises DatasetError for what cannot be read.
        """
        return hash_examples(self.kind, self.labels.names, self.examples)

    def keep(self, wanted: Callable[[Example], bool]) -> Dataset:
        """The same data set with these examples alone."""
        return attrs.evolve(self, examples=tuple(filter(wanted, self.examples)))

    def split(self, share: float, *, seed: str = "") -> tuple[Dataset, Dataset]:
        """(the rest, about ``share`` of the groups, 0 to 1).

        A group's hash decides, so that a picture stays on its side when others are added. Of at least two groups each
        side has one.
        """
        places = sorted((_hash_to_unit(seed + group), group) for group in {example.group for example in self})
        count = sum(place < share for place, _ in places)
        held = {group for _, group in places[: min(max(count, 1), len(places) - 1)]}
        return self.keep(lambda example: example.group not in held), self.keep(lambda example: example.group in held)

    def rename(self, names: Mapping[str, str]) -> Dataset:
        """The same pictures with these classes alone, under their new names: several may become one.

        Raises DatasetError for a class that it does not have.
        """
        for name in names:
            if name not in self.labels.names:
                remedy = f"{ask_if_meant(name, self.labels.names)}it has: {', '.join(self.labels.names)}"
                raise DatasetError(f"{self.location} has no class {name!r}", remedy=remedy)
        labels = LabelMap.from_names(dict.fromkeys(names.values()))
        change = partial(_rename_truth, names=names, labels=labels)
        examples = (attrs.evolve(example, read=_Changed(example.read, change)) for example in self)
        return attrs.evolve(self, labels=labels, examples=tuple(examples))

    def select(self, classes: Sequence[str]) -> Dataset:
        """The same pictures with these classes alone. Raises DatasetError for one that it does not have."""
        return self.rename({name: name for name in classes})

    def to_boxes(self) -> Dataset:
        """The same pictures as a data set of ``object-detection``: the boxes, without masks, keypoints and class maps.

        Raises DatasetError for one of whole pictures.
        """
        if self.kind == "classification":
            raise DatasetError(f"{self.location} has no boxes", remedy="it says what a picture shows, not where")
        examples = (attrs.evolve(example, read=_Changed(example.read, _to_boxes)) for example in self)
        return attrs.evolve(self, kind="object-detection", examples=tuple(examples))


@attrs.frozen
class _Changed:
    read: Callable[[], Truth]
    change: Callable[[Truth], Truth]

    def __call__(self) -> Truth:
        return self.change(self.read())


def _to_boxes(truth: Truth) -> Truth:
    answer = attrs.evolve(truth.answer, task="object-detection", masks=None, keypoints=None, class_map=None)
    return attrs.evolve(truth, answer=answer)


def _rename_truth(truth: Truth, *, names: Mapping[str, str], labels: LabelMap) -> Truth:
    answer = truth.answer
    rows = np.flatnonzero([name in names for name in answer.names])
    kept = answer.take(rows)
    numbers = {name: number for number, name in enumerate(labels.names)}
    ids = np.array([numbers[names[name]] for name in kept.names], np.int64)
    changed = attrs.evolve(kept, model_ids=ids, labels=labels, class_map=_rename_map(answer, names, numbers))
    ignored = np.flatnonzero(np.isin(rows, list(truth.ignored)))
    areas = tuple(truth.areas[row] for row in rows) if truth.areas else ()
    return attrs.evolve(truth, answer=changed, ignored=frozenset(ignored.tolist()), areas=areas)


def _rename_map(answer: Inference, names: Mapping[str, str], numbers: Mapping[str, int]) -> np.ndarray | None:
    """Pixels of a class that is not kept become -1."""
    if answer.class_map is None:
        return None
    changed = np.full_like(answer.class_map, -1)
    for label in answer.found:
        if label.name in names:
            changed[answer.class_map == label.model_id] = numbers[names[label.name]]
    return changed


def _hash_to_unit(text: str) -> float:
    """A number from 0 to below 1 that is the same everywhere."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7]) / 2**56
