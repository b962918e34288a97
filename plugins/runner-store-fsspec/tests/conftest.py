"""The same folder of brains in several places: on this disk, in memory, on real servers of S3 and SFTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import boto3
import fsspec
import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem
from sftp_server import SftpServer
from shelves import write_brain

from runner_core.cards.card import CARD_FILE

BUCKET = "brains"


@attrs.frozen
class Shelf:
    """A place for files: its address, how one gets there, how it goes again."""

    address: str
    put: Callable[[str, bytes], None]
    remove: Callable[[str], None]

    def publish(self, name: str = "page", version: str = "1", *, folder: str | None = None, seed: int = 0) -> Path:
        """A brain of random weights; the folder that it was made in."""
        made = write_brain(self.made / f"{name}-{version}-{seed}", name, version=version, seed=seed)
        for path in made.iterdir():
            self.put(f"{f'{name}/{version}' if folder is None else folder}/{path.name}", path.read_bytes())
        return made

    def rewrite(self, folder: str, change: Callable[[dict], None], made: Path) -> None:
        """Changes the card in a folder."""
        card = json.loads((made / CARD_FILE).read_text())
        change(card)
        self.put(f"{folder}/{CARD_FILE}", json.dumps(card).encode())

    made: Path = attrs.field(kw_only=True)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def s3(s3_server, monkeypatch, tmp_path) -> Shelf:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    S3FileSystem.clear_instance_cache()  # one made before would know another account, or another server
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    prefix = tmp_path.name  # each test has a folder of its own
    put = lambda path, data: client.put_object(Bucket=BUCKET, Key=f"{prefix}/{path}", Body=data)  # noqa: E731
    remove = lambda path: client.delete_object(Bucket=BUCKET, Key=f"{prefix}/{path}")  # noqa: E731
    return Shelf(f"s3://{BUCKET}/{prefix}", put, remove, made=tmp_path / "made")


@pytest.fixture
def memory(tmp_path) -> Iterator[Shelf]:
    fs = fsspec.filesystem("memory")
    yield Shelf(
        "memory://shelf",
        lambda path, data: fs.pipe(f"/shelf/{path}", data),
        lambda path: fs.rm(f"/shelf/{path}"),
        made=tmp_path / "made",
    )
    fs.store.clear()


@pytest.fixture
def disk(tmp_path) -> Shelf:
    root = tmp_path / "shelf"
    root.mkdir()
    return Shelf(
        f"file://{root}",
        lambda path, data: _write(root / path, data),
        lambda path: (root / path).unlink(),
        made=tmp_path / "made",
    )


@pytest.fixture
def sftp(tmp_path, monkeypatch) -> Iterator[Shelf]:
    root = tmp_path / "served"
    root.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    with SftpServer(root) as server:
        _write(tmp_path / ".ssh" / "known_hosts", server.known_host.encode())
        yield Shelf(
            f"{server.url}/shelf",
            lambda path, data: _write(root / "shelf" / path, data),
            lambda path: (root / "shelf" / path).unlink(),
            made=tmp_path / "made",
        )


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture(params=["s3", "memory", "disk", "sftp"])
def shelf(request) -> Shelf:
    return request.getfixturevalue(request.param)
