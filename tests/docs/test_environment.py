"""docs/environment.md has every variable that the code reads, and no other."""

import re
from pathlib import Path

from runner_core.util.settings import SETTINGS, find_variable

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "environment.md").read_text(encoding="utf-8")
SOURCES = [*ROOT.glob("src/**/*.py"), *ROOT.glob("plugins/*/src/**/*.py")]

_OWN = re.compile(r"\bRUNNER_[A-Z_]+")
_READ = re.compile(
    r'environ(?:\.get|\.setdefault)?[(\[]"([A-Z_]+)"|_(?:VARIABLE|LEVEL) = "([A-Z_]+)"|"([A-Z_]+)" in os\.environ'
)


def list_read() -> set[str]:
    texts = [path.read_text(encoding="utf-8") for path in SOURCES]
    own = {name for text in texts for name in _OWN.findall(text)}
    others = {name for text in texts for found in _READ.findall(text) for name in found if name}
    return own | others | {find_variable(name) for name in SETTINGS}


def list_told() -> set[str]:
    """The names in the first column of the tables, and in the last paragraph."""
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    return {
        name for part in (*rows, PAGE.rpartition("\n\n")[2]) for name in re.findall(r"`([A-Z][A-Z_]+)(?:=\d)?`", part)
    }


def is_told(name: str) -> bool:
    return name in list_told() or (name.endswith("_") and any(told.startswith(name) for told in list_told()))


def test_every_variable_that_is_read_is_told():
    read = list_read()
    assert {"RUNNER_HOME", "RUNNER_TOKEN_", "RUNNER_MAX_DET", "OMP_NUM_THREADS", "TF_CPP_MIN_LOG_LEVEL"} <= read
    assert sorted(name for name in read if not is_told(name)) == []


def test_every_variable_of_runners_that_is_told_is_read():
    read = list_read()
    prefixes = tuple(name for name in read if name.endswith("_"))
    assert [
        name
        for name in sorted(list_told())
        if name.startswith("RUNNER_") and name not in read and not name.startswith(prefixes)
    ] == []
