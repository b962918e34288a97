"""``runner inspect``: what a model file is, and a card for it."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import click

from runner_core.artifact import describe_files
from runner_core.card import FILE_NAME, Card
from runner_core.choices import Choices
from runner_core.contracts import Signature
from runner_core.drafting import drafts_of, labelled, task_of
from runner_core.errors import TaskError, UsageError
from runner_core.label_files import read_labels
from runner_core.local_brain import signature_of
from runner_core.locating import Opener, locate
from runner_core.opening import loaded
from runner_core.registry import registry


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--labels", type=click.Path(path_type=Path), metavar="FILE", help="Label map to put into the card.")
@click.option("--task", help="Ask this task alone.")
@click.option("--engine", help="Load it with this engine.")
@click.option("--write", is_flag=True, help="Write the card beside the model, as brain.json.")
def inspect(model: Path, labels: Path | None, task: str | None, engine: str | None, write: bool) -> int:
    """Say what MODEL is: its tensors, the task that recognises it and why, its card."""
    located = locate(model)
    with loaded(located, Choices(engine=engine)) as (opener, session):
        signature = signature_of(session)
        session.close()
    click.echo(f"{opener.path}: {opener.artifact.format} by engine {opener.engine}")
    _say_tensors(signature)
    if located.card:
        card = located.card.for_artifact(opener.artifact)
        click.echo(f"card: {located.root / FILE_NAME}, task {card.task}")
        task_of(card.task).bind(card, signature)
    else:
        card = _drafted(opener, signature, task)
        card = card if labels else _labelled(card, opener.path, signature)
    if labels:
        card = attrs.evolve(card, labels=read_labels(labels, first=card.first_class))
    click.echo(json.dumps(card.to_json(), indent=2, ensure_ascii=False))
    if write:
        _write(card, opener.root / FILE_NAME, new=located.card is None)
    return 0


def _say_tensors(signature: Signature) -> None:
    for side, specs in (("input", signature.inputs), ("output", signature.outputs)):
        for spec in specs:
            click.echo(f"  {side:6} {spec}")
    for key, value in signature.metadata.items():
        click.echo(f"  metadata {key}: {value[:100]}")


def _drafted(opener: Opener, signature: Signature, task: str | None) -> Card:
    drafts = drafts_of(signature, task)
    for name, card in drafts.items():
        click.echo(f"recognised by task {name}:")
        for note in card.notes:
            click.echo(f"  {note}")
    if not drafts:
        asked = task or ", ".join(registry().all("tasks")) or "none installed"
        raise TaskError(f"{opener.path}: no task recognises these tensors", remedy=f"tasks asked: {asked}")
    if len(drafts) > 1:
        raise UsageError(f"{opener.path}: several tasks recognise it", remedy=f"choose by --task: {', '.join(drafts)}")
    ((name, card),) = drafts.items()
    artifact = attrs.evolve(opener.artifact, files=describe_files(opener.root, opener.path))
    return attrs.evolve(card, name=opener.path.stem or opener.path.name, task=name, artifacts=(artifact,))


def _labelled(card: Card, model: Path, signature: Signature) -> Card:
    with_labels = labelled(card, model, signature)
    for note in with_labels.notes[len(card.notes) :]:
        click.echo(f"  {note}")
    return with_labels


def _write(card: Card, path: Path, *, new: bool) -> None:
    if new and path.exists():
        raise UsageError(f"{path}: there is a card for another model", remedy="move one of them to a folder of its own")
    card.write(path)
    click.echo(f"wrote {path}", err=True)
