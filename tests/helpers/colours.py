"""A plugin that trains: brains that tell pictures apart by their mean colour.

``install_colours`` installs it for the commands of a test; ``ColourTrainer`` is small and real: what it writes is a
graph that ONNX Runtime runs. Its options: ``pause``, seconds for each picture; ``fail``, what goes wrong.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runner_core.cards import Artifact, Card, LabelMap
from runner_core.datasets import Dataset, Example, Truth
from runner_core.errors import TrainingError, UsageError
from runner_core.frames import UNIT, Frame, PictureSpec
from runner_core.plugin import Plugin
from runner_core.results import Inference, Result
from runner_core.testing import write_distribution
from runner_core.training import TRUTH, TrainingStep, TrainOptions
from runner_core.util import write_text

TRAINER = Plugin("colours", "colours:ColourTrainer", "mean colours", claims=("classification",))
FOLDERS = Plugin("colour-folders", "colours:ColourFolders", "a folder for each class")
PLUGIN = f"""
from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin

@hookimpl
def runner_trainers():
    yield {TRAINER}
"""
COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (30, 40, 210)}
SIDE, KNOWN_OPTIONS = 8, ("pause", "fail")
HELD_BACK = {"pictures": 2, "accuracy": 1.0, "accuracy_range": [0.5, 1.0]}


def install_colours(folder: Path) -> dict[str, str]:
    """The environment in which a command has the plugin, also in a process that knows nothing of this folder."""
    files = {"runner_colours/plugin.py": PLUGIN}
    write_distribution(folder, "runner-colours", files, {"colours": "runner_colours.plugin"})
    shutil.copy(__file__, folder)
    return {"PYTHONPATH": str(folder), "RUNNER_PREFER_PLUGINS": "runner-colours"}


def draw_colours(folder: Path, each: int = 4, *, colours: Sequence[str] = tuple(COLOURS), seed: int = 0) -> Path:
    """``each`` pictures of every colour, all different."""
    draw = random.Random(seed)
    for name in colours:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            noise = np.array([draw.randrange(-25, 26) for _ in range(3)])
            pixels = np.clip(np.array(COLOURS[name]) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(np.broadcast_to(pixels, (12, 16, 3)).copy()).save(folder / name / f"{number:03}.png")
    return folder


class ColourFolders:
    """A folder with one folder for each class; pictures in none of them are of no class."""

    options: tuple[str, ...] = ()

    def recognise(self, place: Path) -> bool:
        return place.is_dir()

    def read(self, place: Path, options: Mapping[str, str]) -> Dataset:
        names = sorted(path.name for path in place.iterdir() if path.is_dir())
        return make_dataset(place, names)


def make_dataset(place: Path, names: Sequence[str], kind: str = "classification") -> Dataset:
    labels = LabelMap.from_names(names)
    examples = [
        Example(picture, picture.relative_to(place).as_posix(), partial(read_truth, picture, labels, kind))
        for picture in sorted(place.rglob("*.png"))
    ]
    return Dataset(str(place), kind, labels, tuple(examples))


def read_truth(picture: Path, labels: LabelMap, kind: str) -> Truth:
    ids = [number for number, name in enumerate(labels.names) if name == picture.parent.name]
    size = (16, 12)  # as ``draw_colours`` draws them
    return Truth(Inference(brain="", task=kind, size=size, labels=labels, model_ids=np.array(ids, np.int64)))


class ColourTrainer:
    """One picture after the other; after each it notes how far it is, so that it may be killed at any moment."""

    def explain(self, card: Card, origin: Path | None, data: Dataset, options: TrainOptions) -> Sequence[str]:
        check(card, origin, data, options)
        return [f"the mean colour of {len(data.labels)} classes, for nothing else is asked"]

    def train(
        self,
        card: Card,
        origin: Path | None,
        data: Dataset,
        options: TrainOptions,
        watch: Callable[[TrainingStep], None],
    ) -> Path:
        check(card, origin, data, options)
        order = list(range(len(data)))
        random.Random(options.seed).shuffle(order)
        state = Notes(options.folder / "work" / "notes.json")
        try:
            for place in order[len(state.seen) :]:
                state.add(data[place], float(options.options.get("pause", 0)), options.options.get("fail", ""))
                share = len(state.seen) / len(data)
                worst = partial(show_answers, card.name, data, data[place])
                watch(TrainingStep("pictures", share * 0.9, {"loss": 1 - share}, worst))
        except KeyboardInterrupt:
            if len(state.means) < len(data.labels):
                raise
        watch_quietly(watch, TrainingStep("writing", 1.0, {"loss": 0.0}))
        return write_brain(options.folder, card, state.means, data.labels)


def show_answers(name: str, data: Dataset, example: Example) -> list[Result]:
    """It takes every picture for one of the first class."""
    truth = attrs.evolve(example.read().answer, brain=TRUTH)
    answer = attrs.evolve(truth, brain=name, model_ids=np.zeros(len(truth), np.int64), labels=data.labels)
    frame = Frame.from_path(example.picture, source=example.key)
    return [Result(frame, (answer, truth))]


def watch_quietly(watch: Callable[[TrainingStep], None], step: TrainingStep) -> None:
    """All is learnt: an interrupt ends nothing any more."""
    with suppress(KeyboardInterrupt):
        watch(step)


def check(card: Card, origin: Path | None, data: Dataset, options: TrainOptions) -> None:
    unknown = sorted(set(options.options) - set(KNOWN_OPTIONS))
    if unknown:
        raise UsageError(f"no option {unknown[0]!r}", remedy=f"known: {', '.join(KNOWN_OPTIONS)}")
    if data.kind != "classification" or not len(data):
        raise TrainingError(f"{data.location}: no pictures with classes")
    if origin and Card.read(origin / "brain.json").training.get("means") is None:
        raise TrainingError(f"{origin}: not a brain of this trainer")


class Notes:
    """The sum of colours and the count of each class, and what was looked at, in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(exist_ok=True)
        kept = json.loads(path.read_text()) if path.exists() else {"seen": [], "sums": {}}
        self.seen: list[str] = kept["seen"]
        self.sums: dict[str, list[float]] = kept["sums"]

    @property
    def means(self) -> dict[str, list[float]]:
        return {name: [value / count for value in sums] for name, (*sums, count) in sorted(self.sums.items())}

    def add(self, example: Example, pause: float, fail: str) -> None:
        if fail == "disk" and len(self.seen) == 3:
            raise OSError(28, "No space left on device", str(self._path))
        if fail == "kill" and len(self.seen) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(pause)
        colour = example.make_frame().pixels.reshape(-1, 3).mean(0)
        for label in example.read().answer.found:
            before = self.sums.get(label.name, [0.0] * 4)
            self.sums[label.name] = [old + float(new) for old, new in zip(before, (*colour, 1), strict=True)]
        self.seen.append(example.key)
        write_text(self._path, json.dumps({"seen": self.seen, "sums": self.sums}))


