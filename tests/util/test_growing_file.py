"""Files that are cut back to a mark, and what a killed process leaves of files that are written whole."""

import os
import signal

import pytest

from runner_core.errors import SinkError
from runner_core.util import GrowingFile, remove_partials, uninterrupted
from runner_core.util.atomic import write_bytes


@pytest.fixture
def marked(tmp_path):
    """A file of three lines, and the mark behind the second."""
    with GrowingFile(tmp_path / "out.txt") as file:
        file.append(b"one\n")
        file.append(b"two\n")
        mark = file.mark()
        file.append(b"three\n")
    return tmp_path / "out.txt", mark


def test_it_goes_on_behind_the_mark(marked):
    path, mark = marked
    with GrowingFile(path, mark) as file:
        assert file.mark() == mark
        file.append(b"four\n")
        further = file.mark()
    assert path.read_bytes() == b"one\ntwo\nfour\n"
    with GrowingFile(path, further) as file:
        assert file.mark() == further


@pytest.mark.parametrize("content", [b"one\n", b"one\ntwi\nthree\n", b""])
def test_another_file_is_refused_and_stays_as_it_is(marked, content):
    path, mark = marked
    path.write_bytes(content)
    with pytest.raises(SinkError, match=r"out.txt: not as the run that is resumed has left it; run without --resume"):
        GrowingFile(path, mark)
    assert path.read_bytes() == content


def test_a_piece_that_is_broken_off_is_not_there(tmp_path):
    class Full(GrowingFile):
        left = 6

        def write(self, data):
            if not self.left:
                raise OSError(28, "No space left on device")
            written = super().write(data[: self.left])
            self.left -= written
            return written

    with Full(tmp_path / "out.txt") as file:
        file.append(b"one\n")
        mark = file.mark()
        with pytest.raises(OSError, match="No space"):
            file.append(b"two\n")
        assert file.mark() == mark
    assert (tmp_path / "out.txt").read_bytes() == b"one\n"


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path, monkeypatch):
    folder = tmp_path / "out" / "deep"
    folder.mkdir(parents=True)
    for name in (".hidden.part", "a-0123456789ab.part", ".a.jpg"):
        (folder / name).touch()
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.unlink", lambda *args, **kwargs: None)  # as if it were killed before
        patch.setattr("pathlib.Path.replace", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_bytes(folder / "a.jpg", b"half")
    assert len(list(folder.iterdir())) == 4
    remove_partials(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == [".a.jpg", ".hidden.part", "a-0123456789ab.part"]


def test_a_signal_waits_for_the_end_of_the_block():
    done = []

    def write():
        with uninterrupted():
            with uninterrupted():
                os.kill(os.getpid(), signal.SIGINT)
                done.append("inner")
            done.append("outer")
        done.append("behind")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            write()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert done == ["inner", "outer"]
