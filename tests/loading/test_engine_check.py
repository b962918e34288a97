"""An engine that a person chooses is held once against the one whose format the model has; differences are told."""

import json
import logging
import sys
from types import SimpleNamespace

import attrs
import numpy as np
import onnx_models
import pytest
from runner_onnx.engine import OnnxEngine

from runner_core.cards.artifact import Artifact, describe_files
from runner_core.cards.card import Card
from runner_core.errors import EngineError
from runner_core.loading import speed_cache as speeds
from runner_core.plugin import Plugin
from runner_core.project import open_brain
from runner_core.testing.registries import registry_of

loaded = []  # by which engine, in order


class Own(OnnxEngine):
    """ONNX Runtime, which tells that it is asked."""

    def load(self, artifact, options):
        loaded.append("own")
        return super().load(artifact, options)


def make_other(change):
    """ONNX Runtime whose outputs are changed: what an engine with a fault would be."""

    class Other(OnnxEngine):
        def load(self, artifact, options):
            loaded.append("other")
            session = super().load(artifact, options)
            run = session.run
            session.run = lambda feeds, fetches: {name: change(tensor) for name, tensor in run(feeds, fetches).items()}
            return session

    return Other


@pytest.fixture
def engines(tmp_path, monkeypatch):
    """``with engines(change):`` two engines open ONNX: that of the format, and ``other``."""
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    loaded.clear()

    def install(change, own=Own):
        monkeypatch.setitem(sys.modules, "two_engines", SimpleNamespace(Own=own, Other=make_other(change)))
        first = Plugin("own", "two_engines:Own", "the format's own", (".onnx",))
        other = Plugin("other", "two_engines:Other", "another", (".own", ".onnx"))
        return registry_of("runner_classification.plugin", "runner_detection.plugin", engines=[first, other])

    return install


@pytest.fixture
def classifier(tmp_path):
    return onnx_models.write_classifier(tmp_path / "seasons.onnx", 4, end="Softmax")


def told(caplog):
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and "otherwise" in record.getMessage()
    ]


def open_other(model, **options):
    with open_brain(model, engine="other", task="classification", **options) as brain:
        assert brain.engine == "other"


def claim_first(tensor):
    """Is sure of the first class; scores that are all 0 stay so."""
    first = np.zeros_like(tensor)
    first[..., 0] = tensor.sum(axis=-1)
    return first


def test_another_answer_is_told_each_time_and_measured_once(engines, classifier, caplog):
    with engines(claim_first):
        open_other(classifier)
        open_other(classifier)
    assert loaded == ["other", "own", "other"]
    first, again = told(caplog)
    assert first == again
    assert first.startswith(f"{classifier}: other answers otherwise than own, the format's own engine: class 0 at 1.00")
    assert " where own has class 3 at 0." in first
    assert first.endswith("in a probe image; use --engine own, or export the original for other")


def test_rounding_is_no_other_answer(engines, classifier, caplog):
    with engines(lambda tensor: np.round(tensor, 1)):
        open_other(classifier)
        open_other(classifier)
    assert loaded == ["other", "own", "other"], "that they agree is remembered too"
    assert not told(caplog)


def test_auto_does_not_take_what_is_known_to_differ(engines, classifier, tmp_path):
    with engines(claim_first):
        open_other(classifier)
        loaded.clear()
        with open_brain(classifier, engine="auto", task="classification") as brain:
            assert brain.engine == "own"
    assert "other" not in loaded
    known = json.loads((tmp_path / "home" / speeds.SPEEDS_FILE).read_text())
    assert {speed["ms"] is None for key, speed in known.items() if "| other |" in key} == {True}


def test_auto_finds_out_that_classes_differ_and_it_is_told_by_name(engines, classifier, caplog):
    with engines(claim_first):
        with open_brain(classifier, engine="auto", task="classification") as brain:
            assert brain.engine == "own"
        assert "engine other is left out: answers otherwise than own: class " in caplog.text
        loaded.clear()
        caplog.clear()
        open_other(classifier)
    assert loaded == ["other"]
    assert len(told(caplog)) == 1


def test_agreement_that_is_remembered_is_no_speed(engines, classifier, tmp_path):
    with engines(lambda tensor: tensor):
        open_other(classifier)
        with open_brain(classifier, engine="auto", task="classification"):
            pass
    known = json.loads((tmp_path / "home" / speeds.SPEEDS_FILE).read_text())
    assert len(known) == 2
    assert all(speed["ms"] for speed in known.values())


def test_the_own_engine_is_compared_with_none(engines, classifier, caplog):
    with engines(claim_first):
        open_brain(classifier, task="classification").close()
        open_brain(classifier, task="classification", engine="own").close()
    assert loaded == ["own", "own"]


def test_where_the_own_engine_cannot_run_it_nothing_is_told(engines, classifier, caplog):
    class Refusing(OnnxEngine):
        def load(self, artifact, options):
            loaded.append("own")
            raise EngineError("not this one")

    with engines(claim_first, own=Refusing):
        open_other(classifier)
        open_other(classifier)
    assert loaded == ["other", "own", "other"]
    assert not told(caplog)


def test_what_finds_nothing_in_probe_images_is_not_compared_again(engines, tmp_path, caplog):
    boxes = [[[0, 0, 10, 10], [20, 20, 30, 30]]]
    model = onnx_models.write_constant(tmp_path / "faces.onnx", boxes=boxes, scores=[[[0.0, 0.0], [0.0, 0.0]]])
    with engines(claim_first):
        for _ in range(2):
            open_brain(model, engine="other", task="boxes-scores").close()
    assert loaded == ["other", "own", "other"]
    assert not told(caplog)


def test_boxes_elsewhere_are_another_answer(engines, tmp_path, caplog):
    boxes = [[[0, 0, 10, 10], [20, 20, 30, 30]]]
    model = onnx_models.write_constant(tmp_path / "faces.onnx", boxes=boxes, scores=[[[0.0, 0.9], [0.1, 0.8]]])
    with engines(lambda tensor: tensor if tensor.shape[-1] == 2 else tensor / 3):
        open_brain(model, engine="other", task="boxes-scores").close()
    assert "0% alike in probe images" in told(caplog)[0]


def test_what_was_exported_has_been_compared(engines, classifier, caplog):
    with open_brain(classifier, task="classification") as brain:
        card = brain.card
    exported = classifier.with_name("exported.onnx")
    exported.write_bytes(classifier.read_bytes())
    artifacts = [Artifact(path.name, ".onnx", describe_files(path.parent, path)) for path in (classifier, exported)]
    attrs.evolve(card, artifacts=tuple(artifacts)).write(classifier.parent / "brain.json")
    loaded.clear()
    with engines(claim_first):
        open_brain(exported, engine="other").close()
        assert loaded == ["other"]
        open_brain(classifier, engine="other").close()
    assert len(told(caplog)) == 1
    assert Card.read(classifier.parent / "brain.json").artifacts[1].path == "exported.onnx"


def test_a_part_of_the_answers_is_not_compared(engines, classifier, caplog):
    with engines(claim_first):
        open_other(classifier, max_det=1)
    assert loaded == ["other"]
