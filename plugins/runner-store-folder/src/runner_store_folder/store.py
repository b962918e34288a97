"""A folder of brains, as Triton lays models out: ``<name>/<version>/``, or ``<name>/`` if there is one version."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import attrs
from filelock import FileLock
from natsort import natsorted

from runner_core.cache import Cache, check_name, check_path
from runner_core.cards import CARD_FILE, Artifact, Card, Trunk, check_files, describe_files
from runner_core.contracts import BrainRef
from runner_core.errors import CardError, NoSuchBrain, StoreError, UnreachableError
from runner_core.util import expand_home
from runner_store_folder.index import StoredBrain, write_index

P = TypeVar("P", Artifact, Trunk)
log = logging.getLogger("runner")
_MAKING = ".making-"


class FolderStore:
    """Brains are opened in the folder itself; nothing is copied."""

    def __init__(self, location: str) -> None:
        self.root = Path(expand_home(location))
        self.label = f"folder:{location}"
        if not location:
            raise StoreError("a folder store needs a folder", remedy="write folder:PATH/NAME")

    @staticmethod
    def split(text: str) -> tuple[str, str]:
        """``models/page`` is a folder and a name."""
        location, _, name = text.rstrip("/").rpartition("/")
        return location, name

    def list(self) -> Iterator[BrainRef]:
        """Every version; a brain whose card is unreadable is left out, and a warning says so."""
        for brain in self._list_brains():
            yield BrainRef(brain.name, brain.version, brain.summary)

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:  # noqa: ARG002  # nothing is copied
        """The folder itself; without a version the greatest one in natural order."""
        check_path(name, self.label)
        self._check_root()
        versions = self._find_versions(self.root / name)
        wanted = version or next(reversed(versions), "")
        if wanted not in versions:
            there = ", ".join(versions)
            raise NoSuchBrain(
                f"{self.root} has no brain {name!r} {version or ''}".rstrip(), remedy=f"it has {there}" if there else ""
            )
        return versions[wanted]

    def push(self, folder: Path, *, pictures: bool = False) -> BrainRef:
        """Copies a brain to ``<name>/<version>``, by one rename; with the ``pictures`` that it learnt from, if asked.

        Raises StoreError if it exists, CardError.
        """
        card = Card.read(folder / CARD_FILE)
        card = _describe_artifacts(card if pictures else attrs.evolve(card, rehearsal=None), folder)
        place = self._choose_folder(card)
        with _explain_os_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            with FileLock(self.root / ".push.lock"):
                exists = place.exists()
                if not exists:
                    self._copy(folder, card, place)
                write_index(self.root, self._list_brains())  # also after a push that was killed before this line
        if exists:
            raise StoreError(f"{place}: that version is published", remedy="give brain.json another version")
        return BrainRef(card.name, card.version)

    def _choose_folder(self, card: Card) -> Path:
        check_name(card.name, CARD_FILE)
        check_name(card.version, CARD_FILE)
        if "/" in card.name + card.version:
            raise StoreError(f"{card.name}@{card.version}: a folder store has no place for a name with a slash")
        if (self.root / card.name / CARD_FILE).is_file():
            raise StoreError(f"{self.root / card.name}: a brain without versions", remedy="move it to NAME/VERSION")
        return self.root / card.name / card.version

    def _copy(self, folder: Path, card: Card, place: Path) -> None:
        for leftover in self.root.glob(f"{_MAKING}*"):  # of a push that was killed: nobody else holds the lock
            shutil.rmtree(leftover, ignore_errors=True)
        making = Path(tempfile.mkdtemp(dir=self.root, prefix=_MAKING))
        try:
            for path in {file.path for part in card.parts for file in part.files}:
                (making / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / path, making / path)
            for artifact in (*card.artifacts, *filter(None, [card.rehearsal])):
                check_files(making, artifact, contents=True)  # the copies: what is checked is what is published
            card.write(making / CARD_FILE)
            making.chmod(0o755)  # mkdtemp makes it private
            place.parent.mkdir(exist_ok=True)
            making.rename(place)
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def _list_brains(self) -> Iterator[StoredBrain]:
        self._check_root()
        for brain in natsorted(self.root.glob("[!.]*"), key=lambda path: path.name):
            for version, folder in self._find_versions(brain).items():
                try:
                    yield StoredBrain(brain.name, version, folder, Card.read(folder / CARD_FILE))
                except CardError as error:
                    log.warning("%s", error)

    def _find_versions(self, brain: Path) -> dict[str, Path]:
        """The folders of a brain by version, the greatest last."""
        if (brain / CARD_FILE).is_file():
            return {Card.read(brain / CARD_FILE).version: brain}
        cards = natsorted(brain.glob(f"[!.]*/{CARD_FILE}"), key=lambda path: path.parent.name) if brain.is_dir() else []
        return {path.parent.name: path.parent for path in cards}

    def _check_root(self) -> None:
        if not self.root.is_dir():
            raise UnreachableError(f"{self.root}: no such folder", remedy="is it mounted?")


def _describe_artifacts(card: Card, folder: Path) -> Card:
    """The card with the sha256 of all files; one written by hand may only name the artifacts. Raises CardError."""
    for part in card.parts:
        if not (folder / part.path).exists():
            raise CardError(f"{folder / part.path}: the card names it, but it is not there")
    described = (
        attrs.evolve(_describe(artifact, folder), trunk=_describe(artifact.trunk, folder) if artifact.trunk else None)
        for artifact in card.artifacts
    )
    rehearsal = _describe(card.rehearsal, folder) if card.rehearsal else None
    return attrs.evolve(card, artifacts=tuple(described), rehearsal=rehearsal)


def _describe(part: P, folder: Path) -> P:
    return attrs.evolve(part, files=part.files or describe_files(folder, folder / part.path))


@contextmanager
def _explain_os_errors(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"{error.filename or root}: cannot be written ({error.strerror or error})") from error
