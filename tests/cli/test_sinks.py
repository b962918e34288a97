"""``runner run`` with several sinks at once, however it ends; with a terminal and without."""

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image
from terminal import run_in_terminal

PICTURES = Path(__file__).parents[2] / "plugins" / "runner-demo" / "src" / "runner_demo" / "pictures"
SINKS = ("jsonl:a.jsonl", "coco:a.json", "a.csv", "a.parquet", "yolo:yolo", "crops:crops", "images:drawn")
WITH_SINKS = [word for sink in SINKS for word in ("--sink", sink)]
RUNNER = [sys.executable, "-m", "runner_core.cli.main"]
SOONEST = ("--engine", "onnx")  # of the engines: TensorFlow takes seconds to import in a process of its own


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def check_they_agree(folder: Path, records: list[dict[str, object]]) -> None:
    """Every format has what the JSON lines have."""
    found = [(record["index"], instance) for record in records for answer in record.get("inferences", ())
             for instance in answer["instances"]]  # fmt: skip
    assert found
    dataset = json.loads((folder / "a.json").read_text())
    whole = [record["index"] for record in records if "error" not in record]
    assert [image["id"] for image in dataset["images"]] == list(range(1, len(whole) + 1))
    assert [(whole[row["image_id"] - 1], row["score"]) for row in dataset["annotations"]] == [
        (index, pytest.approx(each["score"])) for index, each in found
    ]
    table = list(csv.DictReader((folder / "a.csv").read_text().splitlines()))
    assert [(int(row["index"]), float(row["x1"])) for row in table] == [
        (index, each["box"][0]) for index, each in found
    ]
    assert pq.read_table(folder / "a.parquet").num_rows == len(table)
    texts = [path.read_text().splitlines() for path in (folder / "yolo").glob("*/labels/*.txt")]
    assert sum(map(len, texts)) == len(found)
    assert len(list((folder / "crops").rglob("*.*"))) == len(found)
    assert not list(folder.rglob("*.part"))


def test_pictures_of_which_one_is_bad(runner, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("2-one.jpg", "3-two.jpg"):
        (folder / name).write_bytes((PICTURES / name).read_bytes())
    (folder / "1-empty.jpg").touch()
    done = runner("run", folder, "--brain", "page", "--brain", "page > graphs", *WITH_SINKS)
    assert (done.returncode, done.stdout.count("1 of 3 frames failed")) == (1, 1)
    assert done.stderr.splitlines() == [
        "runner: crops:crops draws: JPEGs are decoded whole, as with --exact, which changes answers a little",
        f"runner: {folder}/1-empty.jpg: the file is empty",
    ]
    *records, last = lines(tmp_path / "a.jsonl")
    check_they_agree(tmp_path, records)
    assert last["summary"]["failed"] == 1
    assert {path.name for path in (tmp_path / "drawn").rglob("*.jpg")} == {"2-one.jpg", "3-two.jpg"}


@pytest.mark.parametrize(
    ("source", "arguments", "times"),
    [
        ("{jpeg}", ("--sink", "images:one", "--sink", "crops:two"), 1),
        ("{jpeg}", ("--sink", "images:one", "--exact"), 0),
        ("{jpeg}", ("--sink", "a.csv"), 0),
        ("a.png", ("--sink", "images:one"), 0),
    ],
)
def test_what_drawing_changes_in_the_answers_is_said_once(runner, tmp_path, source, arguments, times):
    Image.new("RGB", (96, 64)).save(tmp_path / "a.png")
    done = runner("run", source.format(jpeg=PICTURES / "2-one.jpg"), "--brain", "page", *arguments)
    assert done.returncode == 0
    assert done.stderr.count("images:one draws: JPEGs are decoded whole, as with --exact") == times


def test_a_video_has_index_and_time_everywhere(runner, tmp_path):
    made = runner("run", PICTURES, "--brain", "page", "--sink", "video:clip.mp4?fps=4", "-q")
    assert made.returncode == 0, made.stderr
    done = runner("run", "clip.mp4", "--brain", "page", *WITH_SINKS)
    assert done.returncode == 0, done.stderr
    *records, _ = lines(tmp_path / "a.jsonl")
    assert [record["time"] for record in records] == [number / 4 for number in range(8)]
    check_they_agree(tmp_path, records)
    table = csv.DictReader((tmp_path / "a.csv").read_text().splitlines())
    assert all(float(row["time"]) == int(row["index"]) / 4 for row in table)
    images = json.loads((tmp_path / "a.json").read_text())["images"]
    assert [image["time"] for image in images] == [record["time"] for record in records]
    assert (tmp_path / "yolo" / "page" / "labels" / "clip-000003.txt").exists()


def interrupted(folder: Path, *arguments: str) -> tuple[int, str]:
    """A run without end that is stopped by Ctrl-C once a few frames are written: its exit code, its errors."""
    command = [*RUNNER, "run", *arguments, "--brain", "page", *SOONEST, *WITH_SINKS]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        out = folder / "a.jsonl"
        while process.poll() is None and not (out.exists() and out.read_bytes().count(b"\n") >= 3):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        try:
            stderr = process.communicate(timeout=60)[1]
        except subprocess.TimeoutExpired:
            process.kill()  # or it would write on when the test is over
            raise
        return process.returncode, stderr


@pytest.mark.parametrize("source", ["demo:camera", "lavfi:testsrc=size=320x240:rate=200"])
def test_ctrl_c_leaves_every_file_whole(tmp_path, source):
    code, stderr = interrupted(tmp_path, source)
    assert code in (1, 130)
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    records = [record for record in lines(tmp_path / "a.jsonl") if "summary" not in record]
    dataset = json.loads((tmp_path / "a.json").read_text())
    assert len(records) - 1 <= len(dataset["images"]) <= len(records)  # between two sinks, the later has one less
    assert pq.read_table(tmp_path / "a.parquet").num_rows <= len(dataset["annotations"]) + 9
    assert (tmp_path / "a.csv").read_text().startswith("source,index")
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="this system has no /dev/full")
def test_one_sink_that_is_full_costs_the_others_nothing(runner, tmp_path):
    done = runner("run", PICTURES, "--brain", "page", "--sink", "coco:a.json", "--sink", "jsonl:/dev/full")
    assert done.returncode == 1
    assert "/dev/full: cannot take another line" in done.stderr
    assert {row["image_id"] for row in json.loads((tmp_path / "a.json").read_text())["annotations"]} == {1}


