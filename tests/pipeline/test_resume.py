"""What a resumed run skips, what it refuses, and what it does with what has changed."""

import json
import os
import shutil
from pathlib import Path

import pytest
from onnx_models import write_detector
from parts import MemorySink, ScriptedBrain, ScriptedSource
from stopped_runs import read_outputs, write_pictures

from runner_core import open_brain, run
from runner_core.errors import SinkError, UsageError
from runner_core.pipeline.done_frames import DoneFrames
from runner_core.pipeline.summary import INTERRUPTED

SINKS = ("jsonl:out.jsonl", "coco:out.json", "csv:out.csv")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    write_detector(tmp_path / "two")
    write_pictures(tmp_path / "pictures", 8)
    return tmp_path


def answer(source="pictures", sinks=SINKS, brain="two", **options):
    conf = options.pop("conf", None)
    with open_brain(brain, conf=conf) as opened:
        return run(str(source), [opened], list(sinks), **options)


def records(path="out.jsonl") -> list[dict]:
    return [line for line in map(json.loads, Path(path).read_text().splitlines()) if "source" in line]


def sources(path="out.jsonl") -> list[str]:
    return ["/".join(Path(record["source"]).parts[-2:]) for record in records(path)]


def test_nothing_is_left_to_do_behind_a_whole_run(folder):
    first = answer()
    before = read_outputs(folder)
    second = answer(resume=True)
    assert (second.frames, second.earlier, second.failed) == (first.frames, first.frames, 1)
    assert second.brains["two"].labels == first.brains["two"].labels
    assert read_outputs(folder) == before


def test_what_several_runs_counted_adds_up(folder):
    whole = answer(sinks=["jsonl:whole.jsonl"])
    later = [path.rename(folder / path.name) for path in sorted((folder / "pictures" / "right").iterdir())[:2]]
    answer()
    for path in later:
        path.rename(folder / "pictures" / "right" / path.name)
        answer(resume=True)
    last = answer(resume=True)
    assert last.to_counts() == whole.to_counts()
    assert last.brains["two"].found


def test_the_first_run_may_be_told_to_resume(folder):
    assert answer(resume=True).earlier == 0
    assert len(records()) == 8


def test_new_pictures_come_behind_those_that_are_answered(folder):
    early = folder / "pictures" / "left" / "0000.png"
    early.rename(folder / "early.png")
    answer()
    before = sources()
    (folder / "early.png").rename(early)
    assert answer(resume=True).earlier == len(before)
    assert sources() == [*before, "left/0000.png"]
    assert [record["index"] for record in records()] == list(range(len(before) + 1))
    images = json.loads(Path("out.json").read_text())["images"]
    assert len({image["id"] for image in images}) == len(images) == len(before)  # one of them cannot be read


def test_a_changed_picture_is_answered_again_and_said(folder, caplog):
    answer()
    changed = folder / "pictures" / "right" / "0000.jpg"
    shutil.copy(folder / "pictures" / "right" / "0002.jpg", changed)
    answer(resume=True)
    assert sources().count("right/0000.jpg") == 2
    assert "1 answers are of pictures that are gone or have changed since" in caplog.text


def test_contents_are_known_wherever_they_lie_and_however_old(folder):
    answer()
    (folder / "pictures").rename(folder / "moved")
    for path in Path("moved").rglob("*.*"):
        os.utime(path, (1, 1))
    assert answer("moved", resume="hash").earlier == 8
    assert len(records()) == 8
    shutil.copy("moved/left/0000.png", "moved/right/0000.jpg")
    answer("moved", resume="hash")
    assert len(records()) == 9


def test_a_path_is_known_from_another_folder(folder, monkeypatch):
    sink = f"jsonl:{folder}/out.jsonl"
    answer(sinks=[sink])
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    answer("../pictures", sinks=[sink], brain="../two", resume=True)
    assert len(records(folder / "out.jsonl")) == 8


def test_a_picture_that_is_listed_twice_is_answered_twice(folder):
    pictures = [f"pictures/right/000{number}.jpg" for number in (0, 0, 2)]
    Path("list.txt").write_text("\n".join(pictures[:1]))
    answer("list.txt")
    Path("list.txt").write_text("\n".join(pictures))
    assert answer("list.txt", resume=True).frames == 3
    assert sources() == ["right/0000.jpg", "right/0000.jpg", "right/0002.jpg"]


