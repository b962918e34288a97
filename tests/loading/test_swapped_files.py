"""What was hashed or checked is what is opened, whoever writes to the files meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from hostile_models import writing_graph
from runner_onnx.engine import OnnxEngine

from runner_core import open_brain
from runner_core.cards.artifact import sha256_of
from runner_core.errors import EngineError, LockError, UntrustedError
from runner_core.loading import bundle, locate, trust
from runner_core.stores.lockfile import LockedBrain, LockFile, describe_brain_files

SWAPPER = """
import itertools, os, sys
model, *others = sys.argv[1:]
for other in itertools.cycle(others):
    os.link(other, model + ".new")
    os.replace(model + ".new", model)
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def model(tmp_path):
    """A program that its owner trusts."""
    path = writing_graph(tmp_path / "model.pb", tmp_path / "good")
    open_brain(path, trust=True).close()
    return path


@pytest.fixture
def evil(tmp_path):
    """Another program, which nobody trusts."""
    return writing_graph(tmp_path / "evil.pb", tmp_path / "evil")


@pytest.fixture
def picture(testdata):
    return testdata / "pictures" / "football.jpg"


@pytest.fixture
def swap_after_hash(monkeypatch):
    """Puts another file in the place of the one that was just hashed."""

    def prepare(module, name, place, other):
        digest = getattr(module, name)

        def hash_and_swap(path):
            found = digest(path)
            if path == place:
                shutil.copy(other, place)
            return found

        monkeypatch.setattr(module, name, hash_and_swap)

    return prepare


def test_a_trusted_program_that_is_swapped_after_it_was_hashed(model, evil, swap_after_hash, picture, tmp_path):
    swap_after_hash(locate, "digest_of", model, evil)
    with open_brain(model) as brain:
        brain.predict(picture)
    assert model.read_bytes() == evil.read_bytes()
    assert (tmp_path / "good").exists()
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("opens", [60, pytest.param(1200, marks=pytest.mark.slow)])
def test_a_trusted_program_that_is_swapped_all_the_time(opens, model, evil, picture, tmp_path):
    """It is opened or refused, and what runs is what was trusted."""
    good = shutil.copy(model, tmp_path / "good.pb")
    swapping = subprocess.Popen([sys.executable, "-c", SWAPPER, *map(str, (model, good, evil))])
    ends = []
    try:
        for _ in range(opens):
            try:
                with open_brain(model) as brain:
                    brain.predict(picture)
                ends.append("ran")
            except EngineError as error:
                ends.append("refused" if isinstance(error, UntrustedError) else error.message)
    finally:
        swapping.kill()
        swapping.wait()
    assert {"ran", "refused"} <= set(ends) <= {"ran", "refused", f"{model}: it was changed while it was opened"}
    assert not (tmp_path / "evil").exists()


def test_trust_is_given_to_what_is_opened(tmp_path, evil, picture):
    path = writing_graph(tmp_path / "model.pb", tmp_path / "good")
    given, copy = trust.digest_of(path), trust.copy_plain_file

    def copy_and_swap(source, place):
        copy(source, place)
        shutil.copy(evil, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trust, "copy_plain_file", copy_and_swap)
        with open_brain(path, trust=True) as brain:
            brain.predict(picture)
    assert not (tmp_path / "evil").exists()
    assert given in (tmp_path / "home" / trust.TRUST_FILE).read_text()
    with pytest.raises(UntrustedError):
        open_brain(path)


def test_a_copy_that_is_gone_is_made_again_and_one_of_no_more_trust_goes(model, home, tmp_path):
    (kept,) = (home / trust.COPIES).glob("[!.]*")
    shutil.rmtree(kept)
    open_brain(model).close()
    assert [path.name for path in kept.iterdir()] == ["model.pb"]
    (home / trust.TRUST_FILE).unlink()
    open_brain(writing_graph(tmp_path / "other.pb", tmp_path / "other"), trust=True).close()
    assert not kept.exists()


def test_a_model_that_changes_while_an_engine_reads_it(testdata, tmp_path, monkeypatch):
    """There and back: the file is as before, and nobody knows what was read."""
    model = shutil.copy(testdata / "models" / "fastestdet_coco.onnx", tmp_path / "model.onnx")
    load = OnnxEngine.load

    def load_another(engine, artifact, options):
        artifact.rename(tmp_path / "aside.onnx")
        shutil.copy(tmp_path / "aside.onnx", artifact)
        session = load(engine, artifact, options)
        (tmp_path / "aside.onnx").replace(artifact)
        return session

    monkeypatch.setattr(OnnxEngine, "load", load_another)
    with pytest.raises(EngineError, match=rf"{model}: it was changed while it was opened; .*once nobody writes to it"):
        open_brain(model)


@pytest.mark.parametrize("swapped", ["model.onnx", "brain.json"])
def test_a_locked_brain_that_is_swapped_behind_its_lock(tmp_path, swapped):
    place = tmp_path / "brain"
    place.mkdir()
    for name in ("model.onnx", "brain.json"):
        (place / name).write_text(name)
    lock = LockFile({"page": LockedBrain("", "", describe_brain_files(place))})
    with lock.hold("page", place):
        pass

    def open_swapped():
        with lock.hold("page", place):
            (place / swapped).rename(tmp_path / "aside")
            (place / swapped).write_text("another")
            (tmp_path / "aside").replace(place / swapped)

    with pytest.raises(LockError, match=rf"page: {place} was changed while it was opened"):
        open_swapped()


def test_a_bundle_that_is_swapped_after_it_was_hashed(tmp_path, home, swap_after_hash):
    """What lies under a hash has that hash."""
    for name in ("good", "evil"):
        with zipfile.ZipFile(tmp_path / f"{name}.task", "w") as packed:
            packed.writestr(f"{name}.tflite", name)
    given, path = sha256_of(tmp_path / "good.task"), tmp_path / "good.task"
    swap_after_hash(bundle, "sha256_of", path, tmp_path / "evil.task")
    found = bundle.resolve_bundle(path)
    assert given[:16] not in os.listdir(home / "bundles")  # noqa: PTH208
    assert found.name == "evil.tflite"
    assert sha256_of(path).startswith(found.parent.parent.name)
