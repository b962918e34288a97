"""Lesson: page and graphs learn a look that they have not seen, dark pages, from twenty labelled pictures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast

import attrs
import click

from runner_core import LocalBrain, Project
from runner_core.cli import print_rows, show_training
from runner_core.discovery import get_registry
from runner_core.errors import NotInstalled
from runner_demo.store import LOOKS

CLASSES = {"page": "page", "graphs": "graph"}  # by brain, as the labels name them
NEEDED = {"trainers": "object-detection", "evaluators": "object-detection", "datasets": ""}  # and what one must claim
BRINGS = (
    "`pip install 'runner-core[train,eval,data]'` brings them, in a clone "
    "`pip install -r requirements/train.txt -r requirements/eval.txt -r requirements/data.txt`"
)
TAUGHT, HELD_OUT = "twenty", {"dark": "dark pages", "paper": "white pages"}  # folders of LOOKS


@attrs.frozen(eq=False)
class Pupil:
    """A brain that ships, and what it has become; None: it had no turn."""

    before: LocalBrain
    after: LocalBrain | None

    @property
    def best(self) -> LocalBrain:
        return self.after or self.before

    @property
    def learnt_all(self) -> bool:
        """Whether nobody ended its training early."""
        return self.after is not None and not self.after.card.training.get("ended_early")


@attrs.frozen
class Lesson:
    """What is learnt: ``looks`` is the folder for its pictures, ``minutes`` are for each brain.

    ``options``  of the trainer; ``port`` of a page that shows it, if any.
    """

    looks: Path
    minutes: float
    options: Mapping[str, str] = attrs.field(factory=dict)
    port: int | None = None

    @contextmanager
    def teach(self) -> Iterator[list[Pupil]]:
        """Trains page, then graphs; an interrupt ends it with what there is.

        Raises NotInstalled, and KeyboardInterrupt where there is nothing yet.
        """
        check_installed()
        shutil.copytree(LOOKS, self.looks, dirs_exist_ok=True)
        project, pupils = Project("demo"), list[Pupil]()
        with ExitStack() as stack:
            for name in CLASSES:
                before = cast(LocalBrain, stack.enter_context(project.get_model(name=name, threads=1)))
                has_turn = all(pupil.learnt_all for pupil in pupils)
                pupils.append(Pupil(before, stack.enter_context(self._train(before)) if has_turn else None))
            yield pupils

    def print_figures(self, pupils: Sequence[Pupil]) -> None:
        """mAP50 on held-out pictures of the new look and of the old one, before and after."""
        rows = []
        for pupil in pupils:
            for look, title in HELD_OUT.items() if pupil.after else ():
                data = self._locate(look, pupil.before.name)
                old, new = (_measure(brain, data) for brain in (pupil.before, pupil.best))
                rows.append((pupil.before.name, title, f"{old:.3f}", f"{new:.3f}", f"{new - old:+.3f}"))
        print_rows("mAP50 on held-out pictures", ("brain", "on", "before", "after", ""), rows)

    def _locate(self, look: str, name: str) -> str:
        """The data set of a look, with the class of one brain alone."""
        return f"{self.looks / look}?classes={CLASSES[name]}"

    def _train(self, before: LocalBrain) -> LocalBrain:
        data, name = self._locate(TAUGHT, before.name), f"dark-{before.name}"
        click.echo(f"\nrunner train --data '{data}' --from demo:{before.name} --name {name} --minutes {self.minutes:g}")
        with show_training(page=None if self.port is None else f"{self.port}?open=1") as watch:
            trained = before.train(data, name=name, minutes=self.minutes, watch=watch, **self.options)
        click.echo(f"{trained.name}@{trained.version} is a brain of this machine now")
        return cast(LocalBrain, trained)


def _measure(brain: LocalBrain, data: str) -> float:
    return brain.evaluate(data, resamples=0).figures["mAP50"] or 0.0


def check_installed() -> None:
    """Raises NotInstalled, with all that is missing."""
    registry = get_registry()
    missing = [
        kind
        for kind, claim in NEEDED.items()
        if not (registry.find_claiming(kind, claim) if claim else registry.all(kind))
    ]
    if missing:
        raise NotInstalled(f"the demo cannot train: no {' and no '.join(missing)} are installed", remedy=BRINGS)
