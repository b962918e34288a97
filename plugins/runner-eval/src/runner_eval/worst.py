"""The pictures that a brain got most wrong, as they are labelled and as it answered."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import attrs
from PIL import Image, ImageDraw, ImageFont

from runner_core.datasets import Dataset
from runner_core.drawing import annotate_picture
from runner_core.errors import ImageError
from runner_core.results import Inference
from runner_eval.scores import BadPicture

_TILE = (480, 360)  # pixels of a picture, at most
_MARGIN, _LINE = 8, 20
_GROUND, _INK = (255, 255, 255), (30, 30, 30)
_PAIRS = 2  # in a row of the sheet


@attrs.frozen(eq=False)
class Comparison:
    """One picture: what is there on the left, what was answered on the right."""

    name: str
    errors: str
    truth: Image.Image
    answer: Image.Image


def draw_worst(data: Dataset, worst: Sequence[BadPicture]) -> Iterator[Comparison]:
    """Those whose picture can be read. A class has the same colour in both halves."""
    for bad in worst:
        example = data[bad.place]
        try:
            picture = example.make_frame().image.convert("RGB")
        except ImageError:
            continue
        yield Comparison(example.key, bad.errors, _draw(picture, bad.truth), _draw(picture, bad.answer))


def _draw(picture: Image.Image, answer: Inference) -> Image.Image:
    drawn = annotate_picture(picture, [attrs.evolve(answer, brain="")])
    drawn.thumbnail(_TILE, Image.Resampling.LANCZOS)
    return drawn


def make_sheet(comparisons: Sequence[Comparison]) -> Image.Image:
    """A contact sheet: pairs of pictures with their names below."""
    width, height = 2 * _TILE[0] + 3 * _MARGIN, max(each.truth.height for each in comparisons) + _LINE + 2 * _MARGIN
    columns = min(_PAIRS, len(comparisons))
    rows = -(-len(comparisons) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height + _LINE), _GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    draw.text((_MARGIN, 4), "left: the labels; right: the answer", fill=_INK, font=font)
    for number, each in enumerate(comparisons):
        x, y = number % columns * width + _MARGIN, number // columns * height + _LINE + _MARGIN
        sheet.paste(each.truth, (x, y))
        sheet.paste(each.answer, (x + each.truth.width + _MARGIN, y))
        caption = f"{each.name}: {each.errors}"
        draw.text((x, y + each.truth.height + 3), caption[-120:], fill=_INK, font=font)
    return sheet


def to_jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=82)
    return file.getvalue()
