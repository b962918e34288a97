"""No engine dies of a damaged file of a format that it does not call fragile."""

from __future__ import annotations

import exported_models
import pytest
from damaged_files import Opener, list_damages, try_damages

from runner_core.contracts import HasFragile
from runner_core.discovery.registry import get_registry
from runner_core.testing.registries import write_distribution

PLUGIN = """
from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin

@hookimpl
def runner_engines():
    yield Plugin("dying", "runner_dying.engine:Engine", "dies", claims=(".dying",))
"""
ENGINE = """
import os

class Engine:
    def describe(self):
        return {}

    def load(self, artifact, options):
        if artifact.read_text() == "dies":
            os.abort()
        raise ValueError("refused")
"""
PAIRS = [
    (name, form)
    for name, found in get_registry().all("engines").items()
    for form in exported_models.FORMATS
    if form in found.plugin.claims
]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    keras = exported_models.import_keras()
    layers = keras.layers
    made = keras.Sequential(
        [keras.Input((32, 48, 3)), layers.Conv2D(8, 3), layers.ReLU(), layers.GlobalMaxPooling2D(), layers.Dense(10)]
    )
    return exported_models.export(made, tmp_path_factory.mktemp("models"))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "form"), PAIRS)
def test_a_format_that_is_not_fragile_kills_no_process(name, form, models):
    engine = get_registry().make("engines", name)
    if isinstance(engine, HasFragile) and form in engine.fragile:
        pytest.skip("opened in a child process first")
    assert set(try_damages(name, models[form], count=100, seed=2)) <= {"ran", "refused", "failed"}


def test_the_same_damage_each_time(tmp_path):
    model = tmp_path / "model.xml"
    for path in (model, model.with_suffix(".bin")):
        path.write_bytes(bytes(range(256)))
    made = list(list_damages(model, 40, seed=3))
    assert made == list(list_damages(model, 40, seed=3))
    assert {damage.file for damage in made} == {"model.xml", "model.bin"}
    assert sum(damage.data != model.read_bytes() for damage in made) > 30


def test_an_end_is_noticed(tmp_path, monkeypatch):
    """Of the process that opens models: the next one is opened by another."""
    write_distribution(
        tmp_path, "runner-dying", {"runner_dying/plugin.py": PLUGIN, "runner_dying/engine.py": ENGINE},
        {"dying": "runner_dying.plugin"},
    )  # fmt: skip
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    opener, model = Opener("dying"), tmp_path / "model.dying"
    for text, end in (("dies", "signal 6 in load"), ("refuses", "refused"), ("dies", "signal 6 in load")):
        model.write_text(text)
        assert opener.open(model) == end
    opener.close()
