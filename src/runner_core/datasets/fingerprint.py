"""The fingerprint of a data set: the same pictures with the same labels have the same, on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from runner_core.datasets.example import Example
from runner_core.errors import DatasetError, ImageError


def hash_examples(kind: str, names: Sequence[str], examples: Iterable[Example]) -> str:
    """The SHA-256, as hexadecimal text, over kind, classes, and keys, parts, picture files and labels by their keys.

    Raises DatasetError for what cannot be read.
    """
    whole = hashlib.sha256(json.dumps([kind, list(names)]).encode())
    for line in sorted(map(_describe, examples)):
        whole.update(line.encode() + b"\n")
    return whole.hexdigest()


def _describe(example: Example) -> str:
    truth = example.read()
    try:
        picture = hashlib.sha256(example.make_frame().encoded or b"").hexdigest()
    except ImageError as error:
        raise DatasetError(error.message, remedy=error.remedy) from error
    labels = truth.answer.to_json(), sorted(truth.ignored)
    return json.dumps([example.key, example.part, picture, labels], sort_keys=True)
