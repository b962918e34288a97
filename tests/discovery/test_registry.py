"""The registry in this process: plugins by kind, name and claim; targets that fail when they are used."""

from importlib.metadata import EntryPoint

import pytest

from runner_core.discovery.entry_points import Origin
from runner_core.discovery.registry import Installed, Registry, get_registry, use_registry
from runner_core.errors import NotInstalled, PluginError, SinkError
from runner_core.pipeline.sources_sinks import open_source
from runner_core.plugin import Plugin
from runner_core.project import open_brain
from runner_core.testing import FAKE_ENGINE, FAKE_TASK, fake_rows, registry_of, write_distribution, write_fake_model


def plugin(name: str, target: str = "fractions:Fraction", *claims: str) -> Plugin:
    return Plugin(name, target, "made for a test", claims)


@pytest.fixture
def targets(tmp_path, monkeypatch):
    """A module whose attributes fail in their several ways."""
    code = """
        import sys
        from runner_core.errors import SinkError
        def raises(*given): raise KeyError("inside")
        def leaves(*given): sys.exit(5)
        def refuses(*given): raise SinkError("cannot write there")
        def interrupted(*given): raise KeyboardInterrupt
        class Confused:
            kind = "confused"
            def recognise(self, model): return [][0]
    """
    write_distribution(tmp_path, "runner-targets", {"targets/made.py": code, "targets/exits.py": "exit(4)"}, {})
    monkeypatch.syspath_prepend(str(tmp_path))


def test_plugins_are_found_by_name_and_by_claim():
    with registry_of(engines=[plugin("zeta", "a:b", ".pb"), plugin("alpha", "a:b", ".pb", ".onnx")]) as found:
        assert found.get("engines", "zeta").plugin.claims == (".pb",)
        assert [claiming.plugin.name for claiming in found.find_claiming("engines", ".pb")] == ["alpha", "zeta"]
        assert found.find_claiming("engines", ".p") == ()
        assert found.all("tasks") == {}


def test_an_unknown_name_is_refused_with_what_there_is_and_what_to_install():
    with registry_of(engines=[plugin("zeta"), plugin("alpha")]) as found, pytest.raises(NotInstalled) as refused:
        found.get("engines", "onnx")
    assert str(refused.value) == (
        "no engine named 'onnx' is installed; installed: alpha, zeta; `pip install runner-onnx` brings it"
    )
    with registry_of() as found, pytest.raises(NotInstalled, match="installed: none; see `runner plugins`"):
        found.get("engines", "warp")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("no_such_package.engine:Engine", "cannot be loaded (ModuleNotFoundError: No module named 'no_such_package')"),
        ("fractions:Missing", "cannot be loaded (AttributeError: module 'fractions' has no attribute 'Missing')"),
        ("targets.exits:anything", "cannot be loaded (SystemExit: 4)"),
        ("targets.made:raises", "cannot be made (KeyError: 'inside')"),
        ("targets.made:leaves", "cannot be made (SystemExit: 5)"),
    ],
)
def test_a_target_that_fails_is_a_plugin_error_and_leaves_the_others(targets, target, said):
    with registry_of(sinks=[plugin("broken", target), plugin("whole")]) as found:
        with pytest.raises(PluginError) as failed:
            found.make("sinks", "broken", 3)
        assert str(failed.value).startswith(f"sink 'broken' of given: {target} {said}")
        assert found.make("sinks", "whole", 3) == 3


def test_errors_of_runner_and_an_interrupt_come_out_of_a_target_as_they_are(targets):
    with registry_of(
        sinks=[plugin("full", "targets.made:refuses"), plugin("stop", "targets.made:interrupted")]
    ) as found:
        with pytest.raises(SinkError, match="cannot write there"):
            found.make("sinks", "full", "x")
        with pytest.raises(KeyboardInterrupt):
            found.make("sinks", "stop", "x")


def test_a_source_that_cannot_be_made_is_a_plugin_error(targets):
    with registry_of(sources=[plugin("broken", "targets.made:raises")]), pytest.raises(PluginError, match="'broken'"):
        open_source("broken:anything")


@pytest.mark.parametrize("target", ["no_such_package:Task", "targets.made:raises", "targets.made:Confused"])
def test_a_broken_task_does_not_keep_the_others_from_a_bare_model(targets, target, tmp_path):
    model = write_fake_model(tmp_path / "model.npz", fake_rows())
    with registry_of(engines=[FAKE_ENGINE], tasks=[plugin("broken", target), FAKE_TASK]):
        with open_brain(model) as brain:
            assert brain.family == "fake-rows"
        with pytest.raises((PluginError, IndexError)):
            open_brain(model, task="broken")


def test_an_interrupt_while_a_plugin_is_imported_ends_all(tmp_path, monkeypatch):
    write_distribution(tmp_path, "runner-slow", {"slow_one/plugin.py": "raise KeyboardInterrupt"}, {})
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        Registry([EntryPoint("slow", "slow_one.plugin", "runner")])


def test_the_second_hook_that_fails_takes_the_first_with_it(tmp_path, monkeypatch):
    code = """
        from runner_core.hookspecs import hookimpl
        from runner_core.plugin import Plugin
        @hookimpl
        def runner_engines():
            yield Plugin("half", "fractions:Fraction", "registered before the fault")
        @hookimpl
        def runner_tasks():
            raise ValueError("too late")
    """
    write_distribution(tmp_path, "runner-half", {"half/plugin.py": code}, {})
    monkeypatch.syspath_prepend(str(tmp_path))
    found = Registry([EntryPoint("half", "half.plugin", "runner")])
    assert found.all("engines") == {}
    assert str(found.problems[0]) == "half (half): ValueError: too late"


def test_use_registry_replaces_the_registry_only_inside_the_block():
    outside = get_registry()
    inner = Registry([])
    with use_registry(inner):
        assert get_registry() is inner
        with registry_of(tasks=[plugin("nested")]) as nested:
            assert get_registry() is nested
        assert get_registry() is inner
    assert get_registry() is outside


def test_a_plugin_added_under_a_taken_name_is_a_problem():
    with registry_of(tasks=[plugin("same"), plugin("same", "other:Task")]) as found:
        assert found.get("tasks", "same").plugin.target == "fractions:Fraction"
        assert [problem.message for problem in found.problems] == [
            "task 'same' is in given already; the second one is left out"
        ]
    found.add(Installed("sinks", plugin("same"), Origin("given")))
    assert len(found.problems) == 1  # of another kind


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": None},
        {"target": "module"},
        {"target": "module:"},
        {"target": "a b:c"},
        {"summary": ""},
        {"claims": ".pb"},
        {"claims": (1,)},
        {"claims": [".pb"]},
    ],
)
def test_a_plugin_is_checked_where_it_is_made(wrong):
    right = {"name": "n", "target": "module:attribute", "summary": "s", "claims": (".pb",)}
    assert Plugin(**right).claims == (".pb",)
    with pytest.raises(ValueError, match=r"Plugin's|the target of n|the claims of n"):
        Plugin(**right | wrong)
