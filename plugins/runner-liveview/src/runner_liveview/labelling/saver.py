"""Saver: writes the file of labels at every step; steps that come while it is being written are written together."""

from __future__ import annotations

import asyncio

from runner_core.errors import DatasetError
from runner_liveview.labelling.label_file import LabelFile


class Saver:
    """``unsaved``: whether something has not been written, as the disk was full or the file was somebody else's."""

    def __init__(self, labels: LabelFile) -> None:
        self._labels = labels
        self._stamp = self._read_stamp()
        self._asked = self._written = 0
        self._turn = asyncio.Lock()

    @property
    def unsaved(self) -> bool:
        return self._written < self._asked

    async def save(self, *, overwrite: bool = False) -> None:
        """Returns when all that has been drawn by now is in the file.

        Raises OSError if it cannot be written, DatasetError if another program has changed it, unless to ``overwrite``.
        """
        self._asked += 1
        wanted = self._asked
        async with self._turn:
            if self._written >= wanted:
                return
            if not overwrite and self._read_stamp() != self._stamp:
                raise DatasetError(f"{self._labels.path.name} was changed by another program")
            wanted, text = self._asked, self._labels.to_text()
            await asyncio.to_thread(self._labels.write, text)
            self._stamp, self._written = self._read_stamp(), wanted

    def _read_stamp(self) -> tuple[int, int] | None:
        try:
            status = self._labels.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size
