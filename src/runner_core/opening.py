"""From a file to a Brain: which artifact, which engine, which task."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs

from runner_core import trust
from runner_core.artifact import Artifact, check_files, format_of
from runner_core.card import FILE_NAME, Card
from runner_core.contracts import Engine, EngineOptions, Session, Signature, Task
from runner_core.errors import EngineError, NotInstalled, PluginError, TaskError, UsageError
from runner_core.label_files import read_labels
from runner_core.labels import LabelMap
from runner_core.local_brain import LocalBrain, Wanted, signature_of
from runner_core.registry import Registry, registry


@attrs.frozen
class Choices:
    """What a person may say about a brain when opening it; None leaves it to the card, the file and the machine."""

    name: str | None = None
    labels: str | os.PathLike[str] | Sequence[str] | LabelMap | None = None
    task: str | None = None
    engine: str | None = None
    conf: float | None = None
    iou: float | None = None
    classes: Sequence[str] | None = None
    max_det: int | None = None
    first_class: int | None = None
    device: str = "cpu"
    threads: int | None = None
    trust: bool = False

    def __attrs_post_init__(self) -> None:
        for name in ("conf", "iou"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise UsageError(f"{name} is {value}", remedy="give a number from 0 to 1")
        for name in ("max_det", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} is {value}", remedy="give a whole number from 1")


@attrs.frozen
class Located:
    """A model on disk: the folder that its card is (or would be) in, the artifact, the card if there is one."""

    root: Path
    artifact: Artifact
    card: Card | None

    @property
    def path(self) -> Path:
        return self.root / self.artifact.path


def open_path(path: Path, choices: Choices) -> LocalBrain:
    """Opens a card, a folder with one, or a bare model. Raises EngineError, CardError, LabelError, TaskError."""
    located = locate(path, choices.engine)
    with loaded(located, choices) as (engine, session):
        card = located.card or draft(session, located.path, choices.task)
        card = _adjusted(card.for_artifact(located.artifact) if located.card else card, choices)
        wanted = Wanted(None if choices.classes is None else tuple(choices.classes), choices.max_det)
        return LocalBrain(card, task_of(card.task), session, engine=engine, wanted=wanted)


@contextmanager
def loaded(located: Located, choices: Choices) -> Iterator[tuple[str, Session]]:
    """The engine's name and the session, which is closed again if the block raises."""
    name = choose_engine(located.artifact.format, located.path, choices.engine)
    engine: Engine = registry().make("engines", name)
    if choices.trust:
        trust.remember(located.path, choices.name or located.path.name)
    trusted = choices.trust or trust.is_trusted(located.path)
    options = EngineOptions(device=choices.device, threads=choices.threads, trusted=trusted)
    session = engine.load(located.path, options)
    try:
        yield name, session
    except BaseException:
        session.close()
        raise


def locate(path: Path, engine: str | None = None) -> Located:
    """Which model a path means; of a card's artifacts the first that an installed engine (or ``engine``) opens."""
    if not path.exists():
        raise EngineError(f"{path}: no such file or folder")
    card_path = _card_of(path)
    if card_path is None:
        return _bare(_only_model(path) if path.is_dir() and format_of(path) != "saved-model" else path)
    card = Card.read(card_path)
    root = card_path.parent
    named = [artifact for artifact in card.artifacts if root / artifact.path == path]
    if not named and not _is_card(path):  # a model beside the card of another
        return _bare(path)
    artifact = _openable(named or list(card.artifacts), card_path, engine)
    check_files(root, artifact)
    return Located(root, artifact, card)


def _bare(path: Path) -> Located:
    return Located(path.parent, Artifact(path.name, format_of(path)), None)


def _only_model(folder: Path) -> Path:
    """The one thing in a folder without a card that some engine opens; the folder where there is none."""
    formats = {claim for found in registry().all("engines").values() for claim in found.plugin.claims}
    models = [entry for entry in sorted(folder.iterdir()) if format_of(entry) in formats]
    if len(models) > 1:
        names = ", ".join(model.name for model in models)
        raise UsageError(f"{folder}: holds several models and no brain.json", remedy=f"name one of them: {names}")
    return models[0] if models else folder


