"""What a page may ask and say: who draws, what is refused, what happens to the disk, the training."""

import json
import threading
import time
from contextlib import contextmanager

import pytest
from label_desk import SIZE, Finder, full_disk, label, training_by, write_pictures
from websockets.sync.client import connect

CUP = ("cup", 10, 20, 110, 120)
LONG = 60  # seconds, for what would hang


@pytest.fixture
def folder(tmp_path):
    write_pictures(tmp_path / "pictures", 3)
    return tmp_path / "pictures"


@pytest.fixture
def labelling(folder):
    with label(folder) as served:
        yield served


@contextmanager
def page(labelling, name):
    """A page that is open; its events by ``recv``."""
    with connect(f"ws://{labelling.host}/events?page={name}", proxy=None, close_timeout=0.2) as socket:
        yield socket


def hear(socket, key):
    """The next event with this key."""
    while True:
        event = json.loads(socket.recv(LONG))
        if key in event:
            return event[key]


def annotations(labelling):
    return [entry["bbox"] for entry in labelling.document["annotations"]]


class TestDrawing:
    def test_a_step_is_in_the_file_when_it_is_answered(self, labelling):
        answer = labelling.put("a.png", CUP, done=True)
        assert (answer.status_code, answer.json()) == (200, {"ids": [1], "changed": ""})
        assert annotations(labelling) == [[10, 20, 100, 100]]
        assert labelling.ask("GET", "sheet", picture="a.png").json()["boxes"][0] | {"box": None} == {
            "id": 1, "label": "cup", "box": None, "fixed": False,
        }  # fmt: skip

    def test_boxes_are_cut_at_the_borders(self, labelling):
        labelling.put("a.png", ("cup", -5, -5, 1000, 50), done=True)
        assert annotations(labelling) == [[0, 0, 400, 50]]

    @pytest.mark.parametrize(
        "box",
        [("cup", 1, 1, 1.5, 50), ("cup", 500, 1, 600, 50), ("cup", 9, 9, 1, 1), ("", 1, 1, 9, 9), ("cup", 1, 1, 9),
         ("cup", 1, 1, 9, None), {"label": 1, "box": [1, 1, 9, 9]},
         {"label": "a", "box": [1, 1, 9, 9], "id": "x"}, 3, None],
    )  # fmt: skip
    def test_a_box_that_is_none_is_refused_and_changes_nothing(self, labelling, box):
        labelling.put("a.png", CUP, done=True)
        assert labelling.put("a.png", box, done=True).status_code == 400
        assert annotations(labelling) == [[10, 20, 100, 100]]

    @pytest.mark.parametrize("body", [None, [], 3, {}, {"size": [1], "boxes": []}, {"size": [0, 1], "boxes": []}])
    def test_nonsense_is_refused(self, labelling, body):
        assert labelling.ask("PUT", "sheet", picture="a.png", body=body).status_code == 400

    def test_more_than_a_page_says_is_refused(self, labelling):
        assert labelling.ask("POST", "classes", body={"name": "x" * (9 << 20)}).status_code == 413

    @pytest.mark.parametrize("name", ["", "z.png", "../pictures/a.png", "/etc/passwd"])
    def test_there_are_no_other_pictures(self, labelling, name):
        for path in ("picture", "sheet", "proposals"):
            assert labelling.ask("GET", path, picture=name).status_code == 404

    def test_a_picture_that_cannot_be_read_is_said(self, labelling):
        (labelling.folder / "a.png").write_bytes(b"nothing")
        answer = labelling.ask("GET", "sheet", picture="a.png")
        assert answer.status_code == 404
        assert "a.png: not a picture" in answer.json()["error"]

    def test_what_browsers_do_not_show_is_made_into_a_jpeg(self, tmp_path):
        from PIL import Image

        Image.new("I;16", SIZE).save(tmp_path / "deep.tiff")
        with label(tmp_path) as served:
            answer = served.ask("GET", "picture", picture="deep.tiff")
            assert (answer.headers["Content-Type"], answer.content[:2]) == ("image/jpeg", b"\xff\xd8")

    @pytest.mark.parametrize("how", ["changed", "gone"])
    def test_a_picture_that_changes_meanwhile_is_said_and_the_work_is_kept(self, labelling, how):
        stamp = labelling.ask("GET", "sheet", picture="a.png").json()["stamp"]
        if how == "gone":
            (labelling.folder / "a.png").unlink()
        else:
            write_pictures(labelling.folder, 1, (200, 100))
        body = {"size": SIZE, "stamp": stamp, "done": True, "boxes": [{"label": "cup", "box": CUP[1:]}]}
        answer = labelling.ask("PUT", "sheet", picture="a.png", body=body)
        assert answer.status_code == 200
        assert answer.json()["changed"].startswith("a.png")
        assert annotations(labelling) == [[10, 20, 100, 100]]


