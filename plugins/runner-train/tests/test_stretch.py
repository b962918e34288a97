"""Graphs that decode and stretch pictures themselves see the very pixels that runner gives to the other formats."""

import io

import numpy as np
import pytest
from PIL import Image
from runner_train.stretch import decode_picture, stretch

from runner_core.frames import Frame, PictureSpec


def _draw_noise(wide: int, high: int) -> np.ndarray:
    return np.random.default_rng((wide, high)).integers(0, 256, (high, wide, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(800, 600), (251, 188), (37, 1001), (640, 512), (1, 1)])
def test_a_picture_is_stretched_to_the_bit(size: tuple[int, int]) -> None:
    pixels = _draw_noise(*size)
    for wide, high in ((640, 512), (192, 448)):
        ours = Frame.from_array(pixels).prepared(PictureSpec(size=(wide, high))).tensor
        assert (stretch(pixels[None], (high, wide)).numpy() == ours).all()


@pytest.mark.parametrize(("form", "options"), [("JPEG", {"quality": 75}), ("JPEG", {"progressive": True}), ("PNG", {})])
def test_a_picture_is_decoded_to_the_bit(form: str, options: dict) -> None:
    smooth = Image.fromarray(_draw_noise(24, 20)).resize((161, 127), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    smooth.save(file, form, **options)
    ours = Frame.from_bytes(file.getvalue()).pixels
    assert (decode_picture(file.getvalue()).numpy() == ours).all()


def test_other_formats_are_decoded_too() -> None:
    for form in ("BMP", "GIF"):
        file = io.BytesIO()
        Image.new("RGB", (9, 7), (255, 0, 0)).save(file, form)
        assert decode_picture(file.getvalue()).shape == (7, 9, 3)
