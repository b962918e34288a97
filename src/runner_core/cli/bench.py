"""``runner bench``: how long a picture takes, in one engine or in all."""

from __future__ import annotations

from typing import Any

import click

from runner_core.artifact import Artifact
from runner_core.choices import Choices
from runner_core.getting import find
from runner_core.locating import locate
from runner_core.measuring import ranked
from runner_core.speeds import Speed
from runner_core.tables import print_rows


@click.command()
@click.argument("brain")
@click.option("--engines", is_flag=True, help="Measure every engine that opens it; --engine auto goes by that.")
@click.option("--labels", metavar="FILE", help="Label map: .pbtxt, .json, or one name a line.")
@click.option("--task", help="The task that reads the model's outputs.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda:0, ...")
@click.option("--threads", type=click.IntRange(1), help="Threads within one call of an engine.")
def bench(brain: str, engines: bool, **choices: Any) -> int:
    """Measure BRAIN anew: milliseconds for a JPEG of 640 x 480 from its bytes to the answer, the best of some runs."""
    measured = ranked(locate(find(brain)), Choices(**choices), anew=True, every=engines)
    best = measured[0][1].ms
    rows = [_row(opener.engine, opener.artifact, speed, best) for opener, speed in measured]
    print_rows("", ("engine", "artifact", "ms a picture", "times the best"), rows)
    return 0 if best is not None else 1


def _row(engine: str, artifact: Artifact, speed: Speed, best: float | None) -> list[str]:
    if speed.ms is None or best is None:
        return [engine, artifact.path, "refused", ""]
    return [engine, artifact.path, f"{speed.ms:.2f}", f"{speed.ms / best:.2f}"]
