"""The files of a trunk: as much a part of a brain as its own, hashed, trusted, locked, pushed and fetched with it."""

from __future__ import annotations

import json
import os
import pickle
import shutil

import numpy as np
import pytest
from runner_store_folder.store import FolderStore
from trunk_models import rewrite_trunk, write_onnx

from runner_core import Frame, open_brain
from runner_core.cards.artifact import describe_files
from runner_core.cards.card import Card
from runner_core.errors import CardError, EngineError, LockError, NotInstalled, StoreError, UntrustedError, UsageError
from runner_core.export.convert import export_brain
from runner_core.loading import load, shared_trunk
from runner_core.loading.options import LoadOptions
from runner_core.stores.card_files import find_needed_files
from runner_core.stores.lockfile import LockedBrain, LockFile, describe_brain_files


def picture():
    return Frame.from_array(np.random.default_rng(3).integers(0, 255, (90, 70, 3)).astype(np.uint8))


def write_graphs(folder, target=None):
    """A brain of frozen graphs, a head on a trunk and the whole one; the trunk writes the file ``target``, if any."""
    from runner_tensorflow.runtime import tf

    folder.mkdir()

    def save(name, *parts):
        with tf.Graph().as_default() as graph:
            for part in parts:
                part()
        (folder / name).write_bytes(graph.as_graph_def().SerializeToString())

    def start():
        tf.compat.v1.placeholder(tf.float32, [None, 32, 32, 3], name="image")

    def add_trunk():
        image = tf.compat.v1.get_default_graph().get_tensor_by_name("image:0")
        writing = [tf.raw_ops.WriteFile(filename=str(target), contents="text")] if target else []
        with tf.control_dependencies(writing):
            tf.reduce_mean(image, [1, 2], name="means")

    def add_head():
        means = tf.compat.v1.get_default_graph().get_tensor_by_name("means:0")
        tf.nn.softmax(means, name="scores")

    save("trunk.pb", start, add_trunk)
    save("head.pb", lambda: tf.compat.v1.placeholder(tf.float32, [None, 3], name="means"), add_head)
    save("whole.pb", start, add_trunk, add_head)
    trunk = {"path": "trunk.pb", "format": ".pb", "taps": {"means:0": "means:0"}}
    card = {
        "name": folder.name, "task": "classification", "threshold": 0.2,
        "roles": {"image": "image:0", "scores": "scores:0"},
        "artifacts": [{"path": "head.pb", "format": ".pb", "trunk": trunk}, {"path": "whole.pb", "format": ".pb"}],
        "labels": [{"model_id": n, "file_id": n, "name": str(n)} for n in range(3)],
        "picture": {"size": [32, 32], "dtype": "float32"},
    }  # fmt: skip
    (folder / "brain.json").write_text(json.dumps(card))
    return folder


@pytest.mark.usefixtures("home")
def test_a_trunk_that_writes_files_is_refused_until_its_owner_trusts_it(tmp_path):
    target = tmp_path / "written"
    folder = write_graphs(tmp_path / "program", target)
    with pytest.raises(UntrustedError, match=r"trunk.pb"):
        open_brain(folder)
    with open_brain(folder, trust=True) as brain, open_brain(folder, name="again") as remembered:
        assert brain.session.trunk is remembered.session.trunk
        brain.predict(picture())
    assert target.exists()
    with (folder / "trunk.pb").open("ab") as changed:
        changed.write(b"\x82\x01\x00")  # an empty field that no reader knows
    with pytest.raises(UntrustedError, match=r"trunk.pb"):
        open_brain(folder)


@pytest.mark.usefixtures("home")
def test_each_part_is_opened_in_a_child_process_first(tmp_path):
    from trunk_tensorflow import write_tensorflow

    folder = write_tensorflow(tmp_path / "one", ".tflite")
    open_brain(folder, engine="litert").close()
    probed = json.loads((tmp_path / "home" / "probed.json").read_text())
    assert sorted(probed.values()) == ["head.tflite", "trunk.tflite"]


