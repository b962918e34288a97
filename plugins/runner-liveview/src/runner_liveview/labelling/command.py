"""``runner label``: a page on which a person draws boxes around things in pictures."""

from __future__ import annotations

import re
import secrets
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event

import click

from runner_core.cli import complete_brains, open_brains
from runner_core.errors import SinkError, UsageError
from runner_core.pipeline import Record, read_records
from runner_core.results import Inference
from runner_liveview.address import LEAST_TOKEN, LOOPBACK, Address
from runner_liveview.labelling.app import build_application
from runner_liveview.labelling.desk import Desk
from runner_liveview.labelling.open_labels import open_labels
from runner_liveview.labelling.pictures import Picture, find_pictures, shuffle
from runner_liveview.labelling.proposals import CONF, Answers
from runner_liveview.server import Server

PORT = 8000


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--brain",
    "-b",
    "brains",
    multiple=True,
    metavar="BRAIN",
    shell_complete=complete_brains,
    help="What it finds is proposed; may be repeated. Options follow a question mark: 'page?conf=0.3'.",
)
@click.option(
    "--from",
    "answers",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Propose the answers of a run, its JSON lines, and show the pictures of that run alone.",
)
@click.option(
    "--check",
    "checks",
    multiple=True,
    metavar="BRAIN",
    shell_complete=complete_brains,
    help="Show first, and mark, the labels that this brain disagrees with; what it finds is proposed; may be repeated.",
)
@click.option("--classes", default="", metavar="A,B", help="Names of classes to begin with.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The COCO file to write; by default the one in DIR, or labels.json there.",
)
@click.option("--most-useful", is_flag=True, help="Show first the pictures on which the brains are unsure or disagree.")
@click.option("--name", default="", metavar="NAME", help="What to call the brains that are trained; by default as DIR.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 takes any free one.")
@click.option(
    "--host",
    default=LOOPBACK,
    show_default=True,
    help="The interface to serve on. Other machines need the token that is printed.",
)
@click.option("--token", default="", help="What every visitor needs; by default made up for a host that others reach.")
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
def label(
    folder: Path, brains: tuple[str, ...], answers: Path | None, checks: tuple[str, ...], classes: str,
    labels: Path | None, most_useful: bool, name: str, port: int, host: str, token: str, opens: bool,
) -> int:  # fmt: skip
    """Draw boxes in the pictures of DIR, on a page in a browser; they are saved as COCO at every step.

    Brains propose boxes to accept or to correct. A button trains a brain on what is done.
    """
    if checks and (brains or answers or most_useful):
        raise UsageError("--check goes alone", remedy="its brains propose as well: leave out the others")
    address = _make_address(port, host, token)
    pictures = find_pictures(folder)
    file = open_labels(folder, labels)
    for each in filter(None, map(str.strip, classes.split(","))):
        file.add_class(each)
    known = _read_answers(answers, pictures) if answers else {}
    shown = [picture for picture in pictures if not answers or picture.name in known]
    by_name = {picture.name: picture for picture in shown}
    with open_brains(brains, conf=CONF) as opened, open_brains(checks) as judges:
        desk = Desk([by_name[each] for each in shuffle(by_name)], file, name=name or _make_name(folder),
                    most_useful=most_useful, checks=judges)  # fmt: skip
        desk.proposer.ask(opened or desk.checking.brains, known)
        with serve(desk, address) as url:
            click.echo(f"label: {url}", err=True)
            if opens:
                webbrowser.open(url)
            _wait()
    done = sum(sheet.done for sheet in file.sheets.values())
    click.echo(f"label: {done} pictures are done: {file.path}", err=True)
    return 1 if desk.saver.unsaved else 0


@contextmanager
def serve(desk: Desk, address: Address) -> Iterator[str]:
    """The page's address, while it is served. Raises UsageError if the port is not available."""
    try:
        server = Server(desk, address, partial(build_application, desk))
    except SinkError as error:
        raise UsageError(error.message.removeprefix("view:"), remedy="name another port: --port 8001") from error
    server.start()
    try:
        yield address.url(server.port)
    finally:
        server.stop()


def _wait() -> None:
    """Until somebody presses Ctrl-C, which is how it ends."""
    try:
        Event().wait()
    except KeyboardInterrupt:
        return


def _make_address(port: int, host: str, token: str) -> Address:
    address = Address(port, host=host, token=token)
    if token and len(token) < LEAST_TOKEN:
        raise UsageError("the token can be guessed", remedy=f"give {LEAST_TOKEN} characters or more")
    return address if token or address.is_loopback else Address(port, host=host, token=secrets.token_urlsafe(12))


def _make_name(folder: Path) -> str:
    """A brain's name from that of a folder."""
    return re.sub(r"[^\w.+-]+|^\W+", "-", folder.resolve().name, flags=re.ASCII).strip("-.") or "mine"


def _read_answers(path: Path, pictures: Sequence[Picture]) -> dict[str, Answers]:
    """The answers of a run by the names of the pictures; of those that have one name, the nearest by folder."""
    found: dict[str, Answers] = {}
    with path.open("rb") as lines:
        for record in read_records(lines, str(path)):
            picture = _find_picture(record, pictures) if isinstance(record, Record) else None
            if picture and isinstance(record, Record):
                found[picture.name] = tuple(entry for entry in record.entries if isinstance(entry, Inference))
    if not found:
        raise UsageError(f"{path}: none of the pictures of this run is there", remedy="name the folder with them")
    return found


def _find_picture(record: Record, pictures: Sequence[Picture]) -> Picture | None:
    source = Path(record.source)
    alike = [picture for picture in pictures if picture.path.name == source.name]
    return max(alike, key=lambda picture: _count_shared(picture.path, source), default=None)


def _count_shared(one: Path, other: Path) -> int:
    """How many last parts of two paths are the same."""
    shared = 0
    for a, b in zip(reversed(one.absolute().parts), reversed(other.absolute().parts), strict=False):
        if a != b:
            break
        shared += 1
    return shared
