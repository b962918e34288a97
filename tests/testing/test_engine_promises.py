"""Every promise of an engine can be broken, and the check says which one."""

import importlib
from types import SimpleNamespace

import attrs
import numpy as np
import pytest

from runner_core.contracts import TensorSpec
from runner_core.errors import EngineError
from runner_core.testing import BrokenPromise, FakeEngine, FakeSession, check_engine, conformance, write_fake_model


@pytest.fixture
def model(tmp_path):
    outputs = {"rows": np.arange(12, dtype=np.float32).reshape(2, 6), "count": np.array([2])}
    return write_fake_model(tmp_path / "model.npz", outputs)


class Spoiled(FakeEngine):
    """A sound engine whose sessions are spoiled by a function."""

    def __init__(self, spoil) -> None:
        self.spoil = spoil

    def load(self, artifact, options):
        session = super().load(artifact, options)
        self.spoil(session)
        return session


def attribute(**values):
    """An engine whose sessions have other attributes."""

    def spoil(session):
        for name, value in values.items():
            setattr(session, name, value)

    return Spoiled(spoil)


def specs(**changes):
    """An engine that declares its second output otherwise."""

    def spoil(session):
        session.outputs = (session.outputs[0], attrs.evolve(session.outputs[1], **changes))

    return Spoiled(spoil)


def running(run):
    """An engine whose sessions run ``run(session, sound, feeds, fetches)``."""

    def spoil(session):
        sound = session.run
        session.run = lambda feeds, fetches: run(session, sound, feeds, fetches)

    return Spoiled(spoil)


class Lone(FakeSession):
    def __init__(self):
        pass

    run = None


class GivesLone(FakeEngine):
    def load(self, artifact, options):
        return Lone()


def gives_all(session, sound, feeds, fetches):
    return sound(feeds, [spec.name for spec in session.outputs])


def gives_lists(session, sound, feeds, fetches):
    return {name: tensor.tolist() for name, tensor in sound(feeds, fetches).items()}


def gives_otherwise_alone(session, sound, feeds, fetches):
    return {name: tensor + (len(fetches) == 1) for name, tensor in sound(feeds, fetches).items()}


def writes_to_its_feeds(session, sound, feeds, fetches):
    for tensor in feeds.values():
        np.add(tensor, 1, out=tensor)
    return sound(feeds, fetches)


def writes_behind_the_flag(session, sound, feeds, fetches):
    for tensor in feeds.values():
        tensor.base[...] = 7
    return sound(feeds, fetches)


def uses_one_buffer(session, sound, feeds, fetches):
    buffers = session.__dict__.setdefault("buffers", {})
    for name, tensor in sound(feeds, fetches).items():
        buffer = buffers.setdefault(name, tensor)
        buffer[...] = next(iter(feeds.values())).mean()
    return {name: buffers[name] for name in fetches}


def takes_any_name(session, sound, feeds, fetches):
    return {name: np.zeros(1) for name in fetches}


def raises_its_own(session, sound, feeds, fetches):
    try:
        return sound(feeds, fetches)
    except EngineError as error:
        raise KeyError(str(error)) from error


def chokes_on_rank(session, sound, feeds, fetches):
    for tensor in feeds.values():
        _height, _width = tensor.shape[1:3] if tensor.ndim == 4 else (tensor.reshape(3, -1), 0)
    return sound(feeds, fetches)


def dies_once_refused(session, sound, feeds, fetches):
    try:
        return sound(feeds, fetches)
    except EngineError:
        session.close()
        raise


def speaks_at_length(session, sound, feeds, fetches):
    try:
        return sound(feeds, fetches)
    except EngineError as error:
        raise EngineError(f"{error}\nnode A\nnode B") from error


def lives_on(session, sound, feeds, fetches):
    session._open = True
    return sound(feeds, fetches)


SHARED = SimpleNamespace(open=0, made=0)


def shares_its_state(session):
    """Sessions of one process-wide state, as a global graph is: the first to close takes all with it."""
    SHARED.open += 1
    sound, close = session.run, session.close

    def run(feeds, fetches):
        if SHARED.open < 2:
            raise EngineError("the graph is gone")
        return sound(feeds, fetches)

    def closing():
        SHARED.open -= 1
        close()

    session.run, session.close = run, closing


def numbers_its_answers(session):
    """Each session answers otherwise."""
    SHARED.made += 1
    sound, mine = session.run, SHARED.made
    session.run = lambda feeds, fetches: {name: tensor + mine for name, tensor in sound(feeds, fetches).items()}


def races(session, sound, feeds, fetches):
    """Keeps its answer in the session on the way out."""
    import time

    session.turn = getattr(session, "turn", 0) + 1
    mine = session.turn
    time.sleep(0.01)
    return {name: tensor + (session.turn != mine) for name, tensor in sound(feeds, fetches).items()}


def closing_once(session):
    sound = session.close

    def close():
        if not session._open:
            raise RuntimeError("closed already")
        sound()

    session.close = close


