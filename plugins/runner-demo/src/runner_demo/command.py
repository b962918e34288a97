"""``runner demo``: two brains over the pictures that ship with them, and on a camera."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from runner_core.brain import Brain
from runner_core.cli import exit_code_of, print_summary
from runner_core.pipeline import Summary, run
from runner_core.project import Project
from runner_demo.store import PICTURES

PORT = 8000


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/demo"), show_default=True)
@click.option(
    "--view", "port", type=click.IntRange(0, 65535), is_flag=False, flag_value=PORT, metavar="[PORT]",
    help=f"Play the clip as a camera until Ctrl-C, and open a page that shows what is found (port {PORT}).",
)  # fmt: skip
def demo(out: Path, port: int | None) -> int:
    """Find pages and graphs, by two networks that read each picture once: in pictures, and in a clip as by a camera."""
    with _open_brains() as (page, graphs):
        inside = page.then(graphs, on=["page"], margin=0.05)
        if port is not None:
            return _watch_camera(inside, port)
        summaries = _run_pictures(page, graphs, out), _run_clip(inside, out)
    return int(not all(summary.ok for summary in summaries))


@contextmanager
def _open_brains() -> Iterator[tuple[Brain, Brain]]:
    project = Project("demo")
    with ExitStack() as stack:
        page, graphs = (
            stack.enter_context(project.get_model(name=name, local=True, threads=1)) for name in ("page", "graphs")
        )
        yield page, graphs


def _run_pictures(page: Brain, graphs: Brain, out: Path) -> Summary:
    drawn, answers = out / PICTURES.name, out / "answers.jsonl"
    summary = run(f"file:{PICTURES}", [page, graphs], [f"images:{drawn}", f"jsonl:{answers}"])
    _print_result("Eight pictures, page and graphs side by side", summary, drawn, answers)
    return summary


def _run_clip(inside: Brain, out: Path) -> Summary:
    """The second brain runs on the pages that the first one finds."""
    summary = run("demo:clip", [inside], [f"video:{out / 'clip.mp4'}", f"jsonl:{out / 'clip.jsonl'}"])
    _print_result("A clip as a camera, page > graphs", summary, out / "clip.mp4", out / "clip.jsonl")
    return summary


def _watch_camera(inside: Brain, port: int) -> int:
    """Runs until it is interrupted, as every run on a camera."""
    summary = run("demo:camera", [inside], [f"view:{port}?open=1"])
    _print_result("A clip as a camera, page > graphs", summary)
    return exit_code_of(summary)


def _print_result(title: str, summary: Summary, *files: Path) -> None:
    click.echo(f"\n{title}")
    print_summary(summary)
    if summary.dropped:
        click.echo(f"{summary.dropped} frames came while the brains were busy and were skipped")
    for path in files:
        click.echo(f"  {path}")
