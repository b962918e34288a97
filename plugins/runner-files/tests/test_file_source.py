"""FileSource: what it finds, in which order, and what it says where there is nothing."""

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from runner_files.source import FileSource

from runner_core.errors import ImageError, SourceError
from runner_core.pipeline.sources_sinks import open_source
from runner_core.testing import check_plugin, check_source, conformance


def picture(path: Path, colour: tuple[int, int, int] = (10, 200, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 6), colour).save(path, format=None if path.suffix.lower() in (".png", ".jpg") else "PNG")
    return path


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder, so that names are relative."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sources(location: str) -> list[str]:
    return [frame.source for frame in FileSource(location).frames()]


@conformance(check_plugin)
def test_the_distribution_keeps_the_rules(check):
    check("runner_files.plugin")


@conformance(check_source)
@pytest.mark.parametrize("kind", ["picture", "folder", "glob", "list"])
def test_keeps_the_promises_of_a_source(check, kind, tmp_path):
    for name in ("a.png", "b.png", "sub/c.png"):
        picture(tmp_path / "pictures" / name)
    (tmp_path / "list.txt").write_text("pictures/a.png\npictures/b.png\nnowhere.png\n")
    locations = {"picture": "pictures/a.png", "folder": "pictures", "glob": "pictures/*.png", "list": "list.txt"}
    check(FileSource, str(tmp_path / locations[kind]))


def test_one_picture_may_have_any_suffix(here):
    picture(here / "scan.dat")
    frames = list(FileSource("scan.dat").frames())
    assert [frame.source for frame in frames] == ["scan.dat"]
    assert frames[0].pixels.shape == (6, 8, 3)


@pytest.mark.parametrize(
    ("location", "names"),
    [
        ("shelf/pictures", ["a.png", "sub/b.png"]),
        ("./shelf/pictures/", ["a.png", "sub/b.png"]),
        ("{here}/shelf/pictures", ["a.png", "sub/b.png"]),
        ("shelf", ["pictures/a.png", "pictures/sub/b.png"]),
        ("../{here.name}/shelf/pictures", ["a.png", "sub/b.png"]),
        ("shelf/pictures/**/*.png", ["a.png", "sub/b.png"]),
        ("shelf/pictures/sub/*", ["b.png"]),
        ("shelf/pictures/sub/b.png", ["b.png"]),
        ("shelf/moved.gif", ["moved.gif", "moved.gif"]),
        ("shelf/list.txt", ["pictures/a.png", None, None]),
    ],
)
def test_a_file_name_is_the_path_below_the_folder_that_is_named(here, location, names):
    for name in ("a.png", "sub/b.png"):
        picture(here / "shelf" / "pictures" / name)
    if location.endswith(".gif"):
        stills = [Image.new("RGB", (8, 6), colour) for colour in ("red", "blue")]
        stills[0].save(here / location, save_all=True, append_images=stills[1:])
    (here / "shelf" / "list.txt").write_text(f"pictures/a.png\n../outside.png\n{here}/outside.png\n")
    assert [frame.file_name for frame in FileSource(location.format(here=here)).frames()] == names


def test_a_folder_is_searched_to_the_bottom_in_natural_order(here):
    for name in ("img10.png", "img2.png", "Img1.png", "b/3.png", "a/20.png", "a/3.png", "img2b.PNG"):
        picture(here / "pictures" / name)
    (here / "pictures" / "notes.md").write_text("none")
    picture(here / "pictures" / ".hidden.png")
    picture(here / "pictures" / ".cache" / "thumb.png")
    names = ["a/3.png", "a/20.png", "b/3.png", "Img1.png", "img2.png", "img2b.PNG", "img10.png"]
    assert sources("pictures") == [f"pictures/{name}" for name in names]
    assert [frame.index for frame in FileSource("pictures").frames()] == list(range(7))


def test_total_is_the_number_of_frames(here):
    for number in range(5):
        picture(here / "pictures" / f"{number}.png")
    assert FileSource("pictures").total == 5
    assert FileSource("pictures/0.png").total == 1


