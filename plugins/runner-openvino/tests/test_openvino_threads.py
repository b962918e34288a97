"""Runs that fail inside OpenVINO raise, however many threads there are, and harm no run after them."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from runner_openvino.engine import OpenVINOEngine

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError

X = np.zeros((1, 4), np.float32)


@pytest.fixture
def reshape(tmp_path: Path) -> Path:
    """A model that reshapes ``x`` as its input ``s`` says, which fails unless ``s`` has 4 elements."""
    x, s, y = (
        helper.make_tensor_value_info(name, dtype, shape)
        for name, dtype, shape in (
            ("x", TensorProto.FLOAT, [1, 4]), ("s", TensorProto.INT64, [2]), ("y", TensorProto.FLOAT, ["a", "b"])
        )
    )  # fmt: skip
    graph = helper.make_graph([helper.make_node("Reshape", ["x", "s"], ["y"])], "g", [x, s], [y])
    path = tmp_path / "reshape.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.mark.parametrize("threads", [None, 1, 2])
def test_a_run_that_fails_inside_says_where_and_the_session_lives_on(threads: int | None, reshape: Path) -> None:
    session = OpenVINOEngine().load(reshape, EngineOptions(threads=threads))
    with pytest.raises(EngineError, match=r"reshape.onnx: OpenVINO: .*Reshape.*conflicts with the reshape pattern"):
        session.run({"x": X, "s": np.array([3, 3])}, ("y",))
    assert session.run({"x": X, "s": np.array([2, 2])}, ("y",))["y"].shape == (2, 2)


ON_ONE_CORE = """
import os, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from pathlib import Path
import numpy as np
from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError
from runner_openvino.engine import OpenVINOEngine

for threads in (None, 2):
    session = OpenVINOEngine().load(Path(sys.argv[1]), EngineOptions(threads=threads))
    try:
        session.run({"x": np.zeros((1, 4), np.float32), "s": np.array([3, 3])}, ("y",))
    except EngineError:
        print("refused")
    session.close()
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system does not give a process fewer cores")
def test_on_one_core_too(reshape: Path) -> None:
    """In a process of its own: OpenVINO counts the cores when it is loaded."""
    command = [sys.executable, "-c", ON_ONE_CORE, reshape]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "refused\nrefused\n"), done.stderr
