"""Videos among pictures: in a folder, a glob, a list."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from runner_files.source import FileSource

from runner_core.errors import UsageError
from runner_core.pipeline import open_source
from runner_core.plugin import Plugin
from runner_core.testing import registry_of

DEMO = Path(__file__).parents[2] / "runner-demo" / "src" / "runner_demo"
CLIP, PICTURE = DEMO / "clip.mp4", DEMO / "pictures" / "2-one.jpg"


@pytest.fixture(scope="module")
def total() -> int:
    return sum(1 for _ in open_source(str(CLIP)).frames())


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "yard").mkdir()
    for name in ("a.jpg", "b.mp4", "c.jpg", "d.mp4"):
        shutil.copy(CLIP if name.endswith("mp4") else PICTURE, tmp_path / "yard" / name)
    (tmp_path / "yard" / "notes.md").touch()
    return tmp_path


def sources_of(location: str) -> list[str]:
    """The sources of its frames, each once, in order."""
    frames = list(open_source(location).frames())
    assert [frame.index for frame in frames] == list(range(len(frames)))
    return list(dict.fromkeys(Path(frame.source).name for frame in frames))


def test_a_folder_of_both_gives_both_in_order(total):
    source = open_source("yard")
    assert isinstance(source, FileSource)
    assert source.total == 2 * total + 2
    assert sources_of("yard") == ["a.jpg", "b.mp4", "c.jpg", "d.mp4"]
    assert source.skipped == {".md": 1}


def test_a_glob_of_videos_takes_their_options(total):
    assert sources_of("yard/*.mp4") == ["b.mp4", "d.mp4"]
    thirds = list(open_source("yard/*.mp4?stride=3").frames())
    assert len(thirds) == 2 * -(-total // 3)
    assert len(list(open_source("yard/[b]*.mp4?stride=3").frames())) == -(-total // 3)


def test_a_glob_of_pictures_takes_no_video():
    assert sources_of("yard/**/*.jpg") == ["a.jpg", "c.jpg"]
    assert sources_of("yard/?.jpg") == ["a.jpg", "c.jpg"]


def test_a_list_may_name_videos_with_options(folder):
    (folder / "list.txt").write_text("yard/d.mp4?stride=9\nyard/a.jpg\n")
    assert sources_of("list.txt") == ["d.mp4", "a.jpg"]


def test_a_damaged_video_is_one_failure(folder):
    (folder / "yard" / "b.mp4").write_bytes(b"no video")
    frames = list(open_source("yard/*.mp4").frames())
    assert frames[0].source == "yard/b.mp4"
    assert {frame.source for frame in frames[1:]} == {"yard/d.mp4"}
    with pytest.raises(Exception, match="not a video that can be read"):
        _ = frames[0].pixels


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("yard?stride=2", "yard: pictures take no option 'stride'"),
        ("yard/*.jpg?stride=2", "pictures take no option 'stride'"),
        ("yard/*.mp4?name=x", "a name is for one camera or one video"),
        ("yard/*.mp4?strid=2", "no option 'strid'; did you mean stride?"),
    ],
)
def test_options_that_nothing_takes_are_refused(location, message):
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        open_source(location)


def test_without_a_plugin_for_videos_they_are_passed_over():
    with registry_of("runner_files.plugin"):
        source = open_source("yard")
        assert source.files == ["yard/a.jpg", "yard/c.jpg"]
        assert source.skipped == {".mp4": 2, ".md": 1}


@pytest.mark.parametrize("target", ["runner_video.camera_list:Streams", "gone.module:Source"])
def test_lists_of_cameras_and_what_is_broken_are_no_clips(target):
    with registry_of("runner_files.plugin", sources=[Plugin("odd", target, "odd", claims=(".mp4",))]):
        assert open_source("yard").files == ["yard/a.jpg", "yard/c.jpg"]
