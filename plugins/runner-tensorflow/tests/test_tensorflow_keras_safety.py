"""A ``.keras`` file that asks for more than layers that compute is refused before Keras builds any of it."""

import json
import shutil
import zipfile

import numpy as np
import pytest

from runner_core.errors import EngineError, UntrustedError


@pytest.fixture
def refused(keras, load, monkeypatch):
    """Checks that a file is refused before Keras sees it."""

    def check(path, complaint):
        with monkeypatch.context() as patched:
            patched.setattr(keras.saving, "load_model", lambda *_, **__: pytest.fail("Keras got the file"))
            with pytest.raises(UntrustedError, match=rf"{path}: {complaint}.*; .*trust"):
                load(path)

    return check


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
@pytest.mark.parametrize("nesting", ["alone", "TimeDistributed", "a model in a model"])
def test_python_in_a_lambda(nesting, load, refused, save_keras, keras, tmp_path):
    target = tmp_path / "touched"
    layers = keras.layers
    touching = layers.Lambda(
        eval(f"lambda x: x if open({str(target)!r}, 'w').close() is None else x"), lambda shape: shape
    )
    if nesting == "TimeDistributed":
        touching = layers.TimeDistributed(touching)
    if nesting == "a model in a model":
        inside = keras.Input((2, 3))
        touching = keras.Model(inside, touching(inside))
    x = keras.Input((2, 3), name="x")
    path = save_keras(keras.Model(x, touching(x)))
    target.unlink(missing_ok=True)
    refused(path, r"it is built with keras\.layers\.Lambda")
    assert not target.exists()
    load(path, trusted=True)
    assert target.exists()


def test_a_vocabulary_read_from_a_file(refused, save_keras, keras, tmp_path):
    (tmp_path / "words.txt").write_text("secret\n")
    x = keras.Input((1,), dtype="string", name="x")
    lookup = keras.layers.StringLookup(vocabulary=str(tmp_path / "words.txt"))
    refused(save_keras(keras.Model(x, lookup(x))), r"it (is built with keras\.layers\.StringLookup|holds 'assets)")


def test_a_saved_model_loaded_by_a_layer(refused, keras_file, tmp_path):
    loading = {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "elsewhere"}}
    path = _edited(keras_file, tmp_path, lambda config: config["config"]["layers"].append(loading))
    refused(path, r"it is built with keras\.layers\.TFSMLayer")


@pytest.mark.parametrize(
    "described",
    [
        {"module": "os", "class_name": "system", "config": "true", "registered_name": None},
        {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
        {"module": "keras.utils", "class_name": "function", "config": "get_file", "registered_name": "get_file"},
        {"module": "keras.layers", "class_name": "Dense", "config": {}, "registered_name": "mine>Dense"},
        {"class_name": "__lambda__", "config": {"value": ""}},
        {"class_name": "Dense"},
    ],
    ids=["a module of Python", "a builtin", "a download", "a class of its own", "a lambda", "no module"],
)
def test_what_is_not_part_of_a_network(described, refused, keras_file, tmp_path):
    def hide(config):
        config["config"]["layers"][1]["config"]["deep"] = {"list": [0, {"inside": described}]}

    refused(
        _edited(keras_file, tmp_path, hide), rf"it is built with {described.get('module')}\.{described['class_name']}"
    )


@pytest.mark.parametrize("name", ["model.weights.npz", "assets/words.txt", "../climbs.txt"])
def test_a_member_that_is_not_of_weights(name, refused, keras_file, tmp_path):
    path = _edited(keras_file, tmp_path, lambda config: None)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"")
    refused(path, f"it holds '{name}'")


