"""Twenty pictures of a real data set, labelled in a browser from their truth: by mouse, by keyboard, by fingers."""

import os
import shutil
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from label_desk import label
from label_page import Person

from runner_core.datasets import open_dataset
from runner_core.results import box_ious

DATASETS = Path(os.environ.get("RUNNER_DATASETS", Path(__file__).parents[4] / "shared" / "datasets"))
BOARDS = DATASETS / "microcontrollers" / "train"
COUNT = 20
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.fixture
def truth():
    if not BOARDS.exists():
        pytest.skip(f"{BOARDS} is not there: RUNNER_DATASETS names the folder")
    dataset = open_dataset(BOARDS)
    step = len(dataset) // COUNT
    return {example.picture: example.read().answer for example in list(dataset)[:: max(1, step)][:COUNT]}


def draw(person, tool, boxes, names):
    """Every box by the same tool, its class chosen first."""
    for name, box in zip(names, boxes, strict=True):
        button = person.page.locator("#classes button", has_text=name)
        if tool == "keyboard":
            person.press(
                "Escape", str(1 + [*person.page.evaluate("window.desk.classes.map((one) => one.name)")].index(name))
            )
            person.type_box(box)
        elif tool == "mouse":
            person.press("Escape")
            button.click()
            person.draw(box)
        else:
            person.page.evaluate("window.desk.choose(null)")
            button.tap()
            person.swipe(box)
    if tool == "fingers":
        person.page.locator("#done").tap()
    else:
        person.press("Enter")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_labels_are_the_truth(truth, tmp_path, browser):
    for picture in truth:
        shutil.copy(picture, tmp_path)
    with label(tmp_path) as labelling, browser.new_context() as wide, browser.new_context(**PHONE) as phone:
        for name in sorted({name for answer in truth.values() for name in answer.names}):
            labelling.ask("POST", "classes", body={"name": name})
        for tool, (picture, answer) in zip(cycle(["mouse", "keyboard", "fingers"]), truth.items(), strict=False):
            page = (phone if tool == "fingers" else wide).new_page()
            person = Person(page, phone.new_cdp_session(page) if tool == "fingers" else None)
            page.goto(f"{labelling.url}#{picture.name}")
            person.at(picture.name)
            draw(person, tool, answer.boxes.tolist(), answer.names)
            person.wait(f"window.desk.pictures.find(({{ name }}) => name === {picture.name!r}).done")
            person.saved()
            page.close()
        drawn = {example.picture.name: example.read().answer for example in open_dataset(tmp_path)}
    assert len(drawn) == COUNT
    for picture, answer in truth.items():
        found = drawn[picture.name]
        assert found.names == answer.names
        assert np.diag(box_ious(found.boxes, answer.boxes)).min() > 0.9
