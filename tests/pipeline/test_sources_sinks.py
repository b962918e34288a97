"""Which source or sink a location finds."""

import re
from functools import partial
from pathlib import Path

import attrs
import pytest

from runner_core.errors import NotInstalled, UsageError
from runner_core.pipeline.sources_sinks import open_sink, open_sinks, open_source, sink_names_of
from runner_core.plugin import Plugin
from runner_core.testing import registry_of


@attrs.frozen
class Made:
    """Stands for a source or a sink: what its target was called with."""

    by: str
    location: str

    def open(self):
        """Is never called."""


camera, video, stream, standard_input, files = (
    partial(Made, name) for name in ("camera", "video", "stream", "standard_input", "files")
)

CLAIMS = {
    "camera": ("0", "1", "/dev/video0", "camera"),
    "video": (".mp4",),
    "stream": ("rtsp", ".m3u8"),
    "standard_input": ("-",),
    "files": ("path", "http"),
}


@pytest.fixture(autouse=True)
def installed():
    sources = [
        Plugin(name.replace("_", "-"), f"{__name__}:{name}", name, claims=claims) for name, claims in CLAIMS.items()
    ]
    sinks = [
        Plugin("lines", f"{__name__}:files", "lines", claims=("-", ".txt")),
        Plugin("video", f"{__name__}:video", "a video", claims=(".mp4",)),
    ]
    with registry_of(sources=sources, sinks=sinks):
        yield


@pytest.mark.parametrize(
    ("location", "found", "given"),
    [
        ("0", "camera", "0"),
        ("0?size=1280x720&fps=30", "camera", "0?size=1280x720&fps=30"),
        ("camera?fps=5", "camera", "camera?fps=5"),
        ("/dev/video0", "camera", "/dev/video0"),
        ("/dev/video7", "files", "/dev/video7"),
        ("7", "files", "7"),
        ("camera:/dev/video7", "camera", "/dev/video7"),
        ("-", "standard_input", "-"),
        ("clip.MP4?stride=2", "video", "clip.MP4?stride=2"),
        ("http://host/clip.mp4?token=a.jpg", "video", "http://host/clip.mp4?token=a.jpg"),
        ("http://host/live.m3u8", "stream", "http://host/live.m3u8"),
        ("http://host/cat.jpg", "files", "http://host/cat.jpg"),
        ("RTSP://host/live", "stream", "RTSP://host/live"),
        ("stream:http://host/mjpg", "stream", "http://host/mjpg"),
        ("rtsp", "files", "rtsp"),
        ("stream", "files", "stream"),
        ("pictures/0", "files", "pictures/0"),
        ("C:\\clips\\a.png", "files", "C:\\clips\\a.png"),
    ],
)
def test_a_location_finds_its_source(location, found, given):
    assert open_source(location) == Made(found, given)


def test_what_nobody_claims_names_what_is_installed():
    with pytest.raises(NotInstalled, match=r"no installed source reads 'gopher://x'; installed: camera, video"):
        open_source("gopher://x")


def test_the_password_of_what_nobody_claims_is_not_shown():
    with pytest.raises(NotInstalled, match="reads 'gopher://x/y@z'"):
        open_source("gopher://me:secret@x/y@z")


@pytest.mark.parametrize(
    ("location", "found", "given"),
    [
        ("lines:out.mp4", "files", "out.mp4"),
        ("lines:-", "files", "-"),
        ("-", "files", "-"),
        ("out/answers.TXT", "files", "out/answers.TXT"),
        ("out.mp4", "video", "out.mp4"),
        ("out.mp4?fps=5", "video", "out.mp4?fps=5"),
        ("what?.mp4", "video", "what?.mp4"),
        ("C:\\out\\a.mp4", "video", "C:\\out\\a.mp4"),
        ("lines:C:\\out\\a.txt", "files", "C:\\out\\a.txt"),
    ],
)
def test_a_location_finds_its_sink(location, found, given):
    assert open_sink(location) == Made(found, given)


@pytest.mark.parametrize("location", ["", "out", "lines", "lines:", "out.png", ":out.txt"])
def test_what_names_no_sink_says_how_one_is_written(location):
    with pytest.raises((UsageError, NotInstalled), match=r"is not a sink|no sink named ''"):
        open_sink(location)