def test_frames_of_an_animation_are_known_by_their_times(folder):
    from PIL import Image

    frames = [Image.new("RGB", (32, 32), (shade, 80, 90)) for shade in (0, 90, 180, 250)]
    frames[0].save("a.gif", save_all=True, append_images=frames[1:], duration=100)
    assert answer("a.gif").frames == 4
    assert answer("a.gif", resume=True).earlier == 4
    assert [record["time"] for record in records()] == pytest.approx([0.0, 0.1, 0.2, 0.3])


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"conf": 0.7}, "brain two: conf was 0.6 and is 0.7"),
        ({"exact": True}, "exact was false and is true"),
        ({"sinks": SINKS[:2]}, "sink csv:out.csv is missing"),
        ({"sinks": [*SINKS, "yolo:yolo"]}, "sink yolo:yolo is new"),
    ],
)
def test_another_run_is_refused_by_its_difference(folder, change, difference):
    answer()
    before = read_outputs(folder)
    with pytest.raises(UsageError, match=f"the run before was another: {difference}; ask for the same"):
        answer(resume=True, **change)
    assert read_outputs(folder) == before


def test_another_model_or_label_under_the_same_name_is_refused(folder):
    answer()
    model = folder / "two" / "two.onnx"
    old = model.read_bytes()
    model.write_bytes(old.replace(b"corners", b"cornerz"))
    with pytest.raises(UsageError, match="brain two: model is another"):
        answer(resume=True)
    model.write_bytes(old)
    card = folder / "two" / "brain.json"
    card.write_text(card.read_text().replace('"graph"', '"chart"'))
    with pytest.raises(UsageError, match=r'brain two: labels.2 was "graph" and is "chart"'):
        answer(resume=True)


def test_a_chain_is_known_by_all_its_brains(folder):
    def chain(**options):
        with open_brain("two") as two, open_brain("two", name="inner", conf=0.6) as inner:
            return run("pictures", [two.then(inner, **options)], ["out.jsonl"], resume=True)

    assert chain(on=["page"]).earlier == 0
    assert chain(on=["page"]).earlier == 8
    with pytest.raises(UsageError, match=r"brain inner: margin was 0.0 and is 0.1"):
        chain(on=["page"], margin=0.1)


def test_what_was_changed_by_hand_is_not_gone_on_with(folder):
    answer()
    Path("out.csv").write_text(Path("out.csv").read_text().replace("page", "sheet", 1))
    with pytest.raises(SinkError, match=r"out.csv: not as the run that is resumed has left it; run without --resume"):
        answer(resume=True)


def test_answers_without_a_journal_are_not_written_over(folder):
    answer()
    Path(".out.jsonl.run").unlink()
    before = read_outputs(folder)
    with pytest.raises(UsageError, match=r"jsonl:out.jsonl: there already, and the journal of no run beside it"):
        answer(resume=True)
    assert read_outputs(folder) == before
    answer()
    assert answer(resume=True).earlier == 8


def test_a_journal_that_is_cut_off_goes_back_to_what_it_holds(folder):
    """As a disk that was full, or a machine that lost its power, leaves it."""
    answer()
    expected = read_outputs(folder)
    path = Path(".out.jsonl.run")
    kept = path.read_bytes().splitlines(keepends=True)
    assert len(kept) > 2  # one entry at once, one at the end at least
    path.write_bytes(b"".join(kept[:2]) + kept[2][:40])
    summary = answer(resume=True)
    assert 0 < summary.earlier < 8
    assert read_outputs(folder) == expected


def test_another_version_of_the_journal_is_not_read(folder):
    answer()
    Path(".out.jsonl.run").write_text('{"journal": 99}\n')
    with pytest.raises(UsageError, match=r"out.jsonl.run: not the journal of a run of this version"):
        answer(resume=True)


def test_two_runs_do_not_write_to_one_place(folder):
    def second(result):
        with pytest.raises(SinkError, match=r"out.jsonl.run: another run is writing there"):
            answer(resume=True)
        with pytest.raises(SinkError, match="another run is writing there"):
            answer()
        raise UserWarning

    with pytest.raises(UserWarning), open_brain("two") as two:
        run("pictures", [two], ["out.jsonl"], on_result=second)
    assert answer(sinks=["out.jsonl"], resume=True).frames == 8


def test_a_sink_that_keeps_answers_and_cannot_be_resumed_is_refused(folder):
    pytest.importorskip("av")
    with pytest.raises(UsageError, match=r"video:out.mp4 cannot go on where a run was stopped; leave it out"):
        answer(sinks=["out.jsonl", "video:out.mp4"], resume=True)


