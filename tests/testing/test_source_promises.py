"""Every promise of a source can be broken, and the check says which one."""

import importlib
from itertools import count
from pathlib import Path

import pytest

from runner_core.errors import SourceError
from runner_core.frames.frame import Frame
from runner_core.testing import BrokenPromise, check_source, conformance, sample_pixels
from runner_core.testing.samples import broken_frame, sample_frame


@pytest.fixture
def folder(tmp_path):
    for name in ("one", "two", "three"):
        (tmp_path / name).write_text(name)
    return tmp_path


class Folder:
    """A sound source: a frame for each file, the last of which is no picture."""

    live = False

    def __init__(self, location):
        self.path = Path(location)

    def frames(self):
        if not self.path.is_dir():
            raise SourceError(f"{self.path}: no such folder")
        for index, path in enumerate(sorted(self.path.iterdir())):
            yield self.frame(path, index)

    def frame(self, path, index):
        if path.name == "two":
            return broken_frame(index)
        with path.open() as stream:
            return Frame.from_array(sample_pixels(), source=f"{path}:{stream.read()}", index=index)


class Camera:
    """A sound live source: it has no end, and each time it shows something else."""

    live = True
    clock = count()

    def __init__(self, location):
        if location.endswith(".missing"):
            raise SourceError(f"{location}: no such camera")

    def frames(self):
        for index in count():
            yield Frame.from_array(sample_pixels(), source="camera", index=index, time=float(next(self.clock)))


def folder_with(**methods):
    return type("Changed", (Folder,), methods)


def framed(change):
    """A source whose frames are changed so."""
    return folder_with(frame=lambda self, path, index: change(sample_frame(index)))


def renamed(frame, **values):
    for name, value in values.items():
        setattr(frame, name, value)
    return frame


def unreadable(frame):
    def read():
        raise OSError("gone")

    return Frame(source=frame.source, read=read, index=frame.index)


class Once(Folder):
    """Gives what is left of one iterator."""

    def frames(self):
        self.left = getattr(self, "left", None) or super().frames()
        return self.left


class Growing(Folder):
    seen = 0

    def frame(self, path, index):
        Growing.seen += 1
        return Frame.from_array(sample_pixels(), source=f"{path}-{Growing.seen}", index=index)


class NeverEnds(Folder):
    """Counts on where it was left."""

    counter = count()

    def frames(self):
        for _ in range(3):
            yield sample_frame(next(self.counter))


KEPT = []


class LeavesOpen(Folder):
    def frames(self):
        for index, path in enumerate(sorted(self.path.iterdir())):
            KEPT.append(path.open())
            yield sample_frame(index)


class LeavesOpenWhenLeft(Folder):
    def frames(self):
        for index, path in enumerate(sorted(self.path.iterdir())):
            stream = path.open()
            KEPT.append(stream)
            yield sample_frame(index)
            stream.close()


class Silent(Folder):
    def frames(self):
        return super().frames() if self.path.is_dir() else iter(())


class LetsErrorsThrough(Folder):
    def frames(self):
        return (sample_frame(index) for index, _ in enumerate(self.path.iterdir()))


class NamesNothing(Folder):
    def frames(self):
        if not self.path.is_dir():
            raise SourceError("no such folder")
        return super().frames()


BROKEN = [
    ("has_the_methods_of_a_source", lambda location: object(), "object has no frames, live: add it"),
    ("has_the_methods_of_a_source", folder_with(live=None), "live is None"),
    ("numbers_frames_from_zero", folder_with(frames=lambda self: iter(())), "there is no frame"),
    ("numbers_frames_from_zero", framed(lambda frame: frame.pixels), "one is a ndarray"),
    (
        "numbers_frames_from_zero",
        framed(lambda frame: renamed(frame, index=frame.index + 1)),
        "the indices are [1, 2, 3]",
    ),
    ("numbers_frames_from_zero", framed(lambda frame: renamed(frame, index=0)), "the indices are [0, 0, 0]"),
    ("names_its_frames", framed(lambda frame: renamed(frame, source="")), "the source of frame 0 is ''"),
    (
        "names_its_frames",
        framed(lambda frame: renamed(frame, source=Path("a"))),
        "the source of frame 0 is PosixPath('a')",
    ),
    ("names_its_frames", folder_with(live=True), "frame 0 of a live source has no time"),
    ("gives_readable_frames", framed(unreadable), "reading sample-0.png raises OSError: gone, not ImageError"),
    ("starts_again", Once, "the second call gives no frame with index 0"),
    ("starts_again", NeverEnds, "the second call gives no frame with index 0"),
    ("starts_again", Growing, "first ["),
    ("refuses_a_missing_location", Silent, "does not raise SourceError"),
    ("refuses_a_missing_location", LetsErrorsThrough, "raises FileNotFoundError"),
    ("refuses_a_missing_location", NamesNothing, "does not name"),
    ("leaves_no_file_open", LeavesOpen, "is still open"),
    ("leaves_no_file_open", LeavesOpenWhenLeft, "one is still open"),
]


@pytest.fixture(autouse=True)
def _closed():
    yield
    while KEPT:
        KEPT.pop().close()


@conformance(check_source)
def test_a_sound_source_keeps_it(check, folder):
    check(Folder, folder)


class Lines:
    """A sound source that keeps its file open while it is read."""

    live = False

    def __init__(self, location):
        self.path = Path(location)

    def frames(self):
        if not self.path.exists():
            raise SourceError(f"{self.path}: no such file")
        with self.path.open() as stream:
            for index, line in enumerate(stream):
                yield Frame.from_array(sample_pixels(), source=line, index=index)


@conformance(check_source)
def test_a_source_that_reads_as_it_goes_keeps_it(check, tmp_path):
    (tmp_path / "lines").write_text("one\ntwo\nthree\n")
    check(Lines, tmp_path / "lines")


@conformance(check_source)
def test_a_camera_keeps_it(check):
    check(Camera, "0", limit=3)


@pytest.mark.parametrize(("promise", "source", "message"), BROKEN, ids=[entry[0] for entry in BROKEN])
def test_it_can_be_broken(promise, source, message, folder):
    with pytest.raises(BrokenPromise) as broken:
        check_source.each()[promise](source, folder)
    sentence = getattr(importlib.import_module("runner_core.testing.sources"), promise).__doc__.rstrip(".")
    assert str(broken.value).startswith(f"{source.__name__} at {folder} breaks a promise: {sentence}. Instead: ")
    assert message in str(broken.value)


def test_each_promise_is_broken_by_a_test():
    assert {promise for promise, *_ in BROKEN} == set(check_source.each())


def test_a_location_with_options_is_missing_before_them(folder):
    tried = []

    class Optional(Folder):
        def __init__(self, location):
            tried.append(location)
            super().__init__(location.partition("?")[0])

    check_source.each()["refuses_a_missing_location"](Optional, f"{folder}?stride=2")
    assert f"{folder}.missing?stride=2" in tried
