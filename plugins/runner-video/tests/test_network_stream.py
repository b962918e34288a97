"""Stream: cameras on the network, real ones on loopback: MJPEG and MPEG-TS over HTTP, UDP, HLS; and what goes wrong."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import deque
from itertools import islice, pairwise, repeat

import av
import pytest
from camera_server import CameraServer, data, jpeg, pictures, silence, then
from clips import greys, number_of, numbers_and_times, write_clip
from faulty_server import FaultyServer, status
from runner_video.live import LiveSource
from runner_video.network_stream import Stream
from runner_video.reader import Reader

from runner_core.errors import ImageError, SourceError, UsageError
from runner_core.pipeline.sources_sinks import open_source
from runner_core.testing import check_source, conformance

ENDLESS = pictures(repeat(jpeg()))
SOME = 10  # with fewer, FFmpeg cannot tell what it is
FEW = pictures([jpeg()] * SOME)


def take(source: LiveSource, count: int) -> list:
    """The first frames; the stream is left then."""
    frames = source.frames()
    try:
        return list(islice(frames, count))
    finally:
        frames.close()


@pytest.fixture(scope="module")
def camera():
    with CameraServer(ENDLESS) as server:
        yield server


@conformance(check_source)
def test_keeps_the_promises_of_a_source(check, camera):
    check(Stream, camera.url, missing="rtsp://127.0.0.1:9/live", limit=3)


def test_mjpeg_frames_are_its_jpegs(camera):
    source = open_source(f"stream:{camera.url}")
    assert source.live
    frames = take(source, 3)
    assert [frame.encoded for frame in frames] == [jpeg()] * 3
    assert all(frame.source == camera.url and frame.size == (64, 48) for frame in frames)


def test_times_count_from_the_first_frame_and_ages_from_when_each_came(camera):
    frames = take(open_source(f"stream:{camera.url}"), 4)
    assert frames[0].time == 0
    for frame, later in pairwise(frames):
        assert later.time - frame.time == pytest.approx(later.taken - frame.taken)


def test_user_and_password_are_never_shown(camera, caplog):
    address = camera.url.replace("http://", "http://admin:s3cret@")
    assert {frame.source for frame in take(Stream(address), 2)} == {camera.url}
    with pytest.raises(SourceError) as raised:
        take(Stream("rtsp://admin:s3cret@127.0.0.1:9/live"), 1)
    assert "s3cret" not in str(raised.value) + caplog.text
    with pytest.raises(UsageError, match=r"^rtsp://127\.0\.0\.1/: stall=x is not"):
        Stream("rtsp://admin:p@s3cret@127.0.0.1/?stall=x")


@pytest.mark.parametrize(
    ("slip", "meant"), [("giveup=2", "give_up"), ("stal=3", "stall"), ("channel=1", ""), ("subtype=0", "")]
)
def test_a_slip_in_an_option_is_reported_though_it_may_be_the_cameras(slip, meant, caplog):
    source = Stream(f"rtsp://me:s3cret@host/live?{slip}")
    assert source.input.place.endswith(slip)
    name = slip.partition("=")[0]
    message = f"rtsp://host/live: {name}= is passed to the server; did you mean {meant}=?"
    assert caplog.messages == ([message] if meant else [])


def test_a_picture_in_between_that_is_none_costs_only_itself():
    with CameraServer(pictures([jpeg(), b"\xff\xd8" + bytes(300), jpeg()] * 20)) as camera:
        frames = take(Stream(camera.url), 3)
    with pytest.raises(ImageError, match="not a picture"):
        _ = frames[1].pixels
    assert number_of(frames[2].pixels) == number_of(frames[0].pixels)


def test_a_stream_may_change_its_size_midway():
    with CameraServer(pictures([jpeg()] * 5 + [jpeg(size=(96, 64))] * 9)) as camera:
        sizes = [frame.pixels.shape[1::-1] for frame in take(Stream(camera.url), 10)]
    assert sizes == [(64, 48)] * 5 + [(96, 64)] * 5


def test_a_coded_stream_may_change_its_size_midway(tmp_path):
    small = write_clip(tmp_path / "small.ts").read_bytes()
    large = write_clip(tmp_path / "large.ts", size=(128, 96)).read_bytes()
    sizes = [(64, 48)]
    with CameraServer(data([small, large], pause=0.5), kind="video/mp2t") as camera:
        frames = Stream(camera.url).frames()
        while sizes[-1] == (64, 48):
            frame = next(frames)
            assert frame.pixels.shape[1::-1] == frame.size
            sizes.append(frame.size)
        frames.close()
    assert sizes[1:2] + sizes[-1:] == [(64, 48), (128, 96)]


def test_what_ends_is_connected_again_and_the_gap_is_reported(caplog):
    with CameraServer(FEW, FEW, ENDLESS) as camera, caplog.at_level(logging.WARNING, "runner"):
        source = Stream(camera.url)
        frames = take(source, 3 * SOME)
    assert [frame.index for frame in frames] == list(range(3 * SOME))
    assert (source.gaps, camera.connections) == (2, 3)
    lost, back = caplog.messages[:2]
    assert lost == f"{camera.url}: the stream broke off; connecting again"
    assert back.startswith(f"{camera.url}: back after a gap of 0.")
    assert back.endswith("s, at attempt 1")


def test_a_stream_that_freezes_is_connected_again(caplog):
    with CameraServer(then(FEW, silence(300)), ENDLESS) as camera:
        source = Stream(f"{camera.url}?stall=0.5")
        frames = take(source, SOME + 1)
    assert source.gaps == 1
    assert 0.5 < frames[-1].time - frames[-2].time < 300
    assert "nothing came for 0.5 s; connecting again" in caplog.text


def test_a_stream_that_freezes_is_called_so_whoever_sees_it_first():
    with CameraServer(then(FEW, silence(300))) as camera:
        reader = Reader(Stream(f"{camera.url}?stall=0.5").input)
        with pytest.raises(SourceError, match=r"nothing came for 0\.5 s"):
            deque(iter(lambda: reader.take(patience=300), None))  # it is FFmpeg that gives up


def test_garbage_midway_is_connected_again():
    with CameraServer(then(FEW, data(repeat(bytes(range(256)), 400))), ENDLESS) as camera:
        source = Stream(f"{camera.url}?stall=1")
        assert len(take(source, 2 * SOME)) == 2 * SOME
    assert source.gaps == 1


@pytest.mark.parametrize("script", [silence(9), data([b"GET OUT\r\n" * 99]), data([b""])], ids=["silence", "text", "-"])
def test_what_brings_nothing_from_the_beginning_is_an_error(script):
    with CameraServer(script) as camera, pytest.raises(SourceError, match=f"{camera.url}: .*; check the address"):
        take(Stream(f"{camera.url}?stall=0.3"), 1)


@pytest.mark.parametrize(
    ("code", "said"),
    [(401, "it needs a user and a password"), (403, "access is forbidden"), (404, "there is nothing at that addr")],
)
def test_what_a_server_refuses_is_reported(code, said, tmp_path):
    with FaultyServer(tmp_path) as server:
        server.always("/live", status(code))
        with pytest.raises(SourceError, match=f"{server.url}/live: {said}"):
            take(Stream(f"{server.url}/live"), 1)


def test_an_address_without_slashes_is_one_all_the_same():
    with pytest.raises(SourceError, match=r"rtsp:/127\.0\.0\.1/x: nobody answers there; check the address"):
        take(open_source("rtsp:/127.0.0.1/x"), 1)


@pytest.mark.parametrize("name", ["stream", "video"])
def test_an_empty_address_is_reported(name):
    with pytest.raises(SourceError, match="there is nothing to read; write it after the colon"):
        open_source(f"{name}:")


@pytest.mark.parametrize("address", ["foo://127.0.0.1/x", "http://nosuch.invalid/x"])
def test_an_address_that_cannot_be_is_reported(address):
    with pytest.raises(SourceError, match=f"{address}: (FFmpeg does not know this protocol|no such host)"):
        take(Stream(address), 1)


def test_who_says_when_to_give_up_is_waited_for_so_long(caplog):
    begun = time.monotonic()
    with pytest.raises(SourceError, match=r"nobody answers there; given up after 0\.6 s; check the address"):
        take(Stream("http://127.0.0.1:9/live?give_up=0.6"), 1)
    assert 0.6 < time.monotonic() - begun < 60


def test_a_stream_that_does_not_come_back_is_given_up():
    with CameraServer(FEW, data([b""])) as camera:
        frames = Stream(f"{camera.url}?give-up=0.5").frames()
        assert [frame.index for frame in islice(frames, SOME)] == list(range(SOME))
        with pytest.raises(SourceError, match=r"given up after 0\.5 s"):
            next(frames)
        with pytest.raises(StopIteration):
            next(frames)
    assert camera.connections > 2


def test_it_can_be_closed_while_another_thread_waits_for_it():
    with CameraServer(then(FEW, silence(300))) as camera:
        frames = Stream(camera.url).frames()
        came = []
        waiting = threading.Thread(target=lambda: came.extend(frames))
        waiting.start()
        while len(came) < SOME:
            time.sleep(0.01)
        frames.close()
        waiting.join(60)
        assert not waiting.is_alive()


def test_a_slow_reader_gets_the_newest_frames(camera):
    frames = Stream(camera.url).frames()
    first = next(frames)
    time.sleep(0.5)
    late = next(frames)
    frames.close()
    assert late.taken - first.taken > 0.25, "those that came meanwhile wait in no queue"


def test_udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"udp://127.0.0.1:{probe.getsockname()[1]}"
    ended = threading.Event()
    sender = threading.Thread(target=send_by_udp, args=(address, ended))
    sender.start()
    try:
        frames = take(open_source(address), 12)
    finally:
        ended.set()
        sender.join()
    numbers = [number_of(frame.pixels) for frame in frames]
    assert numbers == list(range(numbers[0], numbers[0] + 12))


def send_by_udp(address: str, ended: threading.Event) -> None:
    """MPEG-TS, a picture every 20 ms."""
    with av.open(f"{address}?pkt_size=1316", "w", format="mpegts") as container:
        stream = container.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.gop_size = 5
        for index, pixels in enumerate(islice(greys((64, 48)), 8, None)):
            if ended.wait(0.02) or index > 500:
                break
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = index
            container.mux(stream.encode(frame))


def test_hls_that_states_its_end_ends(tmp_path):
    write_clip(tmp_path / "clip.m3u8", options={"hls_time": "1", "hls_list_size": "0"})
    with FaultyServer(tmp_path) as server:
        source = open_source(f"{server.url}/clip.m3u8")
        assert source.live
        assert [number for number, _ in numbers_and_times(source.frames())][-4:] == [16, 17, 18, 19]


def test_a_stream_given_as_a_picture_says_how_to_write_it(camera):
    (frame,) = open_source(f"file:{camera.url}").frames()
    with pytest.raises(ImageError, match=f"a stream, not a picture; write stream:{camera.url}"):
        _ = frame.pixels


def test_a_password_that_breaks_the_address_is_told_to_be_encoded():
    with pytest.raises(SourceError, match=r"^rtsp://host/live: its user or password has a '#'; write it as %23$"):
        open_source("rtsp://bob:S3cret#1@host/live")
