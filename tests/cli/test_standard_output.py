"""Answers on standard output, in every format that is one file: behind what is there, and nothing else beside them."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from runner_demo.store import BRAINS, PICTURES

RUNNER = [sys.executable, "-m", "runner_core.cli.main"]
PAGE = str(BRAINS / "page" / "page.onnx")
READ = {
    "jsonl": lambda data: sum(len(json.loads(line).get("inferences", ())) for line in data.splitlines()),
    "csv": lambda data: len({row["index"] for row in csv.DictReader(io.StringIO(data.decode()))}),
    "coco": lambda data: len(json.loads(data)["images"]),
    "parquet": lambda data: len(set(pq.read_table(io.BytesIO(data))["index"].to_pylist())),
}

pytestmark = pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="this system has no /dev/stdout")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for name in ("2-one.jpg", "3-two.jpg"):
        (folder / name).write_bytes((PICTURES / name).read_bytes())
    return folder


def run(folder: Path, *arguments: object, stdout: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*RUNNER, "run", *map(str, arguments), "--brain", PAGE], cwd=folder, check=False, stdout=stdout,
        stderr=subprocess.PIPE, env=os.environ | {"RUNNER_HOME": str(folder / "home")},
    )  # fmt: skip


@pytest.mark.parametrize("place", ["-", "/dev/stdout"])
@pytest.mark.parametrize("form", list(READ))
def test_answers_in_a_pipe_are_all_that_is_in_it(form, place, pictures, tmp_path):
    done = run(tmp_path, pictures, "--sink", f"{form}:{place}", stdout=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    assert READ[form](done.stdout) == 2
    assert {path.name for path in tmp_path.iterdir()} <= {"home"}, "nothing is left beside it"


@pytest.mark.parametrize("form", ["jsonl", "csv", "coco"])
def test_who_reads_no_more_ends_it_without_a_word(form, pictures, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    done = run(tmp_path, pictures, "--sink", f"{form}:-", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("place", ["-", "/dev/stdout", "/dev/fd/1"])
@pytest.mark.parametrize("form", ["jsonl", "csv", "coco"])
@pytest.mark.parametrize("mode", ["ab", "wb"])
def test_what_a_file_holds_already_stays_before_them(form, place, mode, pictures, tmp_path):
    out = tmp_path / "out.txt"
    out.write_bytes(b"" if mode == "wb" else b"before\n")
    with out.open(mode) as stream:
        if mode == "wb":
            stream.write(b"before\n")
            stream.flush()
        done = run(tmp_path, pictures, "--sink", f"{form}:{place}", stdout=stream)
        stream.write(b"after\n")
    assert done.returncode == 0, done.stderr
    data = out.read_bytes()
    assert data.startswith(b"before\n")
    assert data.endswith(b"after\n")
    assert READ[form](data.removeprefix(b"before\n").removesuffix(b"after\n")) == 2
    assert {path.name for path in tmp_path.iterdir()} <= {"home", "out.txt"}
    assert not out.is_symlink()


def test_the_table_is_not_among_the_answers_and_a_file_beside_them_is_whole(runner, pictures, tmp_path):
    done = runner("run", pictures, "--brain", PAGE, "--sink", "csv:-", "--sink", "coco:a.json", "--explain")
    assert (done.returncode, READ["csv"](done.stdout.encode())) == (0, 2)
    assert "decode" in done.stderr
    assert READ["coco"]((tmp_path / "a.json").read_bytes()) == 2
    runner("run", pictures, "--brain", PAGE, "--sink", "jsonl:a.jsonl", "-q")
    again = runner("replay", "a.jsonl", "--sink", "csv:-")
    assert READ["csv"](again.stdout.encode()) == 2


@pytest.mark.parametrize("sink", ["coco:-?form=results", "label-studio:-"])
def test_what_is_two_files_does_not_go_to_one(runner, pictures, sink):
    done = runner("run", pictures, "--brain", PAGE, "--sink", sink)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("runner: /dev/stdout: takes one file, and here are two; name a file\n")


def test_two_sinks_do_not_share_it(runner, pictures):
    done = runner("run", pictures, "--brain", PAGE, "--sink", "csv:-", "--sink", "jsonl:/dev/stdout")
    assert (done.returncode, done.stdout) == (2, "")
    assert "jsonl:/dev/stdout writes to the same place as csv:-" in done.stderr


def test_a_file_may_be_called_so_all_the_same(runner, pictures, tmp_path):
    assert runner("run", pictures, "--brain", PAGE, "--sink", "csv:./-").returncode == 0
    assert READ["csv"]((tmp_path / "-").read_bytes()) == 2
