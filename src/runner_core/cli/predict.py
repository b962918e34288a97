"""``runner predict``: what brains find in one picture."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import click

from runner_core.brain import list_stages
from runner_core.cli.completion import complete_files
from runner_core.cli.console import print_message
from runner_core.cli.options import HomePath, brain_options, open_brains
from runner_core.cli.tables import print_instances
from runner_core.drawing.save import choose_form
from runner_core.errors import UsageError
from runner_core.frames.frame import Frame
from runner_core.pipeline.executor import FrameExecutor
from runner_core.pipeline.failures import FailureLog
from runner_core.pipeline.sources_sinks import OF_PICTURES, find_source
from runner_core.util.home import expand_home
from runner_core.util.location import redact_url


@click.command()
@click.argument("picture", shell_complete=complete_files)
@brain_options()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a brain instead of a table.")
@click.option("--save", type=HomePath(path_type=Path), metavar="FILE", help="Write PICTURE with what was found in it.")
@click.option("--show", is_flag=True, help="Open PICTURE with what was found in it.")
def predict(picture: str, brains: tuple[str, ...], as_json: bool, save: Path | None, show: bool, **options: Any) -> int:
    """Show what brains find in PICTURE: a file or a URL."""
    picture = expand_home(picture)
    _check_one_picture(picture)
    if save:
        choose_form(save)  # before any model loads
    frame = Frame.of(picture)
    _ = frame.size  # a file that is not a picture is reported before any model loads
    with open_brains(brains, **options) as models:
        result = FrameExecutor(models).run_frame(frame)
        rest = {stage.name: list(map(str, stage.guesses)) for brain in models for stage in list_stages(brain)}
    for inference in result.answers:
        if as_json:
            guesses = rest.get(inference.brain)
            record = inference.to_json() | ({"guesses": guesses} if guesses else {})
            click.echo(json.dumps(record, ensure_ascii=False))
        else:
            print_instances(inference)
    for line in FailureLog().lines_of(result):
        print_message(line)
    if save and result.answers:
        print_message(f"{result.save(save)}: written")
    if show and result.answers:
        result.show()
    return 1 if result.failures else 0


def _check_one_picture(picture: str) -> None:
    """Raises UsageError for a folder, a video, a camera: `runner run` takes those."""
    what = "a folder" if Path(picture).is_dir() else _name_other_source(picture)
    if what:
        remedy = f"give one picture, or type `runner run {shlex.quote(redact_url(picture))} --brain ...`"
        raise UsageError(f"{redact_url(picture)}: {what}, not a picture", remedy=remedy)


def _name_other_source(location: str) -> str | None:
    """What the source is that reads the location; None if that reads pictures, or there is none."""
    found = find_source(location)
    plugin = found[0].plugin if found else None
    if plugin is None or not OF_PICTURES.isdisjoint(plugin.claims):
        return None
    return plugin.summary.partition(":")[0]
