"""The asset files of a SavedModel, such as vocabularies, and the tensors that take their paths.

Both are what the file says, so neither is believed: a path must not leave the folder of assets, and a tensor must be
one that holds a path, not one that this package put into the graph.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner_core.engines import find_file
from runner_core.errors import EngineError
from runner_tensorflow.graph_defs import CHECKPOINT, node_name
from runner_tensorflow.runtime import AssetFileDef, tf

_HOLDERS = frozenset({"Const", "Placeholder", "PlaceholderWithDefault"})
_FOLDER = "assets"


def find_assets(meta: Any, path: Path) -> dict[str, str]:
    """The path of each asset by the tensor that takes it. Raises EngineError for one that is not as it should be."""
    nodes = {node.name: node for node in meta.graph_def.node}
    found = {}
    for asset in _list_assets(meta):
        tensor = asset.tensor_info.name
        node = nodes.get(node_name(tensor))
        if node_name(tensor) == CHECKPOINT or node is None or not _holds_path(node):
            raise EngineError(
                f"{path}: its asset {asset.filename!r} is for {tensor!r}, which takes no path",
                remedy="export it again",
            )
        found[tensor] = str(find_file(asset.filename, path / _FOLDER, path))
    return found


def _holds_path(node: Any) -> bool:
    return node.op in _HOLDERS and node.attr["dtype"].type == tf.string.as_datatype_enum


def _list_assets(meta: Any) -> list[Any]:
    """From the field of TensorFlow 2, or the collection of TensorFlow 1."""
    if meta.asset_file_def or "saved_model_assets" not in meta.collection_def:
        return list(meta.asset_file_def)
    return [
        AssetFileDef.FromString(packed.value) for packed in meta.collection_def["saved_model_assets"].any_list.value
    ]
