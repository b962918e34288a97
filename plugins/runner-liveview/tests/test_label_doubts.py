"""Labels that brains disagree with come first on the page, are marked, and are corrected or let stand."""

import json
import time
from contextlib import contextmanager
from typing import ClassVar

import pytest
from label_desk import Finder, label, write_pictures
from websockets.sync.client import connect

CUP = ("cup", 10, 20, 110, 120)
LONG = 60  # seconds, for what would hang


class Sure(Finder):
    """Knows from which score it is sure."""

    conditions: ClassVar = {"conf": 0.5}


@contextmanager
def hearing(labelling):
    """A page that is open; what it gives waits for the next thing that it is told."""
    with connect(f"ws://{labelling.host}/events?page=test", proxy=None, close_timeout=0.2) as socket:
        yield lambda: socket.recv(LONG)


class TestDesk:
    NAMES: ClassVar = [f"{letter}.png" for letter in "abcdefgh"]

    def check(self, folder, *judges, spoil=lambda document: None):
        """The doubts about eight pictures with a cup each, of which the last ones are spoilt."""
        write_pictures(folder, 8)
        with label(folder) as served:
            for name in self.NAMES:
                served.put(name, CUP, done=True)
        path = folder / "labels.json"
        document = json.loads(path.read_text())
        spoil(document)
        path.write_text(json.dumps(document))
        with label(folder, checks=judges) as served, hearing(served) as hear:
            deadline = time.monotonic() + LONG
            while not served.desk.checking.is_over and time.monotonic() < deadline:
                hear()
            described = served.ask("GET", "desk").json()["pictures"]
            return {each["name"]: each["doubts"] for each in described}, served.desk.checking.doubts

    def test_those_of_one_picture_come_first_and_are_told_with_their_box(self, tmp_path):
        judge = Sure("judge", {name: [("cup", 0.9, *CUP[1:])] for name in self.NAMES[:-1]})
        counts, doubts = self.check(tmp_path, judge)
        assert list(counts.items())[:2] == [("h.png", 1), ("a.png", 0)]
        assert doubts["h.png"][0] | {"suspicion": None} == {
            "id": 8, "box": CUP[1:], "kind": "spurious", "label": "cup", "suspicion": None,
            "message": "nothing is found at this cup",
        }  # fmt: skip

    def test_crowds_and_what_another_brain_finds_are_not_doubted(self, tmp_path):
        rows = {name: [("cup", 0.9, *CUP[1:])] for name in self.NAMES}
        some = Sure("some", {name: row for name, row in rows.items() if name != "h.png"})
        assert self.check(tmp_path, some, Sure("all", rows))[1] == {}
        crowd = lambda document: document["annotations"][-1].update(iscrowd=1)  # noqa: E731
        (tmp_path / "labels.json").unlink()
        assert self.check(tmp_path, some, spoil=crowd)[1] == {}

    def test_a_picture_that_cannot_be_read_holds_nothing_up(self, tmp_path):
        judge = Sure("judge", {name: [("cup", 0.9, *CUP[1:])] for name in self.NAMES[:-1]})
        assert set(self.check(tmp_path, judge, spoil=lambda _: (tmp_path / "a.png").write_bytes(b""))[1]) == {"h.png"}


class TestPage:
    @pytest.fixture
    def checked(self, tmp_path, visit):
        """Twelve pictures with two labels each as a brain finds them, but for one that is wrong and one that lacks."""
        names = write_pictures(tmp_path, 12)
        usual = [("cup", 0.9, 40, 50, 140, 170), ("plate", 0.9, 200, 100, 300, 200)]
        with label(tmp_path) as labelling:
            for name in names:
                rows = [(row[0], *row[2:]) for row in usual]
                rows[1] = ("cup", *rows[1][1:]) if name == "g.png" else rows[1]
                labelling.put(name, *(rows[:1] if name == "j.png" else rows), done=True)
        with label(tmp_path, checks=[Sure("judge", dict.fromkeys(names, usual))]) as labelling:
            yield labelling

    def test_their_pictures_come_first_and_say_what_is_doubtful(self, checked, visit):
        person = visit(checked, at="g.png")
        person.says("Doubtful: this cup is found to be plate, 0.90")
        person.says("12 of 12 done, 2 doubtful")
        assert [each["name"] for each in person.page.evaluate("window.desk.pictures")][:3] == [
            "g.png",
            "j.png",
            "a.png",
        ]
        assert person.page.evaluate("window.desk.sheet.doubtful.map(({ of }) => of.label)") == ["cup"]

    def test_who_corrects_them_is_through(self, checked, visit):
        person = visit(checked, at="g.png")
        person.click(250, 150)
        person.press("2")
        assert person.page.evaluate("window.desk.sheet.doubtful.length") == 0
        person.says("12 of 12 done, 1 doubtful")
        person.press("Enter")
        person.at("j.png")
        person.says("Doubtful: no label, and plate is found, 0.90")
        person.wait("window.desk.sheet.proposals?.length === 2")
        person.press("a", "Enter")
        person.wait("document.querySelector('#count').textContent === '12 of 12 done'")
        person.saved()
        assert sorted(each["category_id"] for each in checked.document["annotations"]) == [1] * 12 + [2] * 12
        assert checked.desk.checking.doubts == {}

    def test_one_that_is_right_is_checked_and_stays(self, checked, visit):
        person = visit(checked, at="g.png")
        before = checked.desk.labels.path.read_text()
        person.page.get_by_role("button", name="Checked").click()
        person.at("j.png")
        person.saved()
        assert checked.desk.labels.path.read_text() == before
        assert list(checked.desk.checking.doubts) == ["j.png"]


@pytest.mark.parametrize("other", [("--brain", "page"), ("--most-useful",)])
def test_brains_that_check_go_alone(runner, tmp_path, other):
    write_pictures(tmp_path, 1)
    done = runner("label", tmp_path, "--check", "page", *other)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--check goes alone" in done.stderr
