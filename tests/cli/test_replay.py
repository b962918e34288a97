"""``runner replay``: answers drawn, filtered and converted again, without any model."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from runner_demo.store import CLIP, PICTURES
from runner_files.jsonl import JsonlSink

from runner_core.pipeline.sources_sinks import open_source
from runner_core.results.result import Result
from runner_core.testing import sample_inference, sample_results

ALONE = {"RUNNER_LOAD_PLUGINS": "files,video,export,view"}  # no engine, no task, no store


def write(path, results):
    with JsonlSink(path).open() as writer:
        for result in results:
            writer.write(result)
        writer.finish({"frames": len(results)})
    return path


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def answered(frame):
    """The sample's answer in the middle of a frame, whatever its size."""
    return Result(frame, (attrs.evolve(sample_inference(), size=frame.size),))


@pytest.fixture
def answers(tmp_path):
    """Of every kind; the last frame could not be read."""
    return write(tmp_path / "answers.jsonl", sample_results())


@pytest.fixture
def of_clip(tmp_path):
    """Answers for every other of the first twenty frames of the clip, as a live run has them."""
    frames = [frame for frame, _ in zip(open_source(str(CLIP)).frames(), range(20), strict=False)][::2]
    return write(tmp_path / "clip.jsonl", [answered(frame) for frame in frames])


def test_nothing_changed_nothing_changes(answers, runner):
    done = runner("replay", answers, **ALONE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:-1] == answers.read_text().splitlines()[:-1]
    assert json.loads(done.stdout.splitlines()[-1])["summary"]["frames"] == len(sample_results())


def test_from_standard_input_filtered(answers, runner, tmp_path):
    with answers.open("rb") as stdin:
        command = [sys.executable, "-m", "runner_core.cli.main", "replay", "-", "--conf", "0.6", "--classes", "page"]
        done = subprocess.run(command, stdin=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first = json.loads(done.stdout.splitlines()[0])
    assert [instance["label"] for instance in first["inferences"][0]["instances"]] == ["page"]


def test_into_other_formats(answers, runner, tmp_path):
    done = runner("replay", answers, "-s", "csv:out.csv", "-s", "coco:out.json", **ALONE)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "out.csv").read_text().splitlines()) > 4
    found = json.loads((tmp_path / "out.json").read_text())["annotations"]
    assert {row["bbox"][2] for row in found} >= {48.0}


def test_what_failed_in_the_run_is_not_a_failure_of_the_replay(answers, runner):
    done = runner("replay", answers, "-s", "jsonl:out.jsonl", **ALONE)
    assert done.returncode == 0
    assert re.search(r"^\d of \d frames failed in the run$", done.stdout, re.MULTILINE)
    assert not done.stderr


def test_onto_a_video_by_time(of_clip, runner, tmp_path):
    sinks = ("-s", "video:out.mp4", "-s", "jsonl:out.jsonl")
    done = runner("replay", of_clip, "--video", CLIP, "--conf", "0.6", *sinks, **ALONE)
    assert done.returncode == 0, done.stderr
    drawn = list(open_source(str(tmp_path / "out.mp4")).frames())
    assert [round(frame.time * 25) for frame in drawn] == list(range(0, 20, 2))
    before, after = ([line.get("time") for line in lines(path)] for path in (of_clip, tmp_path / "out.jsonl"))
    assert before == after
    shipped = [frame for frame, _ in zip(open_source(str(CLIP)).frames(), range(20), strict=False)]
    for frame, original in zip(drawn, shipped[::2], strict=True):
        below = abs(frame.pixels[200:].astype(int) - original.pixels[200:])  # the boxes
        assert below.mean() < 6, "the same picture"


def test_onto_pictures_by_name(runner, tmp_path):
    frames = list(open_source(str(PICTURES)).frames())[:2]
    for frame in frames:
        frame.source = f"elsewhere/{frame.source.rpartition('/')[2]}"
    answers = write(tmp_path / "answers.jsonl", [answered(frame) for frame in frames])
    done = runner("replay", answers, "--pictures", PICTURES, "-s", "images:out", **ALONE)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["1-book.jpg", "2-one.jpg"]


