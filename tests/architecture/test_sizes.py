"""Files and functions that can be read in one go, and benchmarks that can be found."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE_LINES, TEST_LINES, FUNCTION_LINES = 330, 350, 60
FOLDERS = ("src", "plugins", "tests", "bench", "docs", "examples", "tools")


def python_files() -> list[Path]:
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return [*ROOT.glob("*.py"), *(path for path in found if ".venv" not in path.parts)]


def long_functions(text: str) -> Iterator[str]:
    if text.count("\n") < FUNCTION_LINES:  # most files need not be parsed
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{node.name} ({lines} lines)"


def test_the_files_are_found():
    assert {"registry.py", "test_sizes.py", "conftest.py"} <= {path.name for path in python_files()}


def test_no_file_is_longer_than_one_reads():
    long = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    most = {path: TEST_LINES if "tests" in path.parts else SOURCE_LINES for path in long}
    assert not [f"{path.relative_to(ROOT)}: {lines}" for path, lines in long.items() if lines > most[path]]


def test_no_function_is_longer_than_a_screen():
    texts = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in python_files()}
    assert not [f"{path}: {long}" for path, text in texts.items() for long in long_functions(text)]


@pytest.mark.parametrize(("lines", "told"), [(59, []), (60, ["f (61 lines)"])])
def test_a_long_function_is_seen(lines, told):
    assert list(long_functions("def f():\n" + "    pass\n" * lines)) == told


def test_the_readme_of_the_benchmarks_names_each():
    told = (ROOT / "bench" / "README.md").read_text(encoding="utf-8")
    assert not [
        path.name for path in (ROOT / "bench").glob("*.py") if f"`{path.name}`" not in told and path.name[0] != "_"
    ]
