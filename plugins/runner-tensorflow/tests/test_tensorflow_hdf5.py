"""Keras models in HDF5 files: right as Keras 2 computes them, and never more than numbers and known layers."""

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from runner_core.errors import EngineError, UntrustedError

FOLDER = Path(__file__).parent / "keras_2"  # written by Keras 2 itself: tools/keras_2_files.py
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
PIXELS = np.linspace(0, 255, 2 * 16 * 16 * 3, dtype=np.float32).reshape(2, 16, 16, 3)


@pytest.fixture
def stack(tmp_path):
    """A copy of a good file, to be spoiled."""
    return Path(shutil.copy(FOLDER / "stack.h5", tmp_path))


@pytest.fixture
def edit(stack):
    """Changes the description of the model in the copy."""

    def edit(change):
        with h5py.File(stack, "a") as file:
            described = json.loads(file.attrs["model_config"])
            change(described["config"]["layers"])
            file.attrs["model_config"] = json.dumps(described)
        return stack

    return edit


def answers(session):
    run = session.run({session.inputs[0].name: PIXELS}, [spec.name for spec in session.outputs])
    return list(run.values())


@pytest.mark.parametrize("name", EXPECTED)
def test_it_computes_what_keras_2_computes(name, load):
    for given, expected in zip(answers(load(FOLDER / f"{name}.h5")), EXPECTED[name], strict=True):
        np.testing.assert_allclose(given, expected, atol=2e-5)


@pytest.mark.parametrize("name", ["model.hdf5", "model.keras", "MODEL.H5"])
def test_whatever_such_a_file_is_called(name, load, stack):
    session = load(stack.rename(stack.with_name(name)))
    assert [str(spec) for spec in session.inputs] == ["rescaling_input: float32 [? x 16 x 16 x 3]"]
    assert [str(spec) for spec in session.outputs] == ["classes: float32 [? x 3]"]
    assert dict(session.metadata) == {"format": "Keras", "mean": "0", "std": "1"}


@pytest.mark.filterwarnings("ignore")
def test_a_file_of_keras_3(load, keras, tmp_path):
    layers = keras.layers
    image = keras.Input((16, 16, 3), name="image")
    features = layers.Conv2D(4, 3, activation="hard_sigmoid")(keras.applications.mobilenet_v2.preprocess_input(image))
    doubled = layers.BatchNormalization()(features) * 2
    pooled = layers.GlobalAveragePooling2D()(layers.Concatenate()([features, doubled]))
    model = keras.Model(image, keras.Sequential([keras.Input((8,)), layers.Dense(2)], name="head")(pooled))
    model.save(tmp_path / "new.h5")
    (given,) = answers(load(tmp_path / "new.h5"))
    np.testing.assert_allclose(given, model(PIXELS, training=False), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("trusted", [False, True])
def test_python_in_a_lambda_is_never_run(trusted, load):
    error, complaint = (
        (EngineError, "lambda.h5") if trusted else (UntrustedError, r"it is built with .*Lambda.*; .*trust")
    )
    with pytest.raises(error, match=complaint):
        load(FOLDER / "lambda.h5", trusted=trusted)


@pytest.mark.parametrize(
    ("layer", "error", "complaint"),
    [
        ({"class_name": "TFSMLayer", "config": {"filepath": "x"}}, UntrustedError, r"it is built with .*TFSMLayer"),
        ({"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}, UntrustedError, "StringLookup"),
        ({"class_name": "Mine", "config": {}}, EngineError, "needs the class 'Mine', which Keras does not have"),
        ({"class_name": "os.system", "config": {}}, EngineError, "needs the class 'os.system'"),
        (
            {"class_name": "TFOpLambda", "config": {"function": "io.read_file", "name": "read"}},
            EngineError,
            "its layer 'read' calls tf.io.read_file, which runner does not call",
        ),
        (
            {"class_name": "SlicingOpLambda", "config": {"function": "io.read_file"}},
            EngineError,
            "takes no part of a tensor",
        ),
        (
            {"class_name": "Dense", "config": {"units": 2, "name": "d", "surprise": 7}},
            EngineError,
            "its layer 'd' is a Dense with surprise = 7, unknown to Keras 3",
        ),
        (
            {"class_name": "Dense", "config": {"units": {"class_name": "function", "config": "eval"}}},
            UntrustedError,
            "it is built with .*function",
        ),
    ],
)
def test_what_is_not_known_is_not_built(layer, error, complaint, load, edit):
    with pytest.raises(error, match=complaint) as refused:
        load(edit(lambda layers: layers.append(layer)))
    assert type(refused.value) is error


def test_a_layer_whose_weights_are_not_its_own(load, edit):
    def change(layers):
        layers[-1]["config"]["units"] = 4

    with pytest.raises(EngineError, match=r"'classes/kernel:0' of shape \(\d+, 3\) does not fit '.*classes/kernel'"):
        load(edit(change))


def test_weights_in_another_order_are_told_by_their_names(load, stack):
    with h5py.File(stack, "a") as file:
        group = file["model_weights/batch_normalization"]
        group.attrs["weight_names"] = group.attrs["weight_names"][::-1]
    np.testing.assert_allclose(answers(load(stack))[0], EXPECTED["stack"][0], atol=2e-5)


@pytest.mark.parametrize("kind", ["external storage", "external link", "soft link", "virtual"])
def test_weights_in_another_file_are_not_read(kind, load, stack, tmp_path):
    (tmp_path / "secret.bin").write_bytes(bytes(4 * 3))
    with h5py.File(tmp_path / "secret.h5", "w") as other:
        other["data"] = np.zeros(3, np.float32)
    with h5py.File(stack, "a") as file:
        group = file["model_weights/classes/classes"]
        del group["bias:0"]
        if kind == "external storage":
            group.create_dataset("bias:0", (3,), "f4", external=[(str(tmp_path / "secret.bin"), 0, 12)])
        elif kind == "virtual":
            layout = h5py.VirtualLayout((3,), "f4")
            layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "data", (3,))
            group.create_virtual_dataset("bias:0", layout)
        else:
            link = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/data")
            group["bias:0"] = link if kind == "external link" else h5py.SoftLink("/model_weights")
    with pytest.raises(EngineError, match=r"stack\.h5: its 'classes/bias:0' is not in the file itself"):
        load(stack)


def test_weights_without_a_model(load, stack):
    with h5py.File(stack, "a") as file:
        file.attrs["layer_names"] = [b"dense"]
        del file.attrs["model_config"]
    with pytest.raises(EngineError, match=r"the weights of a Keras model without the model; build its model in Keras"):
        load(stack)


def test_another_hdf5_file(load, tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["pictures"] = np.zeros(3)
    with pytest.raises(EngineError, match=r"data\.h5: an HDF5 file, but no model of Keras"):
        load(tmp_path / "data.h5")


def test_weights_laid_out_for_theano(load, stack):
    with h5py.File(stack, "a") as file:
        file.attrs["backend"] = "theano"
    with pytest.raises(EngineError, match=r"laid out for Theano; save it again"):
        load(stack)


@pytest.mark.parametrize("text", ["{", "[" * 99999, "[]", "{}", '{"class_name": "Sequential", "config": 7}'])
def test_a_description_that_is_none(text, load, stack):
    with h5py.File(stack, "a") as file:
        file.attrs["model_config"] = text
    with pytest.raises(EngineError, match=r"stack\.h5: "):
        load(stack)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_short(share, load, stack):
    whole = stack.read_bytes()
    stack.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(EngineError, match=r"stack\.h5: "):
        load(stack)