def test_what_the_documentation_shows_works(of_clip, runner, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "replay.md").read_text()
    of_clip.rename(tmp_path / "out.jsonl")
    shutil.copy(CLIP, tmp_path)
    commands = [line.partition("#")[0] for line in re.findall(r"\$ runner (replay .*)", page)]
    documented = [shlex.split(command) for command in commands if "|" not in command and "view:" not in command]
    for arguments in documented:
        done = runner(*arguments, **ALONE)
        assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} >= {"strict.json", "strict.csv", "graphs.mp4"}
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.count("clip.mp4") == len(lines(tmp_path / "out.jsonl")) - 1


class TestFaults:
    def test_a_line_cut_short_and_a_picture_that_is_gone_cost_themselves(self, of_clip, runner, tmp_path):
        text = of_clip.read_text().splitlines()
        text[1] = text[1][:40]
        text[3] = text[3].replace('"time": ', '"time": 9')
        of_clip.write_text("\n".join(text))
        done = runner("replay", of_clip, "--video", CLIP, "-s", "jsonl:out.jsonl", **ALONE)
        assert done.returncode == 1
        assert "clip.jsonl: line 2 is not what a run says" in done.stderr
        assert "no picture at 90.240 s" in done.stderr
        assert len(lines(tmp_path / "out.jsonl")) == len(text) - 2

    @pytest.mark.parametrize("option", ["--video", "--pictures"])
    def test_a_place_where_nothing_is_is_reported_once_and_nothing_written(self, option, of_clip, runner, tmp_path):
        done = runner("replay", of_clip, option, "nosuch.mp4", "-s", "video:out.mp4", **ALONE)
        assert done.returncode == 1
        assert re.fullmatch(r"runner: nosuch.mp4: no such file.*; check the path\n", done.stderr)
        assert not (tmp_path / "out.mp4").exists()

    def test_pictures_that_are_not_there_or_others(self, answers, of_clip, runner):
        done = runner("replay", answers, "--pictures", PICTURES, **ALONE)
        assert done.returncode == 1
        assert "there is no picture of sample-0.png" in done.stderr
        of_clip.write_text(of_clip.read_text().replace("960, 540", "640, 360"))
        done = runner("replay", of_clip, "--video", CLIP, **ALONE)
        assert done.returncode == 1
        assert "the sizes are 960 x 540 and 640 x 360" in done.stderr

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["-s", "images:out"], "a sink draws, and there are no pictures"),
            (["--video", CLIP, "--pictures", PICTURES], "at once"),
            (
                ["--video", "rtsp://me:secret@host/live"],
                "runner: rtsp://host/live: the pictures of a live source are gone",
            ),
            (["--video", CLIP], "is a picture, not a frame of a video"),
            (["--source", "nobody"], "no answers for nobody"),
            (["-s", "jsonl:answers.jsonl"], "would write over"),
            (["--pictures", PICTURES, "-s", f"images:{PICTURES.parent}"], "would write over"),
            (["--video", "lavfi:testsrc,realtime"], "are gone"),
        ],
    )  # fmt: skip
    def test_wrong_use_is_one_line_and_harms_nothing(self, answers, runner, options, message):
        before = answers.read_bytes()
        done = runner("replay", answers, *options, **ALONE)
        assert done.returncode == 2
        assert message in done.stderr
        assert answers.read_bytes() == before

    def test_no_such_file(self, runner):
        done = runner("replay", "nowhere.jsonl", **ALONE)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)

    def test_a_class_that_never_comes_is_reported(self, answers, runner):
        done = runner("replay", answers, "--classes", "page,cat", **ALONE)
        assert "nothing in it has the label cat" in done.stderr
        assert "called page" not in done.stderr
