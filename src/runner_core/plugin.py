"""Plugin: what is known of an engine, task, source, ... before its module is imported.

A dataclass, unlike other values: importing attrs would take a third of the time that ``runner --help`` may take.
"""

import re
from dataclasses import dataclass

_TARGET = re.compile(r"[\w.]+:\w+")


@dataclass(frozen=True, slots=True)
class Plugin:
    """One thing that a distribution adds to runner.

    ``name``     what a person types: ``tensorflow``, ``tf-detection``, ``jsonl``.
    ``target``   ``"package.module:attribute"``, imported when it is first used.
    ``summary``  one line for ``runner plugins`` and ``runner --help``.
    ``claims``   what it is used for without being named: an engine for the formats it opens (``".pb"``,
                 ``"saved-model"``), a source for the schemes and suffixes it reads (``"https"``, ``".mp4"``, ``"path"``
                 for any path), a trainer for the tasks it trains. What it does best comes first: of several plugins
                 that claim the same, the one that lists it earlier is used. A task's are the outputs it reads, without
                 their batch axis (``"N x 4 + N x C"``); the message for an unknown model names the nearest.

    Raises ValueError for a field of another type or form.
    """

    name: str
    target: str
    summary: str
    claims: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in ("name", "summary"):
            text = getattr(self, field)
            if not isinstance(text, str) or not text:
                raise ValueError(f"a Plugin's {field} is {text!r}, not a text")
        if not isinstance(self.target, str) or not _TARGET.fullmatch(self.target):
            raise ValueError(f"the target of {self.name} is {self.target!r}, not package.module:attribute")
        # (".pb") is a text, whose letters would be taken for claims
        if not isinstance(self.claims, tuple) or not all(isinstance(claim, str) for claim in self.claims):
            raise ValueError(f"the claims of {self.name} are {self.claims!r}, not a tuple of texts")
