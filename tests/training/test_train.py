"""``Brain.new`` and ``brain.train``: the same object learns and answers."""

import pickle
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from colours import COLOURS, FOLDERS, TRAINER, ColourTrainer, draw_colours

from runner_core import Brain, Card, LocalBrain, Project, open_brain
from runner_core.discovery import catalog
from runner_core.errors import DatasetError, NotInstalled, TrainingError, UsageError
from runner_core.plugin import Plugin
from runner_core.testing import fake_brain, fake_rows, registry_of
from runner_core.training import TrainingStep
from runner_core.training.training import find_trainer

MODULES = ("runner_onnx.plugin", "runner_classification.plugin", "runner_store_folder.plugin")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RUNNER_STORES", raising=False)
    with registry_of(*MODULES, trainers=[TRAINER], datasets=[FOLDERS]):
        yield tmp_path / "home"


@pytest.fixture
def pictures(tmp_path) -> Path:
    return draw_colours(tmp_path / "pictures")


def paint(colour: str):
    return np.full((20, 30, 3), COLOURS[colour], np.uint8)


def best(brain: Brain, colour: str) -> str:
    return brain.predict(paint(colour))[0].label


def read_all(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_object_that_learns_gives_one_that_answers(home, pictures):
    with Brain.new("cups", task="classification").train(pictures, minutes=1) as brain:
        assert [best(brain, colour) for colour in COLOURS] == list(COLOURS)
        assert (brain.name, brain.version, brain.task) == ("cups", "1", "classification")
    card = Card.read(home / "trained" / "cups" / "1" / "brain.json")
    assert card.training["pictures"] == 12
    assert card.training["trainer"].startswith("colours (")
    assert len(card.training["data_digest"]) == 64
    assert str(pictures.parent) not in str(card.to_json())  # a card may be published


def test_a_project_has_it_by_its_name_the_newest_version_first(home, pictures):
    for minutes in (1, 2):
        Brain.new("cups", task="classification").train(pictures, minutes=minutes).close()
    first = read_all(home / "trained" / "cups" / "1")
    with Project().get_model(name="cups", local=True) as brain:
        assert brain.version == "2"
    with open_brain("cups@1") as brain:
        assert brain.version == "1"
    with open_brain("trained:cups") as brain:
        further = brain.train(pictures)
        assert (brain.version, further.version) == ("2", "3")
    assert read_all(home / "trained" / "cups" / "1") == first
    assert further.card.training["further_from"] == "cups@2"
    further.close()


def test_it_may_be_trained_further_under_another_name(home, pictures):
    with Brain.new("cups", task="classification").train(pictures) as cups, cups.train(pictures, name="mugs") as mugs:
        assert (mugs.name, mugs.version) == ("mugs", "1")


def test_it_may_be_written_elsewhere(home, pictures, tmp_path):
    with Brain.new("cups", task="classification").train(pictures, out=tmp_path / "here") as brain:
        assert best(brain, "red") == "red"
    assert sorted(read_all(tmp_path / "here")) == ["brain.json", "colours.onnx"]
    assert not (home / "trained").exists()
    with pytest.raises(TrainingError, match="something is there already"):
        Brain.new("cups", task="classification").train(pictures, out=tmp_path / "here")


def test_an_untrained_brain_says_what_to_do(home, pictures):
    brain = Brain.new("cups", task="classification")
    for ask in (brain, brain.predict, brain.run, lambda picture: list(brain.predict_many([picture]))):
        with pytest.raises(UsageError, match=r"cups is not trained yet; train it: brain = brain\.train"):
            ask(paint("red"))
    assert repr(pickle.loads(pickle.dumps(brain))) == "UntrainedBrain('cups', task='classification')"
    brain.close()


@pytest.mark.parametrize("name", ["", "a/b", "../a", "a b", "-a"])
def test_a_name_that_cannot_be_a_folder_is_refused(name, home):
    with pytest.raises(UsageError):
        Brain.new(name, task="classification")


def test_what_nothing_trains_says_what_to_install(home, pictures, monkeypatch):
    monkeypatch.setattr(catalog, "DISTRIBUTIONS", {"trainers": {"object-detection": "runner-train"}})
    with pytest.raises(NotInstalled, match="no trainer for object-detection is installed; `pip install runner-train`"):
        Brain.new("cups", task="object-detection").train(pictures)
    with pytest.raises(NotInstalled, match="did you mean classification"):
        Brain.new("cups", task="clasification").train(pictures)


def test_a_trainer_of_the_family_comes_before_one_of_the_kind():
    kind = Plugin("any", "colours:ColourTrainer", "any", claims=("classification",))
    family = Plugin("own", "colours:ColourTrainer", "own", claims=("embedding", "my-family"))
    with registry_of(trainers=[kind, family]):
        assert find_trainer("classification").plugin is kind
        assert find_trainer("classification", "my-family").plugin is family


def test_labels_of_another_kind_are_refused(home, pictures):
    any_kind = Plugin("any", "colours:ColourTrainer", "any", claims=("object-detection",))
    refused = pytest.raises(TrainingError, match="labels are for classification, the brain is for object-detection")
    with registry_of(*MODULES, trainers=[any_kind], datasets=[FOLDERS]), refused:
        Brain.new("cups", task="object-detection").train(pictures)


def test_a_brain_that_has_no_files_here_is_not_trained(home, pictures):
    brain = fake_brain(outputs=fake_rows())
    for each in (brain, brain.then(brain)):
        with pytest.raises(UsageError, match="has no files here that could be trained further"):
            each.train(pictures)


def test_a_brain_without_trainable_weights_is_the_trainers_to_refuse(home, pictures, tmp_path):
    Brain.new("cups", task="classification").train(pictures, out=tmp_path / "foreign").close()
    card = (tmp_path / "foreign" / "brain.json").read_text().replace('"means"', '"other"')
    (tmp_path / "foreign" / "brain.json").write_text(card)
    with open_brain(tmp_path / "foreign") as brain, pytest.raises(TrainingError, match="not a brain of this trainer"):
        brain.train(pictures)
    (tmp_path / "foreign" / "brain.json").unlink()
    refused = pytest.raises(TrainingError, match=r"a model without brain\.json, which cannot be trained further")
    with open_brain(tmp_path / "foreign" / "colours.onnx") as brain, refused:
        brain.train(pictures, name="cups")


def test_somebody_may_watch_and_end_it_early(home, pictures, caplog):
    steps: list[TrainingStep] = []

    def watch(step):
        steps.append(step)
        if len(steps) == 9:
            raise KeyboardInterrupt

    with Brain.new("cups", task="classification").train(pictures, watch=watch) as brain:
        assert best(brain, "blue") == "blue"
    assert [step.stage for step in steps] == ["pictures"] * 9 + ["writing"]
    assert steps[0].figures["loss"] == pytest.approx(11 / 12)
    assert "the best so far is kept" in caplog.text


def test_what_a_watch_raises_else_comes_through_and_the_training_goes_on_later(home, pictures):
    told = []

    def watch(step):
        told.append(step)
        if len(told) == 5:
            raise ZeroDivisionError

    untrained = Brain.new("cups", task="classification")
    with pytest.raises(ZeroDivisionError):
        untrained.train(pictures, watch=watch)
    assert not (home / "trained" / "cups" / "1").exists()
    with untrained.train(pictures, watch=watch) as brain:
        assert brain.version == "1"
    assert len(told) == 13  # none of the twelve pictures twice
    assert [path.name for path in (home / "trained" / "cups").iterdir() if not path.name.endswith(".lock")] == ["1"]


def test_one_that_was_stopped_goes_on_although_another_took_its_version(home, pictures, monkeypatch):
    told, versions, train = [], [], ColourTrainer.train

    def note_version(trainer, card, origin, data, options, watch):
        versions.append((card.version, options.version))
        return train(trainer, card, origin, data, options, watch)

    monkeypatch.setattr(ColourTrainer, "train", note_version)

    def stop(step):
        told.append(step)
        if len(told) == 5:
            raise ZeroDivisionError

    untrained = Brain.new("cups", task="classification")
    with pytest.raises(ZeroDivisionError):
        untrained.train(pictures, watch=stop)
    untrained.train(pictures, seed=9).close()
    before = read_all(home / "trained" / "cups" / "1")
    with untrained.train(pictures, watch=stop) as brain:
        assert brain.version == "2"
    assert versions == [("1", "1")] * 3  # what it is told stays the same
    assert len(told) == 13
    assert read_all(home / "trained" / "cups" / "1") == before


def test_it_learns_in_any_thread(home, pictures):
    found: list[LocalBrain] = []
    thread = Thread(target=lambda: found.append(Brain.new("cups", task="classification").train(pictures)))
    thread.start()
    thread.join()
    assert best(found[0], "green") == "green"
    found[0].close()


def test_an_option_of_the_trainer_is_given_as_it_is_typed(home, pictures):
    with Brain.new("cups", task="classification").train(pictures, pause=0) as brain:
        assert brain.card.training["options"] == {"pause": "0"}
    with pytest.raises(UsageError, match="no option 'paus'"):
        Brain.new("cups", task="classification").train(pictures, paus=0)


@pytest.mark.parametrize("minutes", [0, -1, float("nan"), float("inf"), "five", True])
def test_minutes_are_a_number_above_none(minutes, home, pictures):
    with pytest.raises(UsageError, match="minutes is"):
        Brain.new("cups", task="classification").train(pictures, minutes=minutes)


def test_pictures_that_teach_nothing_are_refused_before_anything_is_written(home, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DatasetError, match="no labelled picture that can be read"):
        Brain.new("cups", task="classification").train(empty)
    with pytest.raises(DatasetError, match="only one picture"):
        Brain.new("cups", task="classification").train(draw_colours(tmp_path / "one", 1, colours=["red"]))
    same = draw_colours(tmp_path / "same", 3, colours=["red"])
    for path in (same / "red").iterdir():
        path.write_bytes((same / "red" / "000.png").read_bytes())
    with pytest.raises(DatasetError, match="all 3 pictures are the same"):
        Brain.new("cups", task="classification").train(same)
    bare = draw_colours(tmp_path / "bare" / "folder", 3, colours=["red"]).parent
    (bare / "folder" / "red").rename(bare / "folder" / "pictures")
    with pytest.raises(DatasetError, match="nothing is labelled in any of 3 pictures"):
        Brain.new("cups", task="classification").train(bare)
    assert not (home / "trained").exists()


def test_what_is_odd_in_the_pictures_is_said_and_left_out(home, pictures, caplog):
    (pictures / "violet").mkdir()
    (pictures / "red" / "copy.png").write_bytes((pictures / "red" / "000.png").read_bytes())
    gone = pictures / "blue" / "000.png"
    gone.unlink()
    gone.symlink_to(pictures / "nowhere.png")
    with Brain.new("cups", task="classification").train(pictures) as brain:
        assert brain.labels.names == ("blue", "green", "red")
        assert brain.card.training["pictures"] == 12  # one more, one less
    assert "no picture shows violet; training leaves it out" in caplog.text
    assert "red/copy.png: the same as red/000.png" in caplog.text
    assert f"{gone}: " in caplog.text
