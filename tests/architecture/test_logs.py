"""One logger for all, to which the commands listen: what another said would reach people without ``runner:``."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUIET = ('"PIL"', '"uvicorn.error"', '"asyncio"')  # nobody logs as a library: its logger is kept from printing
NAMES = ('"runner"', *QUIET)


def test_whoever_logs_does_so_as_runner():
    texts = {path: path.read_text(encoding="utf-8") for path in ROOT.glob("src/**/*.py")}
    texts |= {path: path.read_text(encoding="utf-8") for path in ROOT.glob("plugins/*/src/**/*.py")}
    named = {path.relative_to(ROOT): re.findall(r"\bgetLogger\(([^)]*)\)", text) for path, text in texts.items()}
    assert any(named.values())
    assert not [f"{path}: {name}" for path, names in named.items() for name in names if name not in NAMES]
