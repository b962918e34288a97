"""What is said of files that are passed over because their names are not those of pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from runner_core.frames import find_missing_package

_MOST = 6  # suffixes that are named


def count_suffixes(names: Iterable[str]) -> Mapping[str, int]:
    """How many names have each suffix, in small letters; the most frequent first, "" for none."""
    return dict(Counter(PurePath(name).suffix.lower() for name in names).most_common())


def describe_suffixes(counts: Mapping[str, int]) -> str:
    """The suffixes and their numbers: ``.heic (5), .txt (2)``."""
    named = [f"{suffix or 'no suffix'} ({count})" for suffix, count in counts.items()]
    return ", ".join([*named[:_MOST], *([f"{len(named) - _MOST} more"] if len(named) > _MOST else [])])


def find_remedy(counts: Mapping[str, int]) -> str:
    """What makes some of them readable; nothing if nothing does."""
    packages = {suffix: find_missing_package(suffix) for suffix in counts}
    return ", ".join(f"`pip install {package}` reads {suffix}" for suffix, package in packages.items() if package)


def describe_skipped(counts: Mapping[str, int], read: int) -> str:
    """One sentence about files that are passed over, beside the ``read`` pictures that are not."""
    skipped = sum(counts.values())
    are = "are not pictures" if skipped > 1 else "is not a picture"
    remedy = find_remedy(counts)
    sentence = f"{skipped} of {skipped + read} files {are} that runner reads: {describe_suffixes(counts)}"
    return f"{sentence}; {remedy}" if remedy else sentence