def test_a_trunk_that_is_swapped_while_it_is_opened(tmp_path, monkeypatch):
    folder, other = write_onnx(tmp_path / "one"), write_onnx(tmp_path / "two", trunk=9)
    rewrite_trunk(folder, files=[])
    hashed = load.hash_trunk

    def hash_and_swap(*asked):
        found = hashed(*asked)
        shutil.copy(other / "trunk.onnx", folder)
        return found

    monkeypatch.setattr(load, "hash_trunk", hash_and_swap)
    with pytest.raises(EngineError, match=r"trunk.onnx: it was changed while it was opened"):
        open_brain(folder, engine="onnx")
    assert not shared_trunk._open


@pytest.mark.usefixtures("home", "at_once")
def test_a_trunk_is_pushed_fetched_and_kept_once(tmp_path, shelf, server):
    store = FolderStore(str(shelf))
    for number, name in enumerate(("cups", "forks")):
        folder = write_onnx(tmp_path / name, head=number)
        rewrite_trunk(folder, files=[])
        store.push(folder)
    kept = Card.read(shelf / "cups" / "1" / "brain.json").artifacts[0].trunk.files
    assert kept == describe_files(shelf / "cups" / "1", shelf / "cups" / "1" / "trunk.onnx")
    with (
        open_brain(f"{server.url}/cups", engine="onnx") as one,
        open_brain(f"{server.url}/forks", engine="onnx") as other,
    ):
        assert one.session.trunk is other.session.trunk
        first, second = (brain.opened.candidate.files.root / "trunk.onnx" for brain in (one, other))
    assert first.samefile(second)
    assert first != second
    assert len(server.gets("/cups/1/trunk.onnx")) + len(server.gets("/forks/1/trunk.onnx")) == 1


def test_a_card_that_is_read_before_its_files_names_those_of_the_trunk(tmp_path):
    card = Card.read(write_onnx(tmp_path / "one") / "brain.json")
    found = find_needed_files(card, ["head.onnx", "trunk.onnx", "whole.onnx"], "here")
    assert list(found) == ["head.onnx", "trunk.onnx"]
    with pytest.raises(StoreError, match=r"the card names trunk.onnx, which is not there"):
        find_needed_files(card, ["head.onnx"], "here")


@pytest.mark.parametrize("place", ["", "head.onnx"], ids=["the folder", "the file"])
def test_a_lock_holds_the_trunk(place, tmp_path):
    path = write_onnx(tmp_path / "one") / place
    lock = LockFile({"one": LockedBrain("1", "", describe_brain_files(path))})
    assert {"brain.json", "head.onnx", "trunk.onnx"} <= {file.path for file in lock.brains["one"].files}
    lock.check("one", path)
    swap(tmp_path / "one", 9)
    with pytest.raises(LockError, match=r"trunk.onnx"):
        lock.check("one", path)


def test_the_whole_is_exported_and_the_trunk_goes_with_the_card(tmp_path):
    folder = write_graphs(tmp_path / "both")
    with pytest.raises(UsageError, match=r"head.pb: a head, which is of no use elsewhere without its trunk"):
        export_brain(folder / "head.pb", [".onnx"], tmp_path / "out", LoadOptions())
    exported = export_brain(folder, [".onnx"], tmp_path / "out", LoadOptions())
    card = Card.read(exported.folder / "brain.json")
    assert [(each.path, bool(each.trunk)) for each in card.artifacts] == [
        ("head.pb", True), ("whole.pb", False), ("both.onnx", False),
    ]  # fmt: skip
    with open_brain(exported.folder, engine="tensorflow") as shared, open_brain(exported.folder / "both.onnx") as whole:
        assert (bool(shared.trunk), bool(whole.trunk)) == (True, False)
        np.testing.assert_allclose(shared.predict(picture()).scores, whole.predict(picture()).scores, atol=1e-5)


