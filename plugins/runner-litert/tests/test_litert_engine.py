"""LiteRT as an engine: what every engine promises, and what is its own."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from memory import resident_bytes
from runner_litert.engine import LiteRTEngine
from runner_litert.session import LiteRTSession

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError
from runner_core.frames.frame import Frame
from runner_core.frames.picture_spec import PictureSpec
from runner_core.testing import Check, check_engine, check_plugin, conformance

Write = Callable[..., Path]


def load(path: Path, **options: object) -> LiteRTSession:
    return LiteRTEngine().load(path, EngineOptions(**options))  # type: ignore[arg-type]


@conformance(check_plugin)
def test_plugin(check: Check) -> None:
    check("runner_litert.plugin")


@conformance(check_engine)
def test_engine_on_a_small_model(check: Check, write_tflite: Write) -> None:
    check(LiteRTEngine(), write_tflite((None, 4)), {"x": np.array([[-1, 0, 1, 2.5]], np.float32)})


@conformance(check_engine)
def test_engine_on_a_quantised_classifier(check: Check, testdata: Path) -> None:
    check(LiteRTEngine(), testdata / "models" / "mobilenet_v2_1.0_224_quant.tflite")


@conformance(check_engine)
def test_engine_on_signed_quantised_tensors(check: Check, write_tflite: Write) -> None:
    check(LiteRTEngine(), write_tflite(dtype="int8", quantised=(0.5, -3)))


@pytest.mark.parametrize(
    ("model", "inputs", "outputs"),
    [
        (
            "mobilenet_v2_1.0_224_quant.tflite",
            ["input: uint8 [1 x 224 x 224 x 3]"],
            ["MobilenetV2/Predictions/Softmax: float32 [1 x 1001]"],
        ),
        (
            "deeplabv3_mnv2_dm05_pascal_quant.tflite",
            ["MobilenetV2/MobilenetV2/input: uint8 [1 x 513 x 513 x 3]"],
            ["ArgMax: int64 [1 x 513 x 513]"],
        ),
        (
            "movenet_single_pose_lightning_ptq.tflite",
            ["serving_default_input:0: uint8 [1 x 192 x 192 x 3]"],
            ["StatefulPartitionedCall:0: float32 [1 x 1 x 17 x 3]"],
        ),
    ],
)
def test_pixels_in_and_real_numbers_out(model: str, inputs: list[str], outputs: list[str], testdata: Path) -> None:
    session = load(testdata / "models" / model)
    assert [str(spec) for spec in session.inputs] == inputs
    assert [str(spec) for spec in session.outputs] == outputs


@pytest.mark.parametrize("picture", ["cat_720p.jpg", "parrot.jpg", "grace_hopper.bmp", "baseball.jpg"])
def test_a_quantised_classifier_is_as_sure_as_it_is_elsewhere(picture: str, testdata: Path) -> None:
    session = load(testdata / "models" / "mobilenet_v2_1.0_224_quant.tflite")
    pixels = Frame.from_path(testdata / "pictures" / picture).prepared(PictureSpec(size=(224, 224), resample="area"))
    scores = run(session, pixels.tensor)[0]
    lines = (testdata / "models" / "imagenet_labels.txt").read_text().splitlines()
    name, score = json.loads((testdata / "expected.json").read_text())[picture]["classes"][0]
    assert lines[scores.argmax()] == name
    assert scores.max() == pytest.approx(score, abs=0.05)


def test_a_quantised_segmenter_gives_whole_class_numbers(testdata: Path) -> None:
    pixels = Frame.from_path(testdata / "pictures" / "bird_segmentation.bmp").pixels  # 513 x 513, as it takes them
    class_map = run(load(testdata / "models" / "deeplabv3_mnv2_dm05_pascal_quant.tflite"), pixels[None])
    classes = (testdata / "models" / "pascal_voc_segmentation_labels.txt").read_text().splitlines()
    share = json.loads((testdata / "expected.json").read_text())["bird_segmentation.bmp"]["segmentation_share"]["bird"]
    assert class_map.dtype == np.int64
    assert (class_map == classes.index("bird")).mean() == pytest.approx(share, abs=0.03)


def run(session: LiteRTSession, tensor: np.ndarray) -> np.ndarray:
    """Of a model with one input and one output."""
    (spec,), (output,) = session.inputs, session.outputs
    return session.run({spec.name: tensor}, (output.name,))[output.name]


@pytest.mark.parametrize(("dtype", "zero"), [("int8", -3), ("int16", 0)])
def test_a_signed_quantised_model_takes_and_gives_real_numbers(dtype: str, zero: int, write_tflite: Write) -> None:
    session = load(write_tflite(dtype=dtype, quantised=(0.25, zero)))
    assert {spec.dtype for spec in (*session.inputs, *session.outputs)} == {"float32"}
    given = run(session, np.array([[-1.5, 0.25, 0.3, 2.0]], np.float32))
    np.testing.assert_array_equal(given, np.array([[0, 0.25, 0.25, 2.0]], np.float32))
    assert session.metadata == {"quantization:x": f"0.25,{zero}", "quantization:y": f"0.25,{zero}"}


def test_a_uint8_input_takes_pixels_as_they_are_and_floating_numbers_as_real_ones(write_tflite: Write) -> None:
    session = load(write_tflite(dtype="uint8", quantised=(1 / 128, 128)))
    real = np.array([[0.0, 0.0, 0.5, 127 / 128]], np.float32)
    assert session.inputs[0].dtype == "uint8"
    np.testing.assert_array_equal(run(session, np.array([[0, 128, 192, 255]], np.uint8)), real)
    np.testing.assert_array_equal(run(session, np.array([[-1, 0, 0.5, 1]], np.float32)), real)


def test_inputs_of_free_sides_take_one_size_after_the_other(write_tflite: Write) -> None:
    session = load(write_tflite((1, None, None, 3)))
    assert session.inputs[0].shape == (1, None, None, 3)
    for shape in ((1, 5, 7, 3), (1, 5, 7, 3), (1, 9, 2, 3), (1, 5, 7, 3)):
        tensor = np.random.default_rng(0).random(shape, np.float32)
        np.testing.assert_array_equal(run(session, tensor), tensor)


def test_a_batch_fixed_at_another_size_is_reported(write_tflite: Write) -> None:
    with pytest.raises(EngineError, match="its batch is fixed at 8"):
        run(load(write_tflite((8, 4))), np.zeros((1, 4), np.float32))


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_change_nothing_but_the_time(threads: int, testdata: Path) -> None:
    path = testdata / "models" / "movenet_single_pose_lightning_ptq.tflite"
    pixels = np.random.default_rng(0).integers(0, 256, (1, 192, 192, 3), np.uint8)
    np.testing.assert_allclose(run(load(path, threads=threads), pixels), run(load(path), pixels), atol=1e-4)


def test_the_processor_is_the_only_device(write_tflite: Write) -> None:
    with pytest.raises(EngineError, match=r"LiteRT has no device 'cuda:0' here; it has cpu"):
        load(write_tflite(), device="cuda:0")


def test_describe_gives_version_and_devices() -> None:
    answer = LiteRTEngine().describe()
    assert answer["ai-edge-litert"][0].isdigit()
    assert answer["devices"] == "cpu"


def test_closing_gives_the_memory_back(write_tflite: Write) -> None:
    path, kept = write_tflite((1, None)), []
    tensor = np.zeros((1, 8_000_000), np.float32)  # 32 MB in, 32 MB out

    def use() -> int:
        session = load(path)
        kept.append(session)
        run(session, tensor)
        session.close()
        return resident_bytes()

    settled = [use() for _ in range(3)][-1]
    assert [use() for _ in range(6)][-1] < settled + 2 * tensor.nbytes


def test_calls_that_overlap_run_side_by_side(testdata: Path) -> None:
    session = load(testdata / "models" / "mobilenet_v2_1.0_224_quant.tflite", threads=1)
    tensors = np.random.default_rng(0).integers(0, 256, (8, 1, 224, 224, 3), np.uint8)
    expected = [run(session, tensor) for tensor in tensors]
    with ThreadPoolExecutor(4) as pool:
        for found, wanted in zip(
            pool.map(lambda tensor: run(session, tensor), list(tensors) * 4), expected * 4, strict=True
        ):
            np.testing.assert_array_equal(found, wanted)
    assert 1 < len(session._idle) <= 4
    session.close()
    assert not session._idle
