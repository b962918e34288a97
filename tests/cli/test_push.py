"""``runner push``: a brain to a folder, which a web server makes a store of."""

from __future__ import annotations

import attrs
import pytest
from faulty_server import FaultyServer
from shelves import WEIGHTS, write_brain

from runner_core.cards.artifact import Artifact, describe_files
from runner_core.cards.card import Card


@pytest.fixture
def made(tmp_path):
    return write_brain(tmp_path / "made")


def test_pushed_served_and_pulled_it_is_the_same_to_the_last_bit(runner, made, shelf):
    done = runner("push", made, "--to", f"folder:{shelf}")
    assert (done.returncode, done.stdout) == (0, f"folder:{shelf}: page@1\n")
    with FaultyServer(shelf) as server:
        pulled = runner("pull", f"{server.url}/page")
    assert pulled.returncode == 0, pulled.stderr
    folder = made.parent / pulled.stdout.strip().partition("/page: ")[2]
    assert describe_files(folder, folder / WEIGHTS) == describe_files(made, made / WEIGHTS)
    again = runner("push", folder, "--to", f"folder:{shelf}-2")
    assert again.returncode == 0
    assert sorted(path.name for path in shelf.with_name("shelf-2").glob("page/1/*")) == ["brain.json", WEIGHTS]


def test_a_brain_by_name_to_a_store_by_name(runner, shelf):
    done = runner("push", "demo:page", "--to", "shared", RUNNER_STORES=f"shared=folder:{shelf}")
    assert (done.returncode, done.stdout) == (0, "shared: page@1\n")
    assert (shelf / "page" / "1" / "brain.json").is_file()


@pytest.fixture
def trained(tmp_path):
    """A brain that keeps two pictures that it learnt from."""
    folder = write_brain(tmp_path / "cups", "cups")
    (folder / "rehearsal").mkdir()
    for name in ("0.jpg", "1.jpg"):
        (folder / "rehearsal" / name).write_bytes(name.encode())
    rehearsal = Artifact("rehearsal", "rehearsal", describe_files(folder, folder / "rehearsal"))
    attrs.evolve(Card.read(folder / "brain.json"), rehearsal=rehearsal).write(folder / "brain.json")
    return folder


def pull(runner, tmp_path, shelf):
    with FaultyServer(shelf) as server:
        done = runner("pull", f"{server.url}/cups")
    assert done.returncode == 0, done.stderr
    return tmp_path / done.stdout.strip().partition("/cups: ")[2]


def test_pictures_that_it_learnt_from_stay_here(runner, trained, tmp_path, shelf):
    done = runner("push", trained, "--to", f"folder:{shelf}")
    assert (done.returncode, done.stdout) == (0, f"folder:{shelf}: cups@1\n")
    assert "the pictures that it learnt from stay here" in done.stderr
    folder = pull(runner, tmp_path, shelf)
    assert Card.read(folder / "brain.json").rehearsal is None
    assert not (folder / "rehearsal").exists()
    assert (trained / "rehearsal" / "1.jpg").is_file()


def test_pictures_that_it_learnt_from_go_with_it_if_that_is_asked(runner, trained, tmp_path, shelf):
    done = runner("push", trained, "--to", f"folder:{shelf}", "--with-pictures")
    assert "the pictures that it learnt from are published with it" in done.stderr
    folder = pull(runner, tmp_path, shelf)
    assert Card.read(folder / "brain.json").rehearsal == Card.read(trained / "brain.json").rehearsal
    assert (folder / "rehearsal" / "1.jpg").read_bytes() == b"1.jpg"


def test_a_picture_that_is_not_what_the_card_says_is_not_published(runner, trained, shelf):
    (trained / "rehearsal" / "1.jpg").write_bytes(b"2.jpg")
    done = runner("push", trained, "--to", f"folder:{shelf}", "--with-pictures")
    assert done.returncode == 1
    assert "1.jpg: its sha256 is not what the card says" in done.stderr
    assert not (shelf / "cups").exists()


def test_there_may_be_no_pictures(runner, made, shelf):
    done = runner("push", made, "--to", f"folder:{shelf}", "--with-pictures")
    assert done.returncode == 0
    assert "page@1 keeps no pictures that it learnt from" in done.stderr


def test_a_version_twice_is_refused(runner, made, shelf):
    runner("push", made, "--to", f"folder:{shelf}")
    done = runner("push", made, "--to", f"folder:{shelf}")
    assert done.returncode == 1
    assert "that version is published; give brain.json another version" in done.stderr


@pytest.mark.parametrize(
    ("brain", "store", "code", "message"),
    [
        (
            "made",
            "http:http://127.0.0.1:9",
            2,
            "this kind of store accepts no brains; push to a folder: --to folder:PATH",
        ),
        ("made", "http://127.0.0.1:9", 2, "this kind of store accepts no brains"),
        (
            "made",
            "hf:me/page",
            2,
            "the Hugging Face Hub takes no pushes here; upload it by the Hub's own tool, `hf upload",
        ),
        ("made", "huggingface", 2, "the Hugging Face Hub takes no pushes here"),
        ("made", "nix", 2, "there is no store 'nix'"),
        ("made", "models", 2, "there is no store 'models'; a folder is written folder:models; configured:"),
        ("made", "folder:", 1, "a folder store needs a folder"),
        ("made/weights.bin", "folder:x", 2, "weights.bin: has no brain.json; write one: `runner inspect"),
        ("nix", "folder:x", 2, "no store has a brain named 'nix'"),
        ("./nix", "folder:x", 2, "nix: no such file or folder"),
    ],
)
def test_wrong_use_is_reported(runner, made, tmp_path, brain, store, code, message):
    done = runner("push", brain, "--to", store)
    assert done.returncode == code
    assert message in done.stderr
    assert not (tmp_path / "x").exists()
