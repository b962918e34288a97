"""What of a data set is taken, and which of its pictures belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from runner_core.datasets.dataset import Dataset
from runner_core.datasets.example import Example
from runner_core.errors import DatasetError, UsageError
from runner_core.util.spelling import ask_if_meant


def select_parts(dataset: Dataset, parts: Sequence[str]) -> Dataset:
    """The pictures of these parts alone. Raises DatasetError for a part that it does not have."""
    known = sorted({example.part for example in dataset} - {""})
    for part in parts:
        if part not in known:
            remedy = f"{ask_if_meant(part, known)}it has: {', '.join(known) or 'no parts'}"
            raise DatasetError(f"{dataset.location} has no part {part!r}", remedy=remedy)
    return dataset.keep(lambda example: example.part in parts)


def group_by(dataset: Dataset, pattern: str) -> Dataset:
    """The same pictures; of those whose keys match, the group is what the pattern's first group matched, or all of it.

    Raises UsageError for what is no regular expression, and for one that matches no key.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"group={pattern}: not a regular expression ({error})") from None

    def find_group(example: Example) -> str:
        found = expression.search(example.key)
        return (found[1] if expression.groups else found[0]) or example.key if found else example.key

    examples = tuple(attrs.evolve(example, group=find_group(example)) for example in dataset)
    if dataset.examples and not any(expression.search(example.key) for example in dataset):
        raise UsageError(f"group={pattern}: matches no picture", remedy=f"one is named {dataset[0].key}")
    return attrs.evolve(dataset, examples=examples)