def write_brain(folder: Path, card: Card, means: Mapping[str, Sequence[float]], labels: LabelMap) -> Path:
    """The graph, and its card."""
    centres = np.array([means[name] for name in labels.names], np.float32) / 255
    write_graph(folder / "colours.onnx", centres)
    training = {"means": {name: list(mean) for name, mean in means.items()}, "held_back": HELD_BACK}
    picture = PictureSpec((SIDE, SIDE), mean=UNIT.mean, std=UNIT.std, dtype="float32")
    Card(
        card.name, "classification", card.version, (Artifact("colours.onnx", ".onnx"),),
        {"image": "image", "scores": "scores"}, picture, labels,
        threshold=0.0, options={"activation": "none"}, training=training,
    ).write(folder / "brain.json")  # fmt: skip
    return folder / "brain.json"


def write_graph(path: Path, centres: NDArray[np.float32]) -> None:
    """``scores``, 1 x C: a softmax of the distances of the mean colour of ``image``, 1 x 8 x 8 x 3, to the centres."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, SIDE, SIDE, 3])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, len(centres)])
    kept: dict[str, Any] = {"centres": centres[None], "steep": np.float32(-40), "last": np.array([2], np.int64)}
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("ReduceMean", ["mean"], ["colour"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["colour", "centres"], ["away"]),
        helper.make_node("Mul", ["away", "away"], ["square"]),
        helper.make_node("ReduceSum", ["square", "last"], ["distance"], keepdims=0),
        helper.make_node("Mul", ["distance", "steep"], ["near"]),
        helper.make_node("Softmax", ["near"], ["scores"], axis=1),
    ]
    weights = [numpy_helper.from_array(np.asarray(values), name) for name, values in kept.items()]
    graph = helper.make_graph(nodes, "colours", [image], [scores], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
