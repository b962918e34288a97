"""Every promise of a trainer can be broken, and the check says which one."""

import importlib
from contextlib import suppress
from pathlib import Path

import pytest
from colours import ColourFolders, ColourTrainer, check, draw_colours

from runner_core.cards import Card, LabelMap
from runner_core.errors import TrainingError, UsageError
from runner_core.testing import BrokenPromise, check_trainer, conformance
from runner_core.training import TrainingStep


@pytest.fixture
def data(tmp_path):
    return ColourFolders().read(draw_colours(tmp_path / "pictures", 3), {})


@pytest.fixture
def place(tmp_path):
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def changed(**methods):
    """The target of a sound trainer, with other methods."""
    return type("Changed", (ColourTrainer,), methods)


def then(change):
    """Trains, then does something in the folder."""

    def train(self, card, origin, data, options, watch):
        path = ColourTrainer.train(self, card, origin, data, options, watch)
        return change(options.folder) or path

    return train


def evolve_card(**fields):
    import attrs

    def change(folder):
        card = Card.read(folder / "brain.json")
        attrs.evolve(card, **fields).write(folder / "brain.json")

    return then(change)


def telling(*steps):
    def train(self, card, origin, data, options, watch):
        for step in steps:
            watch(step)
        return ColourTrainer.train(self, card, origin, data, options, lambda step: None)

    return train


def swallowing(self, card, origin, data, options, watch):
    """Does not end at an interrupt."""

    def quiet(step):
        with suppress(KeyboardInterrupt):
            watch(step)

    return ColourTrainer.train(self, card, origin, data, options, quiet)


def half_a_brain(self, card, origin, data, options, watch):
    try:
        return ColourTrainer.train(self, card, origin, data, options, watch)
    except KeyboardInterrupt:
        (options.folder / "brain.json").write_text("{")
        return options.folder / "brain.json"


def from_the_start_in_part(self, card, origin, data, options, watch):
    """Forgets what it had seen, and keeps it in its sums."""
    notes = options.folder / "work" / "notes.json"
    if notes.exists():
        notes.write_text(notes.read_text().replace('"seen": ["', '"seen": ["?", "'))
    return ColourTrainer.train(self, card, origin, data, options, watch)


def refuses_to_go_on(self, card, origin, data, options, watch):
    if any(options.folder.iterdir()):
        raise TrainingError("something is there")
    return ColourTrainer.train(self, card, origin, data, options, watch)


def random_bytes(folder):
    import secrets

    with (folder / "colours.onnx").open("ab") as stream:
        stream.write(secrets.token_bytes(8))
    evolve_files(folder)


def evolve_files(folder):
    import attrs

    card = Card.read(folder / "brain.json")
    artifacts = [attrs.evolve(each, files=()) for each in card.artifacts]
    attrs.evolve(card, artifacts=tuple(artifacts)).write(folder / "brain.json")


def takes_any_option(self, card, origin, data, options, watch):
    import attrs

    return ColourTrainer.train(self, card, origin, data, attrs.evolve(options, options={}), watch)


def fails_otherwise(self, card, origin, data, options, watch):
    if options.options:
        raise UsageError("an option is wrong")
    return ColourTrainer.train(self, card, origin, data, options, watch)


def learns_anything(self, card, origin, data, options, watch):
    watch(TrainingStep("begun", 0.0))
    return ColourTrainer.train(self, card, origin, data, options, watch)


def writes_a_plan(self, card, origin, data, options):
    check(card, origin, data, options)
    options.folder.mkdir(parents=True, exist_ok=True)
    return ["it has begun"]


def writes_into_its_origin(self, card, origin, data, options, watch):
    if origin:
        (Path(origin) / "notes.txt").write_text("seen")
    return ColourTrainer.train(self, card, origin, data, options, watch)


def lines(*given):
    def explain(self, card, origin, data, options):
        check(card, origin, data, options)
        return given[0] if len(given) == 1 else given

    return explain


