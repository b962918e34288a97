"""Cascades: the demo's graphs looked for within the demo's pages."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from runner_core import Brain, Failure, Frame, Inference, Instance, LabelMap, Mask, Project, Result, stream
from runner_core.brain import list_stages
from runner_core.errors import EngineError, LabelError, UsageError
from runner_core.pipeline.executor import FrameExecutor
from runner_core.pipeline.failures import PATIENCE
from runner_core.results.boxes import boxes_to_crops

PICTURES = Path(__file__).parents[1] / "plugins" / "runner-demo" / "src" / "runner_demo" / "pictures"


class Scripted(Brain):
    """Stands for a network whose answers are known beforehand: ``say`` makes one of a frame. Counts its calls."""

    version, task, family, engine = "1", "object-detection", "none", "none"

    def __init__(self, name, say, labels=("thing",)):
        self.name, self._say, self.labels, self.frames = name, say, LabelMap.from_names(labels), []

    def infer(self, frame):
        self.frames.append(frame)
        return Inference(brain=self.name, task=self.task, size=frame.size, labels=self.labels, **self._say(frame))


def boxes(*rows, ids=None):
    column = np.array(rows, np.float32).reshape(-1, 4)
    return lambda _: {
        "model_ids": np.array(ids or [0] * len(column), int),
        "boxes": column,
        "scores": np.linspace(0.9, 0.5, len(column), dtype=np.float32),
    }


def picture(width=100, height=80) -> Frame:
    return Frame.from_array(np.random.default_rng(1).integers(0, 255, (height, width, 3)).astype(np.uint8))


@pytest.fixture(scope="module")
def demo():
    project = Project("demo")
    with project.get_model("page") as page, project.get_model("graphs") as graphs:
        yield page, graphs


def overlap(box, other) -> float:
    (a, b), (c, d) = np.array(box).reshape(2, 2), np.array(other).reshape(2, 2)
    common = (np.minimum(b, d) - np.maximum(a, c)).clip(0).prod()
    return common / ((b - a).prod() + (d - c).prod() - common)


def test_graphs_within_pages_lie_where_graphs_lie(demo):
    page, graphs = demo
    chained = page.then(graphs, on=["page"], margin=0.05)
    truth = json.loads((PICTURES / "truth.json").read_text())
    for name in ("2-one.jpg", "3-two.jpg", "7-near.jpg"):
        frame = Frame.from_path(PICTURES / name)
        pages, inside = chained.infer_all(frame)
        assert (pages.brain, inside.brain, inside.parent_brain) == ("page", "graphs", "page")
        assert inside.size == frame.size
        known = graphs_in(truth, name)
        found = [instance.box for instance in inside.instances]
        assert known
        assert all(any(overlap(box, other) > 0.5 for other in found) for box in known), name
        for instance in inside.instances:
            parent = pages.instances[instance.parent].box
            sides = np.array(parent[2:]) - parent[:2]
            assert (np.array(instance.box[:2]) >= np.array(parent[:2]) - 0.06 * sides - 1).all()
            assert (np.array(instance.box[2:]) <= np.array(parent[2:]) + 0.06 * sides + 1).all()


def graphs_in(truth, name):
    """The true boxes of a picture's graphs, x1, y1, x2, y2; COCO's are x, y, width, height."""
    (image,) = (image["id"] for image in truth["images"] if image["file_name"] == name)
    (graph,) = (category["id"] for category in truth["categories"] if category["name"] == "graph")
    rows = [row["bbox"] for row in truth["annotations"] if (row["image_id"], row["category_id"]) == (image, graph)]
    return [(x, y, x + width, y + height) for x, y, width, height in rows]


def test_a_run_has_an_inference_of_each_brain_and_the_first_is_asked_once(demo):
    page, graphs = demo
    chained = page.then(graphs, on=["page"])
    paths = sorted(PICTURES.glob("*.jpg"))[:2]
    for result, path in zip(stream(str(PICTURES), [page, chained], exact=True), paths, strict=False):
        assert [entry.brain for entry in result.inferences] == ["page", "graphs"]
        line = json.loads(json.dumps(result.to_json()))
        again = Inference.from_json(line["inferences"][1], size=tuple(line["size"]))
        want = chained.predict(path)
        assert again.parent_brain == "page"
        np.testing.assert_array_equal(again.parents, want.parents)
        np.testing.assert_allclose(again.boxes, want.boxes, atol=0.5)
        assert all("parent" in row for row in line["inferences"][1]["instances"])


def test_a_brain_that_several_begin_with_is_asked_once():
    first, one, other = (Scripted(name, boxes([10, 10, 50, 50])) for name in ("first", "one", "other"))
    result = FrameExecutor([first, first.then(one), first.then(other)]).run_frame(picture())
    assert [entry.brain for entry in result.inferences] == ["first", "one", "other"]
    assert len(first.frames) == 1


def test_coordinates_come_back_and_pixels_are_not_copied():
    array = np.zeros((40, 30), bool)
    array[5, 7] = True
    say = {"model_ids": np.array([0]), "masks": (Mask(array=array),), "keypoints": np.array([[[1, 2, 0.5]]])}
    first = Scripted("first", boxes([20, 30, 50, 70]))
    second = Scripted("second", lambda frame: say | {"boxes": np.array([[1, 2, 3, 4]])})
    frame = picture()
    found = first.then(second).infer(frame)
    assert found.boxes.tolist() == [[21, 32, 23, 34]]
    assert found.keypoints.tolist() == [[[21, 32, 0.5]]]
    assert np.argwhere(found.masks[0].array).tolist() == [[35, 27]]
    assert second.frames[0].size == (30, 40)
    assert np.shares_memory(second.frames[0].pixels, frame.pixels)


def test_a_chain_of_three_however_it_is_put_together():
    def chain(left):
        one, two, three = (Scripted(name, boxes([10, 10, 40, 40], [0, 0, 5, 5])) for name in ("one", "two", "three"))
        return one.then(two).then(three) if left else one.then(two.then(three))

    left, right = (chain(each).infer_all(picture()) for each in (True, False))
    assert [[entry.brain for entry in each] for each in (left, right)] == [["one", "two", "three"]] * 2
    assert left == right
    assert len(left[2]) == 8
    for instance in left[2].instances:
        middle: Instance = left[1].instances[instance.parent]
        assert left[0].instances[middle.parent].label == "thing"
    assert left[2].boxes.max() <= 60
    assert [float(value) for value in left[2].scores] == sorted(left[2].scores, reverse=True)


def test_only_the_labels_asked_for_are_looked_into():
    first = Scripted("first", boxes([0, 0, 20, 20], [30, 30, 60, 60], ids=[0, 1]), labels=("page", "cup"))
    second = Scripted("second", boxes([1, 1, 2, 2]))
    assert first.then(second, on=["cup"]).infer(picture()).parents.tolist() == [1]
    with pytest.raises(LabelError, match="no label named 'pages'"):
        first.then(second, on=["pages"])
    with pytest.raises(UsageError, match="margin"):
        first.then(second, margin=-1)


def test_what_has_no_pixel_is_passed_over():
    assert boxes_to_crops(
        np.array([[-9, -9, -1, -1], [5, 5, 5, 9], [np.nan, 0, 9, 9], [98, 0, 200, 9.5], [3, 9, 2, 8]]), (100, 80)
    ) == [None, None, None, (98, 0, 100, 10), None]
    assert boxes_to_crops(np.array([[20, 20, 40, 60]]), (100, 80), 0.1) == [(18, 16, 42, 64)]
    first, second = Scripted("first", boxes([-9, -9, -1, -1])), Scripted("second", boxes([1, 1, 2, 2]))
    found = first.then(second).infer(picture())
    assert (len(found), found.boxes.shape, second.frames) == (0, (0, 4), [])


def test_nothing_found_asks_the_first_once():
    first, second = Scripted("first", boxes()), Scripted("second", boxes([1, 1, 2, 2]))
    assert [len(entry) for entry in FrameExecutor([first.then(second)]).run_frame(picture()).answers] == [0, 0]
    assert len(first.frames) == 1


def failing(_):
    raise EngineError("ran out of memory")


def test_a_second_that_fails_costs_its_own_answer():
    first = Scripted("first", boxes([1, 1, 9, 9]))
    executor = FrameExecutor([first.then(Scripted("second", failing))])
    for _ in range(PATIENCE + 1):
        result: Result = executor.run_frame(picture())
        assert [type(entry) for entry in result.inferences] == [Inference, Failure]
    assert "left out" in result.failures[0].message


def test_a_first_that_fails_costs_both_and_says_which_is_to_blame():
    result = FrameExecutor([Scripted("first", failing).then(Scripted("second", boxes()))]).run_frame(picture())
    assert [failure.message for failure in result.failures] == [
        "ran out of memory",
        "first, whose answer it looks into, failed",
    ]


def test_a_chain_closes_its_brains(monkeypatch):
    first, second = Scripted("first", boxes()), Scripted("second", boxes())
    closed = []
    for brain in (first, second):
        monkeypatch.setattr(brain, "close", lambda name=brain.name: closed.append(name), raising=False)
    with first.then(second) as chained:
        assert [stage.name for stage in list_stages(chained)] == ["first", "second"]
    assert closed == ["first", "second"]