def test_there_must_be_answers_that_could_be_resumed(folder):
    with pytest.raises(UsageError, match=r"no sink keeps answers that could be resumed; give one, such as jsonl:out"):
        answer(sinks=[MemorySink()], resume=True)


def test_a_sink_that_keeps_nothing_gets_what_is_new(folder):
    answer(sinks=["out.jsonl"])
    shutil.copy("pictures/left/0000.png", "pictures/left/9999.png")
    memory = MemorySink()
    answer(sinks=["out.jsonl", memory], resume=True)
    assert memory.indices == [8]
    assert memory.summary["frames"] == 9


def test_a_camera_is_not_resumed(folder):
    with pytest.raises(UsageError, match="a camera cannot be resumed"):
        run(ScriptedSource(3, live=True), [ScriptedBrain()], ["out.jsonl"], resume=True)
    run(ScriptedSource(3, live=True), [ScriptedBrain()], ["out.jsonl"])
    assert not Path(".out.jsonl.run").exists()


def test_what_resume_may_be(folder):
    with pytest.raises(UsageError, match=r"resume is 'size'; give True, or one of mtime, hash"):
        answer(resume="size")


def test_a_run_that_does_not_begin_leaves_nothing(folder):
    (folder / "file").touch()
    with pytest.raises(SinkError):
        answer(sinks=["out.csv", "jsonl:file/out.jsonl"])
    assert not [path.name for path in folder.iterdir() if path.name.startswith((".", "out"))]


def test_a_place_without_room_for_a_journal_is_written_all_the_same(folder, caplog):
    """As a file in a folder of somebody else's."""
    caplog.set_level("INFO", "runner")
    (folder / ".out.jsonl.run").mkdir()
    assert answer(sinks=["out.jsonl"]).frames == 8
    assert "out.jsonl.run: the journal of the run cannot be kept" in caplog.text
    with pytest.raises(SinkError, match=r"out.jsonl.run"):
        answer(sinks=["out.jsonl"], resume=True)


@pytest.mark.parametrize("conf", [None, 0.9])
def test_a_run_that_was_interrupted_before_its_first_picture_begins(folder, conf):
    sinks = [*SINKS, "voc:voc"]
    with pytest.raises(KeyboardInterrupt), open_brain("two") as two:
        run(ScriptedSource(0, error=KeyboardInterrupt()), [two], sinks)
    assert json.loads(Path("out.jsonl").read_text())["summary"]["interrupted"]
    assert answer(sinks=sinks, resume=True, conf=conf).frames == 8
    resumed = read_outputs(folder)
    answer(sinks=sinks, conf=conf)
    assert read_outputs(folder) == resumed


def test_an_interrupt_while_sinks_are_opened_is_none_of_a_run(folder):
    class Interrupted(MemorySink):
        def open(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answer(sinks=["voc:voc", "out.jsonl", Interrupted()])
    assert answer(sinks=["voc:voc", "out.jsonl"], resume=True).frames == 8


def test_an_interrupt_is_raised_when_the_sinks_are_complete(folder):
    def stop(result):
        if result.frame.index == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), open_brain("two") as two:
        run("pictures", [two], list(SINKS), on_result=stop)
    summary = json.loads(Path("out.jsonl").read_text().splitlines()[-1])["summary"]
    assert (summary["frames"], summary["interrupted"]) == (4, True)
    assert INTERRUPTED not in summary.get("broken", "")
    assert len(records()) == 4
    answer(resume=True)
    resumed = read_outputs(folder)
    answer()
    assert resumed == read_outputs(folder)


def test_a_million_frames_that_are_done_are_small():
    count = 100_000
    done = DoneFrames(os.urandom(8 * count))
    assert done.total == done.left == count
    assert sum(value.nbytes for value in vars(done).values() if hasattr(value, "nbytes")) <= 12 * count


def test_who_begins_anew_is_told_what_is_replaced(folder, caplog):
    answer()
    caplog.clear()
    answer()
    assert any(
        "8 answers of an earlier run are replaced; --resume would go on with it" in text for text in caplog.messages
    )
    caplog.clear()
    answer(resume=True)
    assert not any("are replaced" in text for text in caplog.messages)
    for name in ("out.jsonl", "out.json", "out.csv"):
        (folder / name).unlink()
    answer()
    assert not any("are replaced" in text for text in caplog.messages), "they are gone already"
