"""Receipt: what was fetched into a brain's folder, from where and when."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import attrs
import cattrs

from runner_core.errors import StoreError


@attrs.frozen
class ReceiptFile:
    """One file: its path in the folder, its sha256 in hex, its bytes, the store's identity for it if it gave one."""

    path: str
    sha256: str
    size: int
    identity: str = ""


@attrs.frozen
class Receipt:
    """Kept as ``.receipt.json`` in the folder; its time of change is when the brain was last used."""

    RECEIPT_FILE: ClassVar[str] = ".receipt.json"

    store: str
    name: str
    version: str
    files: tuple[ReceiptFile, ...]
    fetched: float = attrs.field(factory=time.time)  # seconds since 1970

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(file.size for file in self.files)

    @property
    def folder(self) -> str:
        """Where it lies below ``brains``; another brain, or other contents, have another folder."""
        contents = sorted(f"{file.path} {file.sha256}" for file in self.files)
        digest = self.key("\n".join((self.store, self.name, self.version, *contents)))  # a/b and a-b look alike below
        parts = (self.store, self.name, f"{self.version}@{digest[:12]}")
        return "/".join(re.sub(r"[^A-Za-z0-9._@+-]+", "-", part) for part in parts)

    @staticmethod
    def key(text: str) -> str:
        """A file name for any text."""
        return hashlib.sha256(text.encode()).hexdigest()

    @staticmethod
    def used(folder: Path) -> float:
        """When the brain was last used, in seconds since 1970."""
        return (folder / Receipt.RECEIPT_FILE).stat().st_mtime

    @staticmethod
    def touch(folder: Path) -> None:
        """Notes that the brain is used now, where the cache may be written."""
        with suppress(OSError):
            os.utime(folder / Receipt.RECEIPT_FILE)

    @classmethod
    def of(cls, place: Path) -> Receipt | None:
        """The receipt of the fetched brain that is at a path: a folder, its only file, or what an archive unpacked to.

        Raises StoreError.
        """
        found = (above / cls.RECEIPT_FILE for above in (place, *place.parents[:3]))
        return next((cls.read(path) for path in found if path.is_file()), None)

    @classmethod
    def read(cls, path: Path) -> Receipt:
        """Raises StoreError for a damaged one, FileNotFoundError where there is none."""
        try:
            receipt: Receipt = cattrs.structure(json.loads(path.read_bytes()), cls)
        except (ValueError, RecursionError, cattrs.BaseValidationError) as error:
            raise StoreError(f"{path}: the receipt is damaged", remedy="run `runner brains verify --repair`") from error
        return receipt

    def write(self, folder: Path) -> None:
        (folder / self.RECEIPT_FILE).write_text(json.dumps(attrs.asdict(self), indent=1))
