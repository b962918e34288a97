"""Web: what is at an address is found out from its server, real ones on loopback."""

from __future__ import annotations

import re
import socket
from itertools import islice, repeat

import pytest
from camera_server import CameraServer, jpeg, pictures
from clips import PICTURES, write_clip
from faulty_server import Fault, FaultyServer, Handler, answer, serve, status
from runner_video.camera_list import Streams

from runner_core.errors import ImageError, SourceError, UsageError
from runner_core.pipeline.sources_sinks import open_source

ENDLESS = pictures(repeat(jpeg()))


@pytest.fixture
def server(tmp_path):
    with FaultyServer(tmp_path) as server:
        yield server


def first(source, count: int = 3) -> list:
    frames = source.frames()
    try:
        return list(islice(frames, count))
    finally:
        getattr(frames, "close", bool)()


def test_an_mjpeg_camera_is_a_stream_without_being_called_one():
    with CameraServer(ENDLESS) as camera:
        source = open_source(camera.url)
        assert camera.connections == 0
        assert source.live
        assert [frame.encoded for frame in first(source)] == [jpeg()] * 3
        assert camera.connections == 2  # one of them to ask


@pytest.mark.parametrize("kind", ["application/vnd.apple.mpegurl", "Application/X-mpegURL; charset=utf-8"])
def test_a_playlist_is_a_stream(kind, server, tmp_path):
    write_clip(tmp_path / "clip.m3u8", options={"hls_time": "1", "hls_list_size": "0"})
    server.always("/live", serve((tmp_path / "clip.m3u8").read_bytes(), {"Content-Type": kind}))
    source = open_source(f"{server.url}/live")
    assert source.live
    assert len(list(source.frames())) > 0


def test_a_video_with_a_length_is_a_file(server, tmp_path):
    clip = write_clip(tmp_path / "clip.mp4").read_bytes()
    server.always("/watch", lambda handler: handler.send_whole(200, clip, {"Content-Type": "video/mp4"}))
    source = open_source(f"{server.url}/watch?stride=2")
    assert not source.live
    assert source.total == 10
    assert [round(frame.time, 3) for frame in source.frames()] == pytest.approx([index / 5 for index in range(10)])


def test_a_video_without_a_length_is_a_stream(tmp_path):
    clip = write_clip(tmp_path / "clip.ts").read_bytes()
    with CameraServer(lambda stream: stream.write(clip), kind="video/mp2t") as camera:
        source = open_source(camera.url)
        assert source.live
        assert {frame.size for frame in first(source, 5)} == {(64, 48)}


def test_an_mp4_is_a_file_though_it_comes_without_a_length(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", options={"movflags": "faststart"}).read_bytes()
    with CameraServer(lambda stream: stream.write(clip), kind="video/mp4") as camera:
        assert len(list(open_source(camera.url).frames())) == PICTURES


@pytest.mark.parametrize("kind", ["image/jpeg", "application/octet-stream", "text/plain"])
def test_a_picture_is_a_picture(kind, server):
    server.always("/picture?id=7", serve(jpeg(), {"Content-Type": kind}))
    source = open_source(f"{server.url}/picture?id=7")
    assert (source.live, source.total, source.gaps) == (False, None, 0)
    (frame,) = source.frames()
    assert frame.encoded == jpeg()


def test_what_is_called_as_pictures_are_is_not_asked_for(server, tmp_path):
    (tmp_path / "cat.JPG").write_bytes(jpeg())
    source = open_source(f"{server.url}/cat.JPG?size=large")
    assert not source.live
    assert server.asked == []
    assert [frame.encoded for frame in source.frames()] == [jpeg()]


def test_nobody_is_asked_twice(server):
    server.always("/picture", serve(jpeg(), {"Content-Type": "image/jpeg"}))
    source = open_source(f"{server.url}/picture")
    assert (source.live, source.live, source.total) == (False, False, None)
    assert len(server.asked) == 1


def test_own_options_are_kept_from_the_server(server):
    server.always("/picture?id=7", serve(jpeg(), {"Content-Type": "image/jpeg"}))
    assert not open_source(f"{server.url}/picture?id=7&stall=3").live
    assert server.asked[0].path == "/picture?id=7"
    with pytest.raises(UsageError, match="stall=soon is not a number of seconds"):
        open_source(f"{server.url}/picture?stall=soon")


@pytest.mark.parametrize("fault", [status(404), answer(200, {})], ids=["not found", "nothing"])
def test_what_cannot_be_had_is_a_picture_that_fails(fault, server):
    server.always("/nothing", fault)
    (frame,) = open_source(f"{server.url}/nothing").frames()
    with pytest.raises(ImageError, match=f"{server.url}/nothing"):
        _ = frame.pixels


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/live", "http://[broken/live", "http://", f"http://{64 * 'a'}.example/live"]
)
def test_nobody_there_is_a_picture_that_fails(address):
    (frame,) = open_source(address).frames()
    with pytest.raises(ImageError, match=re.escape(f"{address}: cannot be fetched")):
        _ = frame.pixels


