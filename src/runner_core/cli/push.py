"""``runner push``: a brain published to a store."""

from __future__ import annotations

import attrs
import click

from runner_core.cards.card import CARD_FILE
from runner_core.cli.completion import complete_brains, complete_stores
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
def push(brain: str, store: str) -> None:
    """Publish BRAIN (a name or a folder with a brain.json) to a store."""
    folder = resolve_brain(brain)
    if not (folder / CARD_FILE).is_file():
        raise UsageError(f"{folder}: has no {CARD_FILE}", remedy=f"write one: `runner inspect {brain} --write`")
    target = _open_target(store)
    if not isinstance(target, Publisher):
        raise UsageError(f"{store}: this kind of store accepts no brains", remedy="push to a folder: --to folder:PATH")
    ref = target.push(folder)
    click.echo(f"{store}: {ref.name}@{ref.version}")


def _open_target(text: str) -> Store:
    """The store to push to. One that refuses a location has names only: ``hf:OWNER/NAME`` is one in the Hub."""
    address = parse_store_address(text)
    try:
        return address.open()
    except UsageError:
        if not address.location:
            raise
        return attrs.evolve(address, location="").open()
