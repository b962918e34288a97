"""TensorFlow.js models: a ``model.json`` with the graph or the layers of Keras, and its weights in files beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseError

from runner_core.contracts import EngineOptions
from runner_core.engines import read_header
from runner_core.errors import EngineError
from runner_tensorflow.engine_errors import raise_engine_errors
from runner_tensorflow.frozen_graph import find_inputs, find_outputs
from runner_tensorflow.graph_defs import node_name, prune
from runner_tensorflow.import_graph import import_graph
from runner_tensorflow.program import Program
from runner_tensorflow.tensors import by_name
from runner_tensorflow.tfjs_graph import make_graph_def
from runner_tensorflow.tfjs_weights import read_weights

_AGAIN = "fetch model.json again, with all the files that it names"


def read(path: Path, options: EngineOptions) -> Program:
    """Inputs and outputs of a graph are named by its signature, or as its tensors; of layers as of any Keras model.

    Raises EngineError for what is no such model or lacks a file, UntrustedError as ``safety`` and ``keras_config`` say.
    """
    read_header(path)
    with raise_engine_errors(path, remedy=_AGAIN):
        try:
            model = json.loads(path.read_bytes())
            topology = model["modelTopology"]
            weights = read_weights(model.get("weightsManifest", ()), path.parent)
            if "node" not in topology:
                from runner_tensorflow.keras_model import trace_program
                from runner_tensorflow.tfjs_layers import build

                return trace_program(build(topology, weights, path, trusted=options.trusted), path, options)
            graph_def = make_graph_def(topology, weights)
        except ParseError as error:
            raise EngineError(f"{path}: its graph cannot be read ({error})", remedy=_AGAIN) from error
    if model.get("modelInitializer", {}).get("node"):
        raise EngineError(f"{path}: it fills tables before it runs", remedy="take the model that it was made from")
    return _make_program(path, graph_def, model.get("signature") or _nested_signature(model), options)


def _nested_signature(model: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where older converters put it."""
    signature: Mapping[str, Any] = (model.get("userDefinedMetadata") or {}).get("signature") or {}
    return signature


def _make_program(path: Path, graph_def: Any, signature: Mapping[str, Any], options: EngineOptions) -> Program:
    inputs, outputs = (_read_names(signature.get(side) or {}) for side in ("inputs", "outputs"))
    roots = {node_name(name) for name in (*inputs.values(), *outputs.values())} if inputs and outputs else None
    graph = import_graph(prune(graph_def, roots), path, options)
    if roots is None:
        found = find_inputs(graph)
        inputs, outputs = by_name(found), by_name(find_outputs(graph, found))
    return Program(path, graph, inputs, outputs, {"format": "TensorFlow.js"})


def _read_names(tensors: Mapping[str, Any]) -> dict[str, str]:
    """Names of tensors by the signature's keys."""
    return {key: info["name"] if ":" in info["name"] else f"{info['name']}:0" for key, info in tensors.items()}