def test_a_server_that_wants_to_know_who_one_is_says_so_without_the_password(server):
    server.always("/live", status(401, {"WWW-Authenticate": 'Digest realm="camera", nonce="1"'}))
    address = f"{server.url}/live".replace("http://", "http://admin:s3cret@")
    with pytest.raises(SourceError, match=f"{server.url}/live: it needs a user and a password") as raised:
        first(open_source(address))
    assert "s3cret" not in str(raised.value)


def test_a_password_is_sent_as_it_is_only_to_who_asks_for_that(server):
    server.always("/live", status(401, {"WWW-Authenticate": 'Digest realm="camera", nonce="1", qop="auth"'}))
    server.always("/picture", answer_to("Basic bWU6czNjcmV0", jpeg()))
    address = server.url.replace("http://", "http://me:s3cret@")
    with pytest.raises(SourceError):
        first(open_source(f"{address}/live"))
    sent = [asked.authorization for asked in server.asked]
    assert not any(each.startswith("Basic") for each in sent)
    assert any(each.startswith("Digest") for each in sent)
    assert [frame.encoded for frame in open_source(f"{address}/picture").frames()] == [jpeg()]


def answer_to(authorization: str, picture: bytes) -> Fault:
    def send(handler: Handler) -> None:
        known = handler.headers.get("Authorization") == authorization
        (serve(picture) if known else status(401, {"WWW-Authenticate": 'Basic realm="x"'}))(handler)

    return send


def test_in_a_list_of_cameras_an_address_is_one_and_nobody_is_asked(tmp_path):
    with CameraServer(ENDLESS) as camera:
        (tmp_path / "few.streams").write_text(f"{camera.url}\nhttp://127.0.0.1:9/off\n")
        source = Streams(str(tmp_path / "few.streams"))
        assert camera.connections == 0
        assert {frame.source for frame in first(source, 5)} == {camera.url}
    (tmp_path / "few.streams").write_text("http://127.0.0.1:9/cat.jpg")
    with pytest.raises(SourceError, match=r"cat\.jpg is not live"):
        Streams(str(tmp_path / "few.streams"))


@pytest.mark.parametrize("location", ["http://127.0.0.1:{}/live", "stream:http://127.0.0.1:{}/a", "rtsp://127.0.0.1:{}/a",
                                      "video:http://127.0.0.1:{}/clip.mp4"])  # fmt: skip
def test_offline_nobody_is_asked(location, monkeypatch):
    monkeypatch.setenv("RUNNER_OFFLINE", "1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        frames = open_source(location.format(server.getsockname()[1])).frames()
        with pytest.raises((SourceError, ImageError), match="RUNNER_OFFLINE forbids every connection"):
            _ = next(iter(frames)).pixels
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
