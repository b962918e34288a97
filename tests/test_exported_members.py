"""What `runner_core` offers by name."""

import ast
import inspect
from pathlib import Path

import pytest

import runner_core


def test_the_names_are_sorted_and_complete():
    assert runner_core.__all__ == sorted(set(runner_core.__all__))
    assert dir(runner_core) == runner_core.__all__
    seen_by_type_checkers = {
        alias.asname
        for node in ast.walk(ast.parse(Path(runner_core.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("runner_core.")
        for alias in node.names
    }
    assert seen_by_type_checkers == set(runner_core.__all__)


@pytest.mark.parametrize("name", runner_core.__all__)
def test_each_name_is_there_and_says_what_it_is(name):
    found = getattr(runner_core, name)
    assert found.__name__ == name
    assert inspect.getdoc(found)
    if inspect.isclass(found):
        assert not (found.__doc__ or "").startswith(f"{name}("), "a docstring of attrs' own making"
        for member, value in inspect.getmembers(found, inspect.isfunction):
            inherited = value.__module__ != found.__module__
            assert member.startswith("_") or inherited or inspect.getdoc(value), f"{name}.{member} has no docstring"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'runner_core' has no attribute 'Frames'"):
        _ = runner_core.Frames
