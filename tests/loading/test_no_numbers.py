"""Outputs that are NaN throughout are a failure of the brain; a NaN among them is no score and no point."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from runner_core import open_brain, run
from runner_core.errors import EngineError, UsageError

CLASSES = ("a", "b", "c")


@pytest.fixture
def write_classifier(tmp_path):
    """A real network whose three scores are these, whatever the picture: the pixels' mean times 0, and the scores."""

    def write(scores):
        nodes = [
            helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
            helper.make_node("Mul", ["mean", "nought"], ["none"]),
            helper.make_node("Add", ["none", "scores"], ["flat"]),
            helper.make_node("Reshape", ["flat", "shape"], ["y"]),
        ]
        held = {"nought": np.zeros(1, np.float32), "scores": np.array(scores, np.float32), "shape": np.array([1, 3])}
        ends = [("images", [1, 3, 32, 32]), ("y", [1, 3])]
        x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ends)
        graph = helper.make_graph(
            nodes, "g", [x], [y], [numpy_helper.from_array(each, key) for key, each in held.items()]
        )
        onnx.save(
            helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), tmp_path / "m.onnx"
        )
        (tmp_path / "m.txt").write_text("\n".join(CLASSES))
        return open_brain(tmp_path / "m.onnx", labels=tmp_path / "m.txt", task="classification")

    return write


@pytest.fixture
def picture(tmp_path):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    return tmp_path / "a.png"


def test_nan_throughout_is_a_failure(write_classifier, picture):
    with write_classifier([np.nan] * 3) as brain:
        with pytest.raises(EngineError, match=r"brain m gave no numbers: its output \w+ is NaN throughout"):
            brain(picture)
        summary = run(str(picture), [brain], [])
        assert summary.brains["m"].failed == 1
        assert not summary.ok


def test_a_class_that_is_nan_is_lost_and_the_others_stay(write_classifier, picture):
    with write_classifier([0.3, np.nan, 0.7]) as brain:
        found = brain(picture)
        assert found.names[:2] == ["c", "a"]
        assert np.isfinite(found.scores).all()


@pytest.mark.parametrize("options", [{"conf": "0.5"}, {"iou": None, "max_det": 1.5}, {"threads": "two"}])
def test_an_option_of_another_type_is_refused_in_one_line(options, tmp_path):
    name = list(options)[-1]
    with pytest.raises(UsageError, match=f"{name} is .*; give a"):
        open_brain(tmp_path / "m.onnx", **options)
