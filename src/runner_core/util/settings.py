"""Settings: what a person wants by default, from the environment or from a file of the working folder.

One rule for all: what is typed comes first, then the environment, then the file. The file is ``runner.toml``, or where
there is none the table ``[tool.runner]`` of ``pyproject.toml``. Written with the standard library alone: ``runner
--help`` imports this.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from runner_core.errors import UsageError
from runner_core.util.spelling import ask_if_meant

OWN_FILE, PROJECT_FILE = "runner.toml", "pyproject.toml"
LOG_LEVELS = ("debug", "info", "warning", "error")


class SettingType(NamedTuple):
    """What the value of a setting may be; ``what`` completes "is not ...": ``a whole number``."""

    accepts: Callable[[Any], bool]
    what: str


_TEXT = SettingType(lambda value: isinstance(value, str), "a text")
_FLAG = SettingType(lambda value: isinstance(value, bool), "true or false")
_COUNT = SettingType(lambda value: type(value) is int and value > 0, "a whole number from 1")
_SHARE = SettingType(lambda value: type(value) in (int, float) and 0 <= value <= 1, "a number from 0 to 1")
_LEVEL = SettingType(lambda value: value in LOG_LEVELS, f"one of {', '.join(LOG_LEVELS)}")
_NAMES = SettingType(
    lambda value: isinstance(value, list) and _is_all_text(value), 'a list of names, such as ["cat", "dog"]'
)
_STORES = SettingType(
    lambda value: isinstance(value, dict) and _is_all_text(value.values()), 'a table of ALIAS = "KIND:LOCATION"'
)

SETTINGS: Mapping[str, SettingType] = {
    "conf": _SHARE, "iou": _SHARE, "classes": _NAMES, "max_det": _COUNT, "engine": _TEXT, "device": _TEXT,
    "threads": _COUNT, "strict": _FLAG, "exact": _FLAG, "log_level": _LEVEL,
    "strict_plugins": _FLAG, "stores": _STORES,
}  # fmt: skip


class Settings(NamedTuple):
    """The values of the file by name, and where they are written; empty if there is no file."""

    values: Mapping[str, Any]
    place: str = ""


def read_settings() -> Settings:
    """The settings of the working folder. Raises UsageError naming the file for what is not a setting."""
    own, project = Path(OWN_FILE), Path(PROJECT_FILE)
    if own.is_file():
        return _check_settings(_read_toml(own), OWN_FILE)
    tools = _read_toml(project).get("tool", {}) if project.is_file() else {}
    return _check_settings(tools["runner"], f"[tool.runner] in {PROJECT_FILE}") if "runner" in tools else Settings({})


def is_set(variable: str) -> bool:
    """Whether an environment variable is anything but empty, 0, false or no."""
    return os.environ.get(variable, "").lower() not in ("", "0", "false", "no")


def find_variable(name: str) -> str:
    """The environment variable of a setting: ``RUNNER_MAX_DET`` of ``max_det``."""
    return f"RUNNER_{name.upper()}"


def list_settings() -> Iterator[tuple[str, str, str]]:
    """(name, value, where it is from) of each setting that is made, as it counts where nothing is typed."""
    values, place = read_settings()
    for name in SETTINGS:
        variable = find_variable(name)
        if os.environ.get(variable):
            yield name, os.environ[variable], variable
        if name in values and (name == "stores" or not os.environ.get(variable)):  # stores add up
            yield name, _describe_value(values[name]), place


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib  # slow, and --help does not need it

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not readable TOML ({error})") from error


def _check_settings(given: Any, place: str) -> Settings:
    if not isinstance(given, dict):
        raise UsageError(f"{place} is not a table", remedy='write below it NAME = VALUE, such as engine = "onnx"')
    values = {name.replace("-", "_"): value for name, value in given.items()}
    for name, value in values.items():
        if name not in SETTINGS:
            remedy = f"{ask_if_meant(name, SETTINGS)}known: {', '.join(SETTINGS)}"
            raise UsageError(f"{place}: no setting {name!r}", remedy=remedy)
        if not SETTINGS[name].accepts(value):
            raise UsageError(f"{place}: {name} = {value!r} is not {SETTINGS[name].what}")
    return Settings(values, place)


def _is_all_text(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _describe_value(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list | dict) else str(value)
