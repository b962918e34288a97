"""Distributions for a test: what ``pip install`` leaves behind, without installing anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from runner_core.hookspecs import GROUP


def write_distribution(
    folder: Path, name: str, files: Mapping[str, str], entries: Mapping[str, str], *, version: str = "1.0"
) -> None:
    """Writes packages and their metadata into ``folder``; put it on ``sys.path`` or PYTHONPATH to have it installed.

    ``files`` are texts by path, and ``entries`` entry points of the group ``runner``, as in a ``pyproject.toml``::

        write_distribution(tmp_path, "runner-mine", {"runner_mine/plugin.py": CODE}, {"mine": "runner_mine.plugin"})
    """
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text), encoding="utf-8")
        (target.parent / "__init__.py").touch()
    points = "".join(f"{key} = {value}\n" for key, value in entries.items())
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{points}", encoding="utf-8")
