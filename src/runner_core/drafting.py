"""Drafting: a card for a bare model, by the task that recognises its tensors."""

from __future__ import annotations

from pathlib import Path

import attrs

from runner_core.card import Card
from runner_core.contracts import Session, Signature, Task
from runner_core.errors import TaskError
from runner_core.local_brain import signature_of
from runner_core.registry import registry


def task_of(family: str) -> Task:
    """The task of that name, imported. Raises NotInstalled."""
    task: Task = registry().make("tasks", family)
    return task


def draft(session: Session, path: Path, family: str | None = None) -> Card:
    """A card for a bare model, by the one task that recognises it. Raises TaskError naming the tensors."""
    signature = signature_of(session)
    drafts = drafts_of(signature, family)
    if len(drafts) == 1:
        ((name, card),) = drafts.items()
        return attrs.evolve(card, name=path.stem or path.name, task=name)
    tensors = "; ".join(str(spec) for spec in (*signature.inputs, *signature.outputs))
    if drafts:
        raise TaskError(f"{path}: several tasks recognise it: {', '.join(drafts)}", remedy="choose one by --task")
    asked = family or ", ".join(registry().all("tasks")) or "none installed"
    raise TaskError(
        f"{path}: no task recognises its tensors ({tensors})",
        remedy=f"tasks asked: {asked}; a brain.json can say its roles",
    )


def drafts_of(signature: Signature, family: str | None = None) -> dict[str, Card]:
    """What each installed task drafts; one that fails to load or to look is passed over when others are asked too."""
    names = [family] if family else list(registry().all("tasks"))
    drafts = {}
    for name in names:
        try:
            card = task_of(name).recognise(signature)
        except Exception:  # whatever a stranger's task raises, the others are asked
            if family:
                raise
            continue
        if card is not None:
            drafts[name] = card
    return drafts