@pytest.mark.filterwarnings("ignore:Skipping nested container")
@pytest.mark.parametrize("kind", ["external storage", "external link", "virtual"])
def test_weights_in_another_file(kind, load, keras_file, tmp_path):
    """HDF5 lets a data set lie elsewhere: Keras would take any file of this machine for weights."""
    h5py = pytest.importorskip("h5py")
    (tmp_path / "secret.bin").write_bytes(bytes(4 * 4))
    with h5py.File(tmp_path / "secret.h5", "w") as other:
        other["data"] = np.zeros(4, np.float32)

    def hide(name):
        del weights[name]
        if kind == "external storage":
            weights.create_dataset(name, (4,), "f4", external=[(str(tmp_path / "secret.bin"), 0, 16)])
        elif kind == "external link":
            weights[name] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/data")
        else:
            layout = h5py.VirtualLayout((4,), "f4")
            layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "data", (4,))
            weights.create_virtual_dataset(name, layout)

    with zipfile.ZipFile(keras_file) as archive:
        (tmp_path / "weights.h5").write_bytes(archive.read("model.weights.h5"))
    with h5py.File(tmp_path / "weights.h5", "a") as weights:
        names = []
        weights.visit(names.append)
        hide(next(name for name in names if getattr(weights[name], "shape", None) == (4,)))
    path = _edited(keras_file, tmp_path, lambda config: None, weights=(tmp_path / "weights.h5").read_bytes())
    with pytest.raises(EngineError, match=rf"{path}: .*could not be loaded"):
        load(path)


def test_a_bomb(load, keras_file, tmp_path):
    path = _edited(keras_file, tmp_path, lambda config: None, weights=bytes(300 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(EngineError, match=rf"{path}: .*unpacks to"):
        load(path)


def test_a_compiled_model_with_a_loss_of_its_own_runs(load, save_keras, keras):
    """It is for training: nobody builds it."""
    x = keras.Input((2,), name="x")
    model = keras.Model(x, keras.layers.Dense(1, name="y")(x))
    model.compile(loss=_difference)
    assert [spec.name for spec in load(save_keras(model)).outputs] == ["y"]


def test_operations_and_policies_are_known(load, save_keras, keras):
    x = keras.Input((4, 4, 3), name="x")
    features = keras.layers.Conv2D(
        2, 3, activation=keras.activations.gelu, kernel_regularizer="l2", dtype="mixed_float16"
    )
    y = keras.ops.concatenate([keras.ops.relu(features(x)) * 2, features(x)], axis=-1)
    outputs = load(save_keras(keras.Model(x, keras.ops.mean(y, axis=[1, 2])))).outputs
    assert [spec.shape for spec in outputs] == [(None, 4)]


@pytest.mark.parametrize(
    ("text", "complaint"), [("{", "cannot be read"), ("[" * 99999, "cannot be read"), ("[]", "no model")]
)
def test_a_configuration_that_is_none(text, complaint, load, keras_file, tmp_path):
    path = _edited(keras_file, tmp_path, lambda config: None, text)
    with pytest.raises(EngineError, match=rf"model\.keras: its config\.json .*{complaint}.*; fetch it again"):
        load(path)


def test_what_was_checked_is_what_is_built(load, keras_file, keras, save_keras, tmp_path, monkeypatch):
    """The file is another one as soon as it was checked."""
    from runner_tensorflow import keras_model

    path, demand = shutil.copy(keras_file, tmp_path / "model.keras"), keras_model.demand_known
    x = keras.Input((2,), name="x")
    other = save_keras(keras.Model(x, keras.layers.ReLU(name="other")(x)))

    def check_and_swap(*given):
        demand(*given)
        shutil.copy(other, path)

    monkeypatch.setattr(keras_model, "demand_known", check_and_swap)
    assert [spec.name for spec in load(path).outputs] == ["scores", "pooled"]
    assert [spec.name for spec in load(path).outputs] == ["other"]


def _difference(wanted, given):
    return given - wanted


def _edited(file, folder, edit, text=None, weights=None):
    """A copy of a ``.keras`` file with its configuration, or its weights, changed."""
    path = folder / "model.keras"
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                edit(config)
                content = json.dumps(config) if text is None else text
            elif name.endswith(".h5"):
                content = weights or content
            new.writestr(name, content)
    return path
