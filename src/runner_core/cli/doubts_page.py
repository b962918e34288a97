"""A page with the doubtful labels, each as it looks; it opens without a server and needs nothing beside it."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from runner_core.datasets.annotation import Box
from runner_core.datasets.dataset import Dataset
from runner_core.datasets.doubts import Doubt
from runner_core.errors import ImageError
from runner_core.util.atomic import write_text

MOST = 200  # doubts on the page
_SIDE, _AROUND, _LEAST = 320, 0.75, 96  # pixels shown; of a box's sides about it; pixels of the picture
_MOST_ZOOM = 4.0
_LABEL, _FOUND = (214, 84, 0), (0, 120, 190)
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 75rem; padding: 1rem; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
.doubts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: 1.2rem; }
figure { margin: 0; }
img { width: 100%; height: 15rem; object-fit: contain; background: #8883; }
figcaption { font-size: .9rem; overflow-wrap: anywhere; }
i { display: inline-block; width: 1.4em; border-top: 3px solid; vertical-align: middle; }
"""


def write_doubts_page(dataset: Dataset, doubts: Sequence[Doubt], path: Path) -> None:
    """The most suspicious ones, with what is labelled and what is found. Raises OSError."""
    shown = doubts[:MOST]
    title = f"{len(doubts)} doubtful labels of {dataset.location}"
    more = f" The first {MOST} are shown." if len(doubts) > MOST else ""
    lines = ((_LABEL, "as it is labelled"), (_FOUND, "as it is found"))
    legend = ", ".join(f'<i style="color: rgb{colour}"></i> {text}' for colour, text in lines)
    figures = "\n".join(_write_figure(dataset, doubt) for doubt in shown)
    write_text(
        path,
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f"<p>The most suspicious first; {legend}.{more}</p>\n"
        f'<div class="doubts">\n{figures}\n</div>\n</body>\n</html>\n',
    )


def _write_figure(dataset: Dataset, doubt: Doubt) -> str:
    number = "" if doubt.row is None else f", label {doubt.row + 1}"
    caption = f"<b>{escape(doubt.picture)}{number}</b><br>{escape(doubt.describe())} ({doubt.suspicion:.2f})"
    try:
        picture = dataset[doubt.place].make_frame().image.convert("RGB")
    except ImageError as error:
        return f"<figure><figcaption>{caption}<br>{escape(str(error))}</figcaption></figure>"
    file = io.BytesIO()
    _draw(picture, doubt).save(file, "JPEG", quality=85)
    url = f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode('ascii')}"
    return f'<figure><img alt="{escape(doubt.describe())}" src="{url}"><figcaption>{caption}</figcaption></figure>'


def _draw(picture: Image.Image, doubt: Doubt) -> Image.Image:
    """The part of the picture about the boxes, with both."""
    labelled = () if doubt.row is None else ((_LABEL, doubt.box),)
    boxes = (*labelled, *(((_FOUND, doubt.found_box),) if doubt.found_box else ()))
    corners = np.array([box for _, box in boxes])
    low, high = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    reach = np.maximum((high - low) * (0.5 + _AROUND), _LEAST / 2)
    middle, most = (low + high) / 2, np.array(picture.size)
    begin, end = np.floor((middle - reach).clip(0, most)), np.ceil((middle + reach).clip(0, most))
    scale = min(_SIDE / (end - begin).max(), _MOST_ZOOM)
    size = np.maximum(1, np.rint((end - begin) * scale)).astype(int)
    part = picture.resize((int(size[0]), int(size[1])), Image.Resampling.LANCZOS, (*begin, *end))
    draw = ImageDraw.Draw(part)
    for colour, box in boxes:
        draw.rectangle(_carry(box, begin, scale), outline=colour, width=3)
    return part


def _carry(box: Box, begin: np.ndarray, scale: float) -> list[float]:
    carried: list[float] = ((np.array(box).reshape(2, 2) - begin) * scale).ravel().tolist()
    return carried