BROKEN = [
    ("has_the_methods_of_a_trainer", object, "object has no explain, train: add it"),
    ("writes_a_brain", changed(train=then(lambda folder: folder)), "it returns "),
    ("writes_a_brain", changed(train=evolve_card(name="mine")), "the card is of mine@7, asked for was sample@7"),
    ("writes_a_brain", changed(train=evolve_card(version="1")), "the card is of sample@1, asked for was sample@7"),
    ("writes_a_brain", changed(train=evolve_card(artifacts=())), "the card names no artifact"),
    ("writes_a_brain", changed(train=then(lambda folder: (folder / "colours.onnx").unlink())), "no colours.onnx"),
    ("writes_a_brain", changed(train=evolve_card(labels=LabelMap())), "the card's labels are []"),
    (
        "leaves_nothing_beside_the_brain",
        changed(train=then(lambda folder: (folder / "log.txt").touch())),
        "it leaves log.txt: keep that in `work`",
    ),
    (
        "leaves_nothing_beside_the_brain",
        changed(train=then(lambda folder: (folder.parent / "cache").mkdir(exist_ok=True))),
        "it writes cache outside of its folder",
    ),
    ("tells_how_far_it_is", changed(train=telling()), "it tells []"),
    ("tells_how_far_it_is", changed(train=telling("head")), "it tells ['head']"),
    ("tells_how_far_it_is", changed(train=telling(TrainingStep("", 0.5))), "a stage has no name"),
    ("tells_how_far_it_is", changed(train=telling(TrainingStep("head", 50.0))), "the shares are [50.0]"),
    (
        "tells_how_far_it_is",
        changed(train=telling(TrainingStep("head", 0.5), TrainingStep("head", 0.2))),
        "the shares are [0.5, 0.2]",
    ),
    ("keeps_the_best_at_an_interrupt", changed(train=half_a_brain), "not a readable card"),
    ("ends_at_an_interrupt", changed(train=swallowing), "interrupted at the first of 10 steps, it tells 10"),
    ("goes_on_where_it_was_stopped", changed(train=from_the_start_in_part), "brain.json, colours.onnx differs"),
    ("goes_on_where_it_was_stopped", changed(train=refuses_to_go_on), "something is there"),
    ("gives_the_same_for_the_same_seed", changed(train=then(random_bytes)), "trained twice, colours.onnx differs"),
    ("refuses_an_unknown_option", changed(train=takes_any_option), "does not raise UsageError"),
    ("refuses_an_unknown_option", changed(train=fails_otherwise), "does not name 'no-such-option'"),
    (
        "refuses_an_unknown_option",
        changed(explain=lambda self, *given: ["all is well"]),
        "explaining an unknown option does not raise UsageError",
    ),
    ("refuses_what_it_cannot_learn", changed(train=learns_anything), "it tells 1 steps before it refuses an empty"),
    (
        "refuses_what_it_cannot_learn",
        changed(explain=lambda self, *given: ["all is well"]),
        "explaining an empty data set does not raise TrainingError",
    ),
    ("explains_without_training", changed(explain=lines("one text")), "it gives 'one text': give a sequence of lines"),
    ("explains_without_training", changed(explain=lines("a", "b\nc")), "it gives ('a', 'b\\nc')"),
    ("explains_without_training", changed(explain=lines(())), "it gives ()"),
    ("explains_without_training", changed(explain=writes_a_plan), "it writes into its folder"),
    (
        "leaves_the_brain_that_it_trains_further",
        changed(train=writes_into_its_origin),
        "the brain that is trained further is changed",
    ),
]


@conformance(check_trainer)
def test_a_sound_trainer_keeps_it(check, data, place):
    check(ColourTrainer, data, place)


def test_a_trainer_that_is_not_exact_may_say_so(data, place):
    check_trainer.each()["gives_the_same_for_the_same_seed"](changed(train=then(random_bytes)), data, place, same=False)


@pytest.mark.parametrize(("promise", "trainer", "message"), BROKEN, ids=[entry[0] for entry in BROKEN])
def test_it_can_be_broken(promise, trainer, message, data, place):
    with pytest.raises(BrokenPromise) as broken:
        check_trainer.each()[promise](trainer, data, place)
    sentence = getattr(importlib.import_module("runner_core.testing.trainers"), promise).__doc__.rstrip(".")
    assert str(broken.value).startswith(f"{trainer.__name__} breaks a promise: {sentence}. Instead: ")
    assert message in str(broken.value)


def test_each_promise_is_broken_by_a_test():
    assert {promise for promise, *_ in BROKEN} == set(check_trainer.each())
