"""The options that commands which open brains share, and how a typed brain is opened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import click
from click.core import ParameterSource

from runner_core.brain import Brain
from runner_core.cache.cache import Cache
from runner_core.cli.chain_syntax import build_chain, parse_chain
from runner_core.cli.completion import complete_brains, complete_engines, complete_tasks
from runner_core.cli.progress import download_bars, show_loading
from runner_core.cli.setting import SettingOption
from runner_core.errors import UsageError
from runner_core.loading.open import open_path
from runner_core.loading.options import LoadOptions
from runner_core.stores.lockfile import LOCK_FILE as LOCK
from runner_core.stores.lockfile import LockFile
from runner_core.stores.reference import split_query
from runner_core.stores.resolve import resolve_brain
from runner_core.util.home import expand_home
from runner_core.util.spelling import ask_if_meant

F = TypeVar("F", bound=Callable[..., Any])


class HomePath(click.Path):
    """A path that may begin with ``~``, which a shell leaves alone behind an equals sign and in quotes."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert(expand_home(value), param, ctx)


def parse_names(text: str) -> tuple[str, ...]:
    """The names in a list with commas."""
    return tuple(part.strip() for part in text.split(","))


_KINDS: dict[str, Callable[[str], Any]] = {
    "name": str,
    "labels": str,
    "task": str,
    "engine": str,
    "device": str,
    "precision": str,
    "conf": float,
    "iou": float,
    "max_det": int,
    "threads": int,
    "first_class": int,
    "classes": parse_names,
    "range": str,
    "mean": lambda text: tuple(float(part) for part in text.split(",")),
    "std": lambda text: tuple(float(part) for part in text.split(",")),
    "colour": str,
    "resize": str,
    "resample": str,
    "size": str,
    "invert": lambda text: bool(int(text)),
    "background": lambda text: () if text == "none" else tuple(int(part) for part in text.split(",")),
    "outputs": str,
}
_ONE_CLASS = "class"  # of which there may be several
_OF_CARD = "options."  # begins the name of an option of the card: options.order=yxyx

_HELP = (
    "A brain's name, a model file, or a folder; may be repeated. Options for this brain only follow a question mark: "
    "cats.pb?labels=coco.txt&conf=0.4&name=cats. A brain that looks into what another finds: 'page[page] > graphs'"
)

CONF_HELP = (
    "Score threshold: drop instances that score less. By default the card's; without a card, the usual one of the "
    "model's family: 0.5 for most, 0.25 for YOLO, 0.3 for poses, none for classes and pixels."
)

TRUST_HELP = "Let the model read and write files or run code, with your rights; remembered for exactly this model."


def classes_options(**attributes: Any) -> tuple[Callable[[F], F], ...]:
    """``--classes A,B``, and ``--class`` for each name that has a comma itself; a command gets both as ``classes``."""
    return (
        click.option(
            "--classes", type=parse_names, metavar="A,B", is_eager=True, help="Only these labels.", **attributes
        ),
        click.option(
            "--class", "one_class", multiple=True, metavar="NAME", expose_value=False, callback=_add_classes,
            help="Only this label, whose name may have commas; may be repeated.",
        ),
    )  # fmt: skip


def _add_classes(ctx: click.Context, _: click.Parameter, names: tuple[str, ...]) -> None:
    """To those of ``--classes``, which is eager; those that only a setting names give way."""
    if names:
        typed = ctx.get_parameter_source("classes") is ParameterSource.COMMANDLINE
        ctx.params["classes"] = ((ctx.params["classes"] or ()) if typed else ()) + names


