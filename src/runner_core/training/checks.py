"""What must hold of labelled pictures before minutes are spent on them."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterator, Sequence

import attrs

from runner_core.cards.artifact import sha256_of
from runner_core.datasets.dataset import Dataset
from runner_core.datasets.example import Example, Finding, Truth
from runner_core.errors import DatasetError, TrainingError

log = logging.getLogger("runner")
_MOST_TOLD = 5  # findings; `runner data` lists all
# Kinds of labels that have all that another kind asks for.
_SERVES = {"object-detection": ("instance-segmentation", "keypoints")}


@attrs.frozen(eq=False)
class CheckedData:
    """A data set without what cannot be learnt from.

    ``digest``    a sha256 of the pictures and of what is said of them, wherever they lie.
    ``findings``  what was left out or repaired, and why.
    """

    data: Dataset
    digest: str
    findings: tuple[Finding, ...]


@attrs.frozen
class _Seen:
    """What is known of an example after a look: the picture's contents, its classes, all of it as one digest."""

    example: Example
    picture: str
    classes: frozenset[str]
    digest: str


def check_data(data: Dataset, kind: str) -> CheckedData:
    """Looks at every picture's file and labels once; pixels are not read.

    Raises TrainingError for labels of another kind than ``kind``, DatasetError for what nothing can be learnt from.
    """
    if data.kind not in (kind, *_SERVES.get(kind, ())):
        raise TrainingError(
            f"{data.location}: its labels are for {data.kind}, the brain is for {kind}",
            remedy="give pictures that are labelled for that, or train a new brain",
        )
    log.info("looking at %d pictures ...", len(data), extra={"passing": True})
    findings: list[Finding] = []
    seen = list(_look(data, findings))
    kept = attrs.evolve(data, kind=kind, examples=tuple(each.example for each in seen))
    _demand_enough(data.location, seen)
    findings += _find_copies(seen)
    learnt = _keep_seen_classes(kept, {name for each in seen for name in each.classes}, findings)
    text = "\n".join([kind, *learnt.labels.names, *(each.digest for each in seen)])
    return CheckedData(learnt, hashlib.sha256(text.encode()).hexdigest(), tuple(findings))


def list_kinds(data: Dataset) -> list[str]:
    """What can be learnt from the data set, what it is labelled for first."""
    return [data.kind, *(kind for kind, others in _SERVES.items() if data.kind in others)]


def tell_findings(checked: CheckedData) -> None:
    """Logs the first few, and how many there are."""
    for finding in checked.findings[:_MOST_TOLD]:
        log.warning("%s: %s%s", finding.place, finding.message, f"; {finding.repaired}" if finding.repaired else "")
    more = len(checked.findings) - _MOST_TOLD
    if more > 0:
        log.warning("and %d more: `runner data %s` lists them", more, checked.data.location)


def _look(data: Dataset, findings: list[Finding]) -> Iterator[_Seen]:
    for example in data:
        try:
            truth, picture = example.read(), sha256_of(example.picture)
        except DatasetError as error:
            findings.append(Finding(example.key, error.message))
        except OSError as error:
            findings.append(Finding(str(example.picture), f"the picture cannot be read ({error.strerror})"))
        else:
            findings += truth.findings
            classes = frozenset(label.name for label in truth.answer.found)
            yield _Seen(example, picture, classes, _hash_example(example, picture, truth))


def _hash_example(example: Example, picture: str, truth: Truth) -> str:
    said = [example.key, example.group, example.part, picture, truth.answer.to_json(), sorted(truth.ignored)]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _demand_enough(location: str, seen: Sequence[_Seen]) -> None:
    """Raises DatasetError for no picture, for one, for the same one many times, and for no label in any."""
    different = len({each.picture for each in seen})
    if not seen:
        raise DatasetError(f"{location}: no labelled picture that can be read", remedy=f"see `runner data {location}`")
    if different == 1:
        count = "only one picture" if len(seen) == 1 else f"all {len(seen)} pictures are the same"
        remedy = "give at least two different ones: one is held back, to measure with"
        raise DatasetError(f"{location}: {count}", remedy=remedy)
    if not any(each.classes for each in seen):
        remedy = "label some first; pictures in which nothing is to be found help only beside others"
        raise DatasetError(f"{location}: nothing is labelled in any of {len(seen)} pictures", remedy=remedy)


def _find_copies(seen: Sequence[_Seen]) -> Iterator[Finding]:
    """Pictures that are there twice, which figures on held-back pictures flatter."""
    counts = Counter(each.picture for each in seen)
    first: dict[str, str] = {}
    for each in seen:
        known = first.setdefault(each.picture, each.example.key)
        if counts[each.picture] > 1 and known != each.example.key:
            yield Finding(each.example.key, f"the same picture as {known}", "kept; figures may be too good")


def _keep_seen_classes(data: Dataset, seen: set[str], findings: list[Finding]) -> Dataset:
    """Without the classes of which there is no example, which cannot be learnt."""
    unseen = {label.name for label in data.labels.foreground} - seen
    if not unseen:
        return data
    findings.append(Finding(data.location, f"no example of {', '.join(sorted(unseen))}", "trained without"))
    return data.select([name for name in data.labels.names if name not in unseen])