def test_links_are_followed_but_not_round_in_circles(here):
    picture(here / "elsewhere" / "a.png")
    (here / "pictures").mkdir()
    (here / "pictures" / "linked").symlink_to(here / "elsewhere")
    (here / "pictures" / "self").symlink_to(here / "pictures")
    assert sources("pictures") == ["pictures/linked/a.png"]


def test_a_dangling_link_is_a_frame_with_an_error(here):
    (here / "pictures").mkdir()
    (here / "pictures" / "gone.png").symlink_to(here / "nowhere.png")
    (frame,) = FileSource("pictures").frames()
    with pytest.raises(ImageError, match=r"gone\.png: no such file"):
        _ = frame.pixels


def test_a_link_to_itself_costs_only_its_own_frame(here):
    picture(here / "pictures" / "a.png")
    (here / "pictures" / "b.png").symlink_to("b.png")
    first, second = FileSource("pictures").frames()
    assert first.size
    with pytest.raises(ImageError, match=r"pictures/b\.png: cannot be read \(Too many levels of symbolic links\)"):
        _ = second.size


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_nobody_waits_for_a_pipe_that_is_called_a_list(here):
    os.mkfifo(here / "list.txt")
    with pytest.raises(SourceError, match=r"list\.txt: cannot be read \(not a plain file\)"):
        FileSource("list.txt")


def test_a_list_without_end_is_not_read(here):
    with (here / "list.txt").open("wb") as stream:
        stream.truncate(20 * 1024**3)
    with pytest.raises(SourceError, match=r"list\.txt: cannot be read \(more than the \d+ bytes"):
        FileSource("list.txt")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_a_folder_is_not_a_picture(here):
    picture(here / "pictures" / "a.png")
    os.mkfifo(here / "pictures" / "pipe.png")
    assert sources("pictures") == ["pictures/a.png"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("pictures/*.png", ["pictures/a2.png", "pictures/a10.png"]),
        ("pictures/a?.png", ["pictures/a2.png"]),
        ("pictures/a[0-9].*", ["pictures/a2.png"]),
        ("pictures/*", ["pictures/a2.png", "pictures/a10.png"]),
        ("pictures/*.dat", ["pictures/scan.dat"]),
        ("pictures/**/*.png", ["pictures/a2.png", "pictures/a10.png", "pictures/sub/deep/c.png"]),
        ("pictures/**", ["pictures/a2.png", "pictures/a10.png", "pictures/sub/deep/c.png"]),
    ],
)
def test_globs(here, pattern, found):
    for name in ("a10.png", "a2.png", "scan.dat", "sub/deep/c.png", ".hidden.png"):
        picture(here / "pictures" / name)
    assert sources(pattern) == found


def test_a_file_whose_name_looks_like_a_glob_is_a_file(here):
    picture(here / "a[1].png")
    assert sources("a[1].png") == ["a[1].png"]


def test_a_list_names_paths_beside_it_and_urls(here):
    picture(here / "lists" / "in" / "b.png")
    picture(here / "lists" / "a.png")
    text = "\ufeff# pictures of the day\r\n  in/b.png  \r\n\r\nhttp://127.0.0.1:9/c.png\r\nmissing.png\r\na.png"
    (here / "lists" / "all.txt").write_bytes(text.encode())
    frames = list(FileSource("lists/all.txt").frames())
    wanted = ["lists/in/b.png", "http://127.0.0.1:9/c.png", "lists/missing.png", "lists/a.png"]
    assert [frame.source for frame in frames] == wanted
    assert frames[0].size == (8, 6)
    with pytest.raises(ImageError, match="no such file"):
        _ = frames[2].size


def test_absolute_paths_in_a_list_stay(here):
    inside = picture(here / "a.png")
    (here / "sub").mkdir()
    (here / "sub" / "list.txt").write_text(f"{inside}\n")
    assert sources("sub/list.txt") == [str(inside)]


@pytest.mark.parametrize("prefix", ["", "file:"])
def test_the_name_of_the_source_may_stand_before_the_location(here, prefix):
    picture(here / "pictures" / "a b.png")
    assert sources(f"{prefix}pictures") == ["pictures/a b.png"]
    assert [frame.source for frame in open_source(f"{prefix}pictures").frames()] == ["pictures/a b.png"]


