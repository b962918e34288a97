"""What run and stream take for a source, brains and sinks, and what they say of other things."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from parts import ScriptedBrain, ScriptedSource

from runner_core import Frame, run, stream
from runner_core.errors import ImageError, SourceError, UsageError


def test_a_path_is_a_source_and_a_sink(tmp_path, testdata):
    picture, out = testdata / "pictures" / "football.jpg", tmp_path / "out.csv"
    assert run(picture, [ScriptedBrain()], [out]).frames == 1
    assert out.read_text()
    assert [frame.source for frame, _ in stream(picture, [ScriptedBrain()])] == [str(picture)]


def test_one_brain_need_not_be_a_list():
    assert run(ScriptedSource(3), ScriptedBrain()).frames == 3


def test_the_number_of_a_camera_is_a_source():
    with pytest.raises(SourceError, match="9: no such camera"):
        next(stream(9, [ScriptedBrain()]))


@pytest.mark.parametrize("source", [{"a.jpg": 1}, Frame.from_bytes(b"")])
def test_pictures_in_memory_are_not_a_source(source):
    with pytest.raises(UsageError, match=f"a {type(source).__name__} is not a source of pictures.*predict_many"):
        next(stream(source, [ScriptedBrain()]))


@pytest.mark.parametrize("brains", [["page"], [ScriptedBrain(), Path("a.onnx")]])
def test_a_name_is_not_a_brain(brains):
    with pytest.raises(UsageError, match="is not a brain; open it first"):
        run(ScriptedSource(1), brains)
    with pytest.raises(UsageError, match="is not a brain; open it first"):
        ScriptedBrain().then(brains[-1])


def test_sinks_are_a_list():
    with pytest.raises(UsageError, match=r"sinks are 'csv:out\.csv'; give a list"):
        run(ScriptedSource(1), [ScriptedBrain()], "csv:out.csv")


@pytest.mark.parametrize("source", ["list.txt", "pictures/*.jpg", "pictures/b.jpg"])
@pytest.mark.parametrize("place", ["jsonl:pictures/b.jpg", "csv:link/b.jpg"])
def test_a_picture_that_is_read_is_not_written_over(tmp_path, testdata, monkeypatch, source, place):
    monkeypatch.chdir(tmp_path)
    Path("pictures").mkdir()
    Path("link").symlink_to("pictures")
    before = (testdata / "pictures" / "football.jpg").read_bytes()
    for name in ("a.jpg", "b.jpg"):
        Path("pictures", name).write_bytes(before)
    Path("list.txt").write_text("pictures/a.jpg\npictures/b.jpg\n")
    with pytest.raises(UsageError, match="would write over what is read"):
        run(source, [ScriptedBrain()], [place])
    assert Path("pictures/b.jpg").read_bytes() == before
    assert run(source, [ScriptedBrain()], ["jsonl:a.jsonl"]).ok


def test_a_stream_says_what_goes_wrong_once(caplog):
    def out_of_memory(_: Frame) -> None:
        raise MemoryError("no room")

    def unreadable(_: Frame) -> None:
        raise ImageError("it is cut short")

    with caplog.at_level(logging.WARNING, "runner"):
        for frame, answers in stream(ScriptedSource(5), [ScriptedBrain("bad", act=out_of_memory), ScriptedBrain()]):
            assert (len(answers), answers[0].size) == (1, frame.size)
        assert caplog.messages == ["test: brain bad: no room"]
        caplog.clear()
        assert [answers for _, answers in stream(ScriptedSource(2), [ScriptedBrain(act=unreadable)])] == [(), ()]
        assert caplog.messages == ["it is cut short"] * 2
