"""Models that ONNX Runtime refuses: its words in one line, and what to do."""

import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnx_models
import pytest
from onnx import TensorProto, helper
from runner_onnx.engine import OnnxEngine

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError

Write = Callable[..., Path]


def refused(path: Path) -> str:
    with pytest.raises(EngineError) as caught:
        OnnxEngine().load(path, EngineOptions())
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert "onnxruntime_src" not in message
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize("content", [b"a", b"\x08\x07\x12", b"PK\x03\x04" * 50, random.Random(3).randbytes(2000)])
def test_what_is_not_a_model(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    assert refused(path).endswith("the file is damaged, cut short or not an ONNX model: fetch it again")


def test_an_operator_that_does_not_exist_is_named(write_onnx: Write) -> None:
    message = refused(write_onnx("Foo"))
    assert "No Op registered for Foo" in message
    assert message.endswith("lacks the operator: export the model without it, or try another engine")


def test_a_custom_operator_is_named(write_onnx: Write) -> None:
    assert "com.acme:Foo(-1) is not a registered function/op; this build" in refused(
        write_onnx("Foo", domain="com.acme")
    )


def test_an_operator_without_an_implementation_is_named(write_onnx: Write) -> None:
    message = refused(write_onnx("LRN", (1, 1, 4, 4), TensorProto.DOUBLE, size=3))
    assert "LRN" in message


@pytest.mark.parametrize("versions", [{"opset": 99}, {"ir": 99}])
def test_a_model_from_the_future(versions: dict[str, int], write_onnx: Write) -> None:
    message = refused(write_onnx(**versions))
    assert "99" in message
    assert message.endswith("upgrade onnxruntime, or export the model again for an older version")


def test_weights_that_were_left_behind(tmp_path: Path) -> None:
    path = onnx_models.write_product(tmp_path / "m.onnx", 4, 400, weights="weights.bin")
    (tmp_path / "weights.bin").unlink()
    message = refused(path)
    assert "weights.bin" in message
    assert message.endswith("keep the files that hold its weights beside the model")


def test_text_is_not_an_input(write_onnx: Write) -> None:
    assert (
        refused(write_onnx("Identity", dtype=TensorProto.STRING))
        == "takes what is not a tensor of numbers: x: tensor(string)"
    )


def test_a_run_that_fails_inside_says_where_and_the_session_lives_on(tmp_path: Path) -> None:
    x, s, y = (
        helper.make_tensor_value_info(name, dtype, shape)
        for name, dtype, shape in (
            ("x", TensorProto.FLOAT, [1, 4]),
            ("s", TensorProto.INT64, [2]),
            ("y", TensorProto.FLOAT, ["a", "b"]),
        )
    )
    graph = helper.make_graph([helper.make_node("Reshape", ["x", "s"], ["y"])], "g", [x, s], [y])
    path = tmp_path / "reshape.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    session = OnnxEngine().load(path, EngineOptions())
    feeds = {"x": np.zeros((1, 4), np.float32), "s": np.array([3, 3])}
    with pytest.raises(EngineError, match=r"reshape.onnx: ONNX Runtime: .*Reshape.*cannot be reshaped") as caught:
        session.run(feeds, ("y",))
    assert "onnxruntime_src" not in str(caught.value)
    assert session.run(feeds | {"s": np.array([2, 2])}, ("y",))["y"].shape == (2, 2)


def test_damage_anywhere_is_an_engine_error_or_a_model(testdata: Path, tmp_path: Path) -> None:
    """A real file with bytes changed in its first part, where its structure is."""
    whole = (testdata / "models" / "fastestdet_coco.onnx").read_bytes()
    chance = random.Random(7)
    path = tmp_path / "damaged.onnx"
    refusals = []
    for _ in range(25):
        data = bytearray(whole)
        for _ in range(8):
            data[chance.randrange(4000)] = chance.randrange(256)
        path.write_bytes(data)
        try:
            OnnxEngine().load(path, EngineOptions(threads=1)).close()
        except EngineError as error:
            refusals.append(str(error))
    assert len(refusals) > 5
    assert not [message for message in refusals if "\n" in message]


def test_a_runtime_that_cannot_be_imported_is_reported(write_onnx: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "ONNX Runtime cannot be imported (import of onnxruntime halted" in refused(write_onnx())
    with pytest.raises(ImportError):
        OnnxEngine().describe()
