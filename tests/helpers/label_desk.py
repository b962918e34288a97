"""A labelling page that is being served, and stand-ins for brains and for a training."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import numpy as np
import requests
from PIL import Image
from runner_liveview.address import Address
from runner_liveview.labelling.command import serve
from runner_liveview.labelling.desk import Desk
from runner_liveview.labelling.open_labels import open_labels
from runner_liveview.labelling.pictures import find_pictures
from runner_liveview.labelling.training import Training

from runner_core.brain import Brain
from runner_core.cards.labels import LabelMap
from runner_core.frames.frame import Frame
from runner_core.results.inference import Inference

SIZE = (400, 300)


class Finder(Brain):
    """Finds in each picture the boxes that a test says: (label, score, x1, y1, x2, y2)."""

    version = task = family = engine = "test"

    def __init__(self, name: str, found: Mapping[str, Sequence[tuple[Any, ...]]]) -> None:
        self.name, self._found = name, found
        self.labels = LabelMap.from_names(sorted({row[0] for rows in found.values() for row in rows}))
        self.asked: list[str] = []

    def infer(self, frame: Frame) -> Inference:
        self.asked.append(frame.source)
        rows = self._found.get(frame.source, ())
        return Inference(
            brain=self.name, task="object-detection", size=frame.size, labels=self.labels, ms={"run": 1.0},
            model_ids=[self.labels.names.index(row[0]) for row in rows], scores=[row[1] for row in rows],
            boxes=np.array([row[2:] for row in rows], np.float32).reshape(-1, 4),
        )  # fmt: skip


@attrs.frozen
class Labelling:
    """A desk that is served."""

    desk: Desk
    url: str
    folder: Path

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.desk.labels.path.read_text())

    def ask(self, method: str, path: str, *, body: Any = None, **parameters: str) -> requests.Response:
        url = f"http://{self.host}/{path}"
        return requests.request(method, url, params={"page": "test", **parameters}, json=body, timeout=60)

    def put(self, picture: str, *boxes: Any, page: str = "test", done: bool = False, **said: Any) -> requests.Response:
        """Draws boxes: (label, x1, y1, x2, y2), or as a page sends them."""
        drawn = [{"label": box[0], "box": box[1:]} if isinstance(box, tuple) else box for box in boxes]
        body = {"size": SIZE, "stamp": self.desk.pictures[picture].stamp(), "done": done, "boxes": drawn, **said}
        return self.ask("PUT", "sheet", picture=picture, page=page, body=body)


@contextmanager
def label(
    folder: Path, *, brains: Sequence[Brain] = (), address: Address | None = None, **options: Any
) -> Iterator[Labelling]:
    """Serves the pictures of a folder, by name."""
    desk = Desk(find_pictures(folder), open_labels(folder), **options)
    desk.proposer.ask(brains or desk.checking.brains)
    with serve(desk, address or Address(0)) as url:
        yield Labelling(desk, url, folder)


def write_pictures(folder: Path, count: int, size: tuple[int, int] = SIZE) -> list[str]:
    """Their names: a.png, b.png, ..."""
    folder.mkdir(exist_ok=True)
    names = [f"{chr(ord('a') + number)}.png" for number in range(count)]
    for number, name in enumerate(names):
        Image.new("RGB", size, (60 + number * 10, 90, 120)).save(folder / name)
    return names


def training_by(script: str) -> Callable[[Any], Training]:
    """A stand-in for the process that trains: a script of Python whose ``asked`` is what is to be trained."""
    return partial(
        Training, child=(sys.executable, "-c", f"import sys, json\nasked = json.loads(sys.argv[1])\n{script}")
    )


@contextmanager
def full_disk() -> Iterator[None]:
    """Meanwhile this process can write no file of more than a hundred bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
