"""What trainers promise (``training.Trainer``)."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import attrs

from runner_core.cards.artifact import check_files
from runner_core.cards.card import CARD_FILE, Card
from runner_core.datasets.dataset import Dataset
from runner_core.errors import TrainingError, UsageError
from runner_core.testing.check import Check, demand, demand_members, demand_refusal
from runner_core.training.trainer import Trainer, TrainingStep, TrainOptions

NO_OPTION = "no-such-option"
_VERSION = "7"
_MOST_STOPS = 4  # moments at which a training is stopped, spread over its steps


class _Stop(Exception):  # noqa: N818  # stands for a kill
    pass


@attrs.frozen
class TrainerCase:
    """Checks a trainer. It trains about a dozen times, so give it little data and little time.

    ``make``      the plugin's target: called with no argument, it returns a Trainer.
    ``data``      a few labelled pictures.
    ``folder``    an empty folder to train in.
    ``options``   the trainer's own, such as those that make it quick.
    ``same``      whether the same seed gives the same files, byte by byte, also behind a stop.
    ``kind``      of the brains that it is asked for, where that is not the data set's.
    """

    make: Callable[[], Trainer]
    data: Dataset
    folder: Path
    options: Mapping[str, str] = attrs.field(factory=dict)
    minutes: float = 1.0
    same: bool = True
    kind: str = ""

    def __str__(self) -> str:
        return str(getattr(self.make, "__name__", self.make))

    @property
    def card(self) -> Card:
        return Card("sample", self.kind or self.data.kind, _VERSION, labels=self.data.labels)

    def make_options(self, name: str = "one", **changed: object) -> TrainOptions:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        told = TrainOptions(folder, _VERSION, self.minutes, options=dict(self.options))
        return attrs.evolve(told, **changed)  # type: ignore[arg-type]  # each promise changes what it is about

    def train(
        self, options: TrainOptions, watch: Callable[[TrainingStep], None] | None = None, origin: Path | None = None
    ) -> Path:
        card = self.card if origin is None else attrs.evolve(Card.read(origin / CARD_FILE), version=options.version)
        return self.make().train(card, origin, self.data, options, watch or _watch_nothing)

    def explain(self, options: TrainOptions) -> Sequence[str]:
        return self.make().explain(self.card, None, self.data, options)

    def count_steps(self) -> int:
        """Of a training that nobody stops."""
        steps: list[TrainingStep] = []
        self.train(self.make_options("counted"), steps.append)
        return len(steps)

    def list_stops(self) -> list[int]:
        """Numbers of steps at which it is stopped, the first and the last among them."""
        count = self.count_steps()
        return sorted({round(place * (count - 1) / (_MOST_STOPS - 1)) for place in range(_MOST_STOPS)})


def has_the_methods_of_a_trainer(case: TrainerCase) -> None:
    """A trainer has train and explain."""
    demand_members(case.make(), Trainer)


def writes_a_brain(case: TrainerCase) -> None:
    """Train returns the path of a readable brain.json in its folder, and the files that it names are there."""
    _demand_brain(case, case.make_options())


def _demand_brain(case: TrainerCase, options: TrainOptions) -> None:
    path = case.train(options)
    demand(path == options.folder / CARD_FILE, f"it returns {path}, not {options.folder / CARD_FILE}")
    _demand_whole(case, options.folder)


def _demand_whole(case: TrainerCase, folder: Path) -> None:
    card = Card.read(folder / CARD_FILE)
    told, asked = f"{card.name}@{card.version}", f"{case.card.name}@{case.card.version}"
    demand(told == asked, f"the card is of {told}, asked for was {asked}")
    demand(bool(card.artifacts), "the card names no artifact")
    for artifact in (*card.artifacts, *filter(None, [card.rehearsal])):
        demand((folder / artifact.path).exists(), f"there is no {artifact.path}, which the card names")
        check_files(folder, artifact)
    names, learnt = {label.name for label in card.labels.foreground}, set(case.data.labels.names)
    demand(names == learnt, f"the card's labels are {sorted(names)}, those of the data set {sorted(learnt)}")


def leaves_nothing_beside_the_brain(case: TrainerCase) -> None:
    """In its folder it leaves no file but the card and what the card names, and outside of it nothing."""
    options = case.make_options()
    case.train(options)
    card = Card.read(options.folder / CARD_FILE)
    own = {CARD_FILE, *(part.path.partition("/")[0] for part in card.parts)}
    own |= {file.path.partition("/")[0] for part in card.parts for file in part.files}
    strange = sorted({path.name for path in options.folder.iterdir() if path.is_file()} - own)
    demand(not strange, f"it leaves {', '.join(strange)}: keep that in `work`")
    others = sorted({path.name for path in case.folder.iterdir()} - {options.folder.name})
    demand(not others, f"it writes {', '.join(others)} outside of its folder")


def tells_how_far_it_is(case: TrainerCase) -> None:
    """It tells TrainingSteps whose stages have a name and whose shares are from 0 to 1 and never go back."""
    steps: list[TrainingStep] = []
    case.train(case.make_options(), steps.append)
    demand(bool(steps) and all(isinstance(step, TrainingStep) for step in steps), f"it tells {steps!r}")
    demand(all(step.stage for step in steps), "a stage has no name")
    shares = [step.share for step in steps]
    demand(all(0 <= share <= 1 for share in shares) and shares == sorted(shares), f"the shares are {shares}")


def keeps_the_best_at_an_interrupt(case: TrainerCase) -> None:
    """KeyboardInterrupt out of watch ends it: with a whole brain, or as KeyboardInterrupt if there is none yet."""
    for number in case.list_stops():
        options = case.make_options(f"interrupted-{number}")
        told: list[TrainingStep] = []
        ended = ""
        try:
            case.train(options, _raise_at(number, KeyboardInterrupt, told))
        except KeyboardInterrupt:
            ended = "without a brain"
        if not ended:
            _demand_whole(case, options.folder)


def ends_at_an_interrupt(case: TrainerCase) -> None:
    """It does not go on learning after an interrupt: it writes what it has."""
    count = case.count_steps()
    told: list[TrainingStep] = []
    with suppress(KeyboardInterrupt):
        case.train(case.make_options(), _raise_at(0, KeyboardInterrupt, told))
    demand(len(told) <= max(3, count // 2), f"interrupted at the first of {count} steps, it tells {len(told)}")


def goes_on_where_it_was_stopped(case: TrainerCase) -> None:
    """Killed at any step, the same call goes on in the same folder and writes what a call writes that nobody stops."""
    whole = case.make_options("whole")
    case.train(whole)
    for number in case.list_stops():
        stopped, resumed = case.make_options(f"stopped-{number}"), case.folder / f"resumed-{number}"

        def copy_and_stop(folder: Path = stopped.folder, place: Path = resumed) -> Exception:
            shutil.copytree(folder, place)  # as a kill leaves it
            return _Stop()

        with suppress(_Stop):
            case.train(stopped, _raise_at(number, copy_and_stop, []))
        _demand_brain(case, attrs.evolve(stopped, folder=resumed))
        if case.same:
            _demand_same(whole.folder, resumed, f"stopped at step {number}")


def gives_the_same_for_the_same_seed(case: TrainerCase) -> None:
    """The same data set, options and seed give the same files."""
    first, second = case.make_options("first"), case.make_options("second")
    case.train(first)
    case.train(second)
    if case.same:
        _demand_same(first.folder, second.folder, "trained twice")


def refuses_an_unknown_option(case: TrainerCase) -> None:
    """An option that it does not know is a UsageError that names it, of train and of explain."""
    options = case.make_options(options={**case.options, NO_OPTION: "1"})
    demand_refusal(lambda: case.train(options), UsageError, "training with an unknown option", naming=NO_OPTION)
    what = "explaining an unknown option"
    demand_refusal(lambda: case.explain(options), UsageError, what, naming=NO_OPTION)


def refuses_what_it_cannot_learn(case: TrainerCase) -> None:
    """No pictures, and labels of another kind, are a TrainingError before anything is told, of train and of explain."""
    _demand_data_refused(attrs.evolve(case, data=case.data[:0]), "an empty data set")
    other = attrs.evolve(case.data, kind="no-such-kind")
    _demand_data_refused(attrs.evolve(case, data=other, kind=case.data.kind), "labels of another kind")


def _demand_data_refused(case: TrainerCase, what: str) -> None:
    told: list[TrainingStep] = []
    options = case.make_options()
    demand_refusal(lambda: case.train(options, told.append), TrainingError, f"training on {what}")
    demand(not told, f"it tells {len(told)} steps before it refuses {what}")
    demand_refusal(lambda: case.explain(options), TrainingError, f"explaining {what}")


def explains_without_training(case: TrainerCase) -> None:
    """Explain gives lines of text, and writes nothing; its folder need not be there."""
    options = attrs.evolve(case.make_options(), folder=case.folder / "absent" / "brain")
    lines = case.explain(options)
    is_text = not isinstance(lines, str) and all(isinstance(line, str) and line and "\n" not in line for line in lines)
    demand(is_text and bool(lines), f"it gives {lines!r}: give a sequence of lines")
    demand(not (case.folder / "absent").exists(), "it writes into its folder")


def leaves_the_brain_that_it_trains_further(case: TrainerCase) -> None:
    """Trained further, a brain stays as it is; one that cannot be is a TrainingError."""
    first = case.make_options("first")
    case.train(first)
    shutil.rmtree(first.folder / "work", ignore_errors=True)  # a version keeps none
    before = _hash_files(first.folder)
    with suppress(TrainingError):
        case.train(case.make_options("second"), origin=first.folder)
    demand(_hash_files(first.folder) == before, "the brain that is trained further is changed")


def _watch_nothing(step: TrainingStep) -> None:
    pass


def _raise_at(
    number: int, make_error: Callable[[], BaseException], told: list[TrainingStep]
) -> Callable[[TrainingStep], None]:
    """A watch that raises at the step of that number, and notes all of them."""

    def watch(step: TrainingStep) -> None:
        told.append(step)
        if len(told) == number + 1:
            raise make_error()

    return watch


def _demand_same(one: Path, other: Path, when: str) -> None:
    expected, found = _hash_files(one), _hash_files(other)
    different = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    demand(not different, f"{when}, {', '.join(different)} differs; if an operation prevents that, say same=False")


def _hash_files(folder: Path) -> dict[str, str]:
    """By path, without what is kept in ``work``."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0] != "work"]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


check_trainer = Check(
    TrainerCase,
    has_the_methods_of_a_trainer,
    writes_a_brain,
    leaves_nothing_beside_the_brain,
    tells_how_far_it_is,
    keeps_the_best_at_an_interrupt,
    ends_at_an_interrupt,
    goes_on_where_it_was_stopped,
    gives_the_same_for_the_same_seed,
    refuses_an_unknown_option,
    refuses_what_it_cannot_learn,
    explains_without_training,
    leaves_the_brain_that_it_trains_further,
)
