"""``runner demo``: two brains over the pictures that ship with them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from runner_core.pipeline import run
from runner_core.project import Project
from runner_core.tables import print_summary
from runner_demo.store import PICTURES


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/demo"), show_default=True)
def demo(out: Path) -> int:
    """Find pages and graphs in the pictures that ship, by two networks that read each picture once."""
    project = Project("demo")
    with ExitStack() as stack:
        brains = [
            stack.enter_context(project.get_model(name=name, local=True, threads=1)) for name in ("page", "graphs")
        ]
        summary = run(f"file:{PICTURES}", brains, [f"images:{out}", f"jsonl:{out / 'answers.jsonl'}"])
    print_summary(summary)
    click.echo(f"pictures: {out / PICTURES.name}\nanswers:  {out / 'answers.jsonl'}")
    return 0 if summary.ok else 1
