"""Faults: what TensorFlow raises, as an EngineError of one line."""

from __future__ import annotations

import re
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
_LONGEST = 300


def first_line(error: BaseException) -> str:
    """The first line of a message that says something; TensorFlow puts headings and stack traces around it."""
    text = _CAUSE.split(_COLOUR.sub("", _text_of(error)))[-1]
    lines = (line for line in text.splitlines() if not _HEADING.match(line))
    line = _COUNTED.sub("", next(lines, type(error).__name__)).strip()
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def _text_of(error: BaseException) -> str:
    if isinstance(error, tf.errors.OpError):
        return str(error.message)
    return str(error.args[0] if isinstance(error, KeyError) and error.args else error)


@contextmanager
def raise_engine_errors(file: Path, remedy: str = "") -> Iterator[None]:
    """Turns what TensorFlow raises in the block into an EngineError that names the file."""
    try:
        yield
    except EngineError:
        raise
    except RAISED as error:
        raise EngineError(f"{file}: {first_line(error)}", remedy=remedy) from error
