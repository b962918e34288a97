"""``runner demo``: two brains over the pictures that ship with them, and on a camera."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from runner_core.brain import Brain, list_stages
from runner_core.cli import exit_code_of, print_summary
from runner_core.pipeline import Summary, run
from runner_core.project import Project
from runner_demo.lesson import Lesson
from runner_demo.store import PICTURES

PORT, MINUTES = 8000, 5.0


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/demo"), show_default=True)
@click.option(
    "--view", "port", type=click.IntRange(0, 65535), is_flag=False, flag_value=PORT, metavar="[PORT]",
    help=f"Play the clip as a camera until Ctrl-C, and open a page that shows what is found (port {PORT}).",
)  # fmt: skip
@click.option(
    "--train", is_flag=True,
    help="First train both further, on twenty pictures of dark pages, and show what they were and what they are now.",
)  # fmt: skip
@click.option(
    "--minutes", type=click.FloatRange(0.1), default=MINUTES, show_default=True,
    help="How long the training of each may take; Ctrl-C ends it with what there is.",
)  # fmt: skip
def demo(out: Path, port: int | None, train: bool, minutes: float) -> int:
    """Find pages and graphs, by two networks that read each picture once: in pictures, and in a clip as by a camera."""
    if train:
        return show_lesson(Lesson(out / "looks", minutes, port=port), out)
    with _open_brains() as (page, graphs):
        inside = page.then(graphs, on=["page"], margin=0.05)
        if port is not None:
            return _watch_camera(inside, port)
        title = "Eight pictures, page and graphs side by side"
        summaries = _run_pictures((page, graphs), PICTURES, out, title), _run_clip(inside, out)
        _tell_engine(page)
    return int(not all(summary.ok for summary in summaries))


def show_lesson(lesson: Lesson, out: Path) -> int:
    """Trains, measures and shows what the lesson makes of the two."""
    with lesson.teach() as pupils:
        lesson.print_figures(pupils)
        page, graphs = (pupil.best for pupil in pupils)
        inside = page.then(graphs, on=["page"], margin=0.05)
        stopped = not all(pupil.learnt_all for pupil in pupils)
        if lesson.port is not None and not stopped:
            return _watch_camera(inside, lesson.port)
        title = f"Held-out pictures of dark pages, {page.name} and {graphs.name} side by side"
        summaries = _run_pictures((page, graphs), lesson.looks / "dark", out, title), _run_clip(inside, out)
    if stopped:
        raise KeyboardInterrupt  # only now: what there was is shown
    return int(not all(summary.ok for summary in summaries))


@contextmanager
def _open_brains() -> Iterator[tuple[Brain, Brain]]:
    project = Project("demo")
    with ExitStack() as stack:
        page, graphs = (
            stack.enter_context(project.get_model(name=name, local=True, threads=1)) for name in ("page", "graphs")
        )
        yield page, graphs


def _run_pictures(brains: Sequence[Brain], pictures: Path, out: Path, title: str) -> Summary:
    drawn, answers = out / pictures.name, out / "answers.jsonl"
    summary = run(f"file:{pictures}/*.jpg", brains, [f"images:{drawn}", f"jsonl:{answers}"])
    _print_result(title, summary, drawn, answers)
    return summary


def _run_clip(inside: Brain, out: Path) -> Summary:
    """The second brain runs on the pages that the first one finds."""
    summary = run("demo:clip", [inside], [f"video:{out / 'clip.mp4'}", f"jsonl:{out / 'clip.jsonl'}"])
    title = f"A clip as a camera, {' > '.join(stage.name for stage in list_stages(inside))}"
    _print_result(title, summary, out / "clip.mp4", out / "clip.jsonl")
    return summary


def _watch_camera(inside: Brain, port: int) -> int:
    """Runs until it is interrupted, as every run on a camera."""
    summary = run("demo:camera", [inside], [f"view:{port}?open=1"])
    _print_result("A clip as a camera, page > graphs", summary)
    return exit_code_of(summary)


def _tell_engine(brain: Brain) -> None:
    if brain.engine != "tensorflow":
        click.echo(
            f"\nBoth ran on {brain.engine}. After `pip install 'runner-core[tensorflow]'`, in a clone `make setup`, "
            "this command runs the TensorFlow graphs that they were exported from."
        )


def _print_result(title: str, summary: Summary, *files: Path) -> None:
    click.echo(f"\n{title}")
    print_summary(summary)
    if summary.dropped:
        click.echo(f"{summary.dropped} frames came while the brains were busy and were skipped")
    for path in files:
        click.echo(f"  {path}")