class TestTheDisk:
    def test_a_full_disk_is_said_and_nothing_is_lost(self, labelling):
        labelling.put("a.png", CUP, done=True)
        before = labelling.desk.labels.path.read_bytes()
        with full_disk():
            assert labelling.put("b.png", CUP, done=True).status_code == 507
        assert labelling.desk.labels.path.read_bytes() == before
        assert sorted(path.name for path in labelling.folder.iterdir()) == ["a.png", "b.png", "c.png", "labels.json"]
        labelling.put("c.png", done=True)
        assert len(annotations(labelling)) == 2

    def test_a_file_that_another_program_has_changed_is_not_written_over_unasked(self, labelling):
        labelling.put("a.png", CUP, done=True)
        labelling.desk.labels.path.write_text('{"images": [], "annotations": []}')
        answer = labelling.put("b.png", CUP, done=True)
        assert answer.status_code == 409
        assert "labels.json was changed by another program" in answer.json()["error"]
        assert annotations(labelling) == []
        body = {"size": SIZE, "stamp": "", "done": True, "boxes": []}
        assert labelling.ask("PUT", "sheet", picture="c.png", overwrite="1", body=body).status_code == 200
        assert len(annotations(labelling)) == 2


class TestThePen:
    def test_the_second_page_is_told_and_refused_until_it_takes_over(self, labelling):
        with page(labelling, "one") as one, page(labelling, "two") as two:
            assert (hear(one, "pen"), hear(two, "pen")) == (True, False)
            assert labelling.put("a.png", CUP, page="two").status_code == 423
            for method, path in (("POST", "classes"), ("POST", "training"), ("DELETE", "training")):
                assert labelling.ask(method, path, page="two", body={}).status_code == 423
            assert labelling.put("a.png", CUP, page="one").status_code == 200
            two.send("take")
            while not hear(two, "pen"):
                pass
            assert labelling.put("a.png", page="one").status_code == 423
            assert labelling.put("a.png", CUP, page="two").status_code == 200

    def test_who_leaves_leaves_the_pen(self, labelling):
        with page(labelling, "two") as two:
            with page(labelling, "one") as one:
                one.send("take")
                while hear(two, "pen"):
                    pass
            assert hear(two, "pen")

    def test_a_page_of_a_server_that_was_restarted_may_go_on(self, labelling):
        assert labelling.put("a.png", CUP, page="old").status_code == 200


