"""Many brains the way the article of 2019 has it: one TF1 session a brain, the encoded picture to each, in turn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

ENCODED, DECODED = "encoded_image_string_tensor:0", "decode_image/DecodeImage:0"
NAMES = ("detection_boxes:0", "detection_scores:0", "detection_classes:0", "num_detections:0")


class ArticleBrain:
    """A frozen graph that takes encoded pictures, in a session with TensorFlow's own choice of threads."""

    def __init__(self, graph: Path) -> None:
        import tensorflow.compat.v1 as tf

        definition = tf.GraphDef.FromString(graph.read_bytes())
        with tf.Graph().as_default() as loaded:
            tf.import_graph_def(definition, name="")
        self._session = tf.Session(graph=loaded)

    def predict(self, path: Path, conf: float) -> list[dict[str, Any]]:
        """Class numbers, scores and normalised ymin, xmin, ymax, xmax of what scores at least ``conf``."""
        return self._found({ENCODED: np.expand_dims(path.read_bytes(), axis=0)}, conf)

    def predict_pixels(self, pixels: np.ndarray[Any, Any], conf: float) -> list[dict[str, Any]]:
        """The same of a picture that another decoder has read."""
        return self._found({DECODED: pixels}, conf)

    def _found(self, feeds: dict[str, Any], conf: float) -> list[dict[str, Any]]:
        boxes, scores, classes, _ = self._session.run(NAMES, feeds)
        kept = np.squeeze(scores) >= conf
        rows = zip(np.squeeze(classes)[kept], np.squeeze(scores)[kept], np.squeeze(boxes)[kept], strict=True)
        return [{"class": int(number), "score": float(score), "box": box.tolist()} for number, score, box in rows]

    def close(self) -> None:
        self._session.close()
