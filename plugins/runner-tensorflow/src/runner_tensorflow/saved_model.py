"""SavedModels of TensorFlow 1 and 2: a folder with ``saved_model.pb`` and ``variables/``.

Loaded as TensorFlow's C++ loader does for serving (tensorflow/cc/saved_model/loader.cc): the part of the graph behind
a signature, the saver's restore op, the init op with its assets. No Python object is rebuilt, so one way serves both.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from runner_core.contracts import EngineOptions
from runner_core.engines import check_files_beside, read_header
from runner_core.errors import EngineError
from runner_tensorflow.freeze import freeze
from runner_tensorflow.graph_defs import RESTORE, node_name, prune, restore_from
from runner_tensorflow.import_graph import import_graph
from runner_tensorflow.program import VARIABLES, Program, Step
from runner_tensorflow.runtime import SavedModel
from runner_tensorflow.safety import make_untrusted_error
from runner_tensorflow.saved_assets import find_assets
from runner_tensorflow.saved_ends import find_ends
from runner_tensorflow.saved_entry import Entry
from runner_tensorflow.saved_function import call_function

_BINARY, _TEXT = "saved_model.pb", "saved_model.pbtxt"
_OTHERS = (_TEXT, "saved_model.cpb")  # other forms, which other programs may read instead
_VARIABLES = "variables/variables"  # begins the names of the files that hold them
_TAG = "serve"
_DEFAULT = "serving_default"
_INTERNAL = "__saved_model_"  # begins the names of signatures that are steps of loading
_INIT = "__saved_model_init_op"
_INIT_COLLECTIONS = ("saved_model_main_op", "legacy_init_op")


def read(path: Path, options: EngineOptions) -> Program:
    """Raises EngineError saying what is missing, or which signatures there are; UntrustedError as ``safety`` says."""
    model = _parse(path)
    check_files_beside(path)
    if not options.trusted:
        _demand_one(path)
    meta = _find_serving(model, path)
    entry = _find_entry(meta, path, options)
    init = _find_init(meta, path)
    ends = (*entry.inputs.values(), *entry.outputs.values())
    roots = {*map(node_name, ends), *(step.operation for step in init)}
    restore = entry.restore
    if restore is None:
        restore = _find_restore(meta, path) if _has_variables(prune(meta.graph_def, roots)) else ()
    graph_def = prune(meta.graph_def, roots | {step.operation for step in restore})
    restore_from(graph_def, path / _VARIABLES)
    graph = import_graph(graph_def, path, options, may_run=frozenset({RESTORE}))
    metadata = {
        "format": "SavedModel",
        "signature": entry.name,
        "written by": f"TensorFlow {meta.meta_info_def.tensorflow_version}",
    }
    program = Program(path, graph, entry.inputs, entry.outputs, metadata, (*restore, *init))
    return freeze(program, init, options) if restore else program


def _parse(path: Path) -> Any:
    file = path / _BINARY
    if not file.exists() and (path / _TEXT).exists():
        raise EngineError(f"{path}: only {_TEXT} is there", remedy="export it in binary form")
    read_header(file)
    try:
        return SavedModel.FromString(file.read_bytes())
    except DecodeError:
        raise EngineError(f"{file}: not a SavedModel, or one that was cut short", remedy="fetch it again") from None


def _demand_one(path: Path) -> None:
    for name in _OTHERS:
        if (path / name).exists():
            raise make_untrusted_error(path, f"it holds a second model, {name}")


def _find_serving(model: Any, path: Path) -> Any:
    """The MetaGraphDef for serving: the one tagged so, or the only one."""
    tagged = [meta for meta in model.meta_graphs if _TAG in meta.meta_info_def.tags]
    exact = [meta for meta in tagged if len(meta.meta_info_def.tags) == 1]
    for found in (exact, tagged, model.meta_graphs):
        if len(found) == 1:
            return found[0]
    tags = "; ".join(" ".join(meta.meta_info_def.tags) or "none" for meta in model.meta_graphs) or "no graph at all"
    raise EngineError(
        f"{path}: not exactly one graph is tagged {_TAG!r}", remedy=f"export one for serving; its tags are: {tags}"
    )


def _find_entry(meta: Any, path: Path, options: EngineOptions) -> Entry:
    """The default signature or the only one; without any, a function, or what the graph takes and gives."""
    found = {name: signature for name, signature in meta.signature_def.items() if not name.startswith(_INTERNAL)}
    if not found and meta.object_graph_def.nodes:
        return call_function(meta, path / _VARIABLES, path)
    if not found:
        return find_ends(meta, path, options)
    name = _DEFAULT if _DEFAULT in found or len(found) != 1 else next(iter(found))
    if name not in found:
        known = ", ".join(sorted(found))
        raise EngineError(f"{path}: it has no signature {_DEFAULT!r}", remedy=f"export it with one; there are: {known}")
    signature = found[name]
    return Entry(name, _read_names(signature.inputs, path), _read_names(signature.outputs, path))


def _read_names(tensors: Mapping[str, Any], path: Path) -> dict[str, str]:
    """Tensor names by the signature's keys, sorted, because the file has no order."""
    for key, info in tensors.items():
        if info.WhichOneof("encoding") != "name":
            raise EngineError(
                f"{path}: {key!r} of its signature is not a dense tensor", remedy="export it with dense tensors"
            )
    return {key: tensors[key].name for key in sorted(tensors)}


def _find_init(meta: Any, path: Path) -> tuple[Step, ...]:
    """What fills tables and the like, fed with the paths of the asset files."""
    named = [meta.signature_def[_INIT].outputs[_INIT].name] if _INIT in meta.signature_def else []
    for collection in _INIT_COLLECTIONS:
        named += meta.collection_def[collection].node_list.value if collection in meta.collection_def else []
    return (Step(node_name(named[0]), find_assets(meta, path)),) if named else ()


def _find_restore(meta: Any, path: Path) -> tuple[Step, ...]:
    index = f"{_VARIABLES}.index"
    if not (path / index).is_file():
        raise EngineError(f"{path}: {index} is missing", remedy="fetch the whole folder again")
    saver = meta.saver_def
    return (Step(node_name(saver.restore_op_name), {saver.filename_tensor_name: str(path / _VARIABLES)}),)


def _has_variables(graph_def: Any) -> bool:
    return any(node.op in VARIABLES for node in graph_def.node)
