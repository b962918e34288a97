"""``runner push``: a brain published to a store."""

from __future__ import annotations

import attrs
import click

from runner_core.cards.card import CARD_FILE, Card
from runner_core.cli.completion import complete_brains, complete_stores
from runner_core.cli.console import print_message
from runner_core.contracts import Publisher, Store
from runner_core.errors import UsageError
from runner_core.stores.config import parse_store_address
from runner_core.stores.resolve import resolve_brain


@click.command()
@click.argument("brain", shell_complete=complete_brains)
@click.option(
    "--to",
    "store",
    required=True,
    metavar="STORE",
    shell_complete=complete_stores,
    help="A configured store, or KIND:LOCATION.",
)
@click.option(
    "--with-pictures", "pictures", is_flag=True,
    help="Publish the pictures that it learnt from too: who has it can then train it further, and see them.",
)  # fmt: skip
def push(brain: str, store: str, pictures: bool) -> None:
    """Publish BRAIN (a name or a folder with a brain.json) to a store.

    What a trained brain keeps of the pictures that it learnt from stays here, unless it is asked for.
    """
    folder = resolve_brain(brain)
    if not (folder / CARD_FILE).is_file():
        raise UsageError(f"{folder}: has no {CARD_FILE}", remedy=f"write one: `runner inspect {brain} --write`")
    target = _open_target(store)
    if not isinstance(target, Publisher):
        raise UsageError(f"{store}: this kind of store accepts no brains", remedy="push to a folder: --to folder:PATH")
    kept = Card.read(folder / CARD_FILE).rehearsal
    ref = target.push(folder, pictures=True) if kept and pictures else target.push(folder)
    click.echo(f"{store}: {ref.name}@{ref.version}")
    if kept:
        print_message(_tell_pictures(pictures=pictures))
    elif pictures:
        print_message(f"{ref.name}@{ref.version} keeps no pictures that it learnt from: there were none to publish")


def _tell_pictures(*, pictures: bool) -> str:
    if pictures:
        return "the pictures that it learnt from are published with it: whoever has it sees them"
    return "the pictures that it learnt from stay here: there it cannot be trained further; --with-pictures takes them"


def _open_target(text: str) -> Store:
    """The store to push to. One that refuses a location has names only: ``hf:OWNER/NAME`` is one in the Hub."""
    address = parse_store_address(text)
    try:
        return address.open()
    except UsageError:
        if not address.location:
            raise
        return attrs.evolve(address, location="").open()
