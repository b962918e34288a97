"""Checks a data set as a whole: what it has, what is odd, which pictures are there twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs

from runner_core.datasets.dataset import Dataset
from runner_core.datasets.duplicates import Duplicate, Thumbprint, find_duplicates
from runner_core.datasets.example import Example, Finding
from runner_core.datasets.statistics import DatasetStatistics, StatisticsCollector
from runner_core.errors import DatasetError

_FEWEST = 2  # pictures that show a class: one to learn from, one to measure with


@attrs.frozen
class Survey:
    """What ``check_dataset`` has found.

    ``examples``    those whose picture and labels can be read, to which the places in ``duplicates`` refer.
    ``findings``    all that is odd, in the order of the files; what is not ``repaired`` is left out.
    """

    dataset: Dataset
    statistics: DatasetStatistics
    findings: tuple[Finding, ...]
    duplicates: tuple[Duplicate, ...]

    @property
    def ok(self) -> bool:
        """Whether all of it can be used."""
        return all(finding.repaired for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        dataset = self.dataset
        return {
            "location": dataset.location,
            "kind": dataset.kind,
            "classes": list(dataset.labels.names),
            "statistics": self.statistics.to_json(),
            "findings": [attrs.asdict(finding) for finding in self.findings],
            "duplicates": [
                [dataset[pair.first].key, dataset[pair.second].key, "exact" if pair.exact else "near"]
                for pair in self.duplicates
            ],
        }


def check_dataset(dataset: Dataset, *, watch: Callable[[], None] = lambda: None) -> Survey:
    """Reads all labels and decodes all pictures, small; ``watch`` is called after each.

    A picture that cannot be read is a finding and left out of ``Survey.dataset``.
    """
    collector = StatisticsCollector(dataset)
    found: list[Finding] = [*dataset.findings, *_find_keys(dataset)]
    kept: list[Example] = []
    prints: list[Thumbprint] = []
    for example in dataset:
        try:
            truth, taken = example.read(), Thumbprint.take(example)
        except DatasetError as error:
            found.append(Finding.from_error(error, str(example.picture)))
        else:
            collector.add(example, truth)
            found += truth.findings
            kept.append(example)
            prints.append(taken)
        watch()
    usable = attrs.evolve(dataset, examples=tuple(kept))
    statistics, duplicates = collector.finish(), tuple(find_duplicates(prints))
    found += _find_rare(dataset, statistics)
    found += _find_twins(usable, duplicates)
    return Survey(usable, statistics, tuple(found), duplicates)


def _find_keys(dataset: Dataset) -> Iterator[Finding]:
    seen: set[str] = set()
    for example in dataset:
        if example.key in seen:
            yield Finding(str(example.picture), f"the picture {example.key} is there twice", "both are kept")
        seen.add(example.key)


def _find_rare(dataset: Dataset, statistics: DatasetStatistics) -> Iterator[Finding]:
    """Classes that nothing or next to nothing shows; of class maps the pixels count."""
    for name in dataset.labels.names:
        if statistics.pixels.get(name) or statistics.shown[name] >= _FEWEST:
            continue
        alone = bool(statistics.shown[name])
        many, repaired = ("one picture alone", "the class stays") if alone else ("no picture", "training leaves it out")
        yield Finding(dataset.location, f"{many} shows {name}", repaired)


def _find_twins(dataset: Dataset, duplicates: Sequence[Duplicate]) -> Iterator[Finding]:
    """Pictures that are there twice; of those that are only nearly the same, such as lie in different parts."""
    exact = sum(pair.exact for pair in duplicates)
    if len(dataset) > 1 and exact == len(dataset) - 1:
        yield Finding(dataset.location, "all pictures are the same", "all are kept")
        return
    for pair in duplicates:
        one, other = dataset[pair.first], dataset[pair.second]
        alike = "the same as" if pair.exact else "nearly the same as"
        if one.part != other.part:
            message = f"in {other.part or 'no part'}, and {alike} {one.key} in {one.part or 'no part'}"
            yield Finding(str(other.picture), message, "both are kept: figures on one flatter")
        elif pair.exact:
            yield Finding(str(other.picture), f"{alike} {one.key}", "both are kept, on one side of a split")
