"""What must hold of labelled pictures before minutes are spent on them."""

from __future__ import annotations

import logging

import attrs

from runner_core.datasets.check import Survey, check_dataset
from runner_core.datasets.dataset import Dataset
from runner_core.datasets.duplicates import join_duplicates
from runner_core.datasets.example import Finding
from runner_core.errors import DatasetError, TrainingError

log = logging.getLogger("runner")
_MOST_TOLD = 5  # findings; `runner data` lists all
# Kinds of labels that have all that another kind asks for.
_SERVES = {"object-detection": ("instance-segmentation", "keypoints")}


@attrs.frozen(eq=False)
class CheckedData:
    """A data set without what cannot be learnt from: pictures that cannot be read, classes of which there is none.

    ``digest``    its fingerprint: the same for the same pictures and labels, wherever they lie.
    ``findings``  what was left out or repaired, and why.
    """

    data: Dataset
    digest: str
    findings: tuple[Finding, ...]


def check_data(data: Dataset, kind: str) -> CheckedData:
    """Reads all labels and all pictures once. Copies of a picture become one group, so that no split separates them.

    Raises TrainingError for labels of another kind than ``kind``, DatasetError for what nothing can be learnt from.
    """
    if data.kind not in (kind, *_SERVES.get(kind, ())):
        raise TrainingError(
            f"{data.location}: its labels are for {data.kind}, the brain is for {kind}",
            remedy="give pictures that are labelled for that, or train a new brain",
        )
    log.info("looking at %d pictures ...", len(data), extra={"passing": True})
    survey = check_dataset(data)
    _demand_enough(survey)
    usable = _keep_seen_classes(attrs.evolve(_join_copies(survey), kind=kind), survey)
    return CheckedData(usable, usable.fingerprint(), survey.findings)


def list_kinds(data: Dataset) -> list[str]:
    """What can be learnt from the data set, what it is labelled for first."""
    return [data.kind, *(kind for kind, others in _SERVES.items() if data.kind in others)]


def tell_findings(checked: CheckedData) -> None:
    """Logs the first few, and how many there are."""
    for finding in checked.findings[:_MOST_TOLD]:
        log.warning("%s: %s; %s", finding.place, finding.message, finding.repaired or "left out")
    more = len(checked.findings) - _MOST_TOLD
    if more > 0:
        log.warning("and %d more: `runner data %s` lists them", more, checked.data.location)


def _demand_enough(survey: Survey) -> None:
    """Raises DatasetError for no picture, for one, for the same one many times, and for no label in any."""
    location, count = survey.dataset.location, len(survey.dataset)
    if not count:
        first = f": {survey.findings[0].message}" if survey.findings else ""
        remedy = f"see `runner data {location}`"
        raise DatasetError(f"{location}: no labelled picture that can be read{first}", remedy=remedy)
    if sum(pair.exact for pair in survey.duplicates) == count - 1:
        what = "only one picture" if count == 1 else f"all {count} pictures are the same"
        remedy = "give at least two different ones: one is held back, to measure with"
        raise DatasetError(f"{location}: {what}", remedy=remedy)
    if not _find_seen(survey):
        remedy = "label some first; pictures in which nothing is to be found help only beside others"
        raise DatasetError(f"{location}: nothing is labelled in any of {count} pictures", remedy=remedy)


def _find_seen(survey: Survey) -> set[str]:
    """The classes, without a background, that are in a picture."""
    statistics = survey.statistics
    seen = (name for name in survey.dataset.labels.names if statistics.shown[name] or statistics.pixels.get(name))
    return set(seen) & {label.name for label in survey.dataset.labels.foreground}


def _join_copies(survey: Survey) -> Dataset:
    """Near copies too, unless too few groups would be left to hold one back."""
    joined = join_duplicates(survey.dataset, survey.duplicates)
    if len({example.group for example in joined}) > 1:
        return joined
    return join_duplicates(survey.dataset, [pair for pair in survey.duplicates if pair.exact])


def _keep_seen_classes(data: Dataset, survey: Survey) -> Dataset:
    """Without the classes of which there is no example, which cannot be learnt; a finding says so."""
    unseen = {label.name for label in data.labels.foreground} - _find_seen(survey)
    return data.select([name for name in data.labels.names if name not in unseen]) if unseen else data
