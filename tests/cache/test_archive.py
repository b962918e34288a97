"""Archives from elsewhere: their plain files and nothing else, or a refusal that leaves nothing behind."""

from __future__ import annotations

import gzip
import io
import random
import stat
import tarfile
import zipfile

import pytest

from runner_core.cache import archive
from runner_core.cache.archive import SUFFIXES, find_changed_files, is_archive, unpack, unpack_if_archive
from runner_core.errors import StoreError

DATA = random.Random(1).randbytes(200_000)
FILES = {"model/brain.json": b"{}", "model/variables/weights": DATA}


def tar_at(path, *entries):
    """``entries``: (name, contents) or a TarInfo."""
    mode = {".tar": "w", ".tgz": "w:gz"}.get(path.suffix, "w:" + path.suffix[1:])
    with tarfile.open(path, mode) as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry)
            else:
                info = tarfile.TarInfo(entry[0])
                info.size = len(entry[1])
                tar.addfile(info, io.BytesIO(entry[1]))
    return path


def zip_at(path, *entries, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as packed:
        for name, data in entries:
            packed.writestr(name, data)
    return path


def packed_at(path, *entries):
    return (zip_at if path.suffix == ".zip" else tar_at)(path, *entries)


def special(name, kind, link="/etc/passwd"):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def refused(path, told):
    """It says so in one line, and nothing is left beside the archive."""
    before = set(path.parent.iterdir())
    with pytest.raises(StoreError, match=told) as error:
        unpack(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)
    assert set(path.parent.iterdir()) == before


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_it_is_unpacked_once_beside_itself(tmp_path, suffix):
    path = packed_at(tmp_path / f"page{suffix}", *FILES.items())
    place = unpack_if_archive(path)
    assert place == tmp_path / f"page{suffix}.unpacked" / "model"
    assert (place / "brain.json").read_bytes() == b"{}"
    assert (place / "variables" / "weights").read_bytes() == DATA
    made = (place / "brain.json").stat().st_mtime_ns
    assert unpack_if_archive(path) == place
    assert (place / "brain.json").stat().st_mtime_ns == made
    assert find_changed_files(path) == []


def test_several_files_at_the_top_stay_there(tmp_path):
    assert unpack(zip_at(tmp_path / "a.zip", ("one", b"1"), ("two/three", b"3"))) == tmp_path / "a.zip.unpacked"


def test_a_file_that_is_not_an_archive_is_left_alone(tmp_path):
    assert unpack_if_archive(tmp_path / "weights.pb") == tmp_path / "weights.pb"
    assert is_archive("A.ZIP")
    assert not is_archive("a.keras")  # a zip inside, which Keras opens itself


NAMES = ["../evil", "a/../../evil", "/etc/evil", "C:/evil", "a\\..\\evil", "evil\x1b[2J"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_names_that_climb_out_or_hide_are_refused(tmp_path, suffix, name):
    path = packed_at(tmp_path / f"a{suffix}", ("good", b"1"), (name, b"evil"))
    refused(path, "is refused: not a plain path")
    assert not list(tmp_path.parent.glob("evil"))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE], ids=repr
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind):
    refused(tar_at(tmp_path / "a.tar", ("good", b"1"), special("link", kind)), "'link' is not a plain file: refused")


def test_a_file_through_a_link_is_refused(tmp_path):
    path = tar_at(tmp_path / "a.tar", special("out", tarfile.SYMTYPE, str(tmp_path)), ("out/evil", b"evil"))
    refused(path, "'out' is not a plain file")
    assert not (tmp_path / "evil").exists()


