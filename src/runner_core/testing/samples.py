"""Frames and results of every kind, for tests of sinks, exports and commands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runner_core.cards.labels import LabelMap
from runner_core.errors import ImageError
from runner_core.frames.frame import Frame
from runner_core.results.inference import Inference
from runner_core.results.instance import Verdict
from runner_core.results.mask import Mask
from runner_core.results.pixel_map import PixelMap
from runner_core.results.result import Failure, Result

WIDTH, HEIGHT = 96, 64
LABELS = LabelMap.from_names(["page", "graph"], first=1)


def sample_pixels() -> NDArray[np.uint8]:
    """64 x 96 x 3 uint8 RGB: a ramp across in red, down in green, a grey middle."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[..., 0] = np.linspace(0, 255, WIDTH, dtype=np.uint8)
    pixels[..., 1] = np.linspace(0, 255, HEIGHT, dtype=np.uint8)[:, None]
    pixels[16:48, 24:72] = 128
    return pixels


def sample_frame(index: int = 0) -> Frame:
    """A frame of ``sample_pixels``."""
    return Frame.from_array(sample_pixels(), source=f"sample-{index}.png", index=index)


def broken_frame(index: int = 0) -> Frame:
    """A frame whose picture cannot be read: its pixels and its size raise ImageError."""
    return Frame.from_bytes(b"no picture", source=f"broken-{index}.png", index=index)


def sample_inference(brain: str = "sample", *, rows: int = 2) -> Inference:
    """Boxes, scores and names: up to two rows, one for each class."""
    boxes = np.array([[24, 16, 72, 48], [0, 0, 20.5, 12.25]], np.float32)[:rows]
    return Inference(
        brain=brain, task="object-detection", size=(WIDTH, HEIGHT), engine="fake", labels=LABELS,
        model_ids=np.array([1, 2])[:rows], boxes=boxes, scores=np.array([0.9, 0.5], np.float32)[:rows],
        ms={"encode": 0.1, "run": 2.0, "decode": 0.1},
    )  # fmt: skip


def _with_masks() -> Inference:
    array = np.zeros((HEIGHT, WIDTH), bool)
    array[16:48, 24:72] = True
    return Inference(
        brain="masks", task="instance-segmentation", size=(WIDTH, HEIGHT), labels=LABELS, model_ids=np.array([2]),
        boxes=np.array([[24, 16, 72, 48]], np.float32), scores=np.array([0.75], np.float32), masks=(Mask(array=array),),
    )  # fmt: skip


def _with_keypoints() -> Inference:
    points = np.array([[[30, 20, 0.9], [60, 40, 0.1]]], np.float32)
    return Inference(
        brain="points", task="keypoints", size=(WIDTH, HEIGHT), model_ids=np.array([0]),
        scores=np.array([0.8], np.float32), keypoints=points,
    )  # fmt: skip


def _with_class_map() -> Inference:
    class_map = np.zeros((HEIGHT, WIDTH), np.int64)
    class_map[32:] = 1
    return Inference(
        brain="pixels", task="semantic-segmentation", size=(WIDTH, HEIGHT), labels=LABELS,
        model_ids=np.array([0, 1]), class_map=class_map,
    )  # fmt: skip


def _with_matte() -> Inference:
    levels = np.linspace(0, 255, WIDTH // 2, dtype=np.uint8)[None].repeat(HEIGHT // 2, axis=0)
    matte = PixelMap("alpha", levels, (HEIGHT, WIDTH))
    return Inference(
        brain="matte", task="matting", size=(WIDTH, HEIGHT), labels=LABELS, model_ids=np.array([1]),
        boxes=np.array([[48, 0, 96, 64]], np.float32), scores=np.array([0.75], np.float32),
        masks=(Mask(array=matte.array >= 128),), pixel_map=matte,
    )  # fmt: skip


def _with_verdict() -> Inference:
    heat = np.zeros((16, 24), np.float32)
    heat[4:12, 6:18] = 0.875
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[16:48, 24:72] = True
    return Inference(
        brain="heat", task="anomaly-detection", size=(WIDTH, HEIGHT), labels=LABELS, model_ids=np.array([2]),
        boxes=np.array([[24, 16, 72, 48]], np.float32), scores=np.array([0.875], np.float32),
        masks=(Mask(array=inside),), pixel_map=PixelMap("heat", heat, (HEIGHT, WIDTH)),
        verdict=Verdict("graph", 2, 2, 0.9),
    )  # fmt: skip


def _with_names_alone() -> Inference:
    return Inference(
        brain="names", task="classification", size=(WIDTH, HEIGHT), labels=LABELS, model_ids=np.array([2, 1]),
        scores=np.array([0.7, 0.3], np.float32),
    )  # fmt: skip


def sample_results() -> list[Result]:
    """Results with indices from 0: every kind of answer, no answer, a brain's failure, an unreadable picture."""
    shapes = (_with_masks(), _with_keypoints(), _with_class_map(), _with_names_alone(), _with_matte(), _with_verdict())
    failure = Failure("EngineError", "model.pb: ran out of memory", brain="second")
    entries: list[tuple[Inference | Failure, ...]] = [
        (sample_inference(),),
        (sample_inference(rows=0),),
        shapes,
        (sample_inference(), failure),
        (failure,),
        (),
    ]
    results = [Result(sample_frame(index), tuple(entry)) for index, entry in enumerate(entries)]
    broken = broken_frame(len(results))
    error = Failure.from_error(ImageError(f"{broken.source}: not a picture in a known format"))
    return [*results, Result(broken, error=error)]
