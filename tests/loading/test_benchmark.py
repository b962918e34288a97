"""``engine="auto"``: the fastest engine that opens a model, measured once."""

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from runner_onnx.engine import OnnxEngine

from runner_core.cli.main import main
from runner_core.errors import EngineError
from runner_core.loading import benchmark as measuring
from runner_core.loading import speed_cache as speeds
from runner_core.loading.candidates import find_candidates
from runner_core.loading.locate import locate_model
from runner_core.loading.open import open_candidate
from runner_core.loading.options import LoadOptions
from runner_core.plugin import Plugin
from runner_core.project import open_brain
from runner_core.testing.registries import registry_of

ENGINES = {"onnx", "openvino"}


@pytest.fixture(autouse=True)
def memory(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(measuring, "MOST_RUNS", measuring.LEAST_RUNS)  # how exact they are is asked by no test
    return tmp_path / "home" / speeds.SPEEDS_FILE


@pytest.fixture
def model(testdata, tmp_path):
    return Path(shutil.copy(testdata / "models" / "fastestdet_coco.onnx", tmp_path))


@pytest.fixture
def measured(monkeypatch):
    """The engines measured, as they are."""
    asked = []
    measure = measuring._Benchmark.measure

    def noting(self, candidate, before):
        asked.append(candidate.engine)
        return measure(self, candidate, before)

    monkeypatch.setattr(measuring._Benchmark, "measure", noting)
    return asked


def opened(model, **choices):
    with open_brain(model, engine="auto", **choices) as brain:
        return brain.engine


def test_the_fastest_is_taken_and_all_are_remembered(model, memory, measured):
    first = opened(model)
    assert set(measured) == ENGINES
    told = {key.split(" | ")[1]: speed["ms"] for key, speed in json.loads(memory.read_text()).items()}
    assert set(told) == ENGINES
    assert first == min(told, key=told.get)
    assert opened(model) == first
    assert len(measured) == 2


@pytest.mark.parametrize("fast", sorted(ENGINES))
def test_what_is_remembered_decides(model, memory, fast, measured):
    keys = {
        candidate.engine: speeds.speed_key(candidate, LoadOptions())
        for candidate in find_candidates(locate_model(model))
    }
    speeds.remember_speeds({key: speeds.Speed(1.0 if engine == fast else 2.0) for engine, key in keys.items()})
    assert opened(model) == fast
    assert not measured


def test_without_it_the_formats_own_engine_is_taken_and_nothing_measured(model, memory, measured):
    with open_brain(model) as brain:
        assert brain.engine == "onnx"
    assert not measured
    assert not memory.exists()


def test_a_speed_is_that_of_contents_versions_device_and_threads(model):
    def key(**choices):
        return speeds.speed_key(find_candidates(locate_model(model))[0], LoadOptions(**choices))

    plain = key()
    assert "onnxruntime " in plain
    assert plain == key(conf=0.1)
    assert len({plain, key(threads=1), key(threads=2), key(device="cuda:0"), key(precision="bf16")}) == 5
    with model.open("ab") as stream:
        stream.write(b"\0")
    assert key() != plain


def test_an_engine_that_refuses_is_left_out_told_and_not_tried_again(testdata, memory, measured, caplog):
    graph = testdata / "models" / "fastestdet_coco_tf1_image_tensor.pb"
    assert opened(graph) == "tensorflow"
    assert "engine openvino is left out" in caplog.text
    assert "CombinedNonMaxSuppression" in caplog.text
    assert opened(graph) == "tensorflow"
    assert measured == ["tensorflow", "openvino"]


class Distorting:
    """ONNX Runtime with its pictures turned around: what an engine with a fault would be."""

    def load(self, artifact, options):
        session = OnnxEngine().load(artifact, options)
        run = session.run
        session.run = lambda feeds, fetches: {
            name: tensor[..., ::-1].copy() for name, tensor in run(feeds, fetches).items()
        }
        return session

    def describe(self):
        return {}


@pytest.fixture
def distorting(monkeypatch):
    """Only ONNX Runtime is installed, and the one that distorts."""
    monkeypatch.setitem(sys.modules, "distorting", SimpleNamespace(Engine=Distorting))
    wrong = Plugin("wrong", "distorting:Engine", "gives other answers", (".wrong", ".onnx"))
    with registry_of("runner_onnx.plugin", "runner_detection.plugin", engines=[wrong]):
        yield


def test_an_engine_that_answers_otherwise_is_left_out_however_fast(model, memory, distorting, monkeypatch, caplog):
    assert opened(model) == "onnx"
    assert "engine wrong is left out: answers otherwise than onnx: " in caplog.text
    refusals = {key.split(" | ")[1]: speed["refusal"] for key, speed in json.loads(memory.read_text()).items()}
    assert "alike in probe images" in refusals["wrong"]
    assert not refusals["onnx"]


def test_an_engine_that_came_later_is_held_against_those_known(model, memory, distorting):
    first = find_candidates(locate_model(model))[0]
    speeds.remember_speeds({speeds.speed_key(first, LoadOptions()): speeds.Speed(9.0)})
    assert first.engine == "onnx"
    assert [
        (candidate.engine, speed.ms is None)
        for candidate, speed in measuring.rank_engines(locate_model(model), LoadOptions(), open_candidate)
    ] == [
        ("onnx", False),
        ("wrong", True),
    ]


def test_a_model_that_all_refuse_is_refused(model, memory):
    model.write_bytes(b"no model at all")
    with pytest.raises(EngineError, match=r"fastestdet_coco\.onnx"):
        opened(model)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"x": 3}', '{"x": {"ms": "soon"}}'])
def test_a_damaged_memory_is_no_memory(memory, text):
    memory.parent.mkdir()
    memory.write_text(text)
    assert speeds.read_speeds() == {}
    speeds.remember_speeds({"k": speeds.Speed(1.5), "r": speeds.Speed(None, "refused")})
    assert speeds.read_speeds() == {"k": speeds.Speed(1.5), "r": speeds.Speed(None, "refused")}


def test_where_nothing_can_be_written_it_runs_all_the_same(model, memory, caplog):
    memory.parent.write_text("a file where the folder should be")
    assert opened(model) in ENGINES
    assert "cannot be written" in caplog.text


def bench(*arguments):
    with pytest.raises(SystemExit) as stop:
        main(["bench", *map(str, arguments)])
    return stop.value.code


def test_bench_measures_anew_and_auto_goes_by_it(model, memory, measured, capsys):
    assert bench("--engines", model) == 0
    told = capsys.readouterr().out
    assert "fastestdet_coco.onnx" in told
    assert all(engine in told for engine in ENGINES)
    assert "1.00" in told
    assert bench(model, "--engines") == 0
    assert len(measured) == 4
    assert opened(model) in ENGINES
    assert len(measured) == 4
    capsys.readouterr()
    assert bench(model) == 0
    assert "openvino" not in capsys.readouterr().out


def test_bench_of_what_nobody_opens_fails(model, capsys, caplog):
    model.write_bytes(b"no model at all")
    assert bench("--engines", model) == 1
    assert "refused" in capsys.readouterr().out
