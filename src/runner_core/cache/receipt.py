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
    """One fetched file.

    ``path``      below the brain's folder.
    ``sha256``    in hex; ``size`` in bytes.
    ``identity``  what the store gave as the file's identity; empty if it gave none.
    """

    path: str
    sha256: str
    size: int
    identity: str = ""


@attrs.frozen
class Receipt:
    """Kept as ``.receipt.json`` in the brain's folder; the file's modification time is when the brain was last used."""

    RECEIPT_FILE: ClassVar[str] = ".receipt.json"

    store: str
    name: str
    version: str
    files: tuple[ReceiptFile, ...]
    fetched: float = attrs.field(factory=time.time)  # seconds since 1970

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)

    @property
    def folder(self) -> str:
        """The folder's path below ``brains``, another one for each brain, version and contents."""
        contents = sorted(f"{file.path} {file.sha256}" for file in self.files)
        digest = hash_text("\n".join((self.store, self.name, self.version, *contents)))  # below, a/b and a-b look alike
        parts = (self.store, self.name, f"{self.version}@{digest[:12]}")
        return "/".join(re.sub(r"[^A-Za-z0-9._@+-]+", "-", part) for part in parts)

    @staticmethod
    def last_used(folder: Path) -> float:
        """When the brain was last used, in seconds since 1970. Raises FileNotFoundError."""
        return (folder / Receipt.RECEIPT_FILE).stat().st_mtime

    @staticmethod
    def mark_used(folder: Path) -> None:
        """Notes that the brain is used now, if the cache can be written."""
        with suppress(OSError):
            os.utime(folder / Receipt.RECEIPT_FILE)

    @classmethod
    def find(cls, path: Path) -> Receipt | None:
        """The receipt of the fetched brain at a path: a folder, its only file, or the folder an archive unpacked to.

        None if the path was not fetched. Raises StoreError.
        """
        candidates = (above / cls.RECEIPT_FILE for above in (path, *path.parents[:3]))
        return next((cls.read(receipt) for receipt in candidates if receipt.is_file()), None)

    @classmethod
    def read(cls, path: Path) -> Receipt:
        """Raises StoreError if it is damaged, FileNotFoundError if there is none."""
        try:
            receipt: Receipt = cattrs.structure(json.loads(path.read_bytes()), cls)
        except (ValueError, RecursionError, cattrs.BaseValidationError) as error:
            raise StoreError(f"{path}: the receipt is damaged", remedy="run `runner brains verify --repair`") from error
        return receipt

    def write(self, folder: Path) -> None:
        """Writes it into the brain's folder. Raises OSError."""
        (folder / self.RECEIPT_FILE).write_text(json.dumps(attrs.asdict(self), indent=1))


def hash_text(text: str) -> str:
    """The sha256 of a text in hex: a file name for any text."""
    return hashlib.sha256(text.encode()).hexdigest()
