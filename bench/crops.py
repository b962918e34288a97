"""What a chain costs: ``page > graphs`` against asking ``graphs`` for each crop by hand, on the same crops.

First with the demo's graphs, which take encoded pictures, one network run a crop; then with a small classifier whose
network takes several pictures at once. Both rivals run in this process, in turns, one thread a network, as in a run
over files, and give the same answers.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
from _measure import alternate, format_table

from runner_core import Brain, Frame, Inference, LabelMap, Project, open_brain
from runner_core.brain import Cascade
from runner_core.results.boxes import boxes_to_crops

PICTURES = Path(__file__).parents[1] / "plugins" / "runner-demo" / "src" / "runner_demo" / "pictures"
ROUNDS, SIDE, CLASSES = 30, 96, 10
LEAST = {"page > graphs": 2.0, "boxes > classifier": 1.1}  # times as fast as crop by crop


def by_hand(second: Brain, frame: Frame, found: Inference) -> list[Inference]:
    """As one would write it."""
    crops = [crop for crop in boxes_to_crops(found.boxes, found.size) if crop]
    return [second.predict(np.ascontiguousarray(frame.pixels[y1:y2, x1:x2])) for x1, y1, x2, y2 in crops]


def ratio(first: Brain, second: Brain, looked: list[tuple[Frame, Inference]], name: str) -> float:
    """How many times as fast the chain is, over all frames."""
    chain = Cascade(first, second)
    for frame, found in looked:
        told, wanted = chain.look_into(frame, found), by_hand(second, frame, found)
        assert len(told) == sum(map(len, wanted)) > 0
        best = np.sort(np.concatenate([answer.scores for answer in wanted]))[::-1]
        np.testing.assert_allclose(told.scores, best, atol=1e-3)
    medians = alternate(
        {
            f"{name}, crop by crop": lambda: [by_hand(second, *each) for each in looked],
            f"{name}, as a chain": lambda: [chain.look_into(*each) for each in looked],
        },
        rounds=ROUNDS,
    )
    print(format_table(medians))
    hand, ours = medians.values()
    return hand / ours


def graphs_within_pages() -> float:
    project = Project("demo")
    with project.get_model("page", threads=1) as page, project.get_model("graphs", threads=1) as graphs:
        frames = [Frame.from_path(PICTURES / name) for name in ("2-one.jpg", "3-two.jpg", "7-near.jpg")]
        return ratio(page, graphs, [(frame, page.infer(frame)) for frame in frames], "page > graphs")


def classes_of_boxes() -> float:
    """Sixteen boxes of a picture, as a detector might find them."""
    frame = Frame.from_path(PICTURES / "2-one.jpg")
    corners = np.random.default_rng(1).uniform(0, 700, (16, 2))
    boxes = np.concatenate([corners, corners + np.linspace(80, 220, 16)[:, None]], axis=1).astype(np.float32)
    found = Inference(brain="boxes", task="object-detection", size=frame.size, model_ids=np.zeros(16, int), boxes=boxes)
    with tempfile.TemporaryDirectory() as folder, Project("demo").get_model("page") as first:
        labels = LabelMap.from_names([f"class {number}" for number in range(CLASSES)])
        model = _classifier(Path(folder) / "classifier")
        with open_brain(model, labels=labels, task="classification", engine="tensorflow", threads=1) as second:
            return ratio(first, second, [(frame, found)], "boxes > classifier")


def _classifier(path: Path) -> Path:
    """A SavedModel of five convolutions with random weights; its batch is free."""
    from runner_tensorflow.runtime import tf

    random = np.random.default_rng(0)
    widths = (3, 16, 24, 32, 48, 64)
    kernels = [tf.constant(random.normal(size=(3, 3, *pair)) / 12, tf.float32) for pair in pairwise(widths)]
    last = tf.constant(random.normal(size=(widths[-1], CLASSES)), tf.float32)

    class Network(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, SIDE, SIDE, 3], tf.float32, "picture")])
        def __call__(self, picture):
            for kernel in kernels:
                picture = tf.nn.relu(tf.nn.conv2d(picture / 32, kernel, 2, "SAME"))
            return {"scores": tf.nn.softmax(tf.reduce_mean(picture, [1, 2]) @ last)}

    network = Network()
    tf.saved_model.save(network, str(path), network.__call__)
    return path


def main() -> int:
    kept = True
    for name, measure in (("page > graphs", graphs_within_pages), ("boxes > classifier", classes_of_boxes)):
        times, least = measure(), LEAST[name]
        kept &= times >= least
        told = "ok    " if times >= least else "MISSED"
        print(f"{told} {name}: {times:.2f} times as fast as crop by crop, at least {least:.2f}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
