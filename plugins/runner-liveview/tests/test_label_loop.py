"""The whole loop with a real training: draw, train, correct what the brain proposes, train again."""

import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np
import pytest
from label_page import Person

from runner_core import open_brain
from runner_core.datasets import open_dataset
from runner_core.results.boxes import box_ious

DRAWN, CORRECTED, MINUTES = 20, 20, 2
LONG = 1500  # seconds, for a training that would hang
RIGHT, SAME = 0.75, 0.4  # IoU of a proposal that is left as it is; that is moved to its place


@pytest.fixture
def pictures(real_datasets, tmp_path):
    """(a folder of pictures without labels, what they show by name, pictures to measure with)."""
    data = open_dataset(real_datasets / "microcontrollers")
    places = sorted(range(len(data)), key=lambda place: data[place].picture.name)
    folder = tmp_path / "boards"
    folder.mkdir()
    truth = {}
    for example in (data[place] for place in places[: 2 * (DRAWN + CORRECTED) : 2]):
        shutil.copy(example.picture, folder)
        answer = example.read().answer
        truth[example.picture.name] = list(zip(answer.names, answer.boxes.tolist(), strict=True))
    tested = {data[place].key for place in places[1::2]}
    return folder, truth, data.keep(lambda example: example.key in tested)


@contextmanager
def served(folder, classes):
    """``runner label`` as a process of its own; the address of its page."""
    command = [sys.executable, "-m", "runner_core.cli.main", "label", str(folder), "--port", "0"]
    with subprocess.Popen([*command, "--classes", ",".join(classes)], stderr=subprocess.PIPE, text=True) as process:
        try:
            yield next(line.split()[1] for line in process.stderr if line.startswith("label: http"))
        finally:
            process.terminate()


class Labeller:
    """A person who knows what is to be seen in every picture."""

    def __init__(self, person, truth, classes):
        self.person, self.truth, self.classes = person, truth, classes

    def open_next(self):
        """What the picture that is shown now shows."""
        self.person.wait("window.desk?.sheet && window.desk.sheet === window.desk.stage.sheet")
        self.person.wait("window.desk.sheet.name === window.desk.opening")
        return self.truth[self.person.page.evaluate("window.desk.sheet.name")]

    def finish(self):
        name = self.person.page.evaluate("window.desk.sheet.name")
        self.person.press("Escape", "Enter")
        self.person.saved()
        self.person.wait(f"window.desk.sheet.name !== {name!r} || window.desk.pictures.every(({{ done }}) => done)")

    def draw(self, name, box, by):
        key = str(self.classes.index(name) + 1)
        self.person.press("Escape")
        if by == "touch":
            self.person.page.locator("#classes button").nth(int(key) - 1).tap()
            self.person.swipe(box)
        else:
            self.person.press(key)
            self.person.type_box(box) if by == "keys" else self.person.draw(box)

    def label(self, by):
        things = self.open_next()
        for name, box in things:
            self.draw(name, box, by)
        assert len(self.person.boxes) == len(things)
        self.finish()

    def correct(self):
        """Accepts what is proposed, puts it right, and draws what is not proposed; how many stayed as proposed."""
        things = self.open_next()
        self.person.wait("window.desk.sheet.proposals !== null && !window.desk.sheet.done")
        self.person.press("a")
        stayed = self.sort_out(things)
        for name, box in things:
            if best_iou(box, [row[1:] for row in self.person.boxes])[0] < SAME:
                self.draw(name, box, "mouse")
        assert sorted(row[0] for row in self.person.boxes) == sorted(name for name, _ in things)
        self.finish()
        return stayed

    def sort_out(self, things):
        """Deletes what is nothing or there twice, names and moves the others."""
        taken, stayed = set(), 0
        for key in self.person.page.evaluate("window.desk.sheet.boxes.map(({ key }) => key)"):
            found = self.person.page.evaluate(f"window.desk.sheet.boxes.find((box) => box.key === {key})")
            iou, place = best_iou(found["box"], [box for _, box in things])
            self.choose(key)
            if iou < SAME or place in taken:
                self.person.press("Delete")
                continue
            taken.add(place)
            name, box = things[place]
            stayed += iou >= RIGHT and found["label"] == name
            if found["label"] != name:
                self.person.press(str(self.classes.index(name) + 1))
            if iou < RIGHT:
                self.person.place(box)
        return stayed

    def choose(self, key):
        """By keyboard, until this box is the chosen one."""
        for _ in range(200):
            if self.person.page.evaluate("window.desk.sheet.chosen") == key:
                return
            self.person.press("b")
        raise AssertionError(key)

    def train(self):
        """Presses the button, and waits until the new brain proposes; its name."""
        before = self.person.page.evaluate("window.desk.training?.brain")
        self.person.page.locator("#minutes").fill(str(MINUTES))
        self.person.page.locator("#begin").click()
        deadline = time.monotonic() + LONG
        while (progress := self.person.page.evaluate("window.desk.training") or {}).get("brain") in (None, "", before):
            assert progress.get("state") != "failed", progress
            assert time.monotonic() < deadline, progress
            self.person.page.wait_for_timeout(500)
        self.person.says(f"{progress['brain']} is trained")
        self.person.wait("window.desk.brains?.length === 1")
        return progress["brain"]


def best_iou(box, others):
    """(IoU, place) of the box that is most alike."""
    if not len(others):
        return 0.0, -1
    ious = box_ious(np.array([box], np.float64), np.array(others, np.float64))[0]
    return float(ious.max()), int(ious.argmax())


# By the clock, as the page trains: a machine that is busy otherwise learns little in these minutes.
@pytest.mark.slow
@pytest.mark.timeout(4000)
def test_the_second_brain_is_better_than_the_first(pictures, browser, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    folder, truth, tested = pictures
    classes = list(tested.labels.names)
    with (
        served(folder, classes) as url,
        browser.new_context(viewport={"width": 1280, "height": 800}, has_touch=True) as context,
    ):
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(url, wait_until="domcontentloaded")
        labeller = Labeller(Person(page, context.new_cdp_session(page)), truth, classes)
        for number in range(DRAWN):
            labeller.label(("mouse", "keys", "touch")[number % 3])
        names = [labeller.train()]
        stayed = sum(labeller.correct() for _ in range(CORRECTED))
        names.append(labeller.train())
    figures = []
    for name in names:
        with open_brain(name) as brain:
            figures.append(brain.evaluate(tested).figures["mAP50"])
    print(f"{names}: mAP50 {figures[0]:.3f}, then {figures[1]:.3f}; {stayed} proposals stayed as they were")
    drawn = open_dataset(folder)
    assert len(drawn) == DRAWN + CORRECTED
    for example in drawn:
        answer, real = example.read().answer, truth[example.key]
        assert sorted(answer.names) == sorted(name for name, _ in real)
        assert all(best_iou(box, answer.boxes)[0] > 0.7 for _, box in real)
    assert figures[1] > figures[0]