_OPTIONS = (
    click.option("--labels", metavar="FILE", help="Label map: .pbtxt, .json, .yaml, .csv, or one name a line."),
    click.option("--first-class", type=int, help="Number of the first name in a list of labels."),
    click.option("--task", shell_complete=complete_tasks, help="The task that reads the model's outputs."),
    click.option(
        "--engine", cls=SettingOption, shell_complete=complete_engines,
        help="The engine that runs it; several, separated by commas, are tried in turn; auto: the fastest.",
    ),
    click.option("--conf", cls=SettingOption, type=click.FloatRange(0, 1), help=CONF_HELP),
    click.option(
        "--iou", cls=SettingOption, type=click.FloatRange(0, 1),
        help="IoU above which one of two boxes is dropped; by default the card's, or 0.45.",
    ),
    *classes_options(cls=SettingOption),
    click.option(
        "--max-det", cls=SettingOption, type=click.IntRange(1), help="At most this many instances a frame.",
    ),
    click.option(
        "--device", cls=SettingOption, default="cpu", show_default=True, help="cpu, cuda:0, ...",
    ),
    click.option(
        "--threads", cls=SettingOption, type=click.IntRange(1),
        help="Threads of the whole run; by default one for each core.",
    ),
    click.option("--trust", multiple=True, metavar="BRAIN", help=TRUST_HELP),
    click.option(
        "--strict/--no-strict", cls=SettingOption, help="Refuse a brain that rests on guesses.",
    ),
    click.option("--locked", is_flag=True, help="Refuse any brain that differs from brains.lock."),
)  # fmt: skip

EXACT_OPTION = click.option(
    "--exact/--no-exact", cls=SettingOption, help="Decode every picture in full; answers differ a little."
)


def load_options(command: F) -> F:
    """Adds what may be said when a brain is opened to a command, which hands it to ``open_brains``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def brain_options(*, required: bool = True) -> Callable[[F], F]:
    """Adds ``--brain`` and the options above to a command; it receives them as keyword arguments."""
    brain = click.option(
        "--brain",
        "-b",
        "brains",
        multiple=True,
        required=required,
        metavar="BRAIN",
        help=_HELP,
        shell_complete=complete_brains,
    )

    return lambda command: brain(load_options(command))


@contextmanager
def open_brains(
    brains: Sequence[str], *, trust: Sequence[str] = (), locked: bool = False, **options: Any
) -> Iterator[list[Brain]]:
    """The brains as typed, each with ``options`` and those typed with it; all are closed at the end.

    The same text typed twice is opened once, so that several chains can begin with one brain.
    """
    chains = [parse_chain(text) for text in brains]
    typed = list(dict.fromkeys(step.brain for steps in chains for step in steps))
    stray = sorted(set(trust) - {_reference_of(text) for text in typed})
    if stray:
        meant = ask_if_meant(stray[0], map(_reference_of, typed))
        raise UsageError(f"--trust {stray[0]}: no brain of this command has that name", remedy=meant.strip())
    lock = LockFile.read(Path(LOCK)) if locked else None
    with ExitStack() as stack:
        found = {
            text: stack.enter_context(_open_brain(text, options, _reference_of(text) in trust, lock)) for text in typed
        }
        yield [build_chain(steps, found) for steps in chains]


def _reference_of(text: str) -> str:
    """A brain as typed, without the options after the question mark."""
    return split_query(text)[0]


def _open_brain(text: str, options: dict[str, Any], trusted: bool, lock: LockFile | None) -> Brain:
    reference, query = split_query(text)
    place = resolve_brain(
        reference, Cache(progress=download_bars()), version=lock.version_of(reference) if lock else None
    )
    with lock.hold(reference, place) if lock else nullcontext(), show_loading():
        return open_path(place, LoadOptions.of(**{**options, **parse_options(query, text), "trust": trusted}))


def _parse_json(text: str) -> Any:
    """A number, true, a list; what is not JSON is a text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def parse_options(query: str, text: str) -> dict[str, Any]:
    """The options behind the question mark of a brain that was typed as ``text``. Raises UsageError."""
    own: dict[str, Any] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key.startswith(_OF_CARD):
            own.setdefault("options", {})[key.removeprefix(_OF_CARD)] = _parse_json(value)
            continue
        if key == _ONE_CLASS:
            own["classes"] = (*own.get("classes", ()), value)
            continue
        kind = _KINDS.get(key.replace("-", "_"))
        if kind is None:
            known = f"{ask_if_meant(key, _KINDS)}known: {', '.join(_KINDS)}, {_OF_CARD}NAME"
            raise UsageError(f"{text}: no option {key!r}", remedy=known)
        try:
            own[key.replace("-", "_")] = kind(value)
        except ValueError:
            raise UsageError(f"{text}: {key}={value} is not a number") from None
    return own
