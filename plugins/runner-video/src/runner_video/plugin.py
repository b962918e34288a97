"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin

_CAMERAS = tuple(claim for number in range(10) for claim in (str(number), f"/dev/video{number}"))
_VIDEOS = (
    ".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".mts", ".m2ts", ".ts", ".flv", ".wmv", ".3gp",
    ".ogv", ".mxf", ".y4m", ".h264", ".h265", ".hevc",
)  # fmt: skip
_STREAMS = ("rtsp", "rtsps", "udp", "tcp", "rtp", "rtmp", "rtmps", ".m3u8", ".mpd", ".sdp", ".mjpg", ".mjpeg")


@hookimpl
def runner_sources() -> Iterator[Plugin]:
    yield Plugin("video", "runner_video.video:VideoSource", "a video file: clip.mp4?max_fps=5", claims=_VIDEOS)
    yield Plugin(
        "webcam",
        "runner_video.webcam:Webcam",
        "a camera: 0, webcam:0?size=1280x720&fps=30",
        claims=("webcam", *_CAMERAS),
    )
    yield Plugin("screen", "runner_video.screen:Screen", "the desktop: screen, screen?fps=5", claims=("screen",))
    yield Plugin(
        "stream", "runner_video.network_stream:Stream", "a stream: rtsp://, udp://, stream:http://...", claims=_STREAMS
    )
    yield Plugin(
        "web",
        "runner_video.web:Web",
        "http(s)://: a stream, a video or a picture, as its server says",
        claims=("http", "https"),
    )
    yield Plugin("lavfi", "runner_video.lavfi:Lavfi", "a virtual camera: lavfi:testsrc=rate=30,realtime")
    yield Plugin("streams", "runner_video.camera_list:Streams", "a list of cameras, one a line", claims=(".streams",))
    yield Plugin("stdin", "runner_video.stdin:StandardInput", "pictures on standard input: -", claims=("-", "stdin"))


@hookimpl
def runner_sinks() -> Iterator[Plugin]:
    yield Plugin("video", "runner_video.sink:VideoSink", "an H.264 video with the answers drawn in: video:PATH")
