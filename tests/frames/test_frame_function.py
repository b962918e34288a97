"""Frames whose pixels a function renders: when they are needed, once, and again after forget."""

import numpy as np
import pytest

from runner_core.errors import ImageError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec

RGB = np.arange(40 * 60 * 3, dtype=np.uint32).reshape(40, 60, 3).astype(np.uint8)


class Rendered:
    def __init__(self, pixels=RGB):
        self.pixels, self.calls = pixels, 0

    def __call__(self):
        self.calls += 1
        return self.pixels


def frame_of(render) -> Frame:
    return Frame.from_function(render, (60, 40), source="camera", index=3, time=1.5, taken=100.25)


def test_nothing_is_made_before_it_is_needed():
    render = Rendered()
    frame = frame_of(render)
    assert (frame.source, frame.index, frame.time, frame.taken) == ("camera", 3, 1.5, 100.25)
    assert frame.size == (60, 40)
    assert frame.encoded is None
    assert render.calls == 0


def test_it_is_rendered_once_for_all_threads():
    render = Rendered()
    frame = frame_of(render)
    frame.expect([PictureSpec(size=(8, 8))])
    for _ in range(2):
        np.testing.assert_array_equal(frame.pixels, RGB)
        np.testing.assert_array_equal(np.asarray(frame.image), RGB)
        assert frame.prepared(PictureSpec(size=(8, 8))).tensor.shape == (1, 8, 8, 3)
    assert render.calls == 1
    assert not frame.pixels.flags.writeable


def test_what_is_forgotten_is_made_again():
    render = Rendered()
    frame = frame_of(render)
    first = frame.pixels
    frame.forget()
    assert "pixels" not in frame._memo
    np.testing.assert_array_equal(frame.pixels, first)
    assert (render.calls, frame.size) == (2, (60, 40))


def test_pixels_of_a_wrong_type_are_refused_when_they_are_made():
    frame = frame_of(Rendered(RGB.astype(np.float32)))
    for _ in range(2):
        with pytest.raises(ImageError, match="camera: pixels of type float32"):
            _ = frame.pixels


def test_without_a_size_the_pixels_tell_it():
    assert Frame(source="camera", pixels=Rendered()).size == (60, 40)


def test_a_picture_without_a_live_source_has_no_time_of_taking():
    assert Frame.from_array(RGB).taken is None
