"""ImagesSink: which files it writes, and that they show what was found."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from runner_files.images import ImagesSink
from runner_files.source import FileSource

from runner_core.errors import SinkError, UsageError
from runner_core.frames.frame import Frame
from runner_core.pipeline.sources_sinks import open_sink
from runner_core.results.result import Failure, Result
from runner_core.testing import broken_frame, check_sink, conformance, sample_frame, sample_inference


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def picture(path: Path, *, size: tuple[int, int] = (96, 64), form: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (120, 130, 140)).save(path, form)
    return path


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def write(folder: Path, *results: Result) -> list[str]:
    with ImagesSink(folder).open() as writer:
        for result in results:
            writer.write(result)
        writer.finish({})
    return files(folder)


def answered(location: str) -> list[Result]:
    return [Result(frame, (sample_inference(),)) for frame in FileSource(location).frames()]


@conformance(check_sink)
def test_keeps_the_promises_of_a_sink(check, tmp_path):
    check(ImagesSink, str(tmp_path / "out"))


def test_what_was_found_is_drawn_where_it_is(here):
    frame = sample_frame()
    assert write(here / "out", Result(frame, (sample_inference(rows=1),))) == ["sample-0.png"]
    drawn = np.asarray(Image.open(here / "out" / "sample-0.png")).astype(int)
    changed = (drawn != frame.pixels).any(axis=2)
    box = np.zeros((64, 96), bool)
    box[14:50, 22:74] = True  # 24, 16, 72, 48 and its rim
    tag = np.zeros((64, 96), bool)
    tag[:16, 20:] = True
    assert changed[16:48, 24].all()
    assert changed[47, 24:72].all()
    assert not changed[~(box | tag)].any()
    assert not changed[22:42, 30:66].any(), "a box is not filled"


def test_the_frame_stays_as_it_was(here):
    frame = sample_frame()
    before = frame.pixels.copy()
    write(here / "out", Result(frame, (sample_inference(),)))
    assert np.array_equal(frame.pixels, before)


@pytest.mark.parametrize(
    ("name", "form", "written", "wanted"),
    [
        ("a.jpg", "JPEG", "a.jpg", "JPEG"),
        ("a.JPG", "JPEG", "a.JPG", "JPEG"),
        ("a.png", "PNG", "a.png", "PNG"),
        ("a.bmp", "BMP", "a.png", "PNG"),
        ("a.webp", "WEBP", "a.png", "PNG"),
        ("a.png", "JPEG", "a.jpg", "JPEG"),
        ("a.jpg", "PNG", "a.png", "PNG"),
    ],
)
def test_of_a_jpeg_a_jpeg_else_a_png(here, name, form, written, wanted):
    picture(here / "in" / name, form=form)
    assert write(here / "out", *answered("in")) == [written]
    with Image.open(here / "out" / written) as image:
        assert (image.format, image.size) == (wanted, (96, 64))


def test_a_turned_picture_is_written_upright(here):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (64, 96), (9, 9, 9)).save(here / "a.jpg", exif=exif)
    write(here / "out", *answered("a.jpg"))
    with Image.open(here / "out" / "a.jpg") as image:
        assert image.size == (96, 64)
        assert 0x0112 not in image.getexif()


def test_a_transparent_colour_of_the_source_does_not_make_holes(here):
    image = Image.new("RGB", (96, 64), (120, 130, 140))
    image.save(here / "a.png", transparency=(120, 130, 140))
    write(here / "out", *answered("a.png"))
    with Image.open(here / "out" / "a.png") as image:
        assert "transparency" not in image.info


def test_names_are_those_below_the_folder_and_none_is_overwritten(here):
    for name in ("a/cat.png", "a/cat.bmp", "a/cat.gif", "b/cat.png", "cat.jpg"):
        picture(here / "in" / name)
    wanted = ["a/cat-2.png", "a/cat-3.png", "a/cat.png", "b/cat.png", "cat.jpg"]
    assert write(here / "out", *answered("in")) == wanted


@pytest.mark.parametrize("location", ["shelf/in", "shelf/in/", "{here}/shelf/in", "shelf/in/*.png", "shelf/in/cat.png"])
def test_the_folder_that_is_read_is_not_repeated(here, location):
    picture(here / "shelf" / "in" / "cat.png")
    assert write(here / "out", *answered(location.format(here=here))) == ["cat.png"]


def test_what_several_sources_would_call_alike_is_kept_apart(here):
    for number, name in enumerate(("in/cat.png", "in/b/dog.png", "more/cat.png", "more/b/cow.png"), 1):
        picture(here / name, size=(96, 60 + number))
    assert write(here / "out", *answered("in"), *answered("more")) == ["b/cow.png", "b/dog.png", "cat-2.png", "cat.png"]
    with Image.open(here / "out" / "cat-2.png") as image:
        assert image.size == (96, 63)


def test_another_run_writes_the_same_files_again(here):
    picture(here / "in" / "a.png")
    write(here / "out", *answered("in"))
    first = (here / "out" / "a.png").read_bytes()
    picture(here / "in" / "a.png", size=(50, 40))
    assert write(here / "out", *answered("in")) == ["a.png"]
    assert (here / "out" / "a.png").read_bytes() != first


def test_frames_of_a_video_each_have_a_file(here):
    frames = [
        Frame.from_array(np.zeros((64, 96, 3), np.uint8), source="clip.mp4", index=index, time=index / 25)
        for index in range(3)
    ]
    wanted = ["clip.mp4-000000.png", "clip.mp4-000001.png", "clip.mp4-000002.png"]
    assert write(here / "out", *(Result(frame, (sample_inference(),)) for frame in frames)) == wanted


def test_a_frame_that_failed_writes_nothing(here):
    failure = Failure("EngineError", "no", brain="second")
    assert write(here / "out", Result(broken_frame(), error=Failure("ImageError", "no"))) == []
    assert write(here / "out", Result(sample_frame(), (failure,))) == []
    assert write(here / "out", Result(sample_frame(), (failure, sample_inference()))) == ["sample-0.png"]


def test_a_picture_that_only_the_brain_could_read_is_reported_and_not_written(here, caplog):
    assert write(here / "out", Result(broken_frame(), (sample_inference(),))) == []
    assert "broken-0.png: not a picture in a known format; nothing is drawn" in caplog.text


def test_a_decoded_frame_is_not_decoded_again(here, monkeypatch):
    picture(here / "a.jpg")
    (frame,) = FileSource("a.jpg").frames()
    _ = frame.pixels
    monkeypatch.setattr("runner_core.frames.decode.to_pixels", lambda *_: pytest.fail("decoded twice"))
    assert write(here / "out", Result(frame, (sample_inference(),))) == ["a.jpg"]


@pytest.mark.parametrize("out", ["in", "in/../in"])
def test_the_pictures_that_are_read_are_never_written_over(here, out):
    path = picture(here / "in" / "cat.bmp")
    other = picture(here / "in" / "cat.png")
    before = path.read_bytes(), other.read_bytes()
    with ImagesSink(here / out).open() as writer, pytest.raises(SinkError, match="is among the pictures that are read"):
        writer.write(answered("in/cat.bmp")[0])
    assert (path.read_bytes(), other.read_bytes()) == before
    assert files(here) == ["in/cat.bmp", "in/cat.png"]


def test_a_picture_that_runner_did_not_draw_is_not_replaced(here):
    """It may be a source that is read later: of the list's second picture, the first's name in the sink's folder."""
    sources = [picture(here / "a" / "set" / "cat.png"), picture(here / "out" / "set" / "cat.png", size=(50, 40))]
    (here / "list.txt").write_text("\n".join(map(str, sources)))
    before = sources[1].read_bytes()
    with (
        ImagesSink(here / "out").open() as writer,
        pytest.raises(
            SinkError, match=r"out/set/cat\.png: there already, and not drawn by runner; move it away, or name an"
        ),
    ):
        writer.write(answered("list.txt")[0])
    assert sources[1].read_bytes() == before


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_what_runner_drew_may_be_replaced(here, name):
    picture(here / "in" / name)
    for size in ((96, 64), (50, 40)):
        picture(here / "in" / name, size=size)
        write(here / "out", *answered("in"))
        with Image.open(here / "out" / name) as image:
            assert image.size == size


