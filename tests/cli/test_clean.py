"""What killed runs leave is said by the next one, and removed by ``runner clean``; a living run keeps its own."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from runner_demo.store import BRAINS, PICTURES

from runner_core.util.atomic import write_bytes
from runner_core.util.leftovers import claim_path, find_leftovers

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no locks on open files")
HELPERS = Path(__file__).parents[1] / "helpers"

WRITER = """
import sys, time
from parts import ScriptedBrain, ScriptedSource
from runner_core import run
run(ScriptedSource(100_000, live=True, pause=0.01), [ScriptedBrain()], sys.argv[1:])
"""


def start(folder: Path, *sinks: str) -> subprocess.Popen[bytes]:
    """A camera's run, which keeps no journal, once its files are open."""
    path, before = os.pathsep.join(filter(None, (str(HELPERS), os.environ.get("PYTHONPATH", "")))), partials(folder)
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), *sinks], cwd=folder, env=os.environ | {"PYTHONPATH": path}
    )
    while len(partials(folder) - before) < len(sinks):
        assert process.poll() is None
        time.sleep(0.02)
    return process


def partials(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.suffix == ".part"}


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(60)


def test_what_a_killed_run_left_is_said_listed_and_removed_and_nothing_of_a_living_one(runner, tmp_path):
    kill(start(tmp_path, "csv:a.csv", "coco:b.json?form=results"))
    left = partials(tmp_path)
    assert len(left) >= 2
    living = start(tmp_path, "csv:c.csv")
    try:
        alive = partials(tmp_path) - left
        (tmp_path / "a.csv").write_text("whole\n")
        (tmp_path / ".other.part").write_text("of another program\n")
        listed = runner("clean", ".", "--dry-run")
        assert (listed.returncode, listed.stderr) == (0, "")
        assert all(f"{name}: would be removed" in listed.stdout for name in left)
        assert f"{alive.copy().pop()}: in use, and stays" in listed.stdout
        assert left <= partials(tmp_path), "a dry run removes nothing"
        twice = runner("clean", "a.csv", ".", "--dry-run")
        assert sorted(twice.stdout.splitlines()) == sorted(listed.stdout.splitlines()), "each is listed once"
        beside = runner("clean", "a.csv")
        assert [".a.csv-" in line for line in beside.stdout.splitlines()] == [True, False]
        gone = runner("clean", ".")
        assert gone.stdout.count(": removed") == len(left) - 1
        assert partials(tmp_path) == {*alive, ".other.part"}
    finally:
        living.send_signal(signal.SIGINT)
        living.wait(60)
    assert (tmp_path / "c.csv").read_text().startswith("source,index")
    assert partials(tmp_path) == {".other.part"}
    assert (tmp_path / "a.csv").read_text() == "whole\n"


def test_the_next_run_says_what_is_left_once(runner, tmp_path):
    kill(start(tmp_path, "csv:a.csv"))
    (name,) = partials(tmp_path)
    arguments = ("run", PICTURES / "2-one.jpg", "--brain", "page", "--engine", "onnx", "--sink", "csv:a.csv", "-q")
    said = f"runner: a.csv: a run that was killed left {name} beside it; `runner clean a.csv` removes it\n"
    assert said in runner(*arguments).stderr
    runner("clean", "a.csv")
    assert "was killed" not in runner(*arguments).stderr


def test_files_of_a_run_that_can_be_gone_on_with_are_removed_if_they_are_named(runner, tmp_path):
    for name in (".a.csv.part", ".a.json.spool", ".b.csv.part"):
        (tmp_path / name).write_text("rows")
    assert [each.path.name for each in find_leftovers(tmp_path / "a.csv")] == [".a.csv.part", ".a.json.spool"]
    assert list(find_leftovers(tmp_path / "a.csv", random_only=True)) == []
    runner("clean", "a.csv")
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {".b.csv.part"}


