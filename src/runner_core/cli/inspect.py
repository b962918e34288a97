"""``runner inspect``: what a model file is, and a card for it."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import click

from runner_core.artifact import Artifact, describe_files
from runner_core.card import FILE_NAME, Card
from runner_core.contracts import Signature
from runner_core.errors import TaskError, UsageError
from runner_core.label_files import read_labels
from runner_core.local_brain import signature_of
from runner_core.opening import Choices, Located, drafts_of, loaded, locate, task_of
from runner_core.registry import registry


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--labels", type=click.Path(path_type=Path), metavar="FILE", help="Label map to put into the card.")
@click.option("--task", help="Ask this task alone.")
@click.option("--engine", help="Load it with this engine.")
@click.option("--write", is_flag=True, help="Write the card beside the model, as brain.json.")
def inspect(model: Path, labels: Path | None, task: str | None, engine: str | None, write: bool) -> int:
    """Say what MODEL is: its tensors, the task that recognises it and why, its card."""
    located = locate(model, engine)
    with loaded(located, Choices(engine=engine)) as (name, session):
        signature = signature_of(session)
        session.close()
    click.echo(f"{located.path}: {located.artifact.format} by engine {name}")
    _say_tensors(signature)
    if located.card:
        card = located.card.for_artifact(located.artifact)
        click.echo(f"card: {located.root / FILE_NAME}, task {card.task}")
        task_of(card.task).bind(card, signature)
    else:
        card = _drafted(located, signature, task)
    if labels:
        card = attrs.evolve(card, labels=read_labels(labels, first=card.first_class))
    click.echo(json.dumps(card.to_json(), indent=2, ensure_ascii=False))
    if write:
        _write(card, located)
    return 0


def _say_tensors(signature: Signature) -> None:
    for side, specs in (("input", signature.inputs), ("output", signature.outputs)):
        for spec in specs:
            click.echo(f"  {side:6} {spec}")
    for key, value in signature.metadata.items():
        click.echo(f"  metadata {key}: {value[:100]}")


def _drafted(located: Located, signature: Signature, task: str | None) -> Card:
    drafts = drafts_of(signature, task)
    for name, card in drafts.items():
        click.echo(f"recognised by task {name}:")
        for note in card.notes:
            click.echo(f"  {note}")
    if not drafts:
        asked = task or ", ".join(registry().all("tasks")) or "none installed"
        raise TaskError(f"{located.path}: no task recognises these tensors", remedy=f"tasks asked: {asked}")
    if len(drafts) > 1:
        raise UsageError(f"{located.path}: several tasks recognise it", remedy=f"choose by --task: {', '.join(drafts)}")
    ((name, card),) = drafts.items()
    artifact = Artifact(located.artifact.path, located.artifact.format, describe_files(located.root, located.path))
    return attrs.evolve(card, name=located.path.stem or located.path.name, task=name, artifacts=(artifact,))


def _write(card: Card, located: Located) -> None:
    path = located.root / FILE_NAME
    if path.exists() and located.card is None:
        raise UsageError(f"{path}: there is a card for another model", remedy="move one of them to a folder of its own")
    card.write(path)
    click.echo(f"wrote {path}", err=True)