def _is_card(path: Path) -> bool:
    return path.name == FILE_NAME or (path / FILE_NAME).is_file()


def _card_of(path: Path) -> Path | None:
    """The card that speaks for a path: itself, the one in the folder, or the one beside the file."""
    if path.name == FILE_NAME:
        return path
    candidates = (path / FILE_NAME, path.parent / FILE_NAME)
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _openable(artifacts: list[Artifact], card_path: Path, engine: str | None) -> Artifact:
    installed = registry()
    known = [installed.get("engines", engine)] if engine else list(installed.all("engines").values())
    for artifact in artifacts:
        if any(artifact.format in found.plugin.claims for found in known):
            return artifact
    formats = ", ".join(artifact.format for artifact in artifacts) or "none"
    names = ", ".join(found.plugin.name for found in known) or "none"
    raise NotInstalled(f"{card_path}: no engine opens its artifacts ({formats})", remedy=f"engines asked: {names}")


def choose_engine(form: str, path: Path, asked: str | None) -> str:
    """The name of the engine for a format. Raises NotInstalled where none claims it."""
    installed = registry()
    if asked:
        return installed.get("engines", asked).plugin.name
    claiming = installed.claiming("engines", form)
    if not claiming:
        raise NotInstalled(
            f"{path}: no installed engine opens {_spelled(form, path)}", remedy=_engines_known(installed)
        )
    return claiming[0].plugin.name


def _spelled(form: str, path: Path) -> str:
    if form:
        return f"the format {form!r}"
    return (
        "this folder: it holds neither a brain.json nor a saved_model.pb"
        if path.is_dir()
        else "a file without a suffix"
    )


def _engines_known(installed: Registry) -> str:
    engines = installed.all("engines").values()
    known = [f"{found.plugin.name} ({', '.join(found.plugin.claims)})" for found in engines]
    return f"installed: {'; '.join(known) or 'none'}; engines come as packages such as runner-tensorflow"


def task_of(family: str) -> Task:
    """The task of that name, imported. Raises NotInstalled."""
    task: Task = registry().make("tasks", family)
    return task


def draft(session: Session, path: Path, family: str | None = None) -> Card:
    """A card for a bare model, by the one task that recognises it. Raises TaskError naming the tensors."""
    signature = signature_of(session)
    drafts = drafts_of(signature, family)
    if len(drafts) == 1:
        ((name, card),) = drafts.items()
        return attrs.evolve(card, name=path.stem or path.name, task=name)
    tensors = "; ".join(str(spec) for spec in (*signature.inputs, *signature.outputs))
    if drafts:
        raise TaskError(f"{path}: several tasks recognise it: {', '.join(drafts)}", remedy="choose one by --task")
    asked = family or ", ".join(registry().all("tasks")) or "none installed"
    raise TaskError(
        f"{path}: no task recognises its tensors ({tensors})",
        remedy=f"tasks asked: {asked}; a brain.json can say its roles",
    )


def drafts_of(signature: Signature, family: str | None = None) -> dict[str, Card]:
    """What each installed task drafts; one that fails to load or to look is passed over when others are asked too."""
    names = [family] if family else list(registry().all("tasks"))
    drafts = {}
    for name in names:
        try:
            card = task_of(name).recognise(signature)
        except PluginError:
            if family:
                raise
            continue
        if card is not None:
            drafts[name] = card
    return drafts


def _adjusted(card: Card, choices: Choices) -> Card:
    """The card with the person's own choices in it."""
    first = card.first_class if choices.first_class is None else choices.first_class
    return attrs.evolve(
        card,
        name=choices.name or card.name,
        labels=card.labels if choices.labels is None else _labels(choices.labels, first),
        threshold=card.threshold if choices.conf is None else choices.conf,
        iou=card.iou if choices.iou is None else choices.iou,
    )


def _labels(given: str | os.PathLike[str] | Sequence[str] | LabelMap, first: int) -> LabelMap:
    match given:
        case LabelMap():
            return given
        case str() | os.PathLike():
            return read_labels(Path(given), first=first)
    return LabelMap.from_names(given, first=first)
