"""The process that takes mutants: it makes the seeds, then does with each file what its campaign says.

Started by ``Child`` as ``child.py CAMPAIGN FOLDER``. It reads a path a line, and answers each with a line of JSON.
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

_HELPERS = Path(__file__).parents[1] / "helpers"
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_MOST_TOLD = 3000


def main(name: str, folder: Path) -> None:
    """Serves until its standard input ends."""
    answers, told = _take_streams(folder)
    faulthandler.enable(file=sys.stderr)
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "RUNNER_HOME": str(folder / "home"), "RUNNER_CAMPAIGN": str(folder)}
    sys.path[:0] = [str(_HELPERS), str(Path(__file__).parent)]
    from campaigns import open_campaign

    campaign = open_campaign(name)
    seeds = campaign.make_seeds()
    for number, (seed, data) in enumerate(sorted(seeds.items())):
        (folder / f"seed-{number}").write_bytes(data)
        whole = _try(campaign.fuzz_one_input, campaign.join(seed, data), told)
        if whole:
            _answer(answers, {"broken": f"{seed}, which is whole: {whole}"})
            return
    tokens = [token.hex() for token in campaign.tokens]
    _answer(answers, {"seeds": sorted(seeds), "tokens": tokens, "named": campaign.named, "most": _read_memory("VmHWM")})
    for line in sys.stdin:
        _reset_peak()
        found = _try(campaign.fuzz_one_input, Path(line.rstrip("\n")).read_bytes(), told)
        _answer(answers, {"found": found, "most": _read_memory("VmHWM"), "rests": _read_memory("VmRSS")})


def _try(ask: Callable[[bytes], None], data: bytes, told: Path) -> dict[str, str] | None:
    """What is wrong: ``what`` in a line, ``where`` to tell it from others, ``more`` to look into it."""
    try:
        ask(data)
    except BaseException as error:  # noqa: BLE001  # whatever it is, it is what is looked for
        return {"what": _describe(error), "where": _find_place(error), "more": traceback.format_exc()[-_MOST_TOLD:]}
    printed = told.read_bytes() if told.stat().st_size else b""
    os.truncate(told, 0)
    if b"Traceback (most recent call last)" in printed:
        text = printed[-_MOST_TOLD:].decode(errors="replace")
        return {"what": "a traceback is printed", "where": text.strip().splitlines()[-1], "more": text}
    return None


def _describe(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:400]


def _find_place(error: BaseException) -> str:
    """The kind of error, and the innermost line of runner's own: alike for the same fault."""
    cause = error.__cause__ or error
    frames = traceback.extract_tb(cause.__traceback__)
    own = [frame for frame in frames if "/src/runner_" in frame.filename] or frames
    last = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
    if type(error).__name__ != "Breach" or error.__cause__:
        return f"{type(cause).__name__} {last}"
    return str(error).partition(":")[0]


def _take_streams(folder: Path) -> tuple[TextIO, Path]:
    """The stream for answers; all else that is printed goes into a file."""
    told = folder / "told"
    answers = os.fdopen(os.dup(1), "w")
    kept = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    os.dup2(kept, 1)
    os.dup2(kept, 2)
    return answers, told


def _answer(answers: TextIO, what: dict[str, Any]) -> None:
    answers.write(json.dumps(what) + "\n")
    answers.flush()


def _reset_peak() -> None:
    """Memory is counted anew for each input, where the system can do that."""
    with suppress(OSError):
        _RESET.write_text("5")


def _read_memory(name: str) -> int:
    """Bytes; 0 where the system does not say."""
    if not _STATUS.exists():
        return 0
    found = re.search(rf"{name}:\s+(\d+) kB", _STATUS.read_text())
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
