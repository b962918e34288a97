"""ONNX Runtime as an engine: what every engine promises, and what is its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx_models
import pytest
from memory import resident_bytes
from onnx import TensorProto
from runner_onnx.devices import find_providers, list_devices
from runner_onnx.engine import OnnxEngine
from runner_onnx.session import OnnxSession

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError
from runner_core.testing import Check, check_engine, check_plugin, conformance

Write = Callable[..., Path]


def load(path: Path, **options: object) -> OnnxSession:
    return OnnxEngine().load(path, EngineOptions(**options))  # type: ignore[arg-type]


@conformance(check_plugin)
def test_plugin(check: Check) -> None:
    check("runner_onnx.plugin")


@conformance(check_engine)
def test_engine_on_a_small_model(check: Check, write_onnx: Write) -> None:
    check(OnnxEngine(), write_onnx(shape=("n", 4)), {"x": np.array([[-1, 0, 1, 2.5]], np.float32)})


@conformance(check_engine)
def test_engine_on_a_detector(check: Check, testdata: Path) -> None:
    check(OnnxEngine(), testdata / "models" / "fastestdet_coco.onnx")


def test_names_shapes_and_dtypes_are_the_models_own(testdata: Path) -> None:
    session = load(testdata / "models" / "fastestdet_coco.onnx")
    assert [str(spec) for spec in session.inputs] == ["input.1: float32 [1 x 3 x 352 x 352]"]
    assert [str(spec) for spec in session.outputs] == ["758: float32 [1 x 85 x 22 x 22]"]


def test_free_sides_are_none_and_take_any_length(write_onnx: Write) -> None:
    session = load(write_onnx(shape=("batch", 3, "h", "w")))
    assert session.inputs[0].shape == (None, 3, None, None)
    for shape in ((1, 3, 8, 8), (2, 3, 5, 9)):
        assert session.run({"x": np.ones(shape, np.float32)}, ("y",))["y"].shape == shape


def test_an_unknown_rank_is_reported_as_such(write_onnx: Write) -> None:
    assert load(write_onnx(shape=None, gives=None)).inputs[0].shape is None


def test_a_batch_fixed_at_another_size_is_reported(write_onnx: Write) -> None:
    session = load(write_onnx(shape=(8, 4)))
    with pytest.raises(EngineError, match="its batch is fixed at 8"):
        session.run({"x": np.zeros((1, 4), np.float32)}, ("y",))


def test_half_precision_is_float32_outside(write_onnx: Write) -> None:
    session = load(write_onnx(dtype=TensorProto.FLOAT16))
    assert {spec.dtype for spec in (*session.inputs, *session.outputs)} == {"float32"}
    given = session.run({"x": np.array([[-1, 0.1, 2, 3]], np.float32)}, ("y",))["y"]
    assert given.dtype == np.float32
    np.testing.assert_array_equal(given, np.array([[0, np.float16(0.1), 2, 3]], np.float32))


def test_what_the_exporter_wrote_is_metadata(write_onnx: Write) -> None:
    written = {"names": "{0: 'cat', 1: 'dog'}", "stride": "32", "author": "Ünal"}
    assert load(write_onnx(metadata=written)).metadata == written


def test_brains_side_by_side_in_threads_give_what_they_give_alone(testdata: Path) -> None:
    path = testdata / "models" / "fastestdet_coco.onnx"
    sessions = [load(path, threads=threads) for threads in (1, 1, 2)]
    pictures = np.random.default_rng(0).random((6, 1, 3, 352, 352), np.float32)
    alone = [sessions[0].run({"input.1": picture}, ("758",))["758"] for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        jobs = [(session, picture) for session in sessions for picture in pictures]
        given = list(pool.map(lambda job: job[0].run({"input.1": job[1]}, ("758",))["758"], jobs))
    for found, expected in zip(given, alone * 3, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_closing_gives_the_memory_back(tmp_path: Path) -> None:
    path, kept = onnx_models.write_product(tmp_path / "large.onnx", 2048, 4096), []

    def use() -> int:
        session = load(path)
        kept.append(session)
        session.run({"x": np.ones((1, 2048), np.float32)}, ("y",))
        session.close()
        return resident_bytes()

    settled = [use() for _ in range(3)][-1]
    assert [use() for _ in range(6)][-1] < settled + 2 * path.stat().st_size


def test_devices_are_named_as_people_name_them() -> None:
    # the providers of a build for graphics cards, which is not what is installed here
    available = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "AzureExecutionProvider", "CPUExecutionProvider"]
    cpu = ("CPUExecutionProvider", {})
    assert list_devices(available) == ["cpu", "cuda", "tensorrt"]
    assert find_providers("cpu", available) == [cpu]
    assert find_providers("cuda", available) == [("CUDAExecutionProvider", {}), cpu]
    assert find_providers("cuda:1", available) == [("CUDAExecutionProvider", {"device_id": "1"}), cpu]
    assert find_providers("tensorrt:0", available) == [("TensorrtExecutionProvider", {"device_id": "0"}), cpu]


@pytest.mark.parametrize("device", ["cuda:0", "azure", "cpu:x", "", "gpu"])
def test_a_device_that_is_not_there_is_refused_naming_those_that_are(device: str, write_onnx: Write) -> None:
    with pytest.raises(EngineError, match=rf"no device '{device}' here; it has cpu; other builds, such as "):
        load(write_onnx(), device=device)


def test_describe_gives_version_and_devices() -> None:
    assert OnnxEngine().describe() == {"onnxruntime": pytest.importorskip("onnxruntime").__version__, "devices": "cpu"}


def test_nothing_is_reported_and_no_usage_report_is_kept_or_sent(write_onnx: Write, tmp_path: Path) -> None:
    """ONNX Runtime prepares its reports in the home folder, where it writes an identity of the machine."""
    path, home = write_onnx(), tmp_path / "home"
    home.mkdir()
    script = (
        "import pathlib; from runner_onnx.engine import OnnxEngine; from runner_core.contracts import EngineOptions;"
        f"OnnxEngine().load(pathlib.Path({str(path)!r}), EngineOptions()).close()"
    )
    switches = ("CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in switches} | {"HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    assert not list(home.rglob("*"))
