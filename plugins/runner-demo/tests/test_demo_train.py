"""``runner demo --train``: what the two learn from, what is shown of it, and what an interrupt leaves."""

import json
import re

import attrs
import pytest
from runner_demo.command import show_lesson
from runner_demo.lesson import CLASSES, HELD_OUT, TAUGHT, Lesson
from runner_demo.store import BRAINS, LOOKS

from runner_core import LocalBrain, open_brain
from runner_core.datasets import open_dataset
from runner_core.training import TrainingStep

FEW = 4  # held-out pictures that are measured with, where it is not about figures


@pytest.fixture
def learn(monkeypatch):
    """``learn(ended_early=("page",))``: brains learn nothing, at once. Gives what they were taught with."""

    def call(ended_early=(), stopped=()):
        taught = []

        def train(self, data, *, name, minutes, watch, **options):
            taught.append((self.name, name, data, minutes, options))
            if self.name in stopped:
                raise KeyboardInterrupt
            watch(TrainingStep("head", 0.5))
            brain = open_brain(BRAINS / self.name, engine=self.engine, name=name)
            if self.name in ended_early:
                brain.card = attrs.evolve(brain.card, training={"ended_early": True})
            return brain

        monkeypatch.setattr(LocalBrain, "train", train)
        return taught

    return call


@pytest.fixture
def lesson(tmp_path, monkeypatch) -> Lesson:
    few = tmp_path / "few"
    for look in (TAUGHT, *HELD_OUT):
        (few / look).mkdir(parents=True)
        labels = json.loads((LOOKS / look / "labels.json").read_text())
        labels["images"] = labels["images"][:FEW]
        kept = {image["id"] for image in labels["images"]}
        labels["annotations"] = [each for each in labels["annotations"] if each["image_id"] in kept]
        (few / look / "labels.json").write_text(json.dumps(labels))
        for image in labels["images"]:
            (few / look / image["file_name"]).symlink_to(LOOKS / look / image["file_name"])
    monkeypatch.setattr("runner_demo.lesson.LOOKS", few)
    return Lesson(tmp_path / "out" / "looks", 0.5, {"steps": "9"})


def test_each_is_taught_with_its_class_and_measured_on_both_looks(lesson, learn, capsys):
    taught, out = learn(), lesson.looks.parent
    assert show_lesson(lesson, out) == 0
    looks = lesson.looks / TAUGHT
    assert taught == [
        ("page", "dark-page", f"{looks}?classes=page", 0.5, {"steps": "9"}),
        ("graphs", "dark-graphs", f"{looks}?classes=graph", 0.5, {"steps": "9"}),
    ]
    told = capsys.readouterr().out
    assert f"runner train --data '{looks}?classes=graph' --from demo:graphs --name dark-graphs --minutes 0.5" in told
    assert told.count("+0.000") == 4, "who has learnt nothing is as good as before"
    assert "dark-page > dark-graphs" in told
    assert {path.name for path in (out / "dark").iterdir()} == {f"{number:02}.jpg" for number in range(FEW)}
    assert (out / "clip.mp4").stat().st_size > 0
    (first, *_) = (json.loads(line) for line in (out / "clip.jsonl").read_text().splitlines())
    assert [said["brain"] for said in first["inferences"]] == ["dark-page", "dark-graphs"]


def test_after_an_interrupt_what_there_is_is_shown(lesson, learn, capsys):
    taught, out = learn(ended_early=("page",)), lesson.looks.parent
    with pytest.raises(KeyboardInterrupt):
        show_lesson(lesson, out)
    assert [name for name, *_ in taught] == ["page"]
    told = capsys.readouterr().out
    assert told.count("+0.000") == 2
    assert "dark-page > graphs" in told
    assert (out / "clip.mp4").stat().st_size > 0


def test_an_interrupt_that_leaves_nothing_shows_nothing(lesson, learn, capsys):
    learn(stopped=("page",))
    with pytest.raises(KeyboardInterrupt):
        show_lesson(lesson, lesson.looks.parent)
    assert "mAP50" not in capsys.readouterr().out


def test_without_a_trainer_it_says_what_to_install(runner, tmp_path):
    plugins = "datasets,demo,detection,files,onnx,store-folder,video,view"
    done = runner("demo", "--train", "--out", tmp_path / "out", RUNNER_LOAD_PLUGINS=plugins)
    assert done.returncode == 2
    assert "the demo cannot train: no trainers and no evaluators are installed; `pip install" in done.stderr
    assert "'runner-core[train,eval,data]'" in done.stderr
    assert "pip install -r requirements/train.txt -r requirements/eval.txt" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("brain", CLASSES)
def test_it_can_be_trained_further(brain):
    """With pictures of its own look, all of which lie beside it, and are labelled for its class alone."""
    folder = BRAINS / brain / "rehearsal"
    told = json.loads((folder / "pictures.json").read_text())
    assert {each["file"] for each in told} == {path.name for path in folder.glob("*.jpg")}
    assert len(told) == 60
    assert {name for each in told for name in each["known"]} == {CLASSES[brain]}


def test_nothing_is_measured_with_that_is_learnt_from_and_all_is_small():
    folders = {TAUGHT: LOOKS / TAUGHT, "rehearsal": BRAINS / "page" / "rehearsal"} | {
        look: LOOKS / look for look in HELD_OUT
    }
    pictures = {name: {path.read_bytes() for path in folder.glob("*.jpg")} for name, folder in folders.items()}
    learnt, held_out = (set().union(*(pictures[name] for name in names)) for names in ((TAUGHT, "rehearsal"), HELD_OUT))
    assert len(learnt) == 20 + 60
    assert not learnt & held_out
    assert max(map(len, learnt | held_out)) < 100_000
    assert [len(open_dataset(LOOKS / look)) for look in (TAUGHT, *HELD_OUT)] == [20, 40, 40]


@pytest.mark.slow
def test_a_short_training_finds_more_charts_on_dark_pages(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    out = tmp_path / "out"
    assert show_lesson(Lesson(out / "looks", 0.5, {"steps": "150"}), out) == 0
    rows = re.findall(r"(page|graphs) +│ dark pages +│.*│ (\S+)", capsys.readouterr().out)
    assert [name for name, _ in rows] == ["page", "graphs"]
    assert float(rows[1][1]) > 0.1
