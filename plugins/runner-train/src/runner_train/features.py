"""Features of many views, computed once and kept on disk, each view a row beside its targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.errors import TrainingError
from runner_train.base import Front
from runner_train.views import View

SHARD, BATCH = 64, 8  # views of a file; of a call of the front
Rows = NDArray[np.float16]
Shapes = tuple[tuple[str, tuple[int, ...]], ...]


@attrs.frozen
class Layout:
    """Which numbers of a row are what: shapes by name, in order."""

    shapes: Shapes

    @property
    def width(self) -> int:
        return sum(int(np.prod(shape)) for _, shape in self.shapes)

    def split(self, rows: Rows) -> dict[str, Rows]:
        """N x width as N x shape, by name."""
        parts, start = {}, 0
        for name, shape in self.shapes:
            end = start + int(np.prod(shape))
            parts[name] = rows[:, start:end].reshape(-1, *shape)
            start = end
        return parts

    def join(self, parts: dict[str, NDArray[np.float32]]) -> Rows:
        """The reverse."""
        return np.concatenate(
            [parts[name].reshape(len(parts[name]), -1).astype(np.float16) for name, _ in self.shapes], 1
        )


class FeatureBank:
    """Rows of views, in files of SHARD views below ``folder``: what is there is not computed again."""

    def __init__(self, folder: Path, layout: Layout, count: int) -> None:
        self.layout, self.count = layout, count
        self._folder = folder
        self._shards: dict[int, Rows] = {}

    def fill(
        self,
        make_view: Callable[[int], View],
        describe: Callable[[View], dict[str, NDArray[np.float32]]],
        front: Front,
        threads: int,
    ) -> Iterator[int]:
        """Computes what is missing; yields how many views are there. Raises TrainingError where the disk is full."""
        self._folder.mkdir(parents=True, exist_ok=True)
        missing = [at for at in range(-(-self.count // SHARD)) if not self._path(at).exists()]
        there = self.count - SHARD * len(missing)

        def compute(shard: int) -> None:
            numbers = range(shard * SHARD, min((shard + 1) * SHARD, self.count))
            rows = [
                self._compute(numbers[at : at + BATCH], make_view, describe, front)
                for at in range(0, len(numbers), BATCH)
            ]
            self._write(shard, np.concatenate(rows))

        with ThreadPoolExecutor(threads) as pool:
            try:
                for done, _ in enumerate(pool.map(compute, missing), 1):
                    yield max(0, there) + SHARD * done
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def read(self, numbers: Sequence[int] | NDArray[np.intp]) -> Rows:
        """The rows of these views."""
        return np.stack([self._open(int(number) // SHARD)[int(number) % SHARD] for number in numbers])

    def _compute(
        self,
        numbers: range,
        make_view: Callable[[int], View],
        describe: Callable[[View], dict[str, NDArray[np.float32]]],
        front: Front,
    ) -> Rows:
        views = [make_view(number) for number in numbers]
        parts = dict(front.compute(np.stack([view.pixels for view in views])))
        described = [describe(view) for view in views]
        for name in described[0]:
            parts[name] = np.stack([each[name] for each in described])
        return self.layout.join(parts)

    def _write(self, shard: int, rows: Rows) -> None:
        path = self._path(shard)
        partial = path.with_suffix(".partial")
        try:
            with partial.open("wb") as file:
                np.save(file, rows)
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise TrainingError(
                f"{path}: cannot be written ({error.strerror})",
                remedy=f"training keeps {self.count * self.layout.width * 2 / 1e6:.0f} MB there while it runs",
            ) from error

    def _open(self, shard: int) -> Rows:
        if shard not in self._shards:
            self._shards[shard] = np.load(self._path(shard), mmap_mode="r")
        return self._shards[shard]

    def _path(self, shard: int) -> Path:
        return self._folder / f"views-{shard:04}.npy"


class JoinedBanks:
    """Several banks as one."""

    def __init__(self, banks: dict[str, FeatureBank]) -> None:
        self._banks = list(banks.values())
        self.layout = self._banks[0].layout

    def read(self, numbers: Any) -> Any:
        found = []
        for number in numbers:
            place = int(number)
            bank = next(iter(self._banks))
            for bank in self._banks:
                if place < bank.count:
                    break
                place -= bank.count
            found.append(bank.read([place]))
        return np.concatenate(found)
