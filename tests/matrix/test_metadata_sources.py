"""What is told of a model is read where exporters and servers put it: real files, made here, opened without a card."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tflite_metadata import described, pack, with_described

from runner_core.project import open_brain

NAMES = ["cat", "dog", "bird", "plane"]
SIDE = 32


@pytest.fixture(scope="module")
def classifier():
    """A Keras network of four classes with random weights; ``scaled``: it scales pixels by itself."""
    tf = pytest.importorskip("tensorflow")

    def build(*, scaled=False):
        tf.keras.utils.set_random_seed(3)
        steps = [tf.keras.layers.Rescaling(1 / 127.5, -1)] if scaled else []
        layers = tf.keras.layers
        image = tf.keras.Input((SIDE, SIDE, 3), name="image")
        steps += [layers.Conv2D(8, 3, 2), layers.GlobalAveragePooling2D(), layers.Dense(len(NAMES), name="scores")]
        tensor = image
        for step in steps:
            tensor = step(tensor)
        return tf.keras.Model(image, tensor)

    return build


@pytest.fixture
def write_onnx(tmp_path):
    """Mean colours times weights: N x 3 x H x W to 1 x 4, of free sides where asked."""
    onnx = pytest.importorskip("onnx")

    def write(folder=tmp_path, sides=(SIDE, SIDE), metadata=None):
        make, floats = onnx.helper, onnx.TensorProto.FLOAT
        nodes = [make.make_node("GlobalAveragePool", ["image"], ["mean"]), make.make_node("Conv", ["mean", "w"], ["y"])]
        nodes.append(make.make_node("Flatten", ["y"], ["scores"]))
        weights = make.make_tensor("w", floats, (4, 3, 1, 1), np.arange(12, dtype=np.float32))
        image = make.make_tensor_value_info("image", floats, (1, 3, *sides))
        scores = make.make_tensor_value_info("scores", floats, (1, 4))
        graph = make.make_graph(nodes, "g", [image], [scores], [weights])
        model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
        make.set_model_props(model, metadata or {})
        folder.mkdir(parents=True, exist_ok=True)
        onnx.save(model, folder / "model.onnx")
        return folder / "model.onnx"

    return write


@pytest.fixture
def write_tflite(tmp_path, classifier):
    def write():
        import tensorflow as tf

        model = classifier()
        concrete = tf.function(model).get_concrete_function(tf.TensorSpec((1, SIDE, SIDE, 3), tf.float32))
        from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2 as frozen

        path = tmp_path / "model.tflite"
        path.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([frozen(concrete)]).convert())
        return path

    return write


def opened(path, engine=None):
    with open_brain(path, engine=engine) as brain:
        brain.predict(np.zeros((40, 50, 3), np.uint8))
        return brain.card


def in_deviations(card):
    return [card.picture.mean, card.picture.std]


@pytest.mark.parametrize("engine", ["litert", "openvino"])
def test_tflite_files_give_labels_and_normalisation(write_tflite, engine):
    path = with_described(write_tflite(), described((127.0,), (64.0,)))
    pack(path, **{"labels.txt": "\n".join(NAMES)})
    card = opened(path, engine)
    assert card.labels.names == tuple(NAMES)
    assert in_deviations(card) == [(127.0,) * 3, (64.0,) * 3]
    assert "labels, mean, std: from the model itself" in card.notes


@pytest.mark.parametrize("engine", ["onnx", "openvino"])
def test_onnx_files_give_what_ultralytics_wrote(write_onnx, engine):
    metadata = {"task": "classify", "names": str(dict(enumerate(NAMES))), "imgsz": "[32, 32]", "stride": "1"}
    card = opened(write_onnx(metadata=metadata), engine)
    assert card.labels.names == tuple(NAMES)
    assert in_deviations(card) == [(0.0,) * 3, (255.0,) * 3]
    assert card.picture.resize == "crop"


def test_openvino_models_are_described_by_their_model_info(write_onnx, tmp_path):
    openvino = pytest.importorskip("openvino")
    model = openvino.Core().read_model(write_onnx())
    answer = {
        "labels": NAMES, "mean_values": [1.0, 2.0, 3.0], "scale_values": [10.0, 20.0, 30.0],
        "reverse_input_channels": False, "resize_type": "fit_to_window",
    }  # fmt: skip
    for key, value in answer.items():
        model.set_rt_info(value, ["model_info", key])
    openvino.save_model(model, tmp_path / "ir" / "model.xml")
    card = opened(tmp_path / "ir" / "model.xml")
    assert card.labels.names == tuple(NAMES)
    assert in_deviations(card) == [(1.0, 2.0, 3.0), (10.0, 20.0, 30.0)]
    assert (card.picture.colour, card.picture.resize) == ("bgr", "pad")
    assert not {guess.about for guess in card.guesses} & {"range", "colour", "resize"}


def test_a_saved_model_has_its_metadata_in_its_folder(classifier, tmp_path):
    classifier().export(tmp_path / "exported", verbose=False)
    names = "".join(f"\n  {number}: {name}" for number, name in enumerate(NAMES))
    (tmp_path / "exported" / "metadata.yaml").write_text(f"task: classify\nimgsz: [32, 32]\nnames:{names}\n")
    card = opened(tmp_path / "exported")
    assert card.labels.names == tuple(NAMES)
    assert in_deviations(card) == [(0.0,) * 3, (255.0,) * 3]
    assert "task, names, imgsz: from metadata.yaml beside the model" in card.notes


def test_keras_gives_the_size_and_whether_it_scales_by_itself(classifier, tmp_path):
    classifier(scaled=True).save(tmp_path / "scaled.keras")
    classifier().save(tmp_path / "plain.keras")
    (tmp_path / "labels.txt").write_text("\n".join(NAMES))
    scaled, plain = opened(tmp_path / "scaled.keras"), opened(tmp_path / "plain.keras")
    assert scaled.picture.size == plain.picture.size == (SIDE, SIDE)
    assert in_deviations(scaled) == [(0.0,) * 3, (1.0,) * 3]
    assert "range" not in {guess.about for guess in scaled.guesses}
    assert "range" in {guess.about for guess in plain.guesses}
    assert scaled.labels.names == tuple(NAMES)


def test_hugging_face_gives_labels_and_values_in_two_files(write_onnx, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"id2label": dict(enumerate(NAMES))}))
    processor = {"image_mean": [0.5] * 3, "image_std": [0.25] * 3, "rescale_factor": 1 / 255, "size": 32}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(processor))
    card = opened(write_onnx())
    assert card.labels.names == tuple(NAMES)
    assert in_deviations(card) == [(127.5,) * 3, (63.75,) * 3]
    assert "imgsz, mean, std, resize: from preprocessor_config.json beside the model" in card.notes


def test_triton_gives_the_sides_that_a_model_leaves_open(write_onnx, tmp_path):
    config = """max_batch_size: 0
    input [ { name: "image", data_type: TYPE_FP32, dims: [ 1, 3, 48, 64 ] } ]
    output [ { name: "scores", data_type: TYPE_FP32, dims: [ 1, 4 ], label_filename: "classes.txt" } ]"""
    path = write_onnx(tmp_path / "classifier" / "7", sides=("h", "w"))
    (tmp_path / "classifier" / "config.pbtxt").write_text(config)
    (tmp_path / "classifier" / "classes.txt").write_text("\n".join(NAMES))
    card = opened(path)
    assert card.picture.size == (64, 48)
    assert card.labels.names == tuple(NAMES)
    assert "config.pbtxt beside the model gives the shape of image" in card.notes


@pytest.mark.parametrize("name", ["labels.txt", "labels.pbtxt", "labels.json"])
def test_label_files_lie_beside_the_model(write_onnx, tmp_path, name):
    items = "".join(f'item {{ id: {number} name: "{label}" }}\n' for number, label in enumerate(NAMES))
    texts = {"labels.txt": "\n".join(NAMES), "labels.pbtxt": items, "labels.json": json.dumps(NAMES)}
    (tmp_path / name).write_text(texts[name])
    assert opened(write_onnx()).labels.names == tuple(NAMES)


def test_what_contradicts_the_model_is_reported_and_not_taken(write_onnx, tmp_path):
    lies = {"task": "classify", "names": "{0: 'one'}", "imgsz": "[640, 640]"}
    (tmp_path / "metadata.yaml").write_text("names: [a, b, c, d]\nimgsz: [32, 32]\n")
    card = opened(write_onnx(metadata=lies))
    message = "; ".join(card.notes)
    assert "metadata.yaml beside the model has another names, imgsz: not taken" in message
    assert "the metadata say imgsz [640, 640], the input is 32 x 32: the input counts" in message
    assert "the labels in the metadata are left out: the model has the classes 0 to 3" in message
    assert card.labels.names == ("a", "b", "c", "d"), "what lies beside it fits"
