"""``runner data --check``: which labels brains disagree with, on the terminal and on a page with pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from runner_core.brain import Brain
from runner_core.cli.tables import print_rows
from runner_core.cli.terminal import open_console
from runner_core.datasets.dataset import Dataset
from runner_core.datasets.doubts import LEAST_SCORE, Doubt, DoubtFinder
from runner_core.datasets.example import Finding
from runner_core.errors import UsageError
from runner_core.pipeline.pipeline import stream
from runner_core.results.inference import Inference
from runner_core.results.result import Failure, Result

_WITHOUT_BOXES = ("classification", "semantic-segmentation")


@attrs.frozen
class LabelCheck:
    """``doubts`` the most suspicious first; ``unjudged`` classes that no brain knows; ``failed`` pictures."""

    doubts: tuple[Doubt, ...]
    unjudged: tuple[str, ...]
    failed: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "doubts": [doubt.to_json() for doubt in self.doubts],
            "unjudged": list(self.unjudged),
            "unchecked": [attrs.asdict(finding) for finding in self.failed],
        }


def check_labels(dataset: Dataset, brains: Sequence[Brain], *, watch: Callable[[], None]) -> LabelCheck:
    """Runs the brains over all pictures; ``watch`` is called after each. Raises UsageError for labels without boxes."""
    if dataset.kind in _WITHOUT_BOXES:
        raise UsageError(f"--check: labels of {dataset.kind} have no boxes", remedy="give a data set with boxes")
    thresholds = [float(brain.conditions.get("conf", 0.0)) for brain in brains]
    finder = DoubtFinder(dataset, [(b.labels.names, least) for b, least in zip(brains, thresholds, strict=True)])
    lowered = [brain.at_threshold(min(LEAST_SCORE, least)) for brain, least in zip(brains, thresholds, strict=True)]
    failed = []
    for result in stream(dataset, lowered):
        answers = [each for each in result.inferences if isinstance(each, Inference)]
        if len(answers) == len(brains):
            finder.add(result.frame.index, dataset[result.frame.index].read(), answers)
        else:
            failed.append(Finding(str(dataset[result.frame.index].picture), _find_failure(result).message))
        result.frame.forget()
        watch()
    return LabelCheck(finder.finish(), tuple(finder.unjudged), tuple(failed))


def _find_failure(result: Result) -> Failure:
    return result.error or next(each for each in result.inferences if isinstance(each, Failure))


def print_check(check: LabelCheck, *, most: int | None) -> None:
    """The ``most`` doubtful labels, or all."""
    console, shown = open_console(), check.doubts[:most]
    rows = [_list_doubt(doubt) for doubt in shown]
    print_rows("", ("picture", "label", "box", "what is doubtful", "how"), rows)
    more = f", of which {len(shown)} are shown: --all lists them" if len(shown) < len(check.doubts) else ""
    console.print(f"doubtful labels: {len(check.doubts)}{more}", soft_wrap=True)
    if check.unjudged:
        console.print(f"not judged, as no brain knows them: {', '.join(check.unjudged)}", soft_wrap=True)
    for finding in check.failed:
        console.print(f"not checked: {finding.place}: {finding.message}", soft_wrap=True)


def _list_doubt(doubt: Doubt) -> list[str]:
    number = "" if doubt.row is None else str(doubt.row + 1)
    box = " ".join(f"{value:.0f}" for value in doubt.box)
    return [doubt.picture, number, box, doubt.describe(), f"{doubt.suspicion:.2f}"]
