"""Plugins without a distribution: classes of this process, and files."""

import os
import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

import runner_core
from runner_core.discovery.registry import Registry, get_registry, use_registry
from runner_core.errors import UsageError
from runner_core.testing import FAKE_ENGINE, FakeTask, fake_rows, registry_of, write_fake_model

TASK = '''
from runner_core.testing import FakeTask

class OwnRowsTask(FakeTask):
    """Rows of one's own."""

    def recognise(self, model):
        return None
'''
HOOKED = """
from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin
import click

@click.command()
def greet():
    "Greet."
    click.echo("hello from a file")

@hookimpl
def runner_commands():
    yield Plugin("greet", "greeter:greet", "Greet.")
"""


class PagesOfMine:
    """A source with no word for its kind."""

    live = False

    def frames(self):
        return iter(())


class PagesSource(PagesOfMine):
    """Pages."""

    def __init__(self, location):
        self.location = location


def command(folder, *words, **environment):
    return subprocess.run(
        [sys.executable, "-P", "-m", "runner_core.cli.main", *words],
        env=os.environ | environment, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_class_is_used_under_the_name_of_its_class(tmp_path):
    model = write_fake_model(tmp_path / "model.npz", fake_rows())
    with registry_of(engines=[FAKE_ENGINE]):
        assert runner_core.use(FakeTask) == "fake"
        with runner_core.open_brain(model, task="fake") as brain:
            assert brain.family == "fake"
        assert runner_core.use(PagesSource, claims=(".pages",)) == "pages"
        assert get_registry().find_claiming("sources", ".pages")[0].plugin.summary == "Pages."
        assert runner_core.use(PagesOfMine, name="mine") == "mine"
    assert "pages" not in get_registry().all("sources")


def test_it_comes_before_ours_and_a_second_time_replaces_the_first():
    with use_registry(Registry([EntryPoint("files", "runner_files.plugin", "runner")])):
        for _ in range(2):
            runner_core.use(PagesSource, name="file", claims=("path",))
            found = get_registry().find_claiming("sources", "path")
            assert [each.distribution for each in found] == [__name__, "files"]
        assert get_registry().find("sources", "file").plugin.target == f"{__name__}:PagesSource"
        assert "files/file" in get_registry().all("sources")
        assert get_registry().problems == get_registry().list_conflicts() == []


@pytest.mark.parametrize("part", [dict, 3, registry_of, Registry])
def test_what_is_no_plugin_is_refused_with_the_methods_of_each_kind(part):
    with (
        registry_of(),
        pytest.raises(UsageError, match="not a class of one kind of plugin; methods of each kind: engi"),
    ):
        runner_core.use(part)


def test_a_class_inside_of_a_function_is_refused():
    class Hidden(PagesOfMine):
        pass

    with registry_of(), pytest.raises(UsageError, match="define it at the top of its module"):
        runner_core.use(Hidden)


def test_a_file_of_a_class_is_a_plugin_by_option_and_by_variable(tmp_path):
    (tmp_path / "own_rows.py").write_text(TASK)
    for words, environment in ((["--plugin", "own_rows.py"], {}), ([], {"RUNNER_PLUGINS": "own_rows.py"})):
        listed = command(tmp_path, "plugins", *words, COLUMNS="200", **environment)
        assert listed.returncode == 0, listed.stderr
        assert "Rows of one's own. [own_rows.py]" in listed.stdout


def test_a_file_with_hooks_says_itself_what_it_adds(tmp_path):
    (tmp_path / "greeter.py").write_text(HOOKED)
    assert command(tmp_path, "greet", "--plugin=greeter.py").stdout == "hello from a file\n"
    assert "Greet." in command(tmp_path, "--help", "--plugin", "greeter.py").stdout


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("own.py", "import no_such_module", "own.py: cannot be imported (ModuleNotFoundError: No module named"),
        ("own.py", "def f(:", "own.py: cannot be imported (SyntaxError"),
        ("own.py", "value = 3", "own.py: no plugin is in it; define a class with the methods of its kind"),
        ("own.py", HOOKED.replace("_commands", "_comands"), "own.py: no plugin is in it"),
        ("own.py", "from runner_core.testing import FakeTask", "own.py: no plugin is in it"),
        ("json.py", TASK, "json.py: there is a module json already; give the file another name"),
        ("own.txt", TASK, "own.txt: not a module of Python; name a file such as my_task.py"),
        ("my-own.py", TASK, "my-own.py: not a module of Python"),
        ("own.py", None, "own.py: there is no such file"),
    ],
)
def test_a_file_that_is_no_plugin_is_refused(tmp_path, name, text, said):
    if text is not None:
        (tmp_path / name).write_text(text)
    refused = command(tmp_path, "plugins", "--plugin", name)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