def test_links_in_a_zip_are_refused(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused(zip_at(tmp_path / "a.zip", ("good", b"1"), (link, "/etc/passwd")), "'link' is a link: refused")


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz", ".tar.xz", ".tar.bz2"])
def test_a_bomb_is_left_before_it_goes_off(tmp_path, suffix):
    path = packed_at(tmp_path / f"a{suffix}", ("zeros", bytes(100_000_000)))
    refused(path, "unpacks to far more than a brain is")


def test_many_small_members_are_counted_together(tmp_path):
    path = zip_at(tmp_path / "a.zip", *((f"{number}", bytes(1_000_000)) for number in range(60)))
    refused(path, "unpacks to far more")


def test_a_bomb_behind_the_end_is_counted_too(tmp_path):
    with gzip.open(tmp_path / "a.tar.gz", "wb") as packed:
        packed.write(bytes(100_000_000))
    refused(tmp_path / "a.tar.gz", "far more")


def test_a_zip_that_lies_about_sizes_is_damaged(tmp_path):
    path = zip_at(tmp_path / "a.zip", ("weights", DATA), method=zipfile.ZIP_STORED)
    raw = path.read_bytes()
    path.write_bytes(raw.replace(len(DATA).to_bytes(4, "little"), (len(DATA) * 9).to_bytes(4, "little")))
    refused(path, "damaged or cannot be unpacked")


def test_what_weighs_more_than_any_brain_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_BYTES", len(DATA) - 1)
    refused(zip_at(tmp_path / "a.zip", *FILES.items(), method=zipfile.ZIP_STORED), "far more than a brain is")


@pytest.mark.parametrize("suffix", [".zip", ".tar"])
def test_more_members_than_any_brain_has_are_refused(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr(archive, "MAX_MEMBERS", 50)
    refused(packed_at(tmp_path / f"a{suffix}", *((str(number), b"") for number in range(52))), "more than 50 files")


def test_a_header_of_megabytes_does_not_fill_the_memory(tmp_path):
    header = special("x", tarfile.GNUTYPE_LONGNAME)
    header.size = 1 << 30
    (tmp_path / "a.tar").write_bytes(header.tobuf() + bytes(10_000))
    refused(tmp_path / "a.tar", "holds a header of 1073741824 bytes")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cut_anywhere_it_is_damaged(tmp_path, suffix):
    path = packed_at(tmp_path / f"a{suffix}", *FILES.items())
    raw = path.read_bytes()
    last = len(DATA) if suffix == ".tar" else len(raw) - 1  # a tar ends in zeros, of which one block is enough
    for end in (0, 1, 100, 511, 1024, len(raw) // 2, last, *random.Random(2).sample(range(last), 10)):
        path.write_bytes(raw[:end])
        refused(path, "damaged or cannot be unpacked")


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz", ".tar.xz"])
def test_a_flipped_bit_is_found_by_the_archives_own_sums(tmp_path, suffix):
    path = packed_at(tmp_path / f"a{suffix}", *FILES.items())
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    refused(path, "damaged or cannot be unpacked")


@pytest.mark.parametrize("entries", [[("a", b"1"), ("a", b"2")], [("a", b"1"), ("a/b", b"2")]], ids=repr)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_place_are_refused(tmp_path, entries):
    refused(zip_at(tmp_path / "a.zip", *entries), "damaged or cannot be unpacked")


def test_any_page_called_an_archive_is_damaged(tmp_path):
    for suffix in SUFFIXES:
        path = tmp_path / f"a{suffix}"
        path.write_bytes(b"<!DOCTYPE html><html>Please log in.</html>")
        refused(path, "damaged or cannot be unpacked")


class TestChanged:
    """What was unpacked is compared with what the archive holds."""

    @pytest.fixture
    def path(self, tmp_path):
        path = tar_at(tmp_path / "a.tar.gz", *FILES.items())
        unpack(path)
        return path

    def test_never_unpacked(self, tmp_path):
        assert find_changed_files(zip_at(tmp_path / "b.zip", *FILES.items())) == []

    def test_altered_removed_added(self, path):
        place = unpack(path)
        (place / "brain.json").write_bytes(b"{x")
        (place / "variables" / "weights").unlink()
        (place / "more").write_bytes(b"")
        names = {str(bad.relative_to(place)) for bad in find_changed_files(path)}
        assert names == {"brain.json", "variables/weights", "more"}
