"""The promises that an engine makes before there is a session: each can be broken, and the check says which one."""

import importlib

import numpy as np
import pytest

from runner_core.contracts import EngineOptions
from runner_core.errors import EngineError
from runner_core.testing import BrokenPromise, FakeEngine, FakeSession, check_engine, fake_rows, write_fake_model

KEPT = []


@pytest.fixture
def model(tmp_path):
    yield write_fake_model(tmp_path / "model.npz", fake_rows())
    while KEPT:
        KEPT.pop().close()


def loading(load):
    """An engine that loads by ``load(sound, artifact, options)``."""
    engine = FakeEngine()
    sound = engine.load
    engine.load = lambda artifact, options: load(sound, artifact, options)
    return engine


def describing(description):
    engine = FakeEngine()
    engine.describe = lambda: description
    return engine


def lets_errors_through(sound, artifact, options):
    with np.load(artifact):
        return sound(artifact, options)


def opens_folders(sound, artifact, options):
    if artifact.is_dir():
        artifact.read_bytes()
    return sound(artifact, options)


def takes_anything(sound, artifact, options):
    try:
        return sound(artifact, options)
    except EngineError:
        return FakeSession({}, {})


def names_no_file(sound, artifact, options):
    try:
        return sound(artifact, options)
    except EngineError as error:
        raise EngineError("not a model") from error


def leaves_it_open(sound, artifact, options):
    if artifact.is_file():
        KEPT.append(artifact.open("rb"))
    return sound(artifact, options)


def runs_elsewhere(sound, artifact, options):
    return sound(artifact, EngineOptions())


def knows_no_threads(sound, artifact, options):
    if options.threads:
        raise TypeError("threads?")
    return sound(artifact, options)


BROKEN = [
    ("describes_itself", describing({}), "it returns {}"),
    ("describes_itself", describing({"version": 3}), "not all are strings"),
    ("refuses_damaged_models", loading(opens_folders), "loading an empty folder raises IsADirectoryError"),
    ("refuses_damaged_models", loading(takes_anything), "does not raise EngineError"),
    ("refuses_damaged_models", loading(names_no_file), "does not name 'missing.npz': not a model"),
    ("refuses_damaged_models", loading(leaves_it_open), "empty.npz is open after loading a model damaged to empty"),
    ("refuses_an_unknown_device", loading(runs_elsewhere), "loading on an unknown device does not raise EngineError"),
    ("refuses_an_unknown_device", loading(knows_no_threads), "TypeError: threads?"),
    (
        "refuses_damaged_models",
        loading(lets_errors_through),
        "loading a path where nothing is raises FileNotFoundError",
    ),
]


@pytest.mark.parametrize(("promise", "engine", "message"), BROKEN, ids=[entry[0] for entry in BROKEN])
def test_it_can_be_broken(promise, engine, message, model):
    with pytest.raises(BrokenPromise) as broken:
        check_engine.each()[promise](engine, model)
    sentence = getattr(importlib.import_module("runner_core.testing.engines"), promise).__doc__.rstrip(".")
    assert str(broken.value).startswith(f"FakeEngine on model.npz breaks a promise: {sentence}. Instead: ")
    assert message in str(broken.value)


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Engines whose modules import too much, beside a stand-in for a framework."""
    head = "from runner_core.testing import FakeEngine\n"
    texts = {
        "torch": "",
        "light_library": "",
        "eager_engine": f"import torch\n{head}class Eager(FakeEngine): pass\n",
        "making_engine": f"{head}class Making(FakeEngine):\n    def __init__(self):\n        import light_library\n",
        "failing_engine": f"{head}class Failing(FakeEngine):\n    def __init__(self, device): pass\n",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize(
    ("target", "arguments", "heavy", "message"),
    [
        ("eager_engine:Eager", (), (), "making the engine imports torch: import it inside load"),
        (
            "making_engine:Making",
            (),
            {"light_library"},
            "making the engine imports light_library: import it inside load",
        ),
        ("failing_engine:Failing", ("cpu",), (), "missing 1 required positional argument: 'device'"),
    ],
)
def test_what_is_imported_too_early_is_named(modules, model, target, arguments, heavy, message):
    module, _, name = target.partition(":")
    engine = getattr(importlib.import_module(module), name)(*arguments)
    with pytest.raises(BrokenPromise, match="Nothing heavy is imported before load") as broken:
        check_engine.each()["imports_nothing_heavy_before_load"](engine, model, heavy=heavy)
    assert message in str(broken.value)
