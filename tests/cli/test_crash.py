"""Unforeseen errors: whose bug the message says it is."""

import json

import pytest

from runner_core.cli.crash import describe_crash
from runner_core.errors import PluginError
from runner_core.pipeline.sources_sinks import open_sinks
from runner_core.plugin import Plugin
from runner_core.testing import registry_of
from runner_core.testing.registries import write_distribution

PLUGIN = """
    from runner_core.hookspecs import hookimpl
    from runner_core.plugin import Plugin

    @hookimpl
    def runner_sinks():
        return [Plugin("albums", "runner_albums.sink:Albums", "Albums.")]
"""
SINK = """
    from contextlib import contextmanager

    class Albums:
        def __init__(self, place):
            pass

        @contextmanager
        def open(self):
            yield self

        def write(self, result):
            int({written!r})

        def finish(self, summary):
            pass
"""


@pytest.fixture
def albums(tmp_path):
    def write(written: str) -> str:
        files = {"runner_albums/plugin.py": PLUGIN, "runner_albums/sink.py": SINK.format(written=written)}
        write_distribution(tmp_path / "site", "runner-albums", files, {"albums": "runner_albums.plugin"})
        answer = {"source": "a.jpg", "index": 0, "time": None, "size": [4, 3], "inferences": []}
        (tmp_path / "out.jsonl").write_text(json.dumps(answer) + "\n")
        return str(tmp_path / "site")

    return write


def test_a_plugins_fault_is_reported_as_its_own(albums, runner):
    done = runner("replay", "out.jsonl", "--sink", "albums:x", PYTHONPATH=albums("boom"))
    assert done.returncode == 1
    assert done.stderr == (
        "runner: ValueError: invalid literal for int() with base 10: 'boom' in albums (runner-albums 1.0): report it "
        "to its author; see the traceback with `runner --debug ...`\n"
    )


def test_what_the_plugin_has_somebody_else_do_is_its_fault_too():
    with (
        registry_of(sinks=[Plugin("mine", f"{__name__}:Sink", "Fails.")]),
        pytest.raises(json.JSONDecodeError) as caught,
    ):
        json.loads("no JSON")
    with registry_of(sinks=[Plugin("mine", f"{__name__}:Sink", "Fails.")]):
        assert "in given (given): report it to its author" in describe_crash(caught.value)


def test_what_runner_itself_fails_at_is_a_fault_of_runner():
    with pytest.raises(ValueError, match="a Plugin's name") as caught:
        Plugin("", "x:y", "Fails.")
    with registry_of(sinks=[Plugin("mine", f"{__name__}:Sink", "Fails.")]):
        assert "this is a bug in runner" in describe_crash(caught.value)
    with registry_of():
        assert "this is a bug in runner" in describe_crash(ValueError("raised by nobody"))


def test_a_message_of_two_lines_is_told_on_one():
    assert "ValueError: one two; this is a bug" in describe_crash(ValueError("one\n  two"))


class Unopened:
    """A sink that lacks what makes it one."""

    def __init__(self, location):
        self.location = location


@pytest.mark.parametrize("typed", ["mine:x", "out.mine"])
def test_a_sink_without_open_is_its_plugins_fault(typed):
    plugin = Plugin("mine", f"{__name__}:Unopened", "Fails.", claims=(".mine",))
    with registry_of(sinks=[plugin]), pytest.raises(PluginError) as caught:
        open_sinks([typed])
    assert str(caught.value) == (
        f"sink 'mine' of given: what {__name__}:Unopened makes has no open; report it to the author of given"
    )
