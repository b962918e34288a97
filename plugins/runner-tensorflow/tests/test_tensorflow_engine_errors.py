"""Why Keras or TensorFlow refuses a model stays in the message, whatever stands around it."""

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner_core.errors import EngineError


def edit(source: Path, target: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A copy of a ``.keras`` file whose last layer is changed."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as copy:
        for name in archive.namelist():
            data = archive.read(name)
            if name == "config.json":
                config = json.loads(data)
                dense = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Dense")
                change(dense)
                data = json.dumps(config).encode()
            copy.writestr(name, data)
    return target


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda layer: layer["config"].update(sharpness=7), r"\bDense\b.*sharpness"),
        (lambda layer: layer["config"].update(activation="swoosh"), r"\bDense\b.*activation.*swoosh"),
        (lambda layer: layer["config"].update(units="many"), r"\bDense\b.*units.*many"),
        (lambda layer: layer["config"].pop("units"), r"\bDense\b.*missing.*units"),
        (lambda layer: layer["config"].update(units=5), r"Dense name=scores.*shape.*5\).*3\)"),
    ],
    ids=["an option of another version", "an activation", "a wrong value", "a value that is missing", "other weights"],
)
def test_what_keras_failed_on_is_said(change, cause, load, keras_file, tmp_path):
    path = edit(keras_file, tmp_path / "changed.keras", change)
    with pytest.raises(EngineError, match=rf"changed\.keras: .*{cause}") as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert "could not be deserialized properly" not in str(caught.value)


def test_a_class_of_its_own_is_named(load, keras_file, tmp_path):
    def rename(layer: dict[str, Any]) -> None:
        layer.update(class_name="SharpDense", module=None, registered_name="own>SharpDense")

    path = edit(keras_file, tmp_path / "changed.keras", rename)
    with pytest.raises(EngineError, match=r"changed\.keras: .*'SharpDense'.*export it as a SavedModel"):
        load(path, trusted=True)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (
            ValueError("it failed:\n\n  because of this:\n the shape is (3,)."),
            "it failed: because of this: the shape is (3,)",
        ),
        (ValueError("it ends in a colon:"), "it ends in a colon"),
        (ValueError(""), "ValueError"),
        (KeyError("layers"), "there is no 'layers'"),
        (
            RuntimeError("Graph execution error:\n\nDetected at node x\n2 root error(s) found.\n  (0) INVALID: bad"),
            "bad",
        ),
        (
            TypeError("A.\nconfig={'a': 1}.\n\nException encountered: B.\n\nException encountered: the cause.\nmore"),
            "the cause",
        ),
        (ValueError("x" * 400), "x" * 300 + "..."),
    ],
)
def test_the_cause_is_found(tf, error, cause):
    from runner_tensorflow.engine_errors import find_cause

    assert find_cause(error) == cause


def test_a_model_that_keras_fills_only_in_part_is_refused(load, keras_file, keras, monkeypatch):
    """As of a file in which a layer's weights are missing: Keras warns, and the layer keeps random ones."""
    whole = keras.saving.load_model

    def load_in_part(*given: Any, **options: Any) -> Any:
        warnings.warn("Skipping 'x'. Layers will retain their freshly-initialized weights.", stacklevel=1)
        return whole(*given, **options)

    monkeypatch.setattr(keras.saving, "load_model", load_in_part)
    with pytest.raises(EngineError, match=r"model\.keras: not all of its weights can be read \(Skipping 'x'"):
        load(keras_file)


def test_what_keras_warns_of_is_said_with_the_files_name(load, keras_file, keras, monkeypatch, caplog):
    whole = keras.saving.load_model

    def load_with_a_word(*given: Any, **options: Any) -> Any:
        warnings.warn("This is\n unusual.", stacklevel=1)
        return whole(*given, **options)

    monkeypatch.setattr(keras.saving, "load_model", load_with_a_word)
    load(keras_file)
    said = [record.getMessage() for record in caplog.records if record.name == "runner"]
    assert said == [f"{keras_file}: This is unusual"]
