"""A stand-in for the Hugging Face Hub on loopback: its API, its files, and large ones by a signed address elsewhere.

    with HubServer() as hub:
        commit = hub.commit("me/cats", {"model.onnx": data, "config.json": b"{}"})

huggingface_hub itself fetches from it, which a test of the store shows. Protocol: https://huggingface.co/docs/hub/api
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import attrs
from loopback import Loopback

TOKEN = "hf_the-token-of-the-test"
SIGNATURE = "the-signature-of-an-address"
LARGE = 100_000  # bytes from which a file lies in LFS


@attrs.frozen
class Asked:
    """One request: to the Hub, or ``elsewhere``, where large files lie."""

    path: str
    authorization: str
    elsewhere: bool


class HubServer(Loopback):
    """``refuse`` maps part of a path to the status and headers that it is answered with; ``private`` names models."""

    def __init__(self) -> None:
        self.commits: dict[str, dict[str, dict[str, bytes]]] = {}  # model -> commit -> path -> contents
        self.names: dict[str, dict[str, str]] = {}  # model -> branch or tag -> commit
        self.private: set[str] = set()
        self.refuse: dict[str, tuple[int, dict[str, str]]] = {}
        self.instead: dict[str, bytes] = {}  # path -> what is sent instead of what the API says
        self.asked: list[Asked] = []
        self.sent: Counter[str] = Counter()  # files sent, by path
        self._hub = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self._store = ThreadingHTTPServer(("127.0.0.1", 0), partial(_LargeFiles, self))
        self.servers = (self._hub, self._store)
        self.url = f"http://127.0.0.1:{self._hub.server_port}"
        self.elsewhere = f"http://127.0.0.1:{self._store.server_port}"

    def clear(self) -> None:
        """As it was at first."""
        for state in (self.commits, self.names, self.private, self.refuse, self.instead, self.asked, self.sent):
            state.clear()

    def commit(self, model: str, files: dict[str, bytes], *names: str) -> str:
        """A commit that holds these files and nothing else, on the main branch or under the names given."""
        written = json.dumps([sorted((path, git_id(data)) for path, data in files.items()), len(self.commits)])
        commit = hashlib.sha1(written.encode(), usedforsecurity=False).hexdigest()
        self.commits.setdefault(model, {})[commit] = files
        self.names.setdefault(model, {}).update(dict.fromkeys(names or ("main",), commit))
        return commit

    def files(self, model: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """The commit and its files; None where there is no such revision."""
        commit = self.names[model].get(revision, revision)
        found = self.commits[model].get(commit)
        return None if found is None else (commit, found)


def git_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _lfs(data: bytes) -> dict[str, Any] | None:
    sha256 = hashlib.sha256(data).hexdigest()
    return {"sha256": sha256, "oid": sha256, "size": len(data), "pointerSize": 130} if len(data) >= LARGE else None


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    elsewhere = False

    def __init__(self, state: HubServer, *args: Any) -> None:
        self.state = state
        super().__init__(*args)

    def do_GET(self) -> None:
        self.state.asked.append(Asked(self.path, self.headers.get("Authorization", ""), self.elsewhere))
        for part, (status, headers) in self.state.refuse.items():
            if re.search(part, self.path):
                return self.send(status, b'{"error": "no"}', headers)
        return self.answer(unquote(urlsplit(self.path).path))

    def do_HEAD(self) -> None:
        self.do_GET()

    def answer(self, path: str) -> None:
        raise NotImplementedError

    def send_file(self, data: bytes, path: str, headers: dict[str, str]) -> None:
        data = self.state.instead.get(path, data)
        if self.command == "GET":
            self.state.sent[path] += 1
        start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if start and self.headers.get("If-Range", headers.get("ETag")) == headers.get("ETag"):
            span = f"bytes {start[1]}-{len(data) - 1}/{len(data)}"
            return self.send(206, data[int(start[1]) :], headers | {"Content-Range": span})
        return self.send(200, data, headers)

    def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


class _Handler(_Answers):
    def answer(self, path: str) -> None:
        found = re.fullmatch(r"/api/models/([^/]+/[^/]+)/(revision|tree)/(.+)", path)
        if found:
            return self._api(*found.groups())
        found = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        return self._file(*found.groups()) if found else self.send(404, b"{}", {})

    def _files(self, model: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """Of a revision that the one who asks may see; otherwise it is refused as the Hub does."""
        authorization = self.headers.get("Authorization", "")
        if authorization not in ("", f"Bearer {TOKEN}"):
            self.send(401, b"{}", {"X-Error-Message": "Invalid credentials in Authorization header"})
        elif model not in self.state.commits or (model in self.state.private and not authorization):
            headers = {"X-Error-Message": "Invalid username or password."}
            self.send(401, b"{}", headers) if not authorization else self.send(
                404, b"{}", {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"}
            )
        elif found := self.state.files(model, revision):
            return found
        else:
            self.send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        return None

    def _api(self, model: str, kind: str, revision: str) -> None:
        found = self._files(model, revision)
        if found is None:
            return
        commit, files = found
        if kind == "tree":
            answer: Any = [
                {"type": "file", "path": path, "size": len(data), "oid": git_id(data), "lfs": _lfs(data)}
                for path, data in files.items()
            ]
        else:
            siblings = [
                {"rfilename": path, "size": len(data), "blobId": git_id(data), "lfs": _lfs(data)}
                for path, data in files.items()
            ]
            answer = {"_id": "1", "id": model, "modelId": model, "sha": commit, "siblings": siblings}
        self.send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _file(self, model: str, revision: str, path: str) -> None:
        found = self._files(model, revision)
        if found is None:
            return
        commit, files = found
        if path not in files:
            self.send(404, b"{}", {"X-Error-Code": "EntryNotFound"})
            return
        data = files[path]
        lfs = _lfs(data)
        if lfs is None:
            headers = {"X-Repo-Commit": commit, "ETag": f'"{git_id(data)}"', "Content-Type": "text/plain"}
            self.send_file(data, path, headers)
            return
        place = f"{self.state.elsewhere}/{model}/{commit}/{path}?X-Amz-Signature={SIGNATURE}"
        tag, size = f'"{lfs["sha256"]}"', str(lfs["size"])
        self.send(302, b"", {"Location": place, "X-Repo-Commit": commit, "X-Linked-ETag": tag, "X-Linked-Size": size})


class _LargeFiles(_Answers):
    elsewhere = True

    def answer(self, path: str) -> None:
        owner, name, commit, file = path[1:].split("/", 3)
        data = self.state.commits[f"{owner}/{name}"][commit][file]
        headers = {"ETag": f'"{hashlib.md5(data).hexdigest()}"', "Content-Type": "application/octet-stream"}
        self.send_file(data, file, headers)
