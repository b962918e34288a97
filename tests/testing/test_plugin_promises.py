"""Every promise of a registration module can be broken, and the check says which one."""

import importlib
import sys

import pytest

from runner_core.testing import BrokenPromise, check_plugin, conformance, write_distribution

GOOD = """
from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin

@hookimpl
def runner_engines():
    yield Plugin("fake", "runner_core.testing.fakes:FakeEngine", "arrays in a file", claims=(".npz", "saved-model"))

@hookimpl
def runner_sinks():
    yield Plugin("lines", "good_plugin.parts:Sink", "lines in a file")
    yield Plugin("made", "good_plugin.parts:make", "lines in a file")

@hookimpl
def runner_commands():
    yield Plugin("hello", "good_plugin.parts:hello", "Say hello.")
"""
PARTS = """
import click

class Sink:
    def __init__(self, location): pass
    def open(self): pass

def make(location): return Sink(location)

@click.command()
def hello(): pass
"""

# promise, what is changed in the sound module, what the message says
BROKEN = [
    ("imports_almost_nothing", ("\n@", "\nimport PIL\n@"), "it imports PIL"),
    ("imports_almost_nothing", ("\n@", "\nimport click\n@"), "it imports click"),
    ("imports_almost_nothing", ("\n@", "\nimport runner_core.errors\n@"), "it imports runner_core.errors"),
    ("imports_almost_nothing", ("\n@", "\nimport click\nimport PIL\n@"), "it imports click, PIL"),
    ("marks_its_hooks", ("@hookimpl\ndef runner_sinks", "def runner_sinks"), "runner_sinks lacks @hookimpl, so nobody"),
    ("marks_its_hooks", ("@hookimpl\ndef runner_sinks", "def runner_sinkz"), "runner_sinkz lacks @hookimpl, so nobody"),
    ("registers_plugins", ("runner_sinks", "runner_sink"), "implements unknown hooks: runner_sink"),
    ("registers_plugins", ("runner_sinks()", "runner_sinks(x)"), "are declared in the hookimpl"),
    ("registers_plugins", ('"made"', '"lines"'), "sink 'lines' is in"),
    ("registers_plugins", ("@hookimpl", ""), "lacks @hookimpl"),
    ("registers_plugins", ("    yield", "    yield from () #"), "it registers nothing"),
    ("has_well_formed_names", ('"lines"', '"My Lines"'), "a name is 'My Lines'"),
    ("has_well_formed_names", ("lines in a file", "two\\nlines"), "the summary of lines is 'two\\nlines'"),
    ("has_well_formed_names", ('".npz"', '".NPZ"'), "fake claims ['.NPZ']"),
    ("has_targets_of_their_kind", ("parts:Sink", "other:Sink"), "No module named 'good_plugin.other'"),
    ("has_targets_of_their_kind", ("parts:Sink", "parts:Sunk"), "has no attribute 'Sunk'"),
    (
        "has_targets_of_their_kind",
        ("good_plugin.parts:Sink", "fractions:Fraction"),
        "cannot serve as sink: <class 'frac",
    ),
    ("has_targets_of_their_kind", ("fakes:FakeEngine", "fakes:FakeTask"), "fakes:FakeTask cannot serve as engine"),
    ("has_targets_of_their_kind", ("parts:hello", "parts:make"), "good_plugin.parts:make cannot serve as command"),
]


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes the plugin's package anew and forgets the one that was imported."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def forget():
        for name in [name for name in sys.modules if name.startswith("good_plugin")]:
            del sys.modules[name]

    def made(old="", new=""):
        assert old in GOOD
        files = {"good_plugin/plugin.py": GOOD.replace(old, new) if old else GOOD, "good_plugin/parts.py": PARTS}
        write_distribution(tmp_path, "runner-good", files, {"good": "good_plugin.plugin"})
        importlib.invalidate_caches()
        return "good_plugin.plugin"

    yield made
    forget()


@conformance(check_plugin)
def test_a_sound_plugin_keeps_it(check, write):
    check(write())


def test_a_module_will_do_as_well_as_its_name(write):
    check_plugin(importlib.import_module(write()))


@pytest.mark.parametrize(("promise", "change", "message"), BROKEN, ids=[entry[0] for entry in BROKEN])
def test_it_can_be_broken(promise, change, message, write):
    module = write(*change)
    with pytest.raises(BrokenPromise) as broken:
        check_plugin.each()[promise](module)
    sentence = getattr(importlib.import_module("runner_core.testing.plugins"), promise).__doc__.rstrip(".")
    assert str(broken.value).startswith(f"{module} breaks a promise: {sentence}. Instead: ")
    assert message in str(broken.value)


def test_a_module_that_cannot_be_imported_is_reported(write):
    module = write("from runner_core.plugin", "raise ValueError('no')\nfrom runner_core.plugin")
    with pytest.raises(BrokenPromise, match="fails in a fresh interpreter: ValueError: no"):
        check_plugin.each()["imports_almost_nothing"](module)


def test_each_promise_is_broken_by_a_test():
    assert {promise for promise, *_ in BROKEN} == set(check_plugin.each())