HOLDER = """
import sys
from pathlib import Path
from runner_core.cache.locks import hold_lock
with hold_lock(Path(sys.argv[1]), sys.argv[2], "it"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_home_keeps_brains_and_what_a_living_process_fetches(runner, tmp_path):
    home = tmp_path / "home"
    for folder in (
        "making/aaa-1",
        "making/bbb-1",
        "bundles/0123/.unpacking-x",
        "bundles/0123/a.task",
        "partial",
        "runs",
    ):
        (home / folder).mkdir(parents=True, exist_ok=True)
    for name in ("partial/aaa", "partial/bbb"):
        (home / name).write_bytes(b"half")
        (home / f"{name}.validator").touch()
    for name in (
        "speeds.json",
        "partial/old.lock",
        "runs/old.lock",
        "partial/known.sha256",
        ".speeds.json-0123456789ab.part",
    ):
        (home / name).touch()
    command = [sys.executable, "-c", HOLDER, str(home / "partial"), "bbb"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        before = sorted(home.rglob("*"))
        assert runner("clean", "--dry-run").returncode == 0
        assert sorted(home.rglob("*")) == before
        done = runner("clean")
        assert (done.returncode, done.stderr) == (0, "")
        holder.communicate("")
    left = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    assert left == {"speeds.json", "partial/bbb", "partial/bbb.validator", "partial/bbb.lock", "partial/known.sha256"}
    assert {path.name for path in home.glob("making/*")} == {"bbb-1"}
    assert {path.name for path in home.glob("bundles/0123/*")} == {"a.task"}
    assert "bbb.lock: in use, and stays" in done.stdout
    assert "2 locks of processes that ended: removed" in done.stdout
    assert "old.lock" not in done.stdout


def test_a_folder_that_is_unpacked_now_is_in_use(runner, tmp_path):
    folder = tmp_path / "home" / "bundles" / "0123" / ".unpacking-x"
    folder.mkdir(parents=True)
    with claim_path(folder) as ours:
        assert ours
        assert "in use, and stays" in runner("clean").stdout
    assert folder.is_dir()
    runner("clean")
    assert not folder.exists()


def test_a_place_that_is_not_there_is_wrong_use(runner):
    done = runner("clean", "gone/a.csv")
    assert (done.returncode, done.stderr) == (
        2,
        "runner: gone/a.csv: no such folder; name an output of a run, or its folder\n",
    )


def test_a_link_is_not_followed(tmp_path):
    write_bytes(tmp_path / "kept", b"all")
    (tmp_path / ".a.csv-0123456789ab.part").symlink_to(tmp_path / "kept")
    for each in find_leftovers(tmp_path):
        each.remove()
    assert (tmp_path / "kept").read_bytes() == b"all"


@pytest.mark.parametrize(
    "sink",
    [
        "jsonl:out/a.jsonl",
        "csv:out/a.csv",
        "coco:out/a.json",
        "parquet:out/a.parquet",
        "video:out/a.mp4",
        "images:out/drawn",
        "crops:out/c",
        "yolo:out/y",
    ],
)
def test_answers_into_a_folder_that_was_removed_are_an_error(runner, tmp_path, sink):
    """And not a run that ends well and leaves nothing."""
    (tmp_path / "pictures").mkdir()
    shutil.copy(PICTURES / "5-several.jpg", tmp_path / "pictures" / "0.jpg")
    for number in range(1, 500):  # more than any machine has answered by then
        os.link(tmp_path / "pictures" / "0.jpg", tmp_path / "pictures" / f"{number}.jpg")
    command = [sys.executable, "-m", "runner_core.cli.main", "run", "pictures", "-b", str(BRAINS / "page"), "-q"]
    process = subprocess.Popen([*command, "--engine", "onnx", "--threads", "1", "--sink", sink], cwd=tmp_path,
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    while process.poll() is None and not any(path.suffix != ".run" for path in (tmp_path / "out").rglob("*.*")):
        time.sleep(0.005)
    shutil.move(tmp_path / "out", tmp_path / "away")
    shutil.rmtree(tmp_path / "away")
    stderr = process.communicate(timeout=120)[1]
    assert process.returncode == 1, stderr
    assert "out/" in stderr
    assert "Traceback" not in stderr
