"""What runner adds to a prediction: ``brain.predict(array)`` against a bare ``Session.run`` of the same frozen graph.

Both give names and boxes in pixels of what scores at least 0.5; the rival does so with the least that will do. Both run
in this process, in turns, on TensorFlow's own choice of threads.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from _measure import format_table, neighbours, print_verdict, time_call
from _testdata import find_testdata
from PIL import Image

from runner_core import LabelMap, open_brain
from runner_core.cards.label_files import read_labels

ROUNDS = 300
CONF = 0.5
SHARE, LEAST = 0.03, 0.3  # of the rival's time, in ms: at most, whichever is more

Found = tuple[list[str], np.ndarray]


def bare_session(graph: Path, labels: LabelMap) -> Callable[[np.ndarray], Found]:
    """TensorFlow as one would write it by hand."""
    import tensorflow.compat.v1 as tf

    definition = tf.GraphDef.FromString(graph.read_bytes())
    with tf.Graph().as_default() as loaded:
        tf.import_graph_def(definition, name="")
    session = tf.Session(graph=loaded)
    fetches = [f"detection_{name}:0" for name in ("boxes", "scores", "classes")]
    names = labels.file_id_to_name

    def find(pixels: np.ndarray) -> Found:
        boxes, scores, classes = session.run(fetches, {"image_tensor:0": pixels[None]})
        height, width = pixels.shape[:2]
        kept = scores[0] >= CONF
        corners = boxes[0][kept][:, [1, 0, 3, 2]] * (width, height, width, height)
        return [names[number] for number in classes[0][kept].astype(int).tolist()], corners

    return find


def runners(graph: Path, labels: Path) -> Callable[[np.ndarray], Found]:
    """The same by runner."""
    brain = open_brain(graph, labels=labels, conf=CONF)

    def find(pixels: np.ndarray) -> Found:
        answer = brain.predict(pixels)
        return answer.names, answer.boxes

    return find


def check_same(one: Found, other: Found) -> None:
    names, boxes = one
    assert names, "nothing is found: the comparison would be of nothing"
    assert names == other[0], (names, other[0])
    np.testing.assert_allclose(boxes, other[1], atol=0.01)


def main() -> int:
    folder = find_testdata()
    graph, labels = folder / "models" / "fastestdet_coco_tf1_image_tensor.pb", folder / "models" / "coco80.pbtxt"
    picture: Any = Image.open(folder / "pictures" / "football.jpg")
    pixels = np.asarray(picture.convert("RGB"))
    ours = runners(graph, labels)  # first: it imports TensorFlow without its greetings
    bare = bare_session(graph, read_labels(labels))
    check_same(ours(pixels), bare(pixels))
    direct, by_runner, over = neighbours(
        lambda: time_call(lambda: bare(pixels)), lambda: time_call(lambda: ours(pixels)), rounds=ROUNDS
    )
    print(f"medians of {ROUNDS} alternating runs; {graph.name}, {pixels.shape[1]} x {pixels.shape[0]} pixels")
    print(format_table({"Session.run": direct, "brain.predict": by_runner, "over its neighbour": over}))
    allowed = max(SHARE * direct, LEAST)
    return 0 if print_verdict("brain.predict over Session.run", over, allowed, "ms") else 1


if __name__ == "__main__":
    sys.exit(main())
