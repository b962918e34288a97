"""Weights of Keras models: those that lie in the file itself."""

import shutil
from pathlib import Path

import pytest

from runner_core.graphs.formats import read_graph


@pytest.mark.parametrize("how", ["link", "soft link", "storage"])
def test_weights_of_keras_in_another_file_are_not_read(exported, tmp_path, how):
    h5py = pytest.importorskip("h5py")
    path = Path(shutil.copy(exported.paths[".h5"], tmp_path / "m.h5"))
    (tmp_path / "other").write_bytes(bytes(4 * 3 * 3 * 3 * 8))
    with h5py.File(path, "r+") as file:
        names: list[str] = []
        file["model_weights"].visit(names.append)
        name = next(f"model_weights/{name}" for name in names if name.endswith("kernel") and "conv2d" in name)
        del file[name]
        if how == "link":
            file[name] = h5py.ExternalLink(str(exported.paths[".h5"]), name)
        elif how == "soft link":
            file[name] = h5py.SoftLink("/elsewhere")
        else:
            file.create_dataset(name, (3, 3, 3, 8), "f4", external=[(str(tmp_path / "other"), 0, h5py.h5f.UNLIMITED)])
    graph = read_graph(path)
    assert graph is not None
    assert not [constant for constant in graph.constants.values() if len(constant.shape) == 4]
