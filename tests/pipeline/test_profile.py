"""The profile of a run: real JPEGs through brains that ask for known tensors."""

import json
import shutil
import time
from contextlib import ExitStack

import pytest
from parts import MemorySink, ScriptedBrain, ScriptedSource
from PIL import Image

from runner_core import open_brain, run
from runner_core.cli.main import main
from runner_core.frames import memo
from runner_core.frames.frame import Frame

COUNT, SIZE, HALF = 6, (1600, 1200), (800, 600)
MODEL = "fastestdet_coco.onnx"


@pytest.fixture
def pictures(testdata, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    with Image.open(testdata / "pictures" / "football.jpg") as opened:
        for number in range(COUNT):
            opened.resize(SIZE).save(folder / f"{number}.jpg")
    return folder


@pytest.fixture
def brains(testdata):
    """Two brains that ask for the same."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(open_brain(testdata / "models" / MODEL, name=name, engine="onnx", threads=1))
            for name in ("one", "two")
        ]


def explained(*arguments, **options):
    return run(*arguments, explain=True, **options).to_json()["explain"]


def test_brains_that_ask_for_the_same_share_one_tensor_and_one_decoding(pictures, brains):
    sink = MemorySink()
    profile = explained(str(pictures), brains, [sink], threads=2)
    assert profile["tensors"] == [{"tensor": str(brains[0].picture), "built": COUNT, "brains": ["one", "two"]}]
    assert profile["tensors"][0]["tensor"].startswith("352 x 352 stretch ")
    assert profile["decoded"] == [{"size": HALF, "of": SIZE, "times": COUNT}], "half of it is enough for 352 x 352"
    assert profile["threads"] == {"total": 2, "frames": 2, "brains": 1, "within": {"one": 1, "two": 1}}
    assert sink.summary["explain"] == profile


def test_exact_decoding_is_reported(pictures, brains):
    profile = explained(str(pictures), brains[:1], exact=True)
    assert profile["decoded"] == [{"size": SIZE, "of": SIZE, "times": COUNT}]


def test_a_picture_that_is_small_enough_as_it_is_counts_once(testdata, brains):
    profile = explained(str(testdata / "pictures" / "football.jpg"), brains)
    assert profile["decoded"] == [{"size": (500, 335), "of": (500, 335), "times": 1}]


def test_a_picture_decoded_twice_is_reported(pictures, brains):
    profile = explained(str(pictures), brains[:1], [MemorySink(lambda result: result.frame.pixels)])
    assert {tuple(entry["size"]): entry["times"] for entry in profile["decoded"]} == {HALF: COUNT, SIZE: COUNT}


def test_every_stage_has_its_time(pictures, brains):
    profile = explained(str(pictures), brains, [MemorySink(lambda result: time.sleep(0.02))])
    assert set(profile["stages"]) == {"read", "decode", "prepare"}
    assert set(profile["brains"]) == {"one", "two"}
    for stages in profile["brains"].values():
        assert set(stages) == {"encode", "run", "decode"}
    for times in (*profile["stages"].values(), *profile["brains"]["one"].values(), *profile["sinks"].values()):
        assert 0 <= times["p50"] <= times["p90"] <= times["p99"]
    assert profile["sinks"]["MemorySink"]["p50"] >= 20
    assert profile["frames_per_second"] == pytest.approx(COUNT / profile["seconds"], rel=0.05)


def test_reading_is_not_decoding(pictures, brains, monkeypatch):
    data, clock = (pictures / "0.jpg").read_bytes(), [0.0]
    monkeypatch.setattr(memo, "perf_counter", lambda: clock[0])

    def read():
        clock[0] += 0.5
        return data

    class Slow:
        live = False

        def frames(self):
            for index in range(3):
                yield Frame(source="slow", read=read, index=index)

    profile = explained(Slow(), brains[:1], threads=1)  # two would share the clock
    assert profile["stages"]["read"]["p50"] == 500
    assert profile["stages"]["decode"]["p50"] == 0
    assert profile["stages"]["prepare"]["p50"] == 0


def test_a_live_source_reports_ages_drops_and_gaps():
    source = ScriptedSource(50, live=True, pause=0.002)
    source.gaps = 3
    profile = explained(source, [ScriptedBrain("one", lambda frame: time.sleep(0.01)), ScriptedBrain("two")], threads=2)
    assert profile["gaps"] == 3
    assert profile["dropped"] > 10
    assert profile["age"]["p50"] >= 10
    assert profile["threads"]["frames"] == 1
    assert profile["threads"]["brains"] == 2


def test_it_is_reported_when_it_is_asked_for(pictures, brains):
    assert "explain" not in run(str(pictures), brains[:1]).to_json()


def test_it_does_not_grow_with_the_run():
    summary = run(ScriptedSource(300), [ScriptedBrain()], explain=True, threads=2)
    assert len(summary.profile.brains) == 1
    assert len(summary.profile.brains["brain"]) == 1
    assert len(summary.profile.decoded) == 0


def test_runner_run_and_runner_bench(pictures, testdata, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = testdata / "models" / MODEL
    named = ["--brain", f"{model}?name=one", "--brain", f"{model}?name=two", "--engine", "onnx", "--threads", "2"]

    def called(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main([*map(str, arguments)])
        assert not stopped.value.code, capsys.readouterr().err
        return capsys.readouterr().out

    shown = called("run", pictures, *named, "--explain", "--sink", "jsonl:out.jsonl")
    profile = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[-1])["summary"]["explain"]
    assert profile["tensors"][0]["brains"] == ["one", "two"]
    assert profile["tensors"][0]["built"] == COUNT
    assert profile["threads"]["within"] == {"one": 1, "two": 1}
    for table in (shown, called("bench", pictures, *named)):
        assert "one: run" in table
        assert "p99" in table
        assert "one, two" in table
    shutil.rmtree(pictures)
    (tmp_path / "out.jsonl").unlink()


def test_tables_do_not_mix_with_answers_on_standard_output(pictures, testdata, runner):
    model = testdata / "models" / MODEL
    done = runner("run", pictures, "--brain", model, "--engine", "onnx", "--explain")
    assert done.returncode == 0, done.stderr
    assert [len(json.loads(line)) for line in done.stdout.splitlines()]
    assert "p99" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--brain", "x.onnx", "--engines"], "--engines measures one brain by itself"),
        (["--locked"], "--locked and --trust are for brains over a source"),
    ],
)
def test_bench_refuses_what_does_not_go_together(runner, arguments, message):
    done = runner("bench", "pictures", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