BROKEN = [
    ("has_the_methods_of_an_engine", object(), "object has no describe, load: add it"),
    ("has_the_methods_of_an_engine", GivesLone(), "Lone has no inputs, metadata, outputs, run: add it"),
    ("has_the_methods_of_an_engine", attribute(concurrent="yes"), "concurrent is 'yes'"),
    ("declares_its_tensors", attribute(inputs=()), "the inputs are ()"),
    ("declares_its_tensors", attribute(outputs=[TensorSpec("a", (1,), "int8")]), "the outputs are [TensorSpec("),
    ("declares_its_tensors", attribute(metadata={"a": 1}), "the metadata holds more than strings"),
    ("declares_its_tensors", specs(name="rows"), "two of the outputs have the same name"),
    ("declares_its_tensors", specs(name=""), "a spec is TensorSpec(name=''"),
    ("declares_its_tensors", specs(dtype="float"), "the dtype of count is 'float'"),
    ("declares_its_tensors", specs(dtype="DT_FLOAT"), "the dtype of count is 'DT_FLOAT'"),
    ("declares_its_tensors", specs(shape=(-1,)), "the shape of count is (-1,)"),
    ("declares_its_tensors", specs(shape=[1]), "the shape of count is [1]"),
    ("returns_what_it_declares", running(lambda *_: {}), "it returns [], declared: ['count', 'rows']"),
    ("returns_what_it_declares", running(gives_lists), "is a list, not a numpy array"),
    ("returns_what_it_declares", specs(dtype="int32"), "count is int64; declared: count: int32 [1]"),
    ("returns_what_it_declares", specs(shape=(None, 2)), "count has shape (1,)"),
    ("returns_what_it_declares", specs(shape=(4,)), "count has shape (1,); declared: count: int64 [4]"),
    ("fetches_some_outputs", running(gives_all), "asked for rows, it returns ['count', 'rows']"),
    ("fetches_some_outputs", running(gives_otherwise_alone), "differs when it is fetched alone"),
    ("does_not_change_its_feeds", running(writes_to_its_feeds), "read-only"),
    ("does_not_change_its_feeds", running(writes_behind_the_flag), "picture differs after the run"),
    ("keeps_earlier_answers", running(uses_one_buffer), "differs after another run"),
    ("refuses_what_it_cannot_run", running(takes_any_name), "fetching an unknown output does not raise EngineError"),
    ("refuses_what_it_cannot_run", running(raises_its_own), "raises KeyError"),
    ("refuses_what_it_cannot_run", running(speaks_at_length), "a message of several lines"),
    ("refuses_what_it_cannot_run", running(chokes_on_rank), "of another shape and dtype raises ValueError"),
    ("refuses_what_it_cannot_run", running(dies_once_refused), "the session is closed"),
    ("closes_twice", Spoiled(closing_once), "RuntimeError: closed already"),
    ("refuses_to_run_after_close", running(lives_on), "running after close does not raise EngineError"),
    ("keeps_sessions_apart", Spoiled(shares_its_state), "the graph is gone"),
    ("keeps_sessions_apart", Spoiled(numbers_its_answers), "differs between two sessions of one model"),
    ("answers_several_threads", running(races), "differs when several threads run it"),
]


@conformance(check_engine)
def test_a_sound_engine_keeps_it(check, model):
    check(FakeEngine(), model)


def test_a_sound_engine_keeps_them_all_and_takes_feeds(model):
    check_engine(FakeEngine(), model, {"picture": np.ones((1, 32, 32, 3), np.uint8)})


@pytest.mark.parametrize(
    ("promise", "engine", "message"), BROKEN, ids=lambda value: value if isinstance(value, str) else ""
)
def test_it_can_be_broken(promise, engine, message, model):
    with pytest.raises(BrokenPromise) as broken:
        check_engine.each()[promise](engine, model)
    sentence = getattr(importlib.import_module("runner_core.testing.engines"), promise).__doc__.rstrip(".")
    assert str(broken.value).startswith(f"{type(engine).__name__} on model.npz breaks a promise: {sentence}. Instead: ")
    assert message in str(broken.value)


def test_the_whole_check_stops_at_a_broken_promise(model):
    with pytest.raises(BrokenPromise, match="Closing twice does no harm"):
        check_engine(importable(), model)


def importable():
    """Of a class that a fresh interpreter can import, as the check of imports needs."""
    engine = FakeEngine()
    sound = engine.load

    def load(artifact, options):
        session = sound(artifact, options)
        closing_once(session)
        return session

    engine.load = load
    return engine


def test_each_promise_is_broken_by_a_test():
    elsewhere = {  # test_engine_loading.py
        "describes_itself",
        "imports_nothing_heavy_before_load",
        "refuses_an_unknown_device",
        "refuses_damaged_models",
    }
    assert {promise for promise, *_ in BROKEN} | elsewhere == set(check_engine.each())
