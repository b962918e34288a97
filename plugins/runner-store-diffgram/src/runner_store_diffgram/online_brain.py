"""A brain that runs on the server."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from time import perf_counter
from typing import Any

import attrs
import numpy as np

from runner_core.brain import Brain
from runner_core.errors import StoreError, UsageError
from runner_core.frames import Frame
from runner_core.results import Inference
from runner_store_diffgram.server import BrainInfo, Server

CONF = 0.5  # the score threshold of the server's own client


class DiffgramBrain(Brain):
    """Answers as a local brain does. ``infer`` may run in several threads. Raises UnreachableError, StoreError."""

    task = "object-detection"
    family = "tf-detection"
    engine = "diffgram"

    def __init__(self, server: Server, name: str, info: BrainInfo, conf: float | None) -> None:
        self.name, self.version, self.labels = name, str(info.id), info.labels
        self._server, self._conf = server, CONF if conf is None else conf

    @property
    def conditions(self) -> Mapping[str, Any]:
        return {**super().conditions, "conf": self._conf}

    def infer(self, frame: Frame) -> Inference:
        begun = perf_counter()
        answer = self._server.infer_bytes(self.name, frame.encoded_upright)
        return self._to_inference(answer, frame.size, begun)

    def at_threshold(self, conf: float) -> DiffgramBrain:
        """The same brain of the server, whose answers are cut at ``conf``."""
        other = copy(self)
        other._conf = conf
        return other

    def predict_from_url(self, url: str) -> Inference:
        """The server fetches the picture; so does this machine, only for its size."""
        begun = perf_counter()
        return self._to_inference(self._server.infer_url(self.name, url), Frame.from_url(url).size, begun)

    def predict_from_file(self, file_id: int, *, size: tuple[int, int] | None = None) -> Inference:
        """The answer for a file that the server holds; ``size`` is its (width, height)."""
        if size is None:
            raise UsageError(f"the server does not say the size of file {file_id}", remedy="give size=(width, height)")
        begun = perf_counter()
        return self._to_inference(self._server.infer_file(self.name, file_id), size, begun)

    def status(self) -> str:
        """How far the server is with training the brain."""
        return self._server.read_status(self.name)

    def close(self) -> None:
        self._server.close()

    def _to_inference(self, answer: dict[str, Any], size: tuple[int, int], begun: float) -> Inference:
        """Boxes come as normalised ymin, xmin, ymax, xmax, labels as the numbers that the network outputs."""
        try:
            yx = np.array(answer["box_list"], np.float32).reshape(-1, 4)
            scores = np.array(answer["score_list"], np.float32)
            model_ids = np.array(answer["label_list"], np.int64)
            rows = np.argsort(-scores, kind="stable")
            boxes = yx[:, [1, 0, 3, 2]] * np.array(size * 2, np.float32)
            inference = Inference(
                brain=self.name,
                task=self.task,
                size=size,
                version=self.version,
                engine=self.engine,
                labels=self.labels,
                model_ids=model_ids[rows],
                boxes=np.clip(boxes, 0, np.array(size * 2, np.float32))[rows],
                scores=scores[rows],
            )
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise StoreError(f"brain {self.name}: the server's inference is malformed ({error})") from error
        kept = inference.filter(conf=self._conf)
        self.labels.check(kept.model_ids)
        return attrs.evolve(kept, ms={"run": round((perf_counter() - begun) * 1e3, 3)})
