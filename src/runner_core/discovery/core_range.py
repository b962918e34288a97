"""The range of cores that a distribution is written for, by its ``Requires-Dist: runner-core>=0.1,<0.2``.

pip keeps to it; an editable install, a folder on PYTHONPATH and a core that was exchanged later do not. The metadata is
searched as text, and numbers are compared here: to parse it, or to import ``packaging``, would take more of the time of
``runner --help`` than a plugin may. What is not a plain range of release numbers (``~=``, ``===``, markers) is let
through.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import Distribution, distribution

CORE = "runner-core"
_REQUIRES = re.compile(
    r"^Requires-Dist: *runner[-_.]core(?:\[[^\]]*\])?[ (]*([<>=!][^;)\n]*)\)? *$", re.MULTILINE | re.IGNORECASE
)
_VERSION = re.compile(r"^Version: *(\S+)", re.MULTILINE)
_CLAUSE = re.compile(r"(>=|<=|==|!=|>|<) *(\d+(?:\.\d+)*)")
_HOLDS: Mapping[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, "<": operator.lt,
}  # fmt: skip


def explain_misfit(made_by: Distribution | None) -> str:
    """Why this core is not one that the distribution is written for, and which side to upgrade; empty if it is."""
    wanted = _REQUIRES.search(_read_head(made_by))
    if wanted is None:
        return ""
    core = _find_core_version()
    broken = [asked for clause in wanted[1].split(",") if (asked := _find_broken(clause.strip(), core))]
    if not broken:
        return ""
    why = f"it is written for {CORE}{wanted[1].strip()}, and this is {CORE} {core}"
    if _parse(core) < _parse(broken[0]):
        return f"{why}; upgrade {CORE}"
    return f"{why}; upgrade the plugin, or write it for this core"


def _find_broken(clause: str, core: str) -> str | None:
    """The version in a clause that the core does not fulfil."""
    asked = _CLAUSE.fullmatch(clause)
    return None if not asked or not core or _HOLDS[asked[1]](_parse(core), _parse(asked[2])) else asked[2]


def _parse(version: str) -> tuple[int, ...]:
    """The numbers at its front, without zeros at their end: 1.0 is 1."""
    parts = [int(part) for part in re.findall(r"(?:^|(?<=\.))\d+(?=\.|$|[a-z+])", version)]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


def _read_head(made_by: Distribution | None) -> str:
    """The fields of its metadata, without the description; empty if they cannot be read."""
    try:
        text = made_by.read_text("METADATA") if made_by else ""
    except Exception:  # noqa: BLE001  # whatever is wrong with its files, that is no reason to refuse it
        return ""
    return (text or "").partition("\n\n")[0]


@lru_cache(maxsize=1)
def _find_core_version() -> str:
    try:
        found = _VERSION.search(_read_head(distribution(CORE)))
    except Exception:  # noqa: BLE001  # a core that is not installed, only on the path
        return ""
    return found[1] if found else ""
