"""Export: a brain's network in the formats of other engines, written only if it answers as before."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs

from runner_core.cards.artifact import Artifact, describe_files
from runner_core.cards.card import CARD_FILE, Card
from runner_core.cards.tolerance import Tolerance
from runner_core.contracts import Engine, Exporter
from runner_core.discovery.registry import get_registry
from runner_core.errors import NotInstalled, UsageError
from runner_core.export.parity import check_parity
from runner_core.export.verify import Verdict
from runner_core.frames.frame import Frame
from runner_core.loading.candidates import Candidate, find_candidates
from runner_core.loading.load import find_trusted_copy
from runner_core.loading.local_brain import LocalBrain
from runner_core.loading.locate import ModelFiles, locate_model
from runner_core.loading.open import open_candidate
from runner_core.loading.options import LoadOptions


@attrs.frozen
class Exported:
    """The brain's folder, the new artifacts in it, and how their answers compare with those before."""

    folder: Path
    artifacts: tuple[Artifact, ...]
    verdicts: tuple[Verdict, ...]


def export_brain(
    place: Path,
    formats: Sequence[str],
    out: Path,
    options: LoadOptions,
    *,
    half: bool = False,
    frames: Iterable[Frame] | None = None,
    tolerance: Tolerance | None = None,
) -> Exported:
    """Makes ``out`` a brain with artifacts of ``formats`` (``".onnx"``) besides those of the brain at ``place``.

    The answers are compared on ``frames``, by every engine that opens the new artifacts; without any, on probe images.
    Raises NotInstalled if nothing writes or opens such a format, EngineError if the model cannot be written in it or
    the answers differ, UsageError if nothing is found that could be compared; ``out`` is then as before.
    """
    files = locate_model(place)
    candidate, exporter = _find_exporter(files, formats, options)
    with open_candidate(files, candidate, options) as brain, _stage_folder(out) as stage:
        before = _read_previous_card(files, brain, out)
        trusted = find_trusted_copy(candidate, options)
        made = []
        for form in formats:
            written = stage / f"{_file_name_of(brain.name)}{form}"
            artifact = exporter.export(
                trusted or candidate.path, brain.card, written, half=half, trusted=trusted is not None
            )
            made.append(
                attrs.evolve(artifact, files=describe_files(stage, written), tolerance=_extra_tolerance(tolerance))
            )
        card = _add_artifacts(before, made)
        card.write(stage / CARD_FILE)
        verdicts = check_parity(brain, stage, made, options, frames, tolerance or Tolerance())
        _move_into_place(stage, out, files.root, before)
    return Exported(out, tuple(made), tuple(verdicts))


def _extra_tolerance(tolerance: Tolerance | None) -> Tolerance | None:
    """For the card: the tolerance, if it is larger than usual."""
    allowed = Tolerance().widen_to(tolerance or Tolerance())
    return None if allowed == Tolerance() else allowed


def _find_exporter(files: ModelFiles, formats: Sequence[str], options: LoadOptions) -> tuple[Candidate, Exporter]:
    """The engine that opens one of the artifacts and writes all of the formats."""
    able: dict[str, Exporter] = {}
    candidates = find_candidates(files.of_task(options.task), options.engine)
    if all(candidate.artifact.trunk for candidate in candidates):
        raise UsageError(
            f"{files.path}: a head, which is of no use elsewhere without its trunk", remedy="export the whole network"
        )
    for candidate in candidates:
        if candidate.artifact.trunk:
            continue
        engine: Engine = get_registry().make("engines", candidate.engine)
        if isinstance(engine, Exporter):
            able[candidate.engine] = engine
            if set(formats) <= set(engine.exports):
                return candidate, engine
    known = "; ".join(f"{name} writes {', '.join(engine.exports)}" for name, engine in able.items())
    raise NotInstalled(
        f"{files.path}: no installed engine that opens it writes {' and '.join(formats)}",
        remedy=known or "models of TensorFlow are exported by runner-tensorflow",
    )


def _read_previous_card(files: ModelFiles, brain: LocalBrain, out: Path) -> Card:
    """The card that the new artifacts are added to: that of ``out``, of the brain, or the drafted one."""
    there = out / CARD_FILE
    if there.is_file():
        card = Card.read(there)
        if (card.name, card.version, card.labels) != (brain.name, brain.version, brain.labels):
            raise UsageError(
                f"{there}: the card of another brain, {card.name}@{card.version}", remedy="choose another folder"
            )
        return card
    if out.is_dir() and out.resolve() != files.root.resolve() and any(out.iterdir()):
        raise UsageError(f"{out}: the folder holds something else", remedy="choose another folder with --out")
    if files.card:
        return attrs.evolve(files.card, labels=brain.labels, rehearsal=None)
    artifacts = [
        attrs.evolve(artifact, files=describe_files(files.root, files.root / artifact.path))
        for artifact in files.artifacts
    ]
    return attrs.evolve(brain.card, artifacts=tuple(artifacts))


def _add_artifacts(card: Card, made: Sequence[Artifact]) -> Card:
    """The card with these artifacts after the others; they replace those with the same path."""
    paths = {artifact.path for artifact in made}
    return attrs.evolve(
        card, artifacts=(*(artifact for artifact in card.artifacts if artifact.path not in paths), *made)
    )


@contextmanager
def _stage_folder(out: Path) -> Iterator[Path]:
    """A temporary folder beside ``out``; removed afterwards, unless it was renamed to ``out``."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    except OSError as error:
        raise _unwritable_error(out, error) from error
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _move_into_place(stage: Path, out: Path, root: Path, before: Card) -> None:
    """Moves the new files into ``out``, the card last, and copies the old artifacts that ``out`` lacks."""
    try:
        for part in before.parts:
            source, target = root / part.path, stage / part.path
            if not (out / part.path).exists() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)
        if not out.exists():
            stage.chmod(0o755)  # mkdtemp made it private
            stage.rename(out)
            return
        for entry in sorted(stage.iterdir(), key=lambda entry: entry.name == CARD_FILE):
            entry.replace(out / entry.name)
    except OSError as error:
        raise _unwritable_error(out, error) from error


def _unwritable_error(out: Path, error: OSError) -> UsageError:
    return UsageError(f"{out}: cannot be written ({error.strerror})", remedy="choose another folder with --out")


def _file_name_of(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name) or "model"