def test_inspect_shows_it(tmp_path, runner):
    told = runner("inspect", write_onnx(tmp_path / "one"))
    assert told.returncode == 0, told.stderr
    assert "head on the trunk trunk.onnx " in told.stdout
    assert "far -> far" in told.stdout


def test_verify_holds_a_head_on_its_trunk_against_itself_on_another_engine(tmp_path, runner, testdata):
    folder = write_onnx(tmp_path / "one", "boxes-scores")
    told = runner("verify", folder, testdata / "pictures" / "football.jpg", "--engines", "onnx,openvino")
    assert told.returncode == 0, told.stderr + told.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_has_no_trunk_open(tmp_path):
    folder = write_onnx(tmp_path / "one")
    with open_brain(folder, engine="onnx"):
        pid = os.fork()
        if not pid:
            os._exit(0 if not shared_trunk._open and shared_trunk._lock.acquire(timeout=1) else 1)
        assert os.waitpid(pid, 0)[1] == 0
        assert shared_trunk._open


def test_a_brain_on_a_trunk_goes_to_another_process_with_it(tmp_path):
    with open_brain(write_onnx(tmp_path / "one"), engine="onnx") as brain:
        pickled = pickle.dumps(brain)
        with pickle.loads(pickled) as again:
            assert again.session.trunk is brain.session.trunk
            np.testing.assert_array_equal(again.infer(picture()).scores, brain.infer(picture()).scores)
    shutil.copy(write_onnx(tmp_path / "two", trunk=7) / "trunk.onnx", tmp_path / "one")
    rewrite_trunk(tmp_path / "one", files=[])
    with pytest.raises(UsageError, match="not the model that the brain was opened from"):
        pickle.loads(pickled)


MISFITS = {
    "missing": (lambda folder: (folder / "trunk.onnx").unlink(), "trunk.onnx: the card names it, but it is not there"),
    "other bytes": (
        lambda folder: swap(folder, 9), "trunk.onnx: not the trunk that .*brain.json names: its sha256 is another",
    ),
    "no such tap": (
        lambda folder: rewrite_trunk(folder, taps={"far": "p9"}),
        "head.onnx: it reads 'p9', which its trunk does not give; the trunk gives near: .*far: ",
    ),
    "no such input": (
        lambda folder: rewrite_trunk(folder, taps={"deep": "far"}),
        "head.onnx: a tap feeds 'deep', which it does not take; it takes far: ",
    ),
    "other shape": (
        lambda folder: rewrite_trunk(folder, taps={"far": "near"}),
        r"head.onnx: it takes far: float32 \[.* x 24 x 8 x 8\], its trunk gives near: .*16 x 16 x 16",
    ),
    "no taps": (
        lambda folder: rewrite_trunk(folder, taps={}), "taps name no output of the trunk",
    ),
    "outside": (
        lambda folder: rewrite_trunk(folder, path="../trunk.onnx"), "outside the card's folder",
    ),
}  # fmt: skip


def swap(folder, seed):
    """A trunk of the same size with other weights."""
    other = write_onnx(folder.parent / "other", trunk=seed)
    assert (other / "trunk.onnx").stat().st_size == (folder / "trunk.onnx").stat().st_size
    shutil.copy(other / "trunk.onnx", folder / "trunk.onnx")


@pytest.mark.parametrize(("spoil", "message"), MISFITS.values(), ids=MISFITS)
def test_what_does_not_fit_is_said_when_it_is_opened(spoil, message, tmp_path):
    folder = write_onnx(tmp_path / "one", forms=("head", "whole"))
    spoil(folder)
    with pytest.raises(CardError, match=message):
        open_brain(folder, engine="onnx")


def test_an_engine_that_does_not_open_the_trunk_is_no_engine_for_the_head(tmp_path):
    folder = write_onnx(tmp_path / "one")
    rewrite_trunk(folder, format=".other")
    with pytest.raises(NotInstalled, match=r"its artifacts \(.onnx on a trunk in .other\)"):
        open_brain(folder)
