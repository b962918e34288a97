"""Files whose names are not those of pictures: counted, named once, and in the summary."""

import json
from pathlib import Path

import pytest
from PIL import Image
from runner_files.skipped import count_suffixes, describe_skipped, describe_suffixes
from runner_files.source import FileSource

from runner_core.contracts import HasSkipped
from runner_core.errors import SourceError
from runner_core.frames import formats


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def without_heif(monkeypatch):
    """As if pillow-heif were not installed."""
    known = formats.find_spec
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name == "pillow_heif" else known(name))
    formats.list_picture_suffixes.cache_clear()
    yield
    formats.list_picture_suffixes.cache_clear()


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    Image.new("RGB", (8, 6)).save(folder / "a.png")


@pytest.mark.parametrize("location", ["pictures", "pictures/", "pictures/**", "file:pictures"])
def test_a_folders_other_files_are_counted_and_named(here, location, caplog):
    caplog.set_level("INFO", "runner")
    fill(here / "pictures", "a.txt", "sub/b.TXT", "clip.bin", "README", ".hidden", ".git/config")
    source = FileSource(location)
    assert isinstance(source, HasSkipped)
    assert source.skipped == {".txt": 2, ".bin": 1, "": 1}
    assert source.total == 1
    (record,) = caplog.records
    named = ".txt (2), .bin (1), no suffix (1)"
    assert record.getMessage() == f"{location}: 4 of 5 files are not pictures that runner reads: {named}"


@pytest.mark.parametrize("location", ["pictures/*.png", "pictures/a.png", "list.txt", "pictures/*.txt"])
def test_what_was_not_asked_for_is_not_skipped(here, location, caplog):
    caplog.set_level("INFO", "runner")
    fill(here / "pictures", "a.txt", "clip.bin")
    (here / "list.txt").write_text("pictures/a.png\n")
    assert FileSource(location).skipped == {}
    assert caplog.records == []


def test_the_package_that_reads_them_is_named(here, without_heif, caplog):
    caplog.set_level("INFO", "runner")
    fill(here / "pictures", *(f"IMG_{number}.HEIC" for number in range(5)), "a.txt", "b.txt")
    assert FileSource("pictures").total == 1
    (record,) = caplog.records
    wanted = (
        "7 of 8 files are not pictures that runner reads: .heic (5), .txt (2); `pip install pillow-heif` reads .heic"
    )
    assert record.getMessage() == f"pictures: {wanted}"
    (here / "pictures" / "a.png").unlink()
    with pytest.raises(SourceError, match=r"but \.heic \(5\), \.txt \(2\); `pip install pillow-heif` reads \.heic"):
        FileSource("pictures")


def test_with_the_library_they_are_pictures(here):
    pytest.importorskip("pillow_heif")
    fill(here / "pictures", "IMG_1.HEIC", "IMG_2.heif")
    source = FileSource("pictures")
    assert list(source.files) == ["pictures/a.png", "pictures/IMG_1.HEIC", "pictures/IMG_2.heif"]
    assert source.skipped == {}


def test_one_file_is_one():
    assert describe_skipped({".txt": 1}, 3) == "1 of 4 files is not a picture that runner reads: .txt (1)"


def test_of_many_suffixes_the_most_frequent_are_named():
    names = [f"{number}.s{kind}" for kind in range(9) for number in range(20 - kind)]
    assert list(count_suffixes(names).values()) == list(range(20, 11, -1))
    named = ", ".join(f".s{kind} ({20 - kind})" for kind in range(6))
    assert describe_suffixes(count_suffixes(names)) == f"{named}, 3 more"


def test_a_run_says_it_once_and_keeps_it(runner, tmp_path, testdata):
    fill(tmp_path / "pictures", "labels/a.txt", "labels/b.txt")
    model = testdata / "models" / "fastestdet_coco.onnx"
    command = ["run", "pictures", "--brain", model, "--labels", testdata / "models" / "coco80.txt"]
    done = runner(*command)
    assert done.returncode == 0, done.stderr
    line = "runner: pictures: 2 of 3 files are not pictures that runner reads: .txt (2)"
    assert done.stderr.splitlines().count(line) == 1
    assert json.loads(done.stdout.splitlines()[-1])["summary"]["skipped"] == {".txt": 2}
    assert line not in runner(*command, "--quiet").stderr