class TestProposals:
    def test_what_several_brains_find_at_one_place_is_proposed_once(self, folder):
        one = Finder("one", {"a.png": [("cup", 0.6, 10, 10, 60, 60), ("cup", 0.01, 200, 200, 240, 240)]})
        two = Finder("two", {"a.png": [("cup", 0.9, 12, 10, 60, 60), ("plate", 0.4, 10, 10, 60, 60)]})
        with label(folder, brains=[one, two]) as served, page(served, "test") as socket:
            served.ask("GET", "sheet", picture="a.png")
            assert hear(socket, "proposals") == "a.png"
            found = served.ask("GET", "proposals", picture="a.png").json()["proposals"]
            assert [(each["label"], each["score"], each["brain"]) for each in found] == [
                ("cup", 0.9, "two"), ("plate", 0.4, "two"),
            ]  # fmt: skip

    def test_a_picture_that_brains_cannot_read_says_why(self, folder):
        (folder / "b.png").write_bytes(b"nothing")
        with label(folder, brains=[Finder("one", {})]) as served, page(served, "test") as socket:
            served.ask("GET", "sheet", picture="a.png")
            while hear(socket, "proposals") != "b.png":
                pass
            assert "b.png: not a picture" in served.ask("GET", "proposals", picture="b.png").json()["fault"]

    def test_the_most_useful_pictures_come_first(self, folder):
        found = {
            "a.png": [("cup", 1.0, 1, 1, 9, 9)],
            "b.png": [("cup", 0.9, 1, 1, 9, 9)],
            "c.png": [("cup", 0.5, 1, 1, 9, 9)],
        }
        with label(folder, brains=[Finder("one", found)], most_useful=True) as served, page(served, "test") as socket:
            order = [each["name"] for each in served.ask("GET", "desk").json()["pictures"]]
            assert (order if order[0] == "c.png" else hear(socket, "order")) == ["c.png", "b.png", "a.png"]


STEPS = """
print("a library says something", file=sys.stderr)
print(json.dumps({"stage": "head", "share": 0.5, "figures": {"mAP50": 0.25}}), flush=True)
print("no JSON", flush=True)
"""


class TestTraining:
    def run(self, folder, script, act=lambda served: None):
        """The states that a page is told, and the last event."""
        with label(folder, train=training_by(script)) as served, page(served, "test") as socket:
            served.put("a.png", CUP, done=True)
            assert served.ask("POST", "training", body={"minutes": 1}).status_code == 200
            assert served.ask("POST", "training", body={"minutes": 1}).status_code == 400, "one at a time"
            told = []
            while not told or told[-1]["state"] == "running":
                told.append(hear(socket, "training"))
                if told[-1]["share"] == 0.5:
                    act(served)
            return told

    def test_it_is_told_as_it_goes_and_why_it_failed(self, folder):
        told = self.run(folder, f"{STEPS}\nsys.exit('too few pictures; label more')")
        assert told[1]["figures"] == {"mAP50": 0.25}
        assert (told[-1]["state"], told[-1]["error"]) == ("failed", "too few pictures; label more")

    def test_it_is_given_the_labels(self, folder):
        told = self.run(folder, "sys.exit(json.dumps(asked))")
        asked = json.loads(told[-1]["error"])
        assert asked == {"data": str(folder / "labels.json"), "name": "mine", "minutes": 1}

    def test_it_can_be_stopped(self, folder):
        script = f"{STEPS}\nimport time\ntime.sleep({LONG})"
        told = self.run(folder, script, act=lambda served: served.ask("DELETE", "training"))
        assert told[-1]["state"] == "stopped"

    def test_the_process_ends_with_the_page(self, folder):
        script = f"import time, os\nopen('{folder}/pid', 'w').write(str(os.getpid()))\ntime.sleep({LONG * 5})"
        with label(folder, train=training_by(script)) as served:
            served.ask("POST", "training", body={"minutes": 1})
            deadline = time.monotonic() + LONG
            while not (folder / "pid").exists() and time.monotonic() < deadline:
                time.sleep(0.01)
        assert not served.desk._training.is_running
        assert "runner-label-proposals" not in {thread.name for thread in threading.enumerate()}

    @pytest.mark.parametrize("minutes", [0, -1, None, "5", 1e9])
    def test_minutes_that_are_none_are_refused(self, folder, minutes):
        with label(folder) as served:
            assert served.ask("POST", "training", body={"minutes": minutes}).status_code == 400
