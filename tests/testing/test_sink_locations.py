"""Where a sink writes: an address is no path, and options stay behind the place."""

from contextlib import contextmanager

import pytest
from line_sinks import LineSink, WritesAtTheEnd

from runner_core.errors import SinkError
from runner_core.testing import BrokenPromise, check_sink

SEEN = []


class Posts:
    """A sound sink that writes to a server; ``seen`` are the addresses it was made with."""

    seen = SEEN

    def __init__(self, location):
        self.location = location
        self.seen.append(location)

    @contextmanager
    def open(self):
        if "nobody" in self.location:
            raise SinkError(f"{self.location}: nobody answers")
        yield self

    def write(self, result):
        pass

    def finish(self, summary):
        pass


def test_an_address_stays_an_address():
    check_sink(Posts, "http://host/x", unwritable="http://nobody/x")
    assert set(Posts.seen) == {"http://host/x", "http://nobody/x"}
    with pytest.raises(BrokenPromise, match="give the check `unwritable=`"):
        check_sink(Posts, "http://host/x")


def test_options_stay_behind_the_place(tmp_path):
    class Optional(LineSink):
        def __init__(self, location):
            assert location.endswith("?form=short")
            super().__init__(location.removesuffix("?form=short"))

    check_sink(Optional, f"{tmp_path / 'out.jsonl'}?form=short")
    with pytest.raises(BrokenPromise, match=r"out-part.jsonl"):
        check_sink.each()["keeps_what_was_written"](
            type("Late", (Optional,), {"writer": WritesAtTheEnd.writer, "open": WritesAtTheEnd.open}),
            f"{tmp_path / 'out.jsonl'}?form=short",
        )
