"""A folder of brains, as Triton lays models out: ``<name>/<version>/``, or ``<name>/`` where there is one version."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock
from natsort import natsorted

from runner_core.artifact import check_files
from runner_core.cache.cache import Cache
from runner_core.card import FILE_NAME, Card
from runner_core.contracts import BrainRef
from runner_core.errors import NoSuchBrain, StoreError
from runner_store_folder.index import write_index


class FolderStore:
    """Brains run where they lie; nothing is copied."""

    def __init__(self, location: str) -> None:
        self.root = Path(location).expanduser()
        self.label = f"folder:{location}"
        if not location:
            raise StoreError("a folder store needs a folder", remedy="write folder:PATH")

    def list(self) -> Iterator[BrainRef]:
        for folder in self._brains():
            card = Card.read(folder / FILE_NAME)
            yield BrainRef(card.name, card.version, f"{card.task}: {', '.join(card.labels.names[:5])}")

    def fetch(self, name: str, version: str | None, cache: Cache) -> Path:  # noqa: ARG002  # nothing is copied
        """The folder itself; without a version the naturally greatest one."""
        versions = self._versions(self.root / name)
        wanted = version or next(reversed(versions), "")
        if wanted not in versions:
            there = ", ".join(versions) or "none of that name"
            raise NoSuchBrain(f"{self.root} has no brain {name!r} {version or ''}".rstrip(), remedy=f"it has {there}")
        return versions[wanted]

    def push(self, folder: Path) -> BrainRef:
        """Copies a brain to ``<name>/<version>``, by one rename. Raises StoreError where that is taken."""
        card = Card.read(folder / FILE_NAME)
        for artifact in card.artifacts:
            check_files(folder, artifact, contents=True)
        place = self.root / card.name / card.version
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.root / ".push.lock"):
            if place.exists():
                raise StoreError(f"{place}: that version is published", remedy="give brain.json another version")
            self._copy(folder, card, place)
            write_index(self.root, self._brains())
        return BrainRef(card.name, card.version)

    def _copy(self, folder: Path, card: Card, place: Path) -> None:
        making = Path(tempfile.mkdtemp(dir=self.root, prefix=".making-"))
        try:
            for path in (FILE_NAME, *(file.path for artifact in card.artifacts for file in artifact.files)):
                (making / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / path, making / path)
            making.chmod(0o755)
            making.rename(place)
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def _brains(self) -> Iterator[Path]:
        if not self.root.is_dir():
            raise StoreError(f"{self.root}: no such folder")
        for entry in natsorted(self.root.iterdir(), key=lambda path: path.name):
            yield from self._versions(entry).values()

    def _versions(self, brain: Path) -> dict[str, Path]:
        """The folders of a brain by version, the greatest last."""
        if (brain / FILE_NAME).is_file():
            return {Card.read(brain / FILE_NAME).version: brain}
        cards = natsorted(brain.glob(f"[!.]*/{FILE_NAME}"), key=lambda path: path.parent.name) if brain.is_dir() else []
        return {path.parent.name: path.parent for path in cards}
