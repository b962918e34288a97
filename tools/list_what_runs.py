"""Writes docs/what-runs.md: which models run without a card, where such models come from, and what they were held to.

Engines and families are those of the plugins in this repository, models those of the tests' own tables. ``make
what-runs`` runs it, and a test holds the committed page to it.
"""

from __future__ import annotations

import csv
import importlib
import inspect
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "what-runs.md"
FIELD = ROOT / "tools" / "field" / "models.tsv"
ENGINES = ("litert", "onnx", "openvino", "tensorflow")
TASKS = ("classification", "detection", "keypoints", "segmentation")

HEAD = """# What runs without a card

A model file alone is enough where its family is known. What no rule is sure of is a guess: it is printed once, kept in
the answers, and settled by an option (`'model.onnx?range=0..1&colour=bgr'`). `runner inspect` shows what is known of a
model, and by what: [find out what a model is](how-to/inspect-a-model.md). This page is made by `make what-runs`, from
the plugins and from the tables of the tests.
"""


def main() -> None:
    """Writes the page."""
    PAGE.write_text(write_page(), encoding="utf-8")


def write_page() -> str:
    """The page as text."""
    parts = [
        HEAD,
        "## Formats\n",
        write_table(("engine", "what it opens", "formats"), list_engines()),
        "## Families\n",
        "Each family is a task; a plugin adds one ([write a task](how-to/write-a-task.md)).\n",
        write_table(("task", "gives", "what it reads", "package"), list_families()),
        "## What is read from where\n",
        "Of a model without a card, the surest of these says how its input is made; an unsure one is a guess.\n",
        write_table(("what", "is read from"), list_sources()),
        "## Tested on\n",
        "Values of direct calls with each model's own published processing, on every engine that opens it:\n",
        write_table(("model", "what is compared"), list_cases()),
        "Models from packages and repositories, each held against its publisher's processing by `tools/field`:\n",
        write_table(("kind", "models", "where they come from"), list_field_models()),
    ]
    return "\n".join(parts)


def write_table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    """As Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def list_engines() -> Iterator[Sequence[str]]:
    """From the engine plugins."""
    for engine in ENGINES:
        for plugin in importlib.import_module(f"runner_{engine}.plugin").runner_engines():
            yield f"`{plugin.name}`", plugin.summary, ", ".join(f"`{claim}`" for claim in plugin.claims)


def list_families() -> Iterator[Sequence[str]]:
    """From the task plugins."""
    for task in TASKS:
        for plugin in importlib.import_module(f"runner_{task}.plugin").runner_tasks():
            module, _, name = plugin.target.partition(":")
            kind = getattr(importlib.import_module(module), name).kind
            yield f"`{plugin.name}`", kind, plugin.summary, f"`runner-{task}`"


def list_sources() -> Iterator[Sequence[str]]:
    """The rules of ``runner_core.clues``, and the files beside a model."""
    from runner_core.cards.sidecar_labels import SIDECAR_LABEL_FILES
    from runner_core.cards.sidecar_metadata import SIDECAR_METADATA_FILES
    from runner_core.clues.rules import RULES, RULES_OF_VALUES

    yield (
        "values, colours, size, labels",
        f"the model's metadata, and {_quote(SIDECAR_METADATA_FILES)}",
    )
    for rule in (*RULES, *RULES_OF_VALUES):
        about = "range of the values" if rule in RULES_OF_VALUES else "range, colours or fit"
        yield about, _first_sentence(rule)
    yield "labels", f"the files {_quote(SIDECAR_LABEL_FILES)}, else the one file near the model that fits it"


def list_cases() -> Iterator[Sequence[str]]:
    """From ``tests/matrix``."""
    cases = _load(ROOT / "tests" / "matrix" / "test_cases.py")
    yield from ((f"`{name}`", f"boxes from a score of {least}") for name, least in cases.THRESHOLDS.items())
    yield from ((f"`{name}`", "scores") for name in cases.SCORES)
    yield from ((f"`{name}`", "share of the pixels") for name in cases.SHARES)
    for model in _load(ROOT / "tests" / "matrix" / "test_matrix.py").MODELS:
        yield f"`{model.name}`", f"answers of each pair of {', '.join(model.engines)}"


def list_field_models() -> Iterator[Sequence[str]]:
    """From the table of ``tools/field``, by kind."""
    with FIELD.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for kind, count in sorted(Counter(row["family"] for row in rows).items()):
        origins = {re.split("@|==", row["origin"])[0].rpartition(":")[2] for row in rows if row["family"] == kind}
        yield kind, str(count), ", ".join(sorted(origins))


def _quote(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _first_sentence(rule: Any) -> str:
    """Of its docstring, without the marks of code."""
    text = " ".join((inspect.getdoc(rule) or "").split("\n\n")[0].split()).replace("``", "`")
    return re.split(r"(?<=[.:;]) ", text)[0].rstrip(".:;")


def _load(path: Path) -> Any:
    sys.path[:0] = [str(path.parent), str(ROOT / "tests" / "helpers")]
    try:
        return importlib.import_module(path.stem)
    finally:
        del sys.path[:2]


if __name__ == "__main__":
    main()
