"""One tiny training, a few seconds long, and what must be true of the brain that it makes."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from drawn import draw_set
from runner_train.decode import Found, find_overlaps
from runner_train.score import mark, mean_ap
from runner_train.shared import make_trunk
from runner_train.trainer import DetectorTrainer
from runner_train.write import OVERLAP

from runner_core import open_brain
from runner_core.cards import Card, Tolerance
from runner_core.errors import DatasetError, TrainingError, UsageError
from runner_core.frames import Frame
from runner_core.results import compare_inferences
from runner_core.testing import check_plugin
from runner_core.training import TRUTH, Trainer, TrainingStep, TrainOptions

CARD = Card(name="shapes", task="object-detection")
MINUTES, STEPS = 0.3, {"steps": "100"}  # few views, and as many steps on every machine


def _measure(folder: Path, tmp_path: Path, engine: str) -> tuple[float, float]:
    test = draw_set(tmp_path / "test", 12, seed=9)
    marked = []
    with open_brain(folder, engine=engine, conf=0.05) as brain:
        for example in test:
            truth = example.read().answer
            answer = brain(example.make_frame()).filter(classes=truth.labels.names)
            kinds = np.array([truth.labels.names.index(name) for name in answer.names], np.int64)
            marked.append(mark(Found(answer.boxes, answer.scores, kinds), truth.boxes, truth.model_ids, 2))
    return mean_ap(marked)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[TrainingStep]]:
    place = tmp_path_factory.mktemp("training")
    steps: list[TrainingStep] = []
    options = TrainOptions(place / "brain", minutes=MINUTES, version="3", seed=4, options=STEPS)
    card = DetectorTrainer().train(CARD, None, draw_set(place / "data", 8), options, steps.append)
    assert card == place / "brain" / "brain.json"
    return card.parent, steps


def test_it_is_a_trainer() -> None:
    check_plugin("runner_train.plugin")
    assert isinstance(DetectorTrainer(), Trainer)


def test_the_brain_finds_what_it_learnt(trained, tmp_path: Path) -> None:
    map50, whole = _measure(trained[0], tmp_path, "onnx")
    assert map50 > 0.6  # one that has learnt nothing finds nothing: below 0.05
    assert whole > 0.2


def test_all_engines_answer_alike(trained, tmp_path: Path) -> None:
    picture = draw_set(tmp_path / "test", 2, seed=9)[1].make_frame().image
    picture.resize((613, 489)).save(tmp_path / "picture.jpg", quality=80)  # which the frozen graph decodes by itself
    answers = {}
    for form in ("shapes.pb", "saved_model", "shapes.onnx", "shapes.tflite", "head.onnx"):
        with open_brain(trained[0] / form, conf=0.2) as brain:
            answers[form] = brain(Frame.from_path(tmp_path / "picture.jpg"))
    first = answers["shapes.pb"]
    assert len(first)
    for form, answer in answers.items():
        assert compare_inferences(first, answer, Tolerance(iou=0.99, score=0.005)).faults == (), (form, answer)


def test_what_is_exported_once_more_answers_alike(trained, runner, tmp_path: Path) -> None:
    draw_set(tmp_path / "test", 4, seed=9)
    near = ("--conf", "0.1", "--iou", "0.99", "--score", "0.005")
    done = runner("export", trained[0], "--to", "onnx", "--pictures", tmp_path / "test", "--out", "out", *near)
    assert done.returncode == 0, done.stderr
    assert [each.iou for each in Card.read(tmp_path / "out" / "brain.json").artifacts if each.task] == [OVERLAP] * 3


def test_its_head_answers_on_the_trunk_as_the_whole_network_does(trained, tmp_path: Path) -> None:
    frame = draw_set(tmp_path / "test", 2, seed=9)[1].make_frame()
    with open_brain(trained[0] / "head.onnx", conf=0.2) as head, open_brain(trained[0] / "shapes.onnx") as whole:
        assert head.trunk
        assert not whole.trunk
        assert len(head(frame))
        assert compare_inferences(head(frame), whole(frame, conf=0.2)).faults == ()


def test_the_trunk_is_the_same_file_in_every_brain(trained) -> None:
    assert (trained[0] / "trunk.onnx").read_bytes() == make_trunk()


def test_the_card_tells_how_it_was_trained(trained) -> None:
    card = Card.read(trained[0] / "brain.json")
    assert (card.name, card.version, card.task, card.labels.names) == (
        "shapes",
        "3",
        "tf-detection",
        ("disc", "square"),
    )
    assert [artifact.format for artifact in card.artifacts] == [".pb", "saved-model", ".onnx", ".tflite", ".onnx"]
    assert all(sum(file.size for file in artifact.files) < 8_000_000 for artifact in card.artifacts)
    facts = card.training
    assert facts["pictures"] == 8
    assert facts["objects"] == {"disc": 8, "square": 4}
    assert facts["held_back"]["pictures"] >= 1
    assert len(facts["dataset_sha256"]) == 64


def test_the_pictures_that_it_keeps_go_with_it_only_if_that_is_asked(trained, runner, tmp_path: Path) -> None:
    assert len(Card.read(trained[0] / "brain.json").rehearsal.files) == 9
    more = draw_set(tmp_path / "more", 4, seed=5)
    options = TrainOptions(tmp_path / "further", minutes=MINUTES)
    for place, asked in ((tmp_path / "with", ["--with-pictures"]), (tmp_path / "without", [])):
        assert runner("push", trained[0], "--to", f"folder:{place}", *asked).returncode == 0
        if asked:
            assert "8 pictures of 3 are rehearsed" in DetectorTrainer().explain(CARD, place / "shapes/3", more, options)
        else:
            with pytest.raises(TrainingError, match="learnt from have not come with it") as refused:
                DetectorTrainer().explain(CARD, place / "shapes/3", more, options)
            assert "--with-pictures" in refused.value.remedy


def test_only_the_brain_is_left(trained) -> None:
    assert sorted(path.name for path in trained[0].iterdir()) == [
        "brain.json", "head.onnx", "rehearsal", "saved_model",
        "shapes.onnx", "shapes.pb", "shapes.tflite", "trunk.onnx",
    ]  # fmt: skip


def test_it_tells_how_far_it_is(trained) -> None:
    shares = [step.share for step in trained[1]]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1
    assert {"pictures", "writing"} <= {step.stage for step in trained[1]}


def test_it_shows_its_answers_to_held_back_pictures_beside_the_labels(trained) -> None:
    results = next(step for step in reversed(trained[1]) if step.worst).worst()
    assert results
    for frame, (answer, truth) in results:
        assert (answer.brain, truth.brain) == ("shapes", TRUTH)
        assert answer.size == truth.size == frame.size == (160, 128)
        assert set(truth.names) <= {"disc", "square"}
        assert find_overlaps(answer.boxes.astype(float), truth.boxes.astype(float)).max() > 0.5


def test_what_it_would_do_is_explained(tmp_path: Path) -> None:
    lines = DetectorTrainer().explain(CARD, None, draw_set(tmp_path, 4), TrainOptions(tmp_path / "new"))
    assert any("input" in line for line in lines)
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_old_classes_are_kept_when_a_new_one_is_learnt(trained, tmp_path: Path) -> None:
    """Of the new pictures none shows an old class: what it knows of them is from the pictures that it has kept."""
    before = _measure(trained[0], tmp_path, "onnx")[0]
    more = draw_set(tmp_path / "more", 8, names=("bar",), seed=5)
    options = TrainOptions(tmp_path / "further", minutes=MINUTES, seed=4, options={"steps": "160"})
    card = DetectorTrainer().train(CARD, trained[0], more, options, lambda step: None)
    assert Card.read(card).labels.names == ("disc", "square", "bar")
    assert Card.read(card).training["rehearsed"] == 8
    assert _measure(card.parent, tmp_path, "onnx")[0] >= before - 0.03
    new = draw_set(tmp_path / "new", 4, names=("bar",), seed=9)
    with open_brain(card.parent, engine="onnx", conf=0.2) as brain:
        assert all("bar" in brain(example.make_frame()).names for example in new)


class _Stop:
    """Presses Ctrl-C at a stage."""

    def __init__(self, stage: str, times: int = 1) -> None:
        self.stage, self.left = stage, times

    def __call__(self, step: TrainingStep) -> None:
        if step.stage == self.stage:
            self.left -= 1
            if self.left <= 0:
                raise KeyboardInterrupt


def test_stopping_while_views_are_made_gives_no_brain(tmp_path: Path) -> None:
    options = TrainOptions(tmp_path / "brain", minutes=MINUTES)
    with pytest.raises(KeyboardInterrupt):
        DetectorTrainer().train(CARD, None, draw_set(tmp_path / "data", 4), options, _Stop("pictures"))
    assert not (tmp_path / "brain" / "brain.json").exists()


@pytest.mark.slow
def test_stopping_while_it_learns_keeps_the_best_so_far(tmp_path: Path) -> None:
    options = TrainOptions(tmp_path / "brain", minutes=MINUTES, options=STEPS)
    card = DetectorTrainer().train(CARD, None, draw_set(tmp_path / "data", 6), options, _Stop("head", 3))
    with open_brain(card.parent) as brain:
        brain(draw_set(tmp_path / "test", 1)[0].make_frame())


_CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from drawn import draw_set
from runner_core.cards import Card
from runner_core.training import TrainOptions
from runner_train import course
from runner_train.shared import make_trunk
from runner_train.trainer import DetectorTrainer
course.SAVE = 0.2
place = Path(sys.argv[1])
options = TrainOptions(place / "brain", minutes=0.3, seed=2, threads=1, options={{"steps": "150"}})
data = draw_set(place / "data", 6)
DetectorTrainer().train(Card(name="shapes", task="object-detection"), None, data, options,
                        lambda step: print(step.stage, step.share, flush=True))
"""


