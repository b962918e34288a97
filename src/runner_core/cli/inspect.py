"""``runner inspect``: what a model file is, and a card for it."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import attrs
import click

from runner_core.cards.artifact import describe_files
from runner_core.cards.card import CARD_FILE, Card
from runner_core.cli.completion import complete_brains
from runner_core.cli.options import TRUST_HELP, HomePath, parse_options
from runner_core.cli.tables import print_rows
from runner_core.contracts import Session
from runner_core.errors import UsageError
from runner_core.frames.frame import Frame
from runner_core.loading.candidates import Candidate
from runner_core.loading.draft import CardlessModel, draft_cards, unrecognised_error
from runner_core.loading.joined_session import JoinedSession
from runner_core.loading.label_fit import add_labels
from runner_core.loading.local_brain import LocalBrain
from runner_core.loading.locate import locate_model
from runner_core.loading.open import bind_brain, choose_candidates, open_session
from runner_core.loading.options import LoadOptions
from runner_core.loading.preprocess_search import TRIED, SearchResult, Variant, search_preprocessing
from runner_core.stores.reference import split_query
from runner_core.stores.resolve import resolve_with_store

SHOWN = 5  # labels of a long list
_HEAD = ("#", "variant", "found", "best score", "evidence", "what")
_TABLE = "evidence: answers alike to a picture mirrored, moved or lit otherwise, unlike to others, nothing in noise"


@click.command()
@click.argument("model", shell_complete=complete_brains)
@click.option("--labels", type=HomePath(path_type=Path), metavar="FILE", help="Label map to put into the card.")
@click.option("--first-class", type=int, metavar="N", help="Number of the first name in a list of labels.")
@click.option("--task", help="Ask only this task.")
@click.option("--engine", help="Load it with this engine.")
@click.option(
    "--try",
    "pictures",
    multiple=True,
    metavar="PICTURE",
    help="Show what the model finds in this picture with each plausible order and scale of pixels; may be repeated.",
)
@click.option(
    "--variant",
    type=click.IntRange(1),
    metavar="N",
    help="Take this variant of those that --try shows: it is settled then.",
)
@click.option("--write", is_flag=True, help="Write the card beside the model, as brain.json.")
@click.option("--trust", is_flag=True, help=TRUST_HELP)
def inspect(
    model: str,
    labels: Path | None,
    first_class: int | None,
    task: str | None,
    engine: str | None,
    pictures: Sequence[str],
    variant: int | None,
    write: bool,
    trust: bool,
) -> int:
    """Show what MODEL is: its tensors, the task that recognises it and why, its card."""
    if variant and not pictures:
        raise UsageError("--variant chooses among those that --try shows", remedy="give a picture with --try")
    model, query = split_query(model)
    typed = parse_options(query, model)
    place, store = resolve_with_store(model)
    if write and store:
        raise UsageError(f"{model} is a brain of a store: its card is not overwritten", remedy="inspect a copy")
    files = locate_model(place)
    options = LoadOptions(engine=engine, task=task, trust=trust)
    with open_session(choose_candidates(files, options), options) as (candidate, session):
        cardless = CardlessModel.of(session, candidate.path)
        click.echo(f"{candidate.path}: {candidate.artifact.format} by engine {candidate.engine}")
        _print_tensors(cardless, session)
        named = {"labels": labels or typed.get("labels"), "first_class": first_class, "task": task}
        given = LoadOptions.of(**{**typed, **named})
        card = given.apply_to(files.card) if files.card else _draft(candidate, cardless, task, given)
        if files.card:
            click.echo(f"card: {files.root / CARD_FILE}, task {card.for_artifact(candidate.artifact).task}")
        if files.card or labels or pictures:
            own = card.for_artifact(candidate.artifact) if files.card else card
            brain = bind_brain(own, session, candidate, given)
            doubts = _find_doubts(card, drafted=files.card is None)
            card = _try_pictures(brain, card, cardless, pictures, doubts, variant) if pictures else card
        session.close()
    _print_card(card)
    if write:
        _write_card(card, files.root / CARD_FILE, new=files.card is None)
    return 0


def _print_card(card: Card) -> None:
    """In full for programs; for people, with long lists cut to one line."""
    written = card.to_json()
    if sys.stdout.isatty() and len(card.labels) > SHOWN:
        names = [label.name for label in card.labels.labels[:SHOWN]]
        written["labels"] = f"{len(card.labels)}: {', '.join(names)}, ..."
    if sys.stdout.isatty() and card.rehearsal:
        written["rehearsal"] = f"{len(card.rehearsal.files)} files in {card.rehearsal.path}"
    click.echo(json.dumps(written, indent=2, ensure_ascii=False))


def _print_tensors(cardless: CardlessModel, session: Session) -> None:
    for side, specs in (("input", session.inputs), ("output", session.outputs)):
        for spec in specs:
            click.echo(f"  {side:6} {spec}")
    if isinstance(session, JoinedSession):
        click.echo(f"  {session.describe_trunk()}")
    for key, value in session.metadata.items():
        click.echo(f"  metadata {key}: {value[:100]}")
    for note in cardless.notes:
        click.echo(f"  {note}")


def _draft(candidate: Candidate, cardless: CardlessModel, task: str | None, options: LoadOptions) -> Card:
    drafts = draft_cards(cardless, task)
    if not drafts:
        raise unrecognised_error(cardless, task)
    drafts = {name: add_labels(card, cardless, options) for name, card in drafts.items()}
    drafts = {name: options.apply_to(card) for name, card in drafts.items()}
    for name, card in drafts.items():
        click.echo(f"recognised by task {name}:")
        for note in (*card.notes[len(cardless.notes) :], *(f"guess: {guess}" for guess in card.guesses)):
            click.echo(f"  {note}")
    if len(drafts) > 1:
        raise UsageError(
            f"{candidate.path}: several tasks recognise it", remedy=f"choose with --task: {', '.join(drafts)}"
        )
    ((name, card),) = drafts.items()
    artifact = attrs.evolve(candidate.artifact, files=describe_files(candidate.files.root, candidate.path))
    return attrs.evolve(card, name=candidate.path.stem or candidate.path.name, task=name, artifacts=(artifact,))


def _try_pictures(
    brain: LocalBrain,
    card: Card,
    cardless: CardlessModel,
    pictures: Sequence[str],
    doubts: Collection[str],
    number: int | None,
) -> Card:
    """The card with the preprocessing for which the pictures speak, or that was chosen by number."""
    if brain.picture is None:
        raise UsageError(f"task {card.task} does not say what it asks of a picture", remedy="inspect without --try")
    frames = [Frame.of(picture) for picture in pictures]
    trial = search_preprocessing(brain, cardless.own, frames, doubts)
    _print_trial(trial)
    if number and number > len(trial.rows):
        raise UsageError(f"there is no variant {number}", remedy=f"give one from 1 to {len(trial.rows)}")
    taken = trial.rows[number - 1] if number else trial.chosen
    tried = card if taken is trial.draft else _apply_variant(card, taken.variant)
    return tried.without_guesses(*TRIED) if number else tried


def _find_doubts(card: Card, *, drafted: bool) -> frozenset[str]:
    """What is tried: what the card guesses. Of a card beside the model that guesses nothing a person doubts all."""
    return frozenset(guess.about for guess in card.guesses) & TRIED if drafted or card.guesses else TRIED


def _print_trial(trial: SearchResult) -> None:
    rows = [
        (
            f"{number}{' *' if row is trial.chosen else ''}",
            row.variant.text,
            str(row.found),
            "-" if row.best is None else f"{row.best:.2f}",
            f"{row.mean:.2f}" if row.evidence else "-",
            row.error or ", ".join(row.names[:4]),
        )
        for number, row in enumerate(trial.rows, 1)
    ]
    print_rows(_TABLE, _HEAD, rows)
    click.echo(trial.verdict)


def _apply_variant(card: Card, taken: Variant) -> Card:
    """The card with this variant's preprocessing. That is still a guess: what the pictures say, no proof."""
    picture, text = taken.card.picture, f"{taken.text}, by the pictures tried"
    artifacts = tuple(attrs.evolve(each, picture=picture) if each.picture else each for each in card.artifacts)
    guesses = tuple(attrs.evolve(guess, text=text) if guess.about in TRIED else guess for guess in card.guesses)
    return attrs.evolve(card, picture=picture, labels=taken.card.labels, artifacts=artifacts, guesses=guesses)


def _write_card(card: Card, path: Path, *, new: bool) -> None:
    if new and path.exists():
        remedy = "a folder has one card: move one of the models to a folder of its own"
        raise UsageError(f"{path.absolute()}: this is the card of another model", remedy=remedy)
    card.write(path)
    click.echo(f"wrote {path}", err=True)
