"""OpenVINO as an engine: what every engine promises, and what is its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx_models
import pytest
from memory import resident_bytes
from onnx import TensorProto
from runner_openvino import engine
from runner_openvino.devices import find_device, list_devices, make_properties
from runner_openvino.engine import OpenVINOEngine
from runner_openvino.session import OpenVINOSession

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.testing import Check, check_engine, check_plugin, conformance

Write = Callable[..., Path]
NHWC = PictureSpec(size=(352, 352), colour="bgr", layout="nchw", dtype="float32", std=(255.0, 255.0, 255.0))


def load(path: Path, **options: object) -> OpenVINOSession:
    return OpenVINOEngine().load(path, EngineOptions(**options))  # type: ignore[arg-type]


def run(session: OpenVINOSession, tensor: np.ndarray) -> np.ndarray:
    """Of a model with one input and one output."""
    (spec,), (output,) = session.inputs, session.outputs
    return session.run({spec.name: tensor}, (output.name,))[output.name]


@conformance(check_plugin)
def test_plugin(check: Check) -> None:
    check("runner_openvino.plugin")


@conformance(check_engine)
def test_engine_on_an_onnx_model(check: Check, write_onnx: Write) -> None:
    check(OpenVINOEngine(), write_onnx(shape=("n", 4)), {"x": np.array([[-1, 0, 1, 2.5]], np.float32)})


@conformance(check_engine)
def test_engine_on_its_own_form(check: Check, write_onnx: Write, write_ir: Write) -> None:
    check(OpenVINOEngine(), write_ir(write_onnx()))


@conformance(check_engine)
def test_engine_on_a_detector(check: Check, testdata: Path) -> None:
    check(OpenVINOEngine(), testdata / "models" / "fastestdet_coco.onnx")


@pytest.mark.parametrize(
    ("model", "inputs", "outputs"),
    [
        ("fastestdet_coco.onnx", ["input.1: float32 [1 x 3 x 352 x 352]"], ["758: float32 [1 x 85 x 22 x 22]"]),
        (
            "mobilenet_v2_1.0_224_quant.tflite",
            ["input: uint8 [1 x 224 x 224 x 3]"],
            ["MobilenetV2/Predictions/Softmax: float32 [1 x 1001]"],
        ),
        (
            "deeplabv3_mnv2_dm05_pascal_tf1_frozen.pb",
            ["ImageTensor:0: uint8 [1 x ? x ? x 3]"],
            ["SemanticPredictions:0: int64 [1 x ? x ?]"],
        ),
    ],
)
def test_names_shapes_and_dtypes_are_those_of_every_engine(
    model: str, inputs: list[str], outputs: list[str], testdata: Path
) -> None:
    session = load(testdata / "models" / model)
    assert [str(spec) for spec in session.inputs] == inputs
    assert [str(spec) for spec in session.outputs] == outputs


@pytest.mark.parametrize("picture", ["baseball.jpg", "cat_720p.jpg", "squat.bmp"])
def test_float32_agrees_with_onnx_runtime(picture: str, testdata: Path) -> None:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    onnxruntime = pytest.importorskip("onnxruntime")
    path = testdata / "models" / "fastestdet_coco.onnx"
    tensor = Frame.from_path(testdata / "pictures" / picture).prepared(NHWC).tensor
    (theirs,) = onnxruntime.InferenceSession(path).run(["758"], {"input.1": tensor})
    assert np.abs(theirs[:, 0]).max() > 0.5  # something is seen
    np.testing.assert_allclose(run(load(path), tensor), theirs, atol=1e-3)


def test_quantised_probabilities_agree_with_litert(testdata: Path) -> None:
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    path = testdata / "models" / "mobilenet_v2_1.0_224_quant.tflite"
    pixels = Frame.from_path(testdata / "pictures" / "parrot.jpg").prepared(PictureSpec(size=(224, 224))).tensor
    interpreter = litert.Interpreter(model_path=str(path))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels)
    interpreter.invoke()
    theirs = interpreter.get_tensor(interpreter.get_output_details()[0]["index"]) / 256  # its scale
    ours = run(load(path), pixels)
    assert ours.argmax() == theirs.argmax()
    np.testing.assert_allclose(ours, theirs, atol=0.05)


@pytest.mark.parametrize("model", ["tf1_frozen.pb", "quant.tflite"])
def test_a_class_map_covers_what_it_covers_elsewhere(model: str, testdata: Path) -> None:
    pixels = Frame.from_path(testdata / "pictures" / "bird_segmentation.bmp").pixels  # 513 x 513, as both take it
    class_map = run(load(testdata / "models" / f"deeplabv3_mnv2_dm05_pascal_{model}"), pixels[None])
    classes = (testdata / "models" / "pascal_voc_segmentation_labels.txt").read_text().splitlines()
    share = json.loads((testdata / "expected.json").read_text())["bird_segmentation.bmp"]["segmentation_share"]["bird"]
    assert (class_map == classes.index("bird")).mean() == pytest.approx(share, abs=0.03)


def test_quantised_tensors_are_given_in_the_metadata(testdata: Path) -> None:
    result = load(testdata / "models" / "mobilenet_v2_1.0_224_quant.tflite").metadata
    quantised = {"quantization:input": "0.0078125,128", "quantization:MobilenetV2/Predictions/Softmax": "0.00390625,0"}
    assert result.items() >= quantised.items()
    assert result["labels"].splitlines()[0] == "background", "as LiteRT reads them"


def test_free_sides_are_none_and_take_any_length(write_onnx: Write) -> None:
    session = load(write_onnx(shape=("batch", 3, "h", "w")))
    assert session.inputs[0].shape == (None, 3, None, None)
    for shape in ((1, 3, 8, 8), (2, 3, 5, 9), (1, 3, 8, 8)):
        assert run(session, np.ones(shape, np.float32)).shape == shape


def test_half_precision_is_float32_outside(write_onnx: Write) -> None:
    session = load(write_onnx(dtype=TensorProto.FLOAT16))
    assert {spec.dtype for spec in (*session.inputs, *session.outputs)} == {"float32"}
    given = run(session, np.array([[-1, 0.1, 2, 3]], np.float32))
    assert given.dtype == np.float32
    np.testing.assert_array_equal(given, np.array([[0, np.float16(0.1), 2, 3]], np.float32))


def test_what_the_exporter_wrote_is_metadata(write_onnx: Write, write_ir: Write) -> None:
    written = {"names": "{0: 'cat', 1: 'dog'}", "stride": "32"}
    path = write_onnx(metadata=written)
    assert load(path).metadata == written
    result = {"model_type": "YOLO", "labels": ["cat", "dog"], "scale_values": 255.0, "reverse_input_channels": True}
    own = load(write_ir(path, **result, resize_type="fit_to_window_letterbox", pad_value=114)).metadata
    usual = {"labels": "cat\ndog", "mean": "0", "std": "255", "colour": "rgb", "resize": "letterbox", "pad": "114"}
    assert own.items() >= (written | usual | {"model_type": "YOLO", "scale_values": "255"}).items()


def test_what_the_converter_called_the_network_is_metadata(write_onnx: Write, write_ir: Write) -> None:
    path = write_ir(write_onnx())
    assert "model_name" not in load(path).metadata
    told = '<rt_info><conversion_parameters><model_name value="landmarks-regression" /></conversion_parameters>'
    path.write_text(path.read_text().replace("<rt_info>", told, 1))
    assert load(path).metadata["model_name"] == "landmarks-regression"


@pytest.mark.parametrize(("threads", "streams"), [(1, 0), (5, 1)])
def test_a_call_has_the_threads_asked_for_and_none_is_pinned(threads: int, streams: int) -> None:
    asked = make_properties("CPU", EngineOptions(threads=threads))
    assert (asked["NUM_STREAMS"], asked["INFERENCE_NUM_THREADS"]) == (streams, threads)
    assert make_properties("CPU", EngineOptions()) == {
        "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False
    }  # fmt: skip


def test_openvino_takes_what_is_asked_of_it(write_onnx: Write) -> None:
    compiled = load(write_onnx(), threads=1, precision="bf16")._request().get_compiled_model()
    taken = {key: compiled.get_property(key) for key in ("NUM_STREAMS", "ENABLE_CPU_PINNING")}
    assert taken == {"NUM_STREAMS": 0, "ENABLE_CPU_PINNING": False}
    assert compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name() in ("bf16", "f32")


def test_a_network_quantised_for_litert_answers_as_litert_does(cases: Path, testdata: Path) -> None:
    """On each processor: in 8 bits the scores differ by up to 0.18, and by 0.99 where VNNI is missing."""
    litert = pytest.importorskip("runner_litert.engine")
    path = cases / "models" / "pretrainedResnet_quant.tflite"
    theirs, ours = litert.LiteRTEngine().load(path, EngineOptions()), load(path)
    spec = PictureSpec(size=(32, 32), dtype="float32")
    pictures = [Frame.of(str(file)).prepared(spec).tensor for file in (testdata / "pictures").glob("*.[jb][pm][gp]")]
    apart = [np.abs(run(theirs, picture) - run(ours, picture)).max() for picture in pictures]
    assert len(apart) > 5
    assert np.mean(apart) < 0.02, apart


def test_only_what_was_quantised_for_others_is_kept_from_8_bits(
    write_onnx: Write, write_ir: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    class Core:
        """A later OpenVINO, which does not know the property."""

        def compile_model(self, model: Any, device: str, properties: dict[str, Any]) -> Any:
            asked.append(properties)
            if "LP_TRANSFORMS_MODE" in properties:
                raise RuntimeError("NotFound: Unsupported property LP_TRANSFORMS_MODE by CPU plugin.")
            return core.compile_model(model, device, properties)

        def __getattr__(self, name: str) -> Any:
            return getattr(core, name)

    core = engine.shared_core()
    monkeypatch.setattr(engine, "shared_core", Core)
    path = write_onnx()
    answer = run(load(path, threads=1), np.ones((1, 4), np.float32))
    np.testing.assert_array_equal(answer, np.ones((1, 4), np.float32))
    assert ["LP_TRANSFORMS_MODE" in properties for properties in asked] == [True, False]
    assert all(properties["DYNAMIC_QUANTIZATION_GROUP_SIZE"] == 0 for properties in asked)
    load(write_ir(path))
    assert not {"LP_TRANSFORMS_MODE", "DYNAMIC_QUANTIZATION_GROUP_SIZE"} & asked[-1].keys()


def test_calls_that_overlap_have_a_request_each_that_the_next_ones_take_over(write_onnx: Write) -> None:
    session = load(write_onnx(), threads=1)
    made: list[int] = []
    make = session._request

    def counted() -> Any:
        made.append(1)
        time.sleep(0.2)  # so that the others begin meanwhile
        return make()

    session._request = counted
    session._idle.clear()
    picture = np.ones((1, 4), np.float32)
    with ThreadPoolExecutor(3) as pool:
        first = list(pool.map(lambda _: run(session, picture), range(3)))
        overlapping = len(made)
        later = [run(session, picture) for _ in range(5)]
    assert 1 <= overlapping <= 3
    assert len(made) == overlapping, "no call alone needs another request"
    for answer in (*first, *later):
        np.testing.assert_array_equal(answer, picture)


def test_an_unknown_precision_is_refused_naming_those_there_are(write_onnx: Write) -> None:
    with pytest.raises(EngineError, match=r"Wrong value i3 .* Supported values: bf16, f16, f32"):
        load(write_onnx(), precision="i3")


def test_brains_side_by_side_in_threads_give_what_they_give_alone(testdata: Path) -> None:
    path = testdata / "models" / "fastestdet_coco.onnx"
    sessions = [load(path, threads=threads) for threads in (1, 1, None)]
    pictures = np.random.default_rng(0).random((6, 1, 3, 352, 352), np.float32)
    alone = [run(sessions[0], picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        jobs = [(session, picture) for session in sessions for picture in pictures]
        given = list(pool.map(lambda job: run(*job), jobs))
    for found, expected in zip(given, alone * 3, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_closing_gives_the_memory_back(tmp_path: Path) -> None:
    path, kept = onnx_models.write_product(tmp_path / "large.onnx", 2048, 4096), []

    def use() -> int:
        session = load(path, threads=1)
        kept.append(session)
        run(session, np.ones((1, 2048), np.float32))
        session.close()
        return resident_bytes()

    settled = [use() for _ in range(3)][-1]
    assert [use() for _ in range(6)][-1] < settled + 2 * path.stat().st_size


def test_devices_are_named_as_people_name_them() -> None:
    # the devices of a machine with two graphics cards, which this need not be
    available = ["CPU", "GPU.0", "GPU.1", "NPU"]
    assert list_devices(available) == ["cpu", "gpu:0", "gpu:1", "npu"]
    assert [find_device(name, available) for name in ("cpu", "gpu:1", "npu")] == ["CPU", "GPU.1", "NPU"]
    assert "ENABLE_CPU_PINNING" not in make_properties("GPU.1", EngineOptions(threads=2))


def test_a_device_that_is_not_there_is_refused_naming_those_that_are(write_onnx: Write) -> None:
    with pytest.raises(EngineError, match=r"OpenVINO has no device 'cuda:0' here; it has cpu"):
        load(write_onnx(), device="cuda:0")


def test_describe_gives_version_and_devices() -> None:
    result = OpenVINOEngine().describe()
    assert result["openvino"].replace(".", "").isdigit()
    assert "cpu" in result["devices"]


def test_nothing_is_reported_and_no_usage_report_is_kept_or_sent(write_onnx: Write, tmp_path: Path) -> None:
    """OpenVINO's reports need an identity of the machine, which they write into the home folder."""
    path, home = write_onnx(), tmp_path / "home"
    home.mkdir()
    script = (
        "import pathlib, threading; from runner_openvino.engine import OpenVINOEngine;"
        "from runner_core.contracts import EngineOptions;"
        f"OpenVINOEngine().load(pathlib.Path({str(path)!r}), EngineOptions()).close();"
        "print(threading.active_count())"
    )
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("1\n", "")
    assert not list(home.rglob("*"))


INTERRUPTED = """
import signal, sys
from pathlib import Path
from runner_core.contracts import EngineOptions
from runner_openvino.engine import OpenVINOEngine

first, second = (OpenVINOEngine().load(Path(sys.argv[1]), EngineOptions()) for _ in range(2))
for session in (first, second):
    session.close()
del session, first, second
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_after_two_models_an_interrupt_is_one_and_no_crash(write_onnx: Write) -> None:
    """In a process of its own, which would crash: see ``shared_core``."""
    command = [sys.executable, "-c", INTERRUPTED, write_onnx()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr
