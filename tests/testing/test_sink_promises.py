"""Every promise of a sink can be broken, and the check says which one."""

import importlib
import json
from contextlib import contextmanager

import pytest
from line_sinks import LineSink, LineWriter, WritesAtTheEnd

from runner_core.errors import SinkError
from runner_core.testing import BrokenPromise, check_sink, conformance
from runner_core.util import GrowingFile


class WithoutOpen:
    def __init__(self, location):
        pass


class WithoutFinish(LineSink):
    class writer:
        def __init__(self, stream):
            pass

        write = print


class LetsErrorsThrough(LineSink):
    def _stream(self):
        return self.path.open("w")


class OpensLate(LineSink):
    """Finds out at the first frame that it cannot write."""

    @contextmanager
    def open(self):
        yield LateWriter(self)


class LateWriter:
    def __init__(self, sink):
        self.sink = sink

    def write(self, result):
        with self.sink._stream() as stream:
            stream.write("line")

    def finish(self, summary):
        pass


class NamesNoPlace(LineSink):
    def _stream(self):
        try:
            return self.path.open("w")
        except OSError as error:
            raise SinkError("cannot be written") from error


def sink_of(write, *, finish=lambda writer, summary: None):
    """A sink whose writer writes so."""

    class Writer(LineWriter):
        pass

    class Sink(LineSink):
        writer = Writer

    Writer.write, Writer.finish = write, finish
    return Sink


def decodes_all(writer, result):
    writer.stream.write(str(result.frame.pixels.sum()))


def wants_boxes(writer, result):
    for inference in result.answers:
        writer.stream.write(str(inference.boxes.sum()))


def wants_answers(writer, result):
    for inference in result.inferences:
        writer.stream.write(str(inference.names))


def wants_rows(writer, result):
    for inference in result.answers:
        writer.stream.write(str(inference.model_ids.max()))


def counts(writer, result):
    writer.seen = getattr(writer, "seen", 0) + 1


class OpensOnce(LineSink):
    def open(self):
        if hasattr(self, "opened"):
            raise SinkError(f"{self.path}: opened already")
        self.opened = True
        return super().open()


class RefusesWhatIsThere(LineSink):
    def _stream(self):
        return self.path.open("x")


class Swallows(LineSink):
    @contextmanager
    def open(self):
        with self._stream() as stream:
            try:
                yield self.writer(stream)
            except Exception:  # noqa: BLE001
                return


class Renames(LineSink):
    """Turns what went wrong into its own error."""

    @contextmanager
    def open(self):
        with self._stream() as stream:
            try:
                yield self.writer(stream)
            except Exception as error:
                raise SinkError(f"{self.path}: failed") from error


KEPT = []


class LeavesOpen(LineSink):
    @contextmanager
    def open(self):
        stream = self._stream()
        KEPT.append(stream)
        yield self.writer(stream)


class LeavesOpenOnError(LineSink):
    @contextmanager
    def open(self):
        stream = self._stream()
        KEPT.append(stream)
        yield self.writer(stream)
        stream.close()


class MarkedWriter(LineWriter):
    def write(self, result):
        self.stream.append(json.dumps(result.to_json()).encode() + b"\n")

    def finish(self, summary):
        self.stream.append(json.dumps({"summary": summary}).encode() + b"\n")

    def checkpoint(self):
        return self.stream.mark()


class MarkedSink(LineSink):
    """A sound sink that can be resumed."""

    writer, resumable, mark = MarkedWriter, True, None

    def __init__(self, location):
        super().__init__(location)
        self.places = (self.path,)

    def _stream(self):
        try:
            return GrowingFile(self.path, self.mark)
        except OSError as error:
            raise SinkError(f"{self.path}: cannot be written ({error.strerror})") from error

    def resume(self, checkpoints):
        for self.mark in checkpoints:  # the last one stays
            pass
        return self.open()


class AppendsToAll(MarkedSink):
    """Keeps the results behind the checkpoint, which then come twice."""

    def resume(self, checkpoints):
        self.mark = self.path.exists() and any(True for _ in checkpoints)
        return self.open()

    def _stream(self):
        stream = GrowingFile(self.path, None, mode="ab" if self.mark else "wb")
        stream.seek(0, 2)
        return stream


class BeginsAnew(MarkedSink):
    def resume(self, checkpoints):
        return self.open()


class WithoutPlaces(MarkedSink):
    def __init__(self, location):
        LineSink.__init__(self, location)


BROKEN = [
    ("has_the_methods_of_a_sink", WithoutOpen, "WithoutOpen has no open: add it"),
    ("has_the_methods_of_a_sink", WithoutFinish, "writer has no finish: add it"),
    ("refuses_where_it_cannot_write", LetsErrorsThrough, "raises NotADirectoryError"),
    ("refuses_where_it_cannot_write", OpensLate, "does not raise SinkError"),
    ("refuses_where_it_cannot_write", NamesNoPlace, "does not name 'out.jsonl': cannot be written"),
    ("accepts_every_result", sink_of(decodes_all), "ImageError: broken-"),
    ("accepts_every_result", sink_of(wants_boxes), "AttributeError: 'NoneType'"),
    ("accepts_every_result", sink_of(wants_answers), "AttributeError: 'Failure'"),
    ("accepts_every_result", sink_of(wants_rows), "ValueError: zero-size array"),
    (
        "accepts_an_empty_run",
        sink_of(counts, finish=lambda writer, _: writer.stream.write(str(writer.seen))),
        "has no attribute 'seen'",
    ),
    ("can_write_again", OpensOnce, "opened already"),
    ("can_write_again", RefusesWhatIsThere, "FileExistsError"),
    ("lets_exceptions_through", Swallows, "the exception is suppressed: let it through"),
    ("lets_exceptions_through", Renames, "SinkError"),
    ("leaves_no_file_open", LeavesOpen, "out.jsonl is open at the end of a run"),
    ("leaves_no_file_open", LeavesOpenOnError, "out.jsonl is open after an exception"),
    ("keeps_what_was_written", WritesAtTheEnd, "out-part.jsonl is empty"),
    ("goes_on_where_a_run_was_killed", AppendsToAll, "killed behind 1 checkpoints, out.jsonl is not in the end"),
    ("goes_on_behind_a_run_that_has_ended", BeginsAnew, "ended behind 1 results, out.jsonl is not in the end"),
    ("goes_on_behind_a_run_that_has_ended", WithoutPlaces, "WithoutPlaces has no places"),
    ("refuses_to_go_on_with_what_is_gone", BeginsAnew, "resuming does not raise SinkError"),
]


@pytest.fixture(autouse=True)
def _closed():
    yield
    while KEPT:
        KEPT.pop().close()


@conformance(check_sink)
def test_a_sound_sink_that_can_be_resumed_keeps_it(check, tmp_path):
    check(MarkedSink, str(tmp_path / "out.jsonl"))


@conformance(check_sink)
def test_a_sound_sink_keeps_it(check, tmp_path):
    check(LineSink, str(tmp_path / "out.jsonl"))


@pytest.mark.parametrize(("promise", "sink", "message"), BROKEN, ids=[entry[0] for entry in BROKEN])
def test_it_can_be_broken(promise, sink, message, tmp_path):
    location = tmp_path / "out.jsonl"
    with pytest.raises(BrokenPromise) as broken:
        check_sink.each()[promise](sink, location)
    sentence = getattr(importlib.import_module("runner_core.testing.sinks"), promise).__doc__.rstrip(".")
    assert str(broken.value).startswith(f"{sink.__name__} at {location} breaks a promise: {sentence}. Instead: ")
    assert message in str(broken.value)


def test_a_place_that_cannot_be_written_may_be_named(tmp_path):
    class Elsewhere(LineSink):
        def _stream(self):
            if self.path.name == "elsewhere":
                raise SinkError(f"{self.path}: no such machine")
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return super()._stream()

    check = check_sink.each()["refuses_where_it_cannot_write"]
    check(Elsewhere, str(tmp_path / "out"), unwritable="elsewhere")
    with pytest.raises(BrokenPromise, match="does not raise SinkError"):
        check(Elsewhere, str(tmp_path / "out"), unwritable=str(tmp_path / "somewhere"))


def test_each_promise_is_broken_by_a_test():
    assert {promise for promise, *_ in BROKEN} == set(check_sink.each())
