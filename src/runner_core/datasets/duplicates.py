"""Pictures of a data set that are the same, or nearly: with one in each part, figures say less than they seem to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.datasets.dataset import Dataset
from runner_core.datasets.example import Example
from runner_core.errors import DatasetError, ImageError
from runner_core.frames.picture_spec import PictureSpec

SIDE, _BLOCKS = 32, 4  # pixels of a thumbnail; of what is compared first
_THUMBNAIL = PictureSpec(size=(SIDE, SIDE), resample="area", colour="grey", layout="nhw", batched=False)
_MOST = 50  # that are nearly as one picture: blank ones would give millions of pairs
_NOISE, _SHARE = 0.75, 0.03  # grey levels that two may differ by, and more where they have more contrast


@attrs.frozen(eq=False)
class Thumbprint:
    """``digest`` is the SHA-256 of the picture's file; ``grey`` 32 x 32 uint8 of its pixels, however it is stored."""

    digest: str
    grey: NDArray[np.uint8]

    @classmethod
    def take(cls, example: Example) -> Thumbprint:
        """Decodes the picture, a JPEG only as large as needed. Raises DatasetError."""
        frame = example.make_frame()
        frame.expect((_THUMBNAIL,))
        try:
            grey = np.asarray(frame.prepared(_THUMBNAIL).tensor, np.uint8).reshape(SIDE, SIDE)
            return cls(hashlib.sha256(frame.encoded or b"").hexdigest(), grey)
        except ImageError as error:
            raise DatasetError(error.message, remedy=error.remedy) from error


@attrs.frozen
class Duplicate:
    """Two pictures of a data set, by their places in it; ``exact`` if their files are equal to the last byte."""

    first: int
    second: int
    exact: bool


def find_duplicates(prints: Sequence[Thumbprint]) -> list[Duplicate]:
    """Each picture with the first that it equals, in its file or its thumbnail, and with others that are nearly so."""
    files: dict[str, int] = {}
    thumbnails: dict[bytes, int] = {}
    found = []
    for place, taken in enumerate(prints):
        first = files.setdefault(taken.digest, place)
        if first != place:
            found.append(Duplicate(first, place, exact=True))
            continue
        alike = thumbnails.setdefault(taken.grey.tobytes(), place)
        if alike != place:
            found.append(Duplicate(alike, place, exact=False))
    different = list(thumbnails.values())
    grey = np.array([prints[place].grey for place in different], np.uint8).reshape(-1, SIDE, SIDE)
    near = (sorted((different[one], different[other])) for one, other in _find_near(grey))
    found += [Duplicate(first, second, exact=False) for first, second in near]
    return sorted(found, key=lambda pair: (pair.second, pair.first))


def _find_near(grey: NDArray[np.uint8]) -> Iterator[tuple[int, int]]:
    """Pairs of N x 32 x 32 thumbnails whose mean difference is no more than storing them anew makes.

    The difference of two means is never more than the mean difference, so that few are compared in full: those that are
    alike in their mean, then in 4 x 4 blocks.
    """
    pixels = grey.astype(np.float32)
    blocks = pixels.reshape(len(grey), _BLOCKS, SIDE // _BLOCKS, _BLOCKS, SIDE // _BLOCKS).mean(axis=(2, 4))
    means, limits = pixels.mean(axis=(1, 2)), _NOISE + _SHARE * pixels.std(axis=(1, 2))
    order = np.argsort(means, kind="stable")
    ends = np.searchsorted(means[order], means[order] + limits[order], side="right")
    for place, one in enumerate(order.tolist()):
        others = order[place + 1 : ends[place]]
        others = others[np.abs(blocks[others] - blocks[one]).mean(axis=(1, 2)) <= limits[one]]
        apart = np.abs(pixels[others] - pixels[one]).mean(axis=(1, 2))
        for other in others[apart <= np.minimum(limits[others], limits[one])][:_MOST].tolist():
            yield one, other


def join_duplicates(dataset: Dataset, duplicates: Sequence[Duplicate]) -> Dataset:
    """The data set with duplicates in one group, so that ``split`` never separates them."""
    leaders = {example.group: example.group for example in dataset}

    def find(group: str) -> str:
        while leaders[group] != group:
            group = leaders[group]
        return group

    for pair in duplicates:
        one, other = find(dataset[pair.first].group), find(dataset[pair.second].group)
        leaders[max(one, other)] = min(one, other)
    examples = tuple(attrs.evolve(example, group=find(example.group)) for example in dataset)
    return attrs.evolve(dataset, examples=examples)
