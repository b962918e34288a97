"""A SavedModel that could read and write files or run code is refused before it runs, in whatever step it hides."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from runner_core.errors import EngineError, UntrustedError


def test_an_init_op(load, refused, raw, tf, tmp_path):
    """It runs on loading: nobody need ask for anything."""
    model = _with_init_op(raw, tf, tmp_path)
    refused(model, "node '.*' runs the op 'WriteFile'")
    assert not (tmp_path / "written").exists()
    load(model, trusted=True)
    assert (tmp_path / "written").exists()


def _with_init_op(raw, tf, tmp_path) -> Path:
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [], "x")
        write = raw.WriteFile(filename=str(tmp_path / "written"), contents="text")
        v1.saved_model.simple_save(session, str(tmp_path / "saved"), {"x": x}, {"y": x + 1}, legacy_init_op=write)
    return tmp_path / "saved"


def test_a_table_filled_from_an_asset(load, tf, tmp_path):
    """Refused as any file is; trusted, it finds the asset where the model is now, not where it was made."""
    (tmp_path / "names.txt").write_text("cat\ndog\n")

    class Named(tf.Module):
        def __init__(self):
            lines = tf.lookup.TextFileInitializer(
                str(tmp_path / "names.txt"), tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER,
                tf.string, tf.lookup.TextFileIndex.WHOLE_LINE,
            )  # fmt: skip
            self.names = tf.lookup.StaticHashTable(lines, default_value="")

        @tf.function(input_signature=[tf.TensorSpec([], tf.int64, "x")])
        def named(self, x):
            return {"name": self.names.lookup(x)}

    module = Named()
    tf.saved_model.save(module, str(tmp_path / "made"), signatures=module.named)
    model = (tmp_path / "made").rename(tmp_path / "moved")
    (tmp_path / "names.txt").unlink()
    with pytest.raises(UntrustedError, match="InitializeTableFromTextFileV2"):
        load(model)
    assert load(model, trusted=True).run({"x": np.array(1)}, ("name",))["name"] == b"dog"


def test_a_control_input_of_the_restore_op(load, refused, tf, tf2_saved_model, tmp_path):
    model = _edited(tf2_saved_model, tmp_path / "model", lambda meta: _write_before_restore(tf, meta, tmp_path))
    refused(model, "node 'aside' runs the op 'WriteFile'")
    assert not (tmp_path / "written").exists()
    load(model, trusted=True)
    assert (tmp_path / "written").exists()


def _write_before_restore(tf, meta, tmp_path):
    with tf.Graph().as_default() as graph:
        tf.raw_ops.WriteFile(filename=str(tmp_path / "written"), contents="text", name="aside")
    meta.graph_def.node.extend(graph.as_graph_def().node)
    next(node for node in meta.graph_def.node if node.name == meta.saver_def.restore_op_name).input.append("^aside")


def test_restoring_reads_the_models_own_variables_whatever_it_names(load, tf, tf2_saved_model, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(tf2_saved_model / "variables", elsewhere)

    def redirect(meta):
        for function in meta.graph_def.library.function:
            for node in function.node_def:
                if node.op == "RestoreV2":
                    _add_constant(tf, function.node_def, str(elsewhere / "variables"))
                    node.input[0] = "path:output:0"

    model = _edited(tf2_saved_model, tmp_path / "model", redirect)
    shutil.rmtree(elsewhere)
    assert load(model).run({"x": np.ones(1, np.float32)}, ("z",))["z"] == [8]


@pytest.mark.parametrize("tensor", ["runner/checkpoint:0", "x:0", "nothing:0"])
def test_an_asset_is_fed_to_nothing_but_what_takes_a_path(tensor, load, tf, tf2_saved_model, tmp_path):
    """The first is the node with which restoring is bound to the model's own variables."""

    def name_asset(meta):
        meta.asset_file_def.add(filename="names.txt").tensor_info.name = tensor
        meta.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "NoOp"

    model = _edited(tf2_saved_model, tmp_path / "model", name_asset)
    with pytest.raises(EngineError, match=f"its asset 'names.txt' is for '{tensor}', which takes no path"):
        load(model)


def test_an_asset_lies_among_the_models_own(load, tf, tf2_saved_model, tmp_path):
    def name_asset(meta):
        _add_constant(tf, meta.graph_def.node, "text")
        meta.asset_file_def.add(filename="../../secret").tensor_info.name = "path:0"
        meta.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "NoOp"

    model = _edited(tf2_saved_model, tmp_path / "model", name_asset)
    with pytest.raises(EngineError, match=r"it names the file '\.\./\.\./secret', which is not in its folder"):
        load(model)


def test_variables_that_are_links_to_elsewhere_are_refused(load, tf2_saved_model, tmp_path):
    shutil.copytree(tf2_saved_model, tmp_path / "model")
    (tmp_path / "model" / "variables").rename(tmp_path / "elsewhere")
    (tmp_path / "model" / "variables").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EngineError, match="its file variables leads out of its folder"):
        load(tmp_path / "model")


def _add_constant(tf, nodes, text):
    with tf.Graph().as_default() as graph:
        tf.constant(text, name="path")
    nodes.extend(graph.as_graph_def().node)


def test_a_text_graph_beside_the_binary_one(load, refused, tf2_saved_model, tmp_path):
    shutil.copytree(tf2_saved_model, tmp_path / "model")
    (tmp_path / "model" / "saved_model.pbtxt").write_text("saved_model_schema_version: 1")
    refused(tmp_path / "model", r"it holds a second model, saved_model\.pbtxt")
    load(tmp_path / "model", trusted=True)


def test_what_nobody_calls_is_left_behind(load, tf2_saved_model):
    """The saver's own save function writes files, and comes with every SavedModel."""
    from runner_tensorflow.graph_defs import list_ops
    from runner_tensorflow.runtime import SavedModel

    (meta,) = SavedModel.FromString((tf2_saved_model / "saved_model.pb").read_bytes()).meta_graphs
    assert {"SaveV2", "MergeV2Checkpoints"} <= set(list_ops(meta.graph_def))
    assert not {"SaveV2", "MergeV2Checkpoints"} & set(list_ops(load(tf2_saved_model)._open[0].graph.as_graph_def()))


def _edited(model: Path, copy: Path, edit) -> Path:
    """A copy of a SavedModel with its graph changed."""
    from runner_tensorflow.runtime import SavedModel

    shutil.copytree(model, copy)
    saved = SavedModel.FromString((copy / "saved_model.pb").read_bytes())
    edit(saved.meta_graphs[0])
    (copy / "saved_model.pb").write_bytes(saved.SerializeToString())
    return copy
