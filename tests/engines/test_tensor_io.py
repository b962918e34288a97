"""The border of a Session: what fits, what is cast, what is quantised, and what is refused in which words."""

from pathlib import Path

import numpy as np
import pytest

from runner_core.contracts import TensorSpec
from runner_core.engines.tensor_io import Quantisation, TensorIO
from runner_core.errors import EngineError

OUTPUT = TensorSpec("y", (1, 4), "float32")


def tensor_io(dtype: str, shape: tuple[int | None, ...] | None = (1, None, 3), **quantised: Quantisation) -> TensorIO:
    return TensorIO(Path("model.tflite"), (TensorSpec("x", shape, dtype),), (OUTPUT,), quantised)


def converted(of: TensorIO, tensor: np.ndarray) -> np.ndarray:
    return of.convert_feeds({"x": tensor}, ("y",))["x"]


def test_a_tensor_that_fits_is_not_copied() -> None:
    tensor = np.ones((1, 5, 3), np.float32)
    tensor.flags.writeable = False
    assert converted(tensor_io("float32"), tensor) is tensor


def test_a_tensor_in_another_order_is_laid_out_anew() -> None:
    tensor = np.arange(30, dtype=np.float32).reshape(1, 3, 10).transpose(0, 2, 1)
    laid = converted(tensor_io("float32"), tensor)
    assert laid.flags.c_contiguous
    np.testing.assert_array_equal(laid, tensor)


def test_a_scalar_stays_a_scalar() -> None:
    assert converted(tensor_io("float32", ()), np.float32(0.25).reshape(())).shape == ()


@pytest.mark.parametrize(
    ("given", "wanted"), [("float64", "float32"), ("float32", "float16"), ("uint8", "float32"), ("int32", "int64")]
)
def test_dtypes_are_cast_where_the_meaning_stays(given: str, wanted: str) -> None:
    assert converted(tensor_io(wanted), np.full((1, 2, 3), 7, given)).dtype == wanted


@pytest.mark.parametrize(
    ("given", "wanted"), [("float32", "uint8"), ("int64", "int32"), ("int8", "uint8"), ("uint8", "string")]
)
def test_other_dtypes_are_refused(given: str, wanted: str) -> None:
    with pytest.raises(EngineError, match=rf"model.tflite: takes x: {wanted} .*; was fed x: {given} \[1 x 2 x 3\]"):
        converted(tensor_io(wanted), np.zeros((1, 2, 3), given))


def test_encoded_pictures_pass_as_they_are() -> None:
    bytes_ = np.array([b"\xff\xd8"], object)
    assert converted(tensor_io("string", (None,)), bytes_) is bytes_


@pytest.mark.parametrize("shape", [(1, 5), (1, 5, 4), (1, 1, 5, 3), ()])
def test_a_shape_that_does_not_fit_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(EngineError, match=r"takes x: float32 \[1 x \? x 3\]; was fed"):
        converted(tensor_io("float32"), np.zeros(shape, np.float32))


def test_any_shape_fits_a_tensor_of_any_rank() -> None:
    assert converted(tensor_io("float32", None), np.zeros((2, 2), np.float32)).shape == (2, 2)


def test_a_batch_fixed_at_another_size_is_reported() -> None:
    with pytest.raises(EngineError, match="its batch is fixed at 8: export the model with a batch of 1"):
        converted(tensor_io("float32", (8, 4, 3)), np.zeros((1, 4, 3), np.float32))


def test_unknown_names_and_missing_feeds_are_refused_with_what_there_is() -> None:
    tensor = np.zeros((1, 2, 3), np.float32)
    with pytest.raises(EngineError, match="no input named z; it has x"):
        tensor_io("float32").convert_feeds({"z": tensor}, ("y",))
    with pytest.raises(EngineError, match="no output named z; it has y"):
        tensor_io("float32").convert_feeds({"x": tensor}, ("z",))
    with pytest.raises(EngineError, match=r"not fed: x: float32 \[1 x \? x 3\]"):
        tensor_io("float32").convert_feeds({}, ("y",))


def test_a_signed_quantised_input_is_shown_as_real_numbers_and_takes_them() -> None:
    signed = tensor_io("int8", x=Quantisation(0.5, -3))
    assert [spec.dtype for spec in signed.inputs] == ["float32"]
    real = np.array([[[0.0, 1.0, -1.0], [62.5, 65.0, -500.0]]], np.float32)
    np.testing.assert_array_equal(converted(signed, real), np.array([[[-3, -1, -5], [122, 127, -128]]], np.int8))


def test_a_quantised_uint8_input_takes_pixels_as_they_are_and_real_numbers_too() -> None:
    pixels = tensor_io("uint8", x=Quantisation(1 / 128, 128))
    assert [spec.dtype for spec in pixels.inputs] == ["uint8"]
    raw = np.array([[[0, 128, 255]]], np.uint8)
    assert converted(pixels, raw) is raw
    np.testing.assert_array_equal(converted(pixels, np.array([[[-1.0, 0.0, 0.9921875]]], np.float32)), raw)


def test_what_quantises_and_what_reveals_are_each_others_inverse() -> None:
    quantisation = Quantisation(0.0235, -128)
    stored = np.arange(-128, 128).astype(np.int8)
    np.testing.assert_array_equal(quantisation.quantise(quantisation.dequantise(stored), "int8"), stored)


def test_a_quantised_output_leaves_as_real_numbers() -> None:
    of = tensor_io("float32", y=Quantisation(1 / 256, 0))
    assert [spec.dtype for spec in of.outputs] == ["float32"]
    left = of.convert_outputs({"y": np.array([0, 64, 255], np.uint8)})["y"]
    assert left.dtype == np.float32
    np.testing.assert_array_equal(left, np.array([0, 0.25, 255 / 256], np.float32))


def test_whole_numbers_without_a_scale_stay_whole() -> None:
    classes = np.array([3, 4])
    assert tensor_io("float32").convert_outputs({"y": classes})["y"] is classes


@pytest.mark.parametrize("quantisation", [Quantisation(1.0, 0), Quantisation(0.0, 0)])
def test_a_scale_that_says_nothing_changes_nothing(quantisation: Quantisation) -> None:
    of = tensor_io("uint8", y=quantisation)
    assert of.convert_outputs({"y": np.array([7], np.uint8)})["y"].dtype == np.uint8
    assert of.metadata == {}


def test_half_precision_ends_here_too() -> None:
    of = TensorIO(Path("m.onnx"), (TensorSpec("x", (2,), "float16"),), (TensorSpec("y", (2,), "float16"),))
    assert {spec.dtype for spec in (*of.inputs, *of.outputs)} == {"float32"}
    assert converted(of, np.zeros(2, np.float32)).dtype == np.float16
    assert of.convert_outputs({"y": np.zeros(2, np.float16)})["y"].dtype == np.float32


def test_metadata_gives_scale_and_zero_in_full() -> None:
    scale = 0.007840583100914955
    assert tensor_io("int8", x=Quantisation(scale, -3)).metadata == {"quantization:x": f"{scale},-3"}