def _train_in_child(place: Path, kill_at: str = "") -> int:
    """The exit code; the child is killed at the first line that begins so."""
    script = _CHILD.format(tests=str(Path(__file__).parent))
    with subprocess.Popen([sys.executable, "-c", script, str(place)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if kill_at and line.startswith(kill_at):
                child.send_signal(signal.SIGKILL)
    return child.returncode


@pytest.mark.slow
def test_a_killed_training_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    assert _train_in_child(tmp_path / "whole") == 0
    for stage in ("pictures", "head without", "head 0."):
        assert _train_in_child(tmp_path / "killed", stage) == -signal.SIGKILL
        assert not (tmp_path / "killed" / "brain" / "brain.json").exists()
    assert _train_in_child(tmp_path / "killed") == 0
    first, second = (Card.read(tmp_path / name / "brain" / "brain.json") for name in ("whole", "killed"))
    assert first.training["steps"] == second.training["steps"]
    files = [(tmp_path / name / "brain" / "shapes.pb").read_bytes() for name in ("whole", "killed")]
    assert files[0] == files[1]


def test_bad_input_is_refused_before_any_work(tmp_path: Path) -> None:
    data, trainer = draw_set(tmp_path / "data", 4), DetectorTrainer()

    def refuse(data, error, words, *, origin=None, **options) -> None:
        with pytest.raises(error, match=words):
            trainer.train(CARD, origin, data, TrainOptions(tmp_path / "brain", **options), lambda step: None)
        assert not (tmp_path / "brain").exists()

    refuse(data[:0], DatasetError, "no picture")
    refuse(data[:1], DatasetError, "a single picture")
    refuse(draw_set(tmp_path / "empty", 3, empty=True), DatasetError, "no object in 3 pictures")
    lacking = draw_set(tmp_path / "lacking", 3, names=("disc", "square", "ring", "star"))
    refuse(lacking[:2], DatasetError, "no example of star")
    refuse(data, TrainingError, "too few to see each picture", minutes=0.01)
    refuse(data, UsageError, "no option 'bass'", options={"bass": "x"})
    refuse(data, UsageError, "no base 'resnet'", options={"base": "resnet"})
    refuse(data, TrainingError, "no weights that can be trained", origin=tmp_path)
    (tmp_path / "data" / "01.png").write_bytes(b"no picture")
    refuse(data, DatasetError, "01.png: cannot be read")


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", refuse)
    options = TrainOptions(tmp_path / "brain", minutes=MINUTES)
    with pytest.raises(TrainingError, match="No space left on device") as caught:
        DetectorTrainer().train(CARD, None, draw_set(tmp_path / "data", 4), options, lambda step: None)
    assert "MB there while it runs" in caught.value.remedy
