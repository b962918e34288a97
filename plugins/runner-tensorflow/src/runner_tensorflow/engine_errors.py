"""Faults: what TensorFlow raises, as an EngineError of one line."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile

from google.protobuf.message import Error as MessageError

from runner_core.errors import EngineError
from runner_tensorflow.runtime import tf

# What TensorFlow, Keras and their readers raise for a model or a tensor that they cannot use.
RAISED: tuple[type[Exception], ...] = (
    tf.errors.OpError, MessageError, BadZipFile, AttributeError, KeyError, NotImplementedError, OSError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip
_HEADING = re.compile(
    r"Graph execution error|Detected at node|Exception encountered when calling|Node: |\d+ root error|\s*\[\[|\s*$"
)
_COUNTED = re.compile(r"\s*\(\d+\) [\w ]+: ")
_CAUSE = re.compile(r"Exception encountered: |Error encountered:\s")  # what Keras puts its own words before
_COLOUR = re.compile(r"\x1b\[\d*m")
_OWNER = re.compile(r"Error when deserializing class '(\w+)'")
_UNTRAINED = re.compile(r"initialized weights|Skipping .*weights")
_LONGEST = 300

log = logging.getLogger("runner")


def find_cause(error: BaseException) -> str:
    """One line that says what is wrong, from a message with headings, configurations and stack traces around it."""
    *around, innermost = _CAUSE.split(_COLOUR.sub("", _text_of(error)))
    lines = (_COUNTED.sub("", line).strip() for line in innermost.splitlines() if not _HEADING.match(line))
    cause = next(lines, type(error).__name__)
    while cause.endswith(":"):  # it announces what comes next
        following = next(lines, "")
        cause = f"{cause} {following}" if following else cause[:-1]
    owners = [owner for owner in _OWNER.findall(" ".join(around)) if owner not in cause]
    cause = ": ".join([*owners[-1:], cause]).rstrip(".")
    return cause if len(cause) <= _LONGEST else f"{cause[:_LONGEST]}..."


def _text_of(error: BaseException) -> str:
    if isinstance(error, tf.errors.OpError):
        return str(error.message)
    if isinstance(error, KeyError) and error.args:  # its text is in quotation marks, and often the key alone
        text = str(error.args[0])
        return text if " " in text else f"there is no {text!r}"
    return str(error)


@contextmanager
def raise_engine_errors(file: Path, remedy: str = "") -> Iterator[None]:
    """Turns what TensorFlow raises in the block into an EngineError that names the file."""
    try:
        yield
    except EngineError:
        raise
    except RAISED as error:
        raise EngineError(f"{file}: {find_cause(error)}", remedy=remedy) from error


@contextmanager
def report_warnings(file: Path) -> Iterator[None]:
    """Says what Keras warns of in the block, with the file's name.

    Raises EngineError if a part of the model did not get its weights: Keras only warns, and the answers are noise.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for text in dict.fromkeys(" ".join(str(each.message).split()).rstrip(".") for each in caught):
        if _UNTRAINED.search(text):
            raise EngineError(f"{file}: not all of its weights can be read ({text})", remedy="save it again")
        log.warning("%s: %s", file, text)
