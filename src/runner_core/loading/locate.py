"""Which model a path means: its artifacts, and its card if there is one."""

from __future__ import annotations

from pathlib import Path

import attrs

from runner_core.cards.artifact import Artifact, format_of
from runner_core.cards.card import CARD_FILE, Card
from runner_core.discovery.registry import get_registry
from runner_core.errors import UsageError
from runner_core.loading.bundle import resolve_bundle
from runner_core.loading.trust import digest_of


@attrs.frozen
class ModelFiles:
    """A model on disk: the folder that its card is (or would be) in, its artifacts, the card if there is one."""

    root: Path
    artifacts: tuple[Artifact, ...]
    card: Card | None
    _digests: dict[Path, str] = attrs.field(factory=dict, eq=False, repr=False)

    @property
    def path(self) -> Path:
        """Of the first artifact."""
        return self.root / self.artifacts[0].path

    def digest(self, artifact: Path) -> str:
        """``trust.digest_of`` an artifact, computed once: model files are large."""
        if artifact not in self._digests:
            self._digests[artifact] = digest_of(artifact)
        return self._digests[artifact]

    def of_task(self, task: str | None) -> ModelFiles:
        """Only the artifacts that the card gives to this task; all of them for None, or without a card.

        Raises NotInstalled for a task that is not installed, UsageError where the card has another.
        """
        if task is None or self.card is None:
            return self
        get_registry().get("tasks", task)
        tasks = [artifact.task or self.card.task for artifact in self.artifacts]
        if task not in tasks:
            own = ", ".join(dict.fromkeys(tasks)) or self.card.task
            raise UsageError(
                f"{self.root / CARD_FILE}: the task of {self.card.name} is {own}, not {task}",
                remedy="ask for none; one for another brain goes behind that brain: MODEL?task=NAME",
            )
        return attrs.evolve(
            self, artifacts=tuple(each for each, own in zip(self.artifacts, tasks, strict=True) if own == task)
        )


def locate_model(path: Path) -> ModelFiles:
    """Raises CardError, and UsageError where nothing is there or a folder or bundle holds several models."""
    path = resolve_bundle(path)
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder", remedy="check the path")
    if not _is_plain(path):
        raise UsageError(f"{path}: not a plain file or a folder", remedy="copy the model into a file")
    card_path = _find_card(path)
    if card_path is None:
        return _without_card(_only_model(path) if path.is_dir() and format_of(path) != "saved-model" else path)
    card, root = Card.read(card_path), card_path.parent
    named = tuple(artifact for artifact in card.artifacts if root / artifact.path == path)
    if not named and not _is_card(path):  # a model beside the card of another
        return _without_card(path)
    return ModelFiles(root, named or card.artifacts, card)


def _without_card(path: Path) -> ModelFiles:
    return ModelFiles(path.parent, (Artifact(path.name, format_of(path)),), None)


def _only_model(folder: Path) -> Path:
    """The one thing in a folder without a card that some engine opens; the folder where there is none."""
    formats = {claim for found in get_registry().all("engines").values() for claim in found.plugin.claims}
    models = [entry for entry in sorted(folder.iterdir()) if format_of(entry) in formats and _is_plain(entry)]
    if len(models) > 1:
        names = ", ".join(model.name for model in models)
        raise UsageError(f"{folder}: holds several models and no brain.json", remedy=f"name one of them: {names}")
    return models[0] if models else folder


def _is_plain(path: Path) -> bool:
    """Not a pipe, which would be waited for, or a device."""
    return path.is_file() or path.is_dir()


def _is_card(path: Path) -> bool:
    return path.name == CARD_FILE or (path / CARD_FILE).is_file()


def _find_card(path: Path) -> Path | None:
    """The card that speaks for a path: itself, the one in the folder, or the one beside the file."""
    if path.name == CARD_FILE:
        return path
    candidates = (path / CARD_FILE, path.parent / CARD_FILE)
    return next((candidate for candidate in candidates if candidate.is_file()), None)
