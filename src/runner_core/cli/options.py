"""What the commands that open brains share: the options, and a brain as it is typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import click

from runner_core.brain import Brain
from runner_core.errors import UsageError
from runner_core.project import open_brain

F = TypeVar("F", bound=Callable[..., Any])

_KINDS: dict[str, Callable[[str], Any]] = {
    "name": str,
    "labels": str,
    "task": str,
    "engine": str,
    "device": str,
    "conf": float,
    "iou": float,
    "max_det": int,
    "threads": int,
    "first_class": int,
    "classes": lambda text: tuple(part.strip() for part in text.split(",")),
}

_OPTIONS = (
    click.option(
        "--brain", "-b", "brains", multiple=True, required=True, metavar="BRAIN",
        help="A brain's name, a model file, or a folder; may be repeated. Options for one brain alone follow a "
        "question mark: cats.pb?labels=coco.txt&conf=0.4&name=cats",
    ),
    click.option("--labels", metavar="FILE", help="Label map: .pbtxt, .json, or one name a line."),
    click.option("--first-class", type=int, help="Number of the first name in a list of labels."),
    click.option("--task", help="The task that reads the model's outputs."),
    click.option("--engine", help="The engine that runs it."),
    click.option("--conf", type=click.FloatRange(0, 1), help="Least score of an instance."),
    click.option("--iou", type=click.FloatRange(0, 1), help="Overlap at which one of two boxes is dropped."),
    click.option("--classes", type=_KINDS["classes"], metavar="A,B", help="Only these labels."),
    click.option("--max-det", type=click.IntRange(1), help="At most so many instances a frame."),
    click.option("--device", default="cpu", show_default=True, help="cpu, cuda:0, ..."),
    click.option("--threads", type=click.IntRange(1), help="Threads within one call of an engine."),
)  # fmt: skip


def brain_options(command: F) -> F:
    """Adds the options above to a command; it receives them as keyword arguments."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@contextmanager
def opened(brains: Sequence[str], choices: dict[str, Any]) -> Iterator[list[Brain]]:
    """The brains as typed, each with ``choices`` and its own; all are closed at the end."""
    with ExitStack() as stack:
        yield [stack.enter_context(open_typed(text, choices)) for text in brains]


def open_typed(text: str, choices: dict[str, Any]) -> Brain:
    """One brain as typed: ``page``, ``cats.pb?labels=coco.txt&conf=0.4``. Raises UsageError for an unknown option."""
    reference, _, query = text.partition("?")
    return open_brain(reference, **{**choices, **_own(query, text)})


def _own(query: str, text: str) -> dict[str, Any]:
    own = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        kind = _KINDS.get(key.replace("-", "_"))
        if kind is None:
            raise UsageError(f"{text}: no option {key!r}", remedy=f"known: {', '.join(_KINDS)}")
        try:
            own[key.replace("-", "_")] = kind(value)
        except ValueError:
            raise UsageError(f"{text}: {key}={value} is not a number") from None
    return own