def test_one_place_takes_one_sink():
    assert open_sinks(["-", "lines:a.txt", "lines:b.txt"]) == [Made("files", each) for each in ("-", "a.txt", "b.txt")]
    with pytest.raises(UsageError, match=r"lines:a\.txt is given twice; name another place"):
        open_sinks(["lines:a.txt", "-", "lines:a.txt"])
    with pytest.raises(UsageError, match=r"^lines:ftp://host/a\.txt is given twice"):
        open_sinks(["lines:ftp://me:secret@host/a.txt"] * 2)


def test_sinks_whose_urls_differ_in_their_queries_are_two_with_a_name_each():
    sinks = [f"lines:ftp://me:secret@host/a.txt?topic={topic}" for topic in ("secret", "other")]
    assert len(open_sinks(sinks)) == 2
    assert sink_names_of(sinks) == ["lines:ftp://host/a.txt", "lines:ftp://host/a.txt (2)"]


@attrs.frozen
class Writing:
    """A sink that says where it writes, as it is given."""

    places: tuple[Path, ...]
    folder: Path | None = None

    def open(self):
        """Is never called."""


def to_file(location: str) -> Writing:
    return Writing((Path(location),))


def to_folder(location: str) -> Writing:
    return Writing((Path(location),), Path(location))


@pytest.fixture
def writing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    sinks = [
        Plugin("one", f"{__name__}:to_file", "a file"),
        Plugin("two", f"{__name__}:to_file", "a file", claims=(".two",)),
        Plugin("pictures", f"{__name__}:to_folder", "pictures"),
    ]
    with registry_of(sinks=sinks):
        yield


@pytest.mark.parametrize(
    ("first", "second"),
    [("one:a.two", "a.two"), ("one:a", "two:./a"), ("one:real/a", "two:link/a"), ("one:out/", "pictures:out")],
)
def test_two_sinks_that_write_one_place_are_refused_however_it_is_written(writing, first, second):
    with pytest.raises(
        UsageError, match=f"{re.escape(second)} writes to the same place as {re.escape(first)}; name another"
    ):
        open_sinks([first, "one:else", second])
    assert open_sinks([first, "one:else"])


@pytest.mark.parametrize("read", ["a.two", "video:a.two", "./a.two?stride=2", "link/../a.two"])
def test_no_sink_writes_over_a_file_that_is_read(writing, tmp_path, read):
    (tmp_path / "a.two").touch()
    with registry_of(
        sources=[Plugin("video", f"{__name__}:video", "a video")],
        sinks=[Plugin("one", f"{__name__}:to_file", "a file")],
    ):
        with pytest.raises(UsageError, match=r"one:a\.two: would write over what is read; name another place"):
            open_sinks(["one:a.two"], inputs=["-", read])
        assert open_sinks(["one:b", "one:real"], inputs=[read, "real"])


@attrs.frozen
class Searching:
    folder: Path | None


@pytest.mark.parametrize("sink", ["pictures:real", "pictures:real/sub/out", "pictures:link", "pictures:other/../real"])
def test_a_sink_does_not_leave_pictures_where_they_are_searched(writing, tmp_path, sink):
    with pytest.raises(UsageError, match=f"{re.escape(sink)}: among the pictures that are read, from real; name a fol"):
        open_sinks([sink], reading=Searching(Path("real")))
    others = ["pictures:real-out", "pictures:.", "one:real/a"]
    assert open_sinks(others, reading=Searching(Path("real")))
    assert open_sinks([sink], reading=Searching(None))
    assert open_sinks([sink])


def test_a_question_mark_may_be_in_a_files_name(tmp_path):
    path = tmp_path / "what?.mp4"
    path.touch()
    assert open_source(str(path)) == Made("video", str(path))


def test_what_is_there_goes_before_a_plugin_of_that_name(tmp_path, monkeypatch):
    (tmp_path / "camera").mkdir()
    monkeypatch.chdir(tmp_path)
    assert open_source("camera") == Made("files", "camera")
