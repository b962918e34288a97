"""Brains that share a trunk, and the same brains whole: real networks with random weights, for each engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, utils

from runner_core.cards.artifact import sha256_of

SIDE, CLASSES, CELLS = 64, 4, 8
WIDTHS = (3, 8, 16, 24)  # of each convolution of stride 2; the last two outputs are taps
PICTURE = {"size": [SIDE, SIDE], "dtype": "float32", "std": [255, 255, 255]}
LABELS = [{"model_id": n, "file_id": n + 1, "name": name} for n, name in enumerate(("cup", "fork", "plate", "spoon"))]
ROLES = {
    "classification": {"scores": "scores"},
    "boxes-scores": {"boxes": "boxes", "scores": "scores"},
}
TAPS = {"classification": ("far",), "boxes-scores": ("near", "far")}


def weights(seed: int) -> dict[str, np.ndarray]:
    """Of the trunk, from one seed, and of a head, from another."""
    random = np.random.default_rng(seed)
    kernels = {
        f"k{n}": random.normal(0, (2 / (9 * one)) ** 0.5, (3, 3, one, other)).astype(np.float32)
        for n, (one, other) in enumerate(pairwise(WIDTHS))
    }
    own = {"near": WIDTHS[-2], "far": WIDTHS[-1]}
    return kernels | {
        f"{tap}-classes": random.normal(0, 0.6, (wide, CLASSES)).astype(np.float32) for tap, wide in own.items()
    }


def anchors() -> np.ndarray:
    """1 x cells x 4: a box around each cell of the far features, normalised."""
    y, x = np.meshgrid(*[(np.arange(CELLS) + 0.5) / CELLS] * 2, indexing="ij")
    boxes = np.stack([x - 0.1, y - 0.1, x + 0.1, y + 0.1], axis=-1).reshape(1, -1, 4)
    return boxes.clip(0, 1).astype(np.float32)


def _network(task: str, trunk: int, head: int, batch: int | str, side: int) -> onnx.ModelProto:
    """``image``, batch x 3 x side x side, to the outputs of the task, by way of ``near`` and ``far``."""
    base, own = weights(trunk), weights(head)
    stored = {f"k{n}": base[f"k{n}"].transpose(3, 2, 0, 1) for n in range(3)} | {"line": np.array([0, -1, CLASSES])}
    nodes = []
    for n, (before, after) in enumerate((("image", "first"), ("first", "near"), ("near", "far"))):
        nodes.append(helper.make_node("Conv", [before, f"k{n}"], [f"c{n}"], strides=[2, 2], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"c{n}"], [after]))
    if task == "classification":
        stored["w"] = own["far-classes"]
        nodes += [
            helper.make_node("GlobalAveragePool", ["far"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["means"]),
            helper.make_node("MatMul", ["means", "w"], ["numbers"]),
            helper.make_node("Softmax", ["numbers"], ["scores"], axis=1),
        ]
        outputs = {"scores": [batch, CLASSES]}
    else:
        stored |= {f"{tap}-w": own[f"{tap}-classes"].T[..., None, None] for tap in ("near", "far")}
        stored |= {"anchors": anchors(), "none": np.zeros((), np.float32)}
        nodes += [
            helper.make_node("Conv", ["near", "near-w"], ["near-scores"]),
            helper.make_node("MaxPool", ["near-scores"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
            helper.make_node("Conv", ["far", "far-w"], ["far-scores"]),
            helper.make_node("Add", ["pooled", "far-scores"], ["sum"]),
            helper.make_node("Transpose", ["sum"], ["last"], perm=[0, 2, 3, 1]),
            helper.make_node("Reshape", ["last", "line"], ["logits"]),
            helper.make_node("Sigmoid", ["logits"], ["scores"]),
            helper.make_node("ReduceMax", ["scores"], ["best"], axes=[1, 2], keepdims=1),
            helper.make_node("Mul", ["best", "none"], ["zero"]),
            helper.make_node("Add", ["anchors", "zero"], ["boxes"]),
        ]
        outputs = {"scores": [batch, CELLS**2, CLASSES], "boxes": [batch, CELLS**2, 4]}
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, 3, side, side])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in stored.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return onnx.shape_inference.infer_shapes(model)


def write_onnx(
    folder: Path, task: str = "classification", *, trunk: int = 1, head: int = 2, batch: int | str = "N",
    forms: tuple[str, ...] = ("head",), name: str = "", side: int = SIDE,
) -> Path:  # fmt: skip
    """A brain with these artifacts: its ``head`` on ``trunk.onnx``, and ``whole``, from which both are cut."""
    folder.mkdir(parents=True)
    whole, cut = folder / "whole.onnx", utils.Extractor(_network(task, trunk, head, batch, side))
    onnx.save(cut.extract_model(["image"], ["near", "far"]), folder / "trunk.onnx")
    onnx.save(cut.extract_model(list(TAPS[task]), list(ROLES[task].values())), folder / "head.onnx")
    onnx.save(cut.model, whole)
    write_card(folder, task, ".onnx", forms, {tap: tap for tap in TAPS[task]}, "nchw", name=name)
    return folder


def write_card(
    folder: Path, task: str, form: str, forms: tuple[str, ...], taps: Mapping[str, str], layout: str, *,
    roles: Mapping[str, str] | None = None, name: str = "",
) -> None:  # fmt: skip
    suffix = form if form.startswith(".") else ""
    trunk = {
        "path": f"trunk{suffix}",
        "format": form,
        "taps": dict(taps),
        "files": list_files(folder, f"trunk{suffix}"),
    }
    artifacts = {
        "head": {"path": f"head{suffix}", "format": form, "trunk": trunk},
        "whole": {"path": f"whole{suffix}", "format": form},
    }
    card = {
        "name": name or folder.name, "task": task, "threshold": 0.25, "labels": LABELS,
        "artifacts": [artifacts[each] for each in forms],
        "roles": {"image": "image", **ROLES[task], **(roles or {})}, "picture": {**PICTURE, "layout": layout},
        "options": {"boxes": "normalised", "nms": False} if task == "boxes-scores" else {},
    }  # fmt: skip
    (folder / "brain.json").write_text(json.dumps(card))


def list_files(root: Path, path: str) -> list[dict[str, object]]:
    place = root / path
    files = sorted(file for file in place.rglob("*") if file.is_file()) if place.is_dir() else [place]
    return [
        {"path": file.relative_to(root).as_posix(), "sha256": sha256_of(file), "size": file.stat().st_size}
        for file in files
    ]


def rewrite_trunk(folder: Path, **changes: object) -> None:
    """Changes what the card of a brain says of the trunk of its first artifact."""
    card = json.loads((folder / "brain.json").read_text())
    card["artifacts"][0]["trunk"].update(changes)
    (folder / "brain.json").write_text(json.dumps(card))