def test_a_reader_that_leaves_costs_the_files_nothing(tmp_path):
    command = [*RUNNER, "run", str(PICTURES), "--brain", "page", *SOONEST, "--sink", "coco:a.json", "--sink", "-"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        stderr = process.stderr.read()
        assert process.wait(60) == 1
    assert "Traceback" not in stderr
    assert "cannot be written" not in stderr
    assert json.loads((tmp_path / "a.json").read_text())["annotations"]


def test_one_place_for_two_sinks_is_wrong_use(runner):
    done = runner("run", PICTURES, "--brain", "page", "--sink", "a.csv", "--sink", "a.csv")
    assert done.returncode == 2
    assert done.stderr.endswith("runner: a.csv is given twice; name another place for one of them\n")


@pytest.mark.parametrize("sink", [*SINKS, "video:a.mp4"])
def test_an_option_that_a_sink_lacks_is_wrong_use(runner, tmp_path, sink):
    done = runner("run", PICTURES, "--brain", "page", "--sink", f"{sink}?colour=red")
    assert done.returncode == 2
    assert "no option 'colour'; known: " in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "others", [("a.csv", "./a.csv"), ("coco:a.json?form=results", "jsonl:a.images.json"), ("-", "jsonl:-")]
)
def test_two_sinks_do_not_write_one_file(runner, tmp_path, others):
    first, second = others
    done = runner("run", PICTURES, "--brain", "page", "--sink", first, "--sink", second)
    message = f"runner: {second} writes to the same place as {first}; name another place for one of them\n"
    assert done.returncode == 2
    assert done.stderr.endswith(message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("source", ["a.jpg", "file:a.jpg", "./a.jpg"])
@pytest.mark.parametrize("sink", ["jsonl:a.jpg", "csv:../{folder}/a.jpg"])
def test_what_is_read_is_not_written_over(runner, tmp_path, source, sink):
    before = (PICTURES / "2-one.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(before)
    sink = sink.format(folder=tmp_path.name)
    done = runner("run", source, "--brain", "page", "--sink", sink)
    message = f"runner: {sink}: would write over what is read; name another place for it\n"
    assert (done.returncode, done.stderr) == (2, message)
    assert (tmp_path / "a.jpg").read_bytes() == before


@pytest.mark.parametrize("sink", ["images:pictures", "images:pictures/out", "crops:pictures/../pictures/crops"])
@pytest.mark.parametrize("source", ["pictures", "pictures/**/*.jpg"])
def test_pictures_are_not_left_among_those_that_are_read(runner, tmp_path, sink, source):
    (tmp_path / "pictures").mkdir()
    before = (PICTURES / "2-one.jpg").read_bytes()
    (tmp_path / "pictures" / "a.jpg").write_bytes(before)
    done = runner("run", source, "--brain", "page", "--sink", sink, "--sink", "out.csv")
    message = f"runner: {sink}: among the pictures that are read, from pictures; name a folder outside it\n"
    assert (done.returncode, done.stderr) == (2, message)
    assert [path.name for path in tmp_path.rglob("*")] == ["pictures", "a.jpg"]
    assert (tmp_path / "pictures" / "a.jpg").read_bytes() == before


def on_a_terminal(folder: Path, *arguments: str) -> str:
    """What a run writes to a terminal."""
    code, shown = run_in_terminal([*RUNNER, *arguments], cwd=folder)
    assert code == 0
    return shown


def test_a_bar_on_a_terminal_and_none_in_a_pipe_or_for_who_wants_quiet(runner, tmp_path):
    arguments = ("run", str(PICTURES / "2-one.jpg"), "--brain", "page", *SOONEST, "--sink")
    shown = on_a_terminal(tmp_path, *arguments, "jsonl:a.jsonl")
    assert "frames" in shown
    assert "1/1" in shown
    assert "1/1" not in on_a_terminal(tmp_path, *arguments, "jsonl:b.jsonl", "-q")
    done = runner(*arguments, "jsonl:c.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 page" in done.stdout
