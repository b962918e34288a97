"""RTSP: GStreamer's server on loopback, killed, restarted and frozen while it is read."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
from rtsp_server import RtspServer, missing, rtsp_server
from runner_video.network_stream import Stream

from runner_core.errors import SourceError
from runner_core.pipeline.sources_sinks import open_source

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no RTSP server here: {missing()}")

PATIENCE = 60  # seconds by which no frame comes any more
GROWTH = 5  # MB that the memory may have grown by after ten restarts, of some 60


@attrs.define
class Watching:
    """Reads frames in another thread, as a run does, and notes the newest."""

    source: Stream
    frames: int = 0
    newest: float = 0.0

    @contextmanager
    def reading(self) -> Iterator[None]:
        frames = self.source.frames()
        thread = threading.Thread(target=self._read, args=(frames,))
        thread.start()
        try:
            self.seconds_to_next()
            yield
        finally:
            frames.close()
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def _read(self, frames) -> None:
        for frame in frames:
            assert frame.index == self.frames
            assert frame.pixels.shape == (120, 160, 3)
            self.frames, self.newest = self.frames + 1, frame.taken

    def seconds_to_next(self, patience: float = PATIENCE) -> float:
        """From now to when the next frame comes."""
        begun = time.monotonic()
        while self.newest < begun:
            assert time.monotonic() < begun + patience, "no frame comes"
            time.sleep(0.01)
        return self.newest - begun


@pytest.fixture
def server():
    with rtsp_server() as server:
        yield server


@pytest.mark.parametrize("codec", ["h264", "jpeg"])
def test_a_camera_is_read(codec):
    with rtsp_server(codec=codec) as server:
        source = open_source(server.url)
        begun, frames = time.monotonic(), source.frames()
        try:
            for index in range(30):
                frame = next(frames)
                assert (frame.index, frame.size, frame.pixels.shape) == (index, (160, 120), (120, 160, 3))
        finally:
            frames.close()
    assert 0.5 < frame.time < time.monotonic() - begun
    assert source.gaps == 0


def test_another_path_is_reported(server):
    with pytest.raises(SourceError, match="/livecam: there is nothing at that address; check its path"):
        next(Stream(f"{server.url}cam").frames())


def test_frames_come_back_after_each_restart(server):
    restart(server, times=2)


@pytest.mark.slow
def test_ten_restarts_leave_no_thread_and_no_memory_behind(server):
    restart(server, times=10)


def restart(server: RtspServer, *, times: int) -> None:
    """Frames are back; threads and memory are as before."""
    watching = Watching(Stream(f"{server.url}?stall=2"))
    with watching.reading():
        time.sleep(0.3)
        measured = [(0.0, *resources())]
        for number in range(times):
            server.kill()
            time.sleep((0.2, 1.0, 2.5)[number % 3])  # so that back-off is at other steps each time
            server.start()
            seconds = watching.seconds_to_next()
            time.sleep(0.3)
            measured.append((seconds, *resources()))
    print(
        *(f"back in {seconds:.2f} s, {threads} threads, {memory:.1f} MB" for seconds, threads, memory in measured),
        sep="\n",
    )
    assert watching.source.gaps == times
    assert max(threads for _, threads, _ in measured) == measured[0][1]  # those of other tests may end meanwhile
    assert measured[-1][2] - measured[0][2] < GROWTH


def resources() -> tuple[int, float]:
    """Threads of this process, FFmpeg's own among them; resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    threads = sum(1 for _ in Path("/proc/self/task").iterdir())
    return threads, pages * os.sysconf("SC_PAGESIZE") / 2**20


def test_a_hung_server_is_noticed_and_its_connections_do_not_pile_up(server, caplog):
    watching = Watching(Stream(f"{server.url}?stall=0.5"))
    with watching.reading():
        threads, _ = resources()
        server.freeze()
        time.sleep(2.5)  # several attempts, none of them answered
        hung, _ = resources()
        server.thaw()
        watching.seconds_to_next()
        time.sleep(1)
        assert resources()[0] <= threads
    assert hung <= threads
    assert watching.source.gaps == 1
    assert "nothing came for 0.5 s; connecting again" in caplog.text
