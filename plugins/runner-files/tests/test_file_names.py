"""Names: one for every picture, safe, and the same on every run."""

import os
from pathlib import PurePath

import pytest
from runner_files.naming import Names


def name(source: str, form: str = "PNG", **options: int) -> str:
    return Names().choose_name(source, form, **options).as_posix()


@pytest.mark.parametrize(
    ("source", "form", "given"),
    [
        ("cat.jpg", "JPEG", "cat.jpg"),
        ("pictures/sub/cat.JPEG", "JPEG", "pictures/sub/cat.JPEG"),
        ("./cat.png", "PNG", "cat.png"),
        ("cat.bmp", "PNG", "cat.png"),
        ("really-a.png", "JPEG", "really-a.jpg"),
        ("scan.v2", "PNG", "scan.v2.png"),
        ("noending", "JPEG", "noending.jpg"),
        ("../shared/pictures/cat.jpg", "JPEG", "pictures/cat.jpg"),
        ("../cat.jpg", "JPEG", "cat.jpg"),
        ("/home/me/pictures/cat.jpg", "JPEG", "pictures/cat.jpg"),
        ("/cat.jpg", "JPEG", "cat.jpg"),
        ("a b/ćma 猫.png", "PNG", "a b/ćma 猫.png"),
        ("array", "PNG", "array.png"),
        ("..", "PNG", "picture.png"),
        ("https://example.org/a/cat.jpg?token=secret#x", "JPEG", "example.org-a-cat.jpg"),
        ("https://me:secret@example.org:8080/a%20b/../../etc/passwd", "PNG", "example.org-a-20b-..-..-etc-passwd.png"),
        ("http://[broken/cat.jpg", "JPEG", "http-broken-cat.jpg"),
        ("rtsp://192.168.0.7/live", "PNG", "192.168.0.7-live.png"),
        ("https://", "PNG", "picture.png"),
    ],
)
def test_names(source, form, given):
    assert name(source, form) == given


def test_the_frames_of_a_video_are_numbered():
    assert name("clip.mp4", number=12) == name("clips/clip.mp4", number=12) == "clip.mp4-000012.png"


@pytest.mark.parametrize(
    "source", ["../../../../etc/passwd", "/etc/../../x.png", "http://h/../../x.png", "a/../../b.png"]
)
def test_no_name_leaves_the_folder(source):
    path = PurePath(name(source))
    assert not path.is_absolute()
    assert ".." not in path.parts


def test_sources_that_would_share_a_name_get_numbers():
    sources = ["a/cat.bmp", "a/cat.png", "a/cat.gif", "a/cat.png", "a/Cat.png", "a/cat-2.png", "b/cat.png"]
    wanted = ["a/cat.png", "a/cat-2.png", "a/cat-3.png", "a/cat-4.png", "a/Cat-5.png", "a/cat-2-2.png", "b/cat.png"]
    for _ in range(2):
        names = Names()
        assert [names.choose_name(source, "PNG").as_posix() for source in sources] == wanted


def test_the_same_letters_written_in_two_ways_are_one_name():
    names = Names()
    assert names.choose_name("caf\u00e9.png", "PNG") != names.choose_name("cafe\u0301.png", "PNG")
    assert names.choose_name("cafe\u0301.png", "PNG").stem.endswith("-3")


def test_many_sources_of_one_name_do_not_get_slower():
    names = Names()
    assert len({names.choose_name("array", "PNG") for _ in range(20_000)}) == 20_000


@pytest.mark.parametrize("source", ["x" * 251 + ".bmp", "猫" * 83 + ".bmp", "http://example.org/" + "y" * 3000])
def test_no_name_is_longer_than_file_systems_take(source):
    names = Names()
    for _ in range(3):
        assert len(os.fsencode(names.choose_name(source, "PNG").name)) <= 230