LIMITED = """
import resource, sys
from runner_files.images import ImagesSink
from runner_core.errors import SinkError
from runner_core.testing import sample_results
sys.dont_write_bytecode = True  # else with half of the code of what is imported now
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
try:
    with ImagesSink(sys.argv[1]).open() as writer:
        writer.write(sample_results()[0])
except SinkError as error:
    print(error)
"""


def test_a_picture_is_written_whole_or_not_at_all(here):
    ended = subprocess.run([sys.executable, "-c", LIMITED, "out"], capture_output=True, text=True, check=True)
    assert "out/sample-0.png: cannot be written" in ended.stdout
    assert "make room" in ended.stdout
    assert files(here / "out") == []


@pytest.mark.parametrize("place", ["file.txt", "file.txt/out", "n" * 300])
def test_an_unwritable_place_is_reported_before_the_first_frame(here, place):
    (here / "file.txt").write_text("a file")
    with (
        pytest.raises(SinkError, match=r"cannot be written .*; name a folder that you may write to"),
        open_sink(f"images:{here / place}").open(),
    ):
        pytest.fail("it was opened")


def test_a_wrong_font_is_reported_before_the_first_frame(here, monkeypatch):
    (here / "font.ttf").write_bytes(b"no font")
    monkeypatch.setenv("RUNNER_FONT", str(here / "font.ttf"))
    with pytest.raises(UsageError, match=r"font\.ttf: not a font"), ImagesSink(here / "out").open():
        pytest.fail("it was opened")


def test_names_that_were_given_away_before_a_stop_stay_so(here):
    pictures = [Frame.from_array(sample_frame().pixels, source=f"/{place}/x/a.png") for place in range(3)]
    told = []
    for frame in pictures:
        with ImagesSink("out").resume(iter(told)) as writer:
            writer.write(Result(frame, (sample_inference(),)))
            told.append(writer.checkpoint())
    assert files(here / "out") == ["x/a-2.png", "x/a-3.png", "x/a.png"]
