"""Choices: which plugins a person prefers and which they have switched off, kept in ``plugins.toml``.

The file lies in ``RUNNER_HOME``, else in ``share/runner`` of the environment of Python that the plugins are in.
``RUNNER_PREFER_PLUGINS`` and ``RUNNER_DISABLE_PLUGINS``, names separated by commas, come before it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path

from runner_core.errors import UsageError

PREFER_VARIABLE = "RUNNER_PREFER_PLUGINS"
DISABLE_VARIABLE = "RUNNER_DISABLE_PLUGINS"
CHOICES_FILE = "plugins.toml"
_HOME_VARIABLE = "RUNNER_HOME"
_HEAD = "# Written by `runner plugins prefer`, `disable` and `enable`.\n"


@dataclass(frozen=True)
class Choices:
    """Names of distributions, as ``normalise_name`` spells them; of the preferred ones the best comes first.

    Among the disabled may also be names of entry points.
    """

    preferred: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()

    def prefer(self, name: str) -> Choices:
        """With that distribution before all others, and not disabled."""
        others = tuple(each for each in self.preferred if each != name)
        return replace(self.enable(name), preferred=(name, *others))

    def forget(self, name: str) -> Choices:
        """Without the preference."""
        return replace(self, preferred=tuple(each for each in self.preferred if each != name))

    def disable(self, name: str) -> Choices:
        return replace(self.forget(name), disabled=tuple(sorted({*self.disabled, name})))

    def enable(self, name: str) -> Choices:
        return replace(self, disabled=tuple(each for each in self.disabled if each != name))

    def leaves_out(self, entry: EntryPoint) -> bool:
        """Whether its entry point or its distribution is disabled."""
        if not self.disabled:
            return False  # to read a distribution's name takes time
        names = {normalise_name(entry.name), normalise_name(entry.dist.name) if entry.dist else ""}
        return not names.isdisjoint(self.disabled)

    def write(self) -> None:
        """Keeps them in the file. Raises UsageError if it cannot be written."""
        from runner_core.util.atomic import write_text

        path = find_choices_file()
        lists = {"prefer": self.preferred, "disable": self.disabled}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            text = "".join(f"{key} = {json.dumps(names)}\n" for key, names in lists.items())
            write_text(path, _HEAD + text)
        except OSError as error:
            remedy = f"set {PREFER_VARIABLE} or {DISABLE_VARIABLE} instead"
            raise UsageError(f"{path}: cannot be written ({error.strerror})", remedy=remedy) from error


def normalise_name(name: str) -> str:
    """A distribution's name as package indexes compare it: ``Acme_Onnx`` is ``acme-onnx``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def find_choices_file() -> Path:
    """Where choices are kept: without ``util.home``, whose import takes more of each start than there is to spend."""
    home = os.environ.get(_HOME_VARIABLE)
    return (Path(home).expanduser() if home else Path(sys.prefix, "share", "runner")) / CHOICES_FILE


def read_kept_choices() -> Choices:
    """What the file says. Raises UsageError naming it if it cannot be read."""
    path = find_choices_file()
    if not path.is_file():
        return Choices()
    import tomllib  # slow, and most have no such file

    try:
        kept = tomllib.loads(path.read_text(encoding="utf-8"))
        preferred, disabled = (tuple(map(normalise_name, kept.get(key, ()))) for key in ("prefer", "disable"))
    except (OSError, ValueError, TypeError) as error:
        remedy = "correct or remove it"
        raise UsageError(f"{path}: not the lists `prefer` and `disable` ({error})", remedy=remedy) from error
    return Choices(preferred, disabled)


def read_choices() -> tuple[Choices, str]:
    """The choices of the environment and of the file, and what is wrong with the file."""
    typed = Choices(_split(PREFER_VARIABLE), _split(DISABLE_VARIABLE))
    try:
        kept = read_kept_choices()
    except UsageError as error:
        return typed, str(error)
    preferred = dict.fromkeys((*typed.preferred, *kept.preferred))
    return Choices(tuple(preferred), (*typed.disabled, *kept.disabled)), ""


def _split(variable: str) -> tuple[str, ...]:
    return tuple(normalise_name(word.strip()) for word in os.environ.get(variable, "").split(",") if word.strip())
