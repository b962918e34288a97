"""Files called videos that name others: no server is asked, and nothing outside of their folder is shown."""

from __future__ import annotations

import pytest
from clips import write_clip
from faulty_server import FaultyServer
from runner_video.video import VideoSource

from runner_core.errors import SourceError

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n"
LIST = "ffconcat version 1.0\nfile {}\n"
SESSION = (
    "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
)


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".mkv", ".ts"])
@pytest.mark.parametrize("text", [PLAYLIST, LIST], ids=["a playlist", "a list to join"])
@pytest.mark.parametrize(
    "named", ["{url}/secret.ts", "{folder}/secret.ts", "../secret.ts", "file://{folder}/secret.ts"]
)
def test_a_file_reaches_no_other(suffix, text, named, tmp_path):
    write_clip(tmp_path / "secret.ts")
    (tmp_path / "given").mkdir()
    with FaultyServer(tmp_path) as server:
        path = tmp_path / "given" / f"clip{suffix}"
        path.write_text(text.format(named.format(url=server.url, folder=tmp_path)))
        with pytest.raises(SourceError):
            list(VideoSource(path).frames())
        assert server.asked == []


def test_a_file_opens_no_port(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_text(SESSION)
    with pytest.raises(SourceError, match=r"clip\.mp4: not a video"):
        list(VideoSource(path).frames())
