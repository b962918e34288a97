"""One picture for many brains: each value is computed once, and fails once."""

import gc
import pickle
import threading
import traceback
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import attrs
import numpy as np
import pytest
from encoded import PNG, RGB, encoded
from PIL import Image

from runner_core.errors import ImageError
from runner_core.frames import decode, frame
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec


class Counter:
    """Wraps a function and counts its calls."""

    def __init__(self, wrapped: Callable[..., object]) -> None:
        self.wrapped, self.calls = wrapped, 0

    def __call__(self, *args: object) -> object:
        self.calls += 1
        return self.wrapped(*args)


@pytest.fixture
def counted(monkeypatch) -> dict[str, Counter]:
    """How often the expensive functions are called."""
    counters = {}
    for module, name in ((decode, "to_pixels"), (decode, "open_image"), (frame, "resample"), (frame, "to_tensor")):
        counters[name] = Counter(getattr(module, name))
        monkeypatch.setattr(module, name, counters[name])
    return counters


def test_many_brains_cost_one_of_each(counted):
    read = Counter(lambda: PNG)
    picture = Frame(source="it", read=read)
    spec = PictureSpec(size=(32, 32))
    wanted = [
        spec,
        attrs.evolve(spec, dtype="float32"),
        attrs.evolve(spec, mean=(1.0, 1.0, 1.0), dtype="float32"),
        spec,
    ]
    tensors = [picture.prepared(each).tensor for each in wanted]
    assert tensors[0] is tensors[3]
    assert (read.calls, counted["open_image"].calls, counted["to_pixels"].calls) == (1, 1, 1)
    assert (counted["resample"].calls, counted["to_tensor"].calls) == (1, 3)
    _ = picture.size, picture.pixels, picture.image, picture.encoded, picture.encoded_upright, picture.encoded_upright
    assert (read.calls, counted["to_pixels"].calls, counted["resample"].calls) == (1, 1, 1)


def test_sixteen_threads_cost_one_of_each(counted):
    read = Counter(lambda: PNG)
    picture = Frame(source="it", read=read)
    start = threading.Barrier(16)

    def ask(number: int) -> np.ndarray:
        start.wait()
        return picture.prepared(PictureSpec(size=(32, 32), dtype=("uint8", "float32")[number % 2])).tensor

    with ThreadPoolExecutor(16) as pool:
        tensors = list(pool.map(ask, range(16)))
    assert (read.calls, counted["to_pixels"].calls, counted["resample"].calls, counted["to_tensor"].calls) == (
        1,
        1,
        1,
        2,
    )
    assert len({id(tensor) for tensor in tensors}) == 2


def test_the_size_needs_no_decoding(counted):
    assert Frame.from_bytes(PNG).size == (60, 40)
    assert counted["to_pixels"].calls == 0


def test_nothing_is_read_before_it_is_needed(tmp_path):
    assert "Frame" in repr(Frame.from_path(tmp_path / "later.png"))
    for user in ("", "me:secret@"):
        assert Frame.from_url(f"http://{user}127.0.0.1:9/later.png").source == "http://127.0.0.1:9/later.png"


def test_an_error_is_remembered(counted):
    read = Counter(lambda: PNG[:200])
    picture = Frame(source="cut.png", read=read)
    assert picture.size == (60, 40)
    for _ in range(3):
        for spec in (PictureSpec(), PictureSpec(size=(8, 8))):
            with pytest.raises(ImageError, match=r"cut\.png"):
                picture.prepared(spec)
    assert (read.calls, counted["to_pixels"].calls) == (1, 1)


def test_a_remembered_error_does_not_grow():
    picture = Frame.from_bytes(b"nothing", source="it")
    raised = []
    for _ in range(5):
        with pytest.raises(ImageError) as caught:
            _ = picture.size
        raised.append(caught.value)
    assert len({id(error) for error in raised}) == 5
    assert len({len(traceback.extract_tb(error.__traceback__)) for error in raised[1:]}) == 1
    assert {str(error) for error in raised} == {"it: not a picture in a known format"}


def test_a_remembered_error_keeps_its_remedy():
    picture = Frame.from_bytes(encoded("TIFF", Image.fromarray(np.zeros((4, 4), np.float32))))
    for _ in range(2):
        with pytest.raises(ImageError) as caught:
            _ = picture.pixels
        assert caught.value.remedy
        assert pickle.loads(pickle.dumps(caught.value)).remedy == caught.value.remedy


def test_forget_drops_what_can_be_made_again(counted):
    read = Counter(lambda: PNG)
    picture = Frame(source="it", read=read)
    kept = weakref.ref(picture.prepared(PictureSpec(size=(8, 8))).tensor)
    picture.forget()
    gc.collect()
    assert kept() is None
    assert picture.size == (60, 40)
    assert read.calls == 1
    np.testing.assert_array_equal(picture.pixels, RGB)
    assert (read.calls, counted["to_pixels"].calls) == (2, 2)


def test_forget_keeps_the_pixels_it_was_made_of():
    picture = Frame.from_array(RGB)
    picture.prepared(PictureSpec(size=(8, 8)))
    picture.forget()
    assert np.shares_memory(picture.pixels, RGB)
    assert picture.size == (60, 40)


def test_a_decoded_frame_holds_its_pixels_once(monkeypatch):
    decoded = []

    def to_rgb(image: Image.Image, source: str) -> Image.Image:
        decoded.append(weakref.ref(image))
        return image.convert("RGB")

    monkeypatch.setattr(decode, "to_rgb", to_rgb)
    picture = Frame.from_bytes(PNG)
    np.testing.assert_array_equal(picture.pixels, RGB)
    gc.collect()
    assert [ref() for ref in decoded] == [None]
