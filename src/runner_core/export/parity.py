"""Parity check: new artifacts of a brain must answer as the brain does, in every engine that opens them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import attrs

from runner_core.brain import Brain
from runner_core.cards.artifact import Artifact
from runner_core.cards.tolerance import Tolerance
from runner_core.errors import EngineError, UsageError
from runner_core.export.verify import Verdict, verify_brains
from runner_core.frames.frame import Frame
from runner_core.loading.candidates import find_candidates
from runner_core.loading.local_brain import LocalBrain
from runner_core.loading.locate import locate_model
from runner_core.loading.open import open_candidate
from runner_core.loading.options import LoadOptions
from runner_core.loading.probes import find_probe_threshold, make_probe_frames
from runner_core.results.compare import Comparison

_MOST_FAULTS = 3  # in a message


def check_parity(
    brain: LocalBrain,
    folder: Path,
    artifacts: Sequence[Artifact],
    options: LoadOptions,
    frames: Iterable[Frame] | None,
    tolerance: Tolerance,
) -> list[Verdict]:
    """A verdict for each picture and engine, if all are within the tolerance; ``folder`` holds artifacts and card.

    Without ``frames`` they are compared on probe images, at a threshold low enough for the brain to find something in
    them. Raises EngineError if one differs, UsageError if nothing is found to compare.
    """
    pictures = make_probe_frames() if frames is None else map(_decode_frame, frames)
    threshold = brain.card.threshold if frames is not None else find_probe_threshold(brain)
    with ExitStack() as stack:
        brains: dict[str, Brain] = {brain.engine: brain.at_threshold(threshold)}
        for artifact in artifacts:
            brains |= _open_artifact(folder / artifact.path, attrs.evolve(options, conf=threshold, labels=None), stack)
        checked = list(verify_brains(pictures, brains, attrs.evolve(tolerance, threshold=threshold)))
    verdicts = [verdict for picture in checked for verdict in picture.verdicts]
    _require_parity(brain.name, verdicts)
    return verdicts


def _require_parity(name: str, verdicts: Sequence[Verdict]) -> None:
    faults = [f"{each.other} on {each.source}: {fault}" for each in verdicts for fault in each.comparison.faults]
    if faults:
        more = f"; and {len(faults) - _MOST_FAULTS} more" if len(faults) > _MOST_FAULTS else ""
        raise EngineError(
            f"{name}: what was exported answers differently: {'; '.join(faults[:_MOST_FAULTS])}{more}",
            remedy="nothing is written; if that is close enough, allow it with --iou, --score, --pixels or --keypoints",
        )
    total = Comparison.total(verdict.comparison for verdict in verdicts)
    if not total.matched and total.pixels is None:
        raise UsageError(
            f"{name}: finds nothing in the pictures, so there is nothing to compare",
            remedy="give pictures in which it finds something: --pictures FOLDER",
        )


def _decode_frame(frame: Frame) -> Frame:
    """The same pixels for all: how a graph with its own decoder reads a JPEG says nothing about the network."""
    return Frame.from_array(frame.pixels, source=frame.source, index=frame.index)


def _open_artifact(path: Path, options: LoadOptions, stack: ExitStack) -> dict[str, Brain]:
    """The artifact in every engine that opens it. Raises the error of the last one if none does."""
    files = locate_model(path)
    brains: dict[str, Brain] = {}
    refusal: EngineError | None = None
    for candidate in find_candidates(files):
        try:
            brain = stack.enter_context(open_candidate(files, candidate, options))
        except EngineError as error:
            refusal = error
            continue
        brains[f"{candidate.engine}, {path.name}"] = brain
    if refusal and not brains:
        raise refusal
    return brains
