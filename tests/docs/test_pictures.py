"""The page on pictures lists what is read, and nothing else."""

import re
from pathlib import Path

from runner_core.frames import formats

PAGE = (Path(__file__).parents[2] / "docs" / "pictures.md").read_text(encoding="utf-8")


def test_it_lists_every_suffix_once():
    table = PAGE.partition("| suffix |")[2].partition("\n\n")[0]
    listed = re.findall(r"`(\.\w+)`", table)
    known = {*formats._PILLOW, *formats._RAW, *(suffix for each in formats.LIBRARIES for suffix in each.suffixes)}
    assert sorted(listed) == sorted(known)


def test_it_names_every_library():
    assert not [each.package for each in formats.LIBRARIES if f"`{each.package}`" not in PAGE]
