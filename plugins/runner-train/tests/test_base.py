import json
import pickle
from importlib.resources import files
from io import BytesIO

import numpy as np
import pytest
from make_base import draw_picture
from runner_train.backbone import KerasFront
from runner_train.base import CHANNELS, STRIDES, Front, find_base
from torch_pickle import MAGIC, PROTOCOL, TensorUnpickler, read_tensors

REFERENCE = json.loads((files("runner_train") / "base" / "reference.json").read_text())


@pytest.mark.parametrize("make", [lambda: Front(tuple(CHANNELS)), KerasFront], ids=["engine", "keras"])
def test_the_base_answers_as_when_it_was_made(make) -> None:
    front = make()
    pixels = draw_picture()
    found = front.compute(pixels) if isinstance(front, Front) else front.run({"pixels": pixels}, tuple(CHANNELS))
    for tap, values in found.items():
        told = REFERENCE[tap]
        assert values.shape == (1, 224 // STRIDES[tap], 224 // STRIDES[tap], CHANNELS[tap])
        middle = values[0, values.shape[1] // 2, values.shape[2] // 2, :8]
        assert np.abs(middle - told["middle"]).max() < 0.02 * told["deviation"]  # its weights are kept in float16
        assert values.std() == pytest.approx(told["deviation"], rel=0.01)


def test_the_base_is_small_and_has_its_licence() -> None:
    assert find_base().stat().st_size < 6_000_000
    assert "Apache" in (find_base().parent / "LICENSE").read_text()


def _five_pickles(state: bytes) -> bytes:
    plain = [pickle.dumps(each, 2) for each in (MAGIC, PROTOCOL, {})]
    return b"".join([*plain, state, pickle.dumps([], 2)])


@pytest.mark.parametrize("module", ["os\nsystem", "builtins\neval", "torch\nload", "collections\nCounter"])
def test_a_pickle_that_names_code_is_refused(module: str) -> None:
    calling = b"\x80\x02c" + module.encode() + b"\nX\x04\x00\x00\x00true\x85R."
    with pytest.raises(pickle.UnpicklingError, match="is no part of a tensor"):
        read_tensors(_five_pickles(calling))


def test_a_tensor_beyond_its_storage_is_refused() -> None:
    file = BytesIO()
    for each in (MAGIC, PROTOCOL, {}):
        pickle.dump(each, file, 2)
    # {"w": torch._utils._rebuild_tensor_v2(storage "0", 0, (9,), (1,))}, and a storage of two numbers
    file.write(b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storage")
    file.write(b"ctorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQK\x00K\x09\x85K\x01\x85tRs.")
    pickle.dump(["0"], file, 2)
    file.write((2).to_bytes(8, "little") + np.ones(2, np.float32).tobytes())
    with pytest.raises(pickle.UnpicklingError, match="beyond its storage"):
        read_tensors(file.getvalue())


def test_other_objects_of_storages_are_refused() -> None:
    with pytest.raises(pickle.UnpicklingError, match="module"):
        TensorUnpickler(BytesIO()).persistent_load(("module", None, "0"))
