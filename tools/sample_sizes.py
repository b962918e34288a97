"""How sure a figure is that comes from so many pictures: the table of docs/how-to/measure-a-brain.md.

`python tools/sample_sizes.py BRAIN DATA`: so many of the pictures are drawn, a thousand times, and measured each time.
With `--write` the table of the page becomes this one. Its pictures are those on which `graphs` was measured
(plugins/runner-demo/training/README.md), `DIR?classes=graph`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
from runner_eval.answers import list_contestants, run_brains
from runner_eval.detection import DetectionMeter

from runner_core.brain import Brain
from runner_core.datasets import ClassNames, Dataset, open_dataset
from runner_core.project import Project
from runner_core.results.inference import Inference

SIZES = (20, 50, 100, 200, 500)
DRAWS = 1000
FIGURES = ("mAP50", "mAP50:95")
PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "measure-a-brain.md"


def list_rows(brain: Brain, data: Dataset) -> list[tuple[int, ...] | tuple[float, ...]]:
    """For each number of pictures: it, then half the width of the 95 % interval of each figure."""
    contestant, names = list_contestants([brain])[0], ClassNames(data.labels)
    meter = DetectionMeter(data.labels.names, contestant.threshold)
    for place, entries in run_brains([brain], data):
        answer = entries[contestant.name]
        assert isinstance(answer, Inference)
        meter.add(place, data[place].read(), names.translate(answer))
    shares, random = np.full(len(data), 1 / len(data)), np.random.default_rng(0)
    weights = np.concatenate([random.multinomial(size, shares, DRAWS) for size in SIZES])
    draws = meter.finish(weights)[0].draws
    rows = []
    for number, size in enumerate(SIZES):
        parts = [draws[name][number * DRAWS : (number + 1) * DRAWS] for name in FIGURES]
        rows.append((size, *(float(np.subtract(*np.nanpercentile(part, (97.5, 2.5))) / 2) for part in parts)))
    return rows


def format_table(rows: list[tuple[int, ...] | tuple[float, ...]]) -> str:
    """As Markdown."""
    lines = [f"| pictures | {' | '.join(FIGURES)} |", f"|---|{'---|' * len(FIGURES)}"]
    lines += [f"| {size} | {' | '.join(f'± {half:.3f}' for half in halves)} |" for size, *halves in rows]
    return "\n".join(lines) + "\n"


def replace_table(text: str, table: str) -> str:
    """The page with this table instead of its own. Raises ValueError where it has none."""
    head = re.escape(table.partition("\n")[0])
    found = re.search(rf"^{head}\n(\|.*\n)+", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"no table that begins with {head}")
    return text[: found.start()] + table + text[found.end() :]


def main() -> None:
    name, place = (argument for argument in sys.argv[1:] if argument != "--write")
    with Project("demo").get_model(name=name, local=True) as brain:
        table = format_table(list_rows(brain, open_dataset(place)))
    print(table, end="")
    if "--write" in sys.argv:
        PAGE.write_text(replace_table(PAGE.read_text(), table))


if __name__ == "__main__":
    main()
