"""Inferences to JSON and back without loss."""

import json

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from inferences import LABELS, full, sample

from runner_core.cards.labels import Label, LabelMap
from runner_core.errors import UsageError
from runner_core.results.columns import NO_NUMBER
from runner_core.results.inference import Inference
from runner_core.results.mask import Mask


def through_json(answer: Inference) -> Inference:
    return Inference.from_json(json.loads(json.dumps(answer.to_json(), allow_nan=False)))


class TestJson:
    def test_everything_survives(self):
        assert through_json(full()) == full()

    def test_the_form(self):
        data = full().to_json()
        assert (data["brain"], data["version"], data["task"], data["engine"]) == (
            "demo",
            "3",
            "object-detection",
            "onnx",
        )
        assert data["ms"] == {"encode": 0.5, "run": 1.25, "decode": 0.125}
        assert data["instances"][0] == {
            "id": 0,
            "label": "page",
            "file_id": 17,
            "model_id": 1,
            "score": 0.9,
            "box": [0.0, 0.0, 10.0, 10.0],
            "mask": full().masks[0].rle,
            "keypoints": [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],
            "track": 4,
        }
        assert data["instances"][1]["parent"] == 0

    def test_absent_fields_are_left_out(self):
        plain = Inference(brain="a", task="t", size=(6, 4), model_ids=[3]).to_json()
        assert set(plain) == {"brain", "version", "task", "engine", "size", "ms", "instances"}
        assert plain["instances"] == [{"id": 0, "label": "class 3", "file_id": 3}]

    def test_numbers_are_as_short_as_they_can_be(self):
        answer = sample(scores=np.float32([0.93, 1e-45, 3.4028235e38]))
        assert [row["score"] for row in answer.to_json()["instances"]] == [0.93, 1e-45, 3.4028235e38]

    @pytest.mark.parametrize("points", [0, 1, 17])
    def test_nothing_found_keeps_its_columns(self, points):
        empty = full().take(np.array([], int))
        empty = attrs.evolve(empty, keypoints=np.zeros((0, points, 3)))
        again = through_json(empty)
        assert again == empty
        assert again.keypoints.shape == (0, points, 3)
        assert again.masks == ()

    def test_rows_without_points_or_tracks(self):
        answer = sample(keypoints=np.zeros((3, 0, 3)), tracks=[NO_NUMBER] * 3, parents=[NO_NUMBER] * 3)
        assert through_json(answer) == answer

    def test_a_class_map_keeps_its_labels(self):
        class_map = np.zeros((40, 60), np.uint8)
        class_map[5:9, 10:20] = 2
        class_map[-1, -1] = 255
        answer = Inference(brain="a", task="t", size=(60, 40), model_ids=[], labels=LABELS, class_map=class_map)
        again = through_json(answer)
        assert again == answer
        assert again.labels.name(2) == "graph"
        assert again.labels.file_id(2) == 18
        assert len(json.dumps(answer.to_json())) < 700

    def test_a_line_has_the_size_once(self):
        data = sample().to_json()
        del data["size"]
        assert Inference.from_json(data, size=(60, 40)) == sample()
        with pytest.raises(UsageError, match=r'no size of its own; give the line.*, size=line\["size"\]'):
            Inference.from_json(data)


float32s = st.floats(width=32, allow_nan=False, allow_infinity=False)
names = st.text(max_size=8)


@st.composite
def inferences(draw: st.DrawFn) -> Inference:
    width, height = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    pairs = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), unique_by=(lambda p: p[0], lambda p: p[1])))
    rows = draw(st.integers(0, 5))

    def floats(*shape: int) -> st.SearchStrategy:
        return st.none() | nps.arrays(np.float32, (rows, *shape), elements=float32s)

    numbers = st.none() | nps.arrays(np.int64, rows, elements=st.integers(-1, 2**53))
    mask = nps.arrays(bool, (height, width)).map(lambda array: Mask(array=array))
    return Inference(
        brain=draw(names),
        task=draw(names),
        version=draw(names),
        engine=draw(names),
        size=(width, height),
        model_ids=draw(nps.arrays(np.int64, rows, elements=st.integers(0, 12))),
        labels=LabelMap(tuple(Label(model_id, file_id, draw(names)) for model_id, file_id in pairs)),
        boxes=draw(floats(4)),
        scores=draw(floats()),
        masks=draw(st.none() | st.tuples(*[mask] * rows)),
        keypoints=draw(floats(draw(st.integers(0, 3)), 3)),
        tracks=draw(numbers),
        parents=draw(numbers),
        class_map=draw(st.none() | nps.arrays(np.uint8, (height, width), elements=st.integers(0, 12))),
        ms=draw(st.dictionaries(st.sampled_from(["encode", "run", "decode"]), st.floats(0, 1e6))),
    )


@given(inferences())
def test_json_loses_nothing(answer):
    again = through_json(answer)
    assert again == answer
    assert list(again.instances) == list(answer.instances)