@pytest.mark.parametrize("make", [FileSource, open_source])
def test_a_file_address_is_a_path(here, make):
    inside = picture(here / "a b.png")
    (frame,) = make(inside.as_uri()).frames()
    assert "%20" in inside.as_uri()
    assert frame.source == str(inside)


def test_the_home_folder_has_a_short_name(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    picture(here / "a.png")
    assert sources("~/a.png") == [str(here / "a.png")]


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("pictres", r"pictres: no such file or folder; did you mean pictures\?"),
        ("pictres/a.png", r"pictres/a\.png: no such file or folder; did you mean pictures\?"),
        ("pictures/apple.pn", r"did you mean pictures/apple\.png\?"),
        ("nothing like it", "no such file or folder; check the path"),
        (
            "empty",
            r"^empty: no picture that runner reads, but \.md \(1\); a file that you name itself may have any suf",
        ),
        ("bare", r"^bare: there is no file; a file that you name"),
        ("pictures/*.jpg", r"pictures/\*\.jpg: no file matches; \*\* searches"),
        ("pictres/*.png", r"pictres: no such file or folder; did you mean pictures\?"),
        ("empty/*", r"^empty/\*: no picture that runner reads, but \.md \(1\)"),
        ("bare.txt", r"bare\.txt: the list names no picture; write one path or URL a line"),
        ("binary.txt", r"binary\.txt: not a list of pictures .*; a list is UTF-8 text"),
        ("", "no picture is named"),
        ("x" * 5000, "cannot be read|no such file"),
        ("nul\0byte", "no such file"),
    ],
)
def test_a_location_without_pictures_is_an_error_at_once(here, location, message):
    picture(here / "pictures" / "apple.png")
    (here / "empty").mkdir()
    (here / "empty" / "notes.md").write_text("none")
    (here / "bare").mkdir()
    (here / "bare.txt").write_text("# nothing\n\n")
    (here / "binary.txt").write_bytes(b"\x89\xff\xfe\x00")
    with pytest.raises(SourceError, match=message) as caught:
        FileSource(location)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_cannot_be_listed_is_an_error(here):
    picture(here / "pictures" / "shut" / "a.png")
    (here / "pictures" / "shut").chmod(0)
    try:
        with pytest.raises(SourceError, match="shut: cannot be read"):
            FileSource("pictures")
    finally:
        (here / "pictures" / "shut").chmod(0o755)


def test_nothing_is_opened_before_it_is_needed(here, monkeypatch):
    picture(here / "pictures" / "a.png")
    (here / "pictures" / "b.png").write_bytes(b"")
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read"))
    assert len(list(FileSource("pictures").frames())) == 2


class Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.partition("?")[0]
        body = {"/a.png": PNG, "/page": b"<html>not a picture</html>"}.get(name)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        pass


PNG = b""


@pytest.fixture
def address(tmp_path, monkeypatch):
    """A web server on this machine."""
    monkeypatch.setitem(globals(), "PNG", picture(tmp_path / "served.png", (1, 2, 3)).read_bytes())
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_picture_from_the_web(address):
    source = open_source(f"{address}/a.png?size=large")
    (frame,) = source.frames()
    assert (frame.source, frame.index) == (f"{address}/a.png", 0), "a query may be a secret"
    assert np.array_equal(frame.pixels, np.full((6, 8, 3), (1, 2, 3)))


@pytest.mark.parametrize(("path", "message"), [("/gone.png", "404"), ("/page", "not a picture in a known format")])
def test_a_url_that_fails_is_a_frame_with_an_error(address, path, message):
    (frame,) = FileSource(f"{address}{path}").frames()
    with pytest.raises(ImageError, match=message) as caught:
        _ = frame.size
    assert f"{address}{path}" in str(caught.value)


def test_a_server_that_is_not_there_is_the_frames_fault(address):
    dead = address.rpartition(":")[0] + ":9/a.png"
    (frame,) = FileSource(dead).frames()
    with pytest.raises(ImageError, match="cannot be fetched"):
        _ = frame.size
