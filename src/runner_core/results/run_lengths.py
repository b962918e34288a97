"""Run lengths: a mask as COCO writes it, its pixels column by column as runs that are outside and inside in turn.

Source: cocoapi, common/maskApi.c: ``rleEncode``, ``rleToString``, ``rleFrString``, ``rleIou``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Runs = NDArray[np.int64]
"""Lengths in pixels; the first run is outside, and may be empty."""

_MOST_GROUPS = 7  # of five bits: more than any picture's number of pixels


def runs_of(array: NDArray[np.bool_]) -> Runs:
    """The runs of H x W booleans."""
    pixels = array.ravel(order="F")
    edges = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    runs = np.diff(edges, prepend=0, append=pixels.size)
    return np.insert(runs, 0, 0) if pixels[:1].any() else runs


def fill_runs(runs: Runs, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """H x W booleans, column-major. Raises ValueError as ``check_runs`` does."""
    check_runs(runs, shape)
    height, width = shape
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(width, height).T


def check_runs(runs: Runs, shape: tuple[int, int]) -> None:
    """Raises ValueError for runs that are negative or do not fill the picture of (height, width)."""
    height, width = shape
    if runs.min(initial=0) < 0 or runs.sum() != height * width:
        raise ValueError(f"a damaged RLE: its runs do not fill {width} x {height} pixels")


def pack_runs(runs: Runs) -> str:
    """COCO's text: each run less the one two before it, in groups of five bits; a sixth says whether more follow."""
    values = runs.copy()
    values[3:] -= runs[1:-2]
    limits = 1 << (5 * np.arange(1, _MOST_GROUPS) - 1)
    groups = np.searchsorted(limits, np.where(values < 0, ~values, values), side="right") + 1
    places = np.arange(groups.max(initial=1))
    codes = (values[:, None] >> 5 * places & 31) + 32 * (places < groups[:, None] - 1) + 48
    return str(codes[places < groups[:, None]].astype(np.uint8).tobytes(), "ascii")


def unpack_runs(text: str) -> Runs:
    """The reverse of ``pack_runs``. Raises ValueError for a text that it never writes."""
    codes = np.frombuffer(text.encode(), np.uint8).astype(np.int64) - 48
    ends = np.flatnonzero(codes & 32 == 0)
    lengths = np.diff(ends, prepend=-1)
    whole = len(codes) == lengths.sum() and lengths.max(initial=0) <= _MOST_GROUPS
    if not whole or codes.min(initial=0) < 0 or codes.max(initial=0) > 63:
        raise ValueError("a damaged RLE: its text is not COCO's")
    if not len(codes):
        return codes
    starts = ends - lengths + 1
    places = np.arange(len(codes)) - np.repeat(starts, lengths)
    values = np.add.reduceat((codes & 31) << 5 * places, starts)
    values -= (codes[ends] >> 4 & 1) << 5 * lengths  # the last bit is the sign
    values[1::2], values[2::2] = values[1::2].cumsum(), values[2::2].cumsum()
    return values


def run_ious(ours: Sequence[Runs], theirs: Sequence[Runs]) -> NDArray[np.float64]:
    """A x B intersections over unions of masks of one size; 0 where they have no pixel in common."""
    areas = [np.array([runs[1::2].sum() for runs in side], np.float64) for side in (ours, theirs)]
    edges = [_edges(runs) for runs in theirs]
    every, lengths = np.concatenate(edges), np.array([len(each) for each in edges])
    ends = lengths.cumsum()
    common = np.zeros((len(ours), len(theirs)))
    for row, runs in zip(common, ours, strict=True):
        covered = _covered(runs, every)
        covered[::2] *= -1  # where a run begins
        sums = np.concatenate([[0.0], covered.cumsum()])
        row[:] = sums[ends] - sums[ends - lengths]
    union = areas[0][:, None] + areas[1] - common
    return np.divide(common, union, out=np.zeros_like(common), where=common > 0)


def _edges(runs: Runs) -> Runs:
    """Where each run inside begins and ends: an even number."""
    edges = runs.cumsum()
    return edges[: len(edges) // 2 * 2]


def _covered(runs: Runs, places: Runs) -> NDArray[np.float64]:
    """How many pixels inside lie before each place."""
    edges = _edges(runs)
    if not len(edges):
        return np.zeros(len(places))
    inside = np.zeros(len(edges))
    inside[1::2] = runs[1::2].cumsum()
    inside[2::2] = inside[1:-1:2]
    return np.interp(places, edges, inside)
