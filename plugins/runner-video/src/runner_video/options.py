"""The values of options after a location's question mark: ``clip.mp4?stride=2&max_fps=5``."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from runner_core.util import OptionType, find_alike, redact_url
from runner_core.util import split_options as split_options

COUNT = OptionType(r"0*[1-9]\d*", int, "a whole number from 1")
SECONDS = OptionType(r"\d+(\.\d*)?|\.\d+", float, "a number of seconds")
_ABOVE_ZERO = r"0*[1-9]\d*(\.\d*)?|0*\.0*[1-9]\d*"
SPAN = OptionType(_ABOVE_ZERO, float, "a number of seconds above 0")
RATE = OptionType(_ABOVE_ZERO, float, "a number of frames a second")
SIZE = OptionType(r"[1-9]\d*x[1-9]\d*", str, "a size such as 1280x720")
OFFSET = OptionType(r"-?\d+,-?\d+", str, "an offset such as 10,20")
WORD = OptionType(r"\w+", str, "a name")

log = logging.getLogger("runner")
_ALIKE = 0.8


def warn_of_misspellings(address: str, kinds: Mapping[str, OptionType]) -> None:
    """Warns of parts of an address's own query that are spelled much like an option."""
    for part in address.partition("?")[2].split("&"):
        name = part.partition("=")[0]
        for meant in find_alike(name, kinds, alike=_ALIKE):
            log.warning("%s: %s= is passed to the server; did you mean %s=?", redact_url(address), name, meant)
