"""``runner export``: a brain's network in the formats of other engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner_core.cards.tolerance import Tolerance
from runner_core.cli.completion import complete_brains
from runner_core.cli.options import TRUST_HELP, HomePath
from runner_core.cli.verify import print_totals, read_frames, tolerance_options
from runner_core.export.convert import export_brain
from runner_core.loading.locate import locate_model
from runner_core.loading.options import LoadOptions
from runner_core.stores.resolve import resolve_brain


@click.command(name="export")
@click.argument("brain", shell_complete=complete_brains)
@click.option(
    "--to",
    "formats",
    multiple=True,
    required=True,
    metavar="FORMAT",
    help="tflite, onnx, ...; may be repeated.",
)
@click.option(
    "--out",
    type=HomePath(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder for the brain with its old and new artifacts; by default ./NAME.",
)
@click.option("--half", is_flag=True, help="Store the weights in half precision; they are still computed with in full.")
@click.option(
    "--pictures",
    multiple=True,
    metavar="SOURCE",
    help="Compare the answers on these; may be repeated. By default on drawn shapes.",
)
@tolerance_options
@click.option("--labels", metavar="FILE", help="Label map: .pbtxt, .json, .yaml, .csv, or one name a line.")
@click.option("--task", help="The task that reads the model's outputs.")
@click.option("--engine", help="The engine that the model is exported from.")
@click.option("--conf", type=click.FloatRange(0, 1), help="Score threshold: do not compare instances that score less.")
@click.option("--trust", is_flag=True, help=TRUST_HELP)
def command(
    brain: str, formats: tuple[str, ...], out: Path | None, half: bool, pictures: tuple[str, ...],
    iou: float, score: float, pixels: float, keypoints: float, **options: Any,
) -> int:  # fmt: skip
    """Write BRAIN's network for other engines, and a card that lists the new files beside the old ones.

    What only the engine of the original can do (decoding and resizing pictures, suppressing boxes) is left out of the
    new files and done by runner. The new files are run in every installed engine that opens them, and written only if
    the answers agree.
    """
    place = resolve_brain(brain)
    files = locate_model(place)
    folder = out or Path(files.card.name if files.card else files.path.stem)
    exported = export_brain(
        place,
        [f".{form.lower().lstrip('.')}" for form in formats],
        folder,
        LoadOptions(**options),
        half=half,
        frames=read_frames(pictures) if pictures else None,
        tolerance=Tolerance(iou, score, pixels=pixels, keypoints=keypoints),
    )
    print_totals(exported.verdicts)
    for artifact in exported.artifacts:
        click.echo(f"wrote {exported.folder / artifact.path}: {sum(file.size for file in artifact.files):,} bytes")
    return 0
