"""A server on loopback that speaks Diffgram's protocol; its online answers come from a real frozen graph."""

from __future__ import annotations

import base64
import json
import time
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import attrs
from loopback import Loopback

from runner_core import open_brain
from runner_core.frames.download import fetch_bytes

ACCOUNT = ("id-of-the-client", "secret-of-the-client")
PROJECT = "pages"


@attrs.frozen
class Fault:
    """What is sent instead of an answer, after ``wait`` seconds; None: the answer itself."""

    status: int | None = None
    headers: dict[str, str] = attrs.field(factory=dict)
    data: Any = None
    wait: float = 0.0

    @property
    def body(self) -> tuple[bytes, str]:
        """With its type; a page where there is no ``data``."""
        page = b"<html>sorry</html>", "text/html"
        return page if self.data is None else (json.dumps(self.data).encode(), "application/json")


class DiffgramServer(Loopback):
    """``brains`` maps a name to its frozen graph; the label maps may be changed while it runs."""

    def __init__(self, brains: dict[str, Path], name_to_file_id: dict[str, int], label_dict: dict[str, int]) -> None:
        self.brains, self.name_to_file_id, self.label_dict = brains, name_to_file_id, label_dict
        self.files: dict[int, bytes] = {}
        self.number = 41  # the id of every brain; one trained again has another
        self.downloads = self.connections = 0
        self.accounts: list[tuple[str, bool]] = []  # paths, and whether an account came along
        self.faults: dict[str, list[Fault]] = {}  # part of a path -> what is sent instead, the last one ever after
        self._open: dict[str, Any] = {}
        server = self

        class Handler(_Handler):
            state = server

        self._http = _Quiet(("127.0.0.1", 0), Handler)
        self.servers = (self._http,)
        self.host = f"http://127.0.0.1:{self._http.server_port}"

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        for brain in self._open.values():
            brain.close()

    def count(self, part: str) -> int:
        """How many requests there were with this in their path."""
        return sum(part in path for path, _ in self.accounts)

    def infer(self, name: str, picture: bytes) -> dict[str, Any]:
        """What the server's own copy of the network says, in the protocol's form."""
        brain = self._open.get(name) or self._open.setdefault(name, open_brain(self.brains[name]))
        outputs = brain.session.run(
            {"encoded_image_string_tensor:0": _bytes_tensor(picture)},
            ("detection_boxes:0", "detection_scores:0", "detection_classes:0"),
        )
        boxes, scores, classes = (outputs[key][0] for key in outputs)
        return {
            "id": 7, "status": "success", "box_list": boxes.tolist(), "score_list": scores.tolist(),
            "label_list": classes.astype(int).tolist(),
        }  # fmt: skip


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that give up are what some tests are about."""


def _bytes_tensor(picture: bytes) -> Any:
    import numpy as np

    return np.array([picture], dtype=object)


class _Handler(BaseHTTPRequestHandler):
    state: DiffgramServer
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        self.state.connections += 1
        super().setup()

    def do_GET(self) -> None:
        if self._turned_away():
            return None
        if self.path.startswith("/models/"):  # elsewhere, as a signed address is: no account is asked for
            self.state.downloads += 1
            return self._send(
                200, self.state.brains[self.path.split("/")[2].split("?")[0]].read_bytes(), "application/octet-stream"
            )
        if self._refused():
            return None
        if self.path == f"/api/v1/project/{PROJECT}/labels/view/name_to_file_id":
            return self._json({"log": {"success": True}, "name_to_file_id": self.state.name_to_file_id})
        return self._send(404, b"{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._turned_away() or self._refused():
            return None
        routes = {
            f"/api/walrus/project/{PROJECT}/brain/local_info": self._info,
            f"/api/walrus/v1/project/{PROJECT}/brain/status": lambda asked: {"ai": {"status": "trained"}},
            f"/api/walrus/v1/project/{PROJECT}/inference/from_local": self._from_local,
            f"/api/walrus/v1/project/{PROJECT}/inference/from_url": self._from_url,
            f"/api/walrus/project/{PROJECT}/inference/add": self._from_file,
        }
        if self.path not in routes:
            return self._send(404, b"{}")
        return self._json(routes[self.path](self._form(body)))

    def _info(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["ai_name"]
        if name not in self.state.brains:
            return {"log": {"success": True}, "ai": None}
        url = f"{self.state.host}/models/{name}?signature={self.state.count('local_info')}"
        return {"ai": {"id": self.state.number, "label_dict": self.state.label_dict, "url_model": url}}

    def _from_local(self, form: dict[str, Any]) -> dict[str, Any]:
        assert form["immediate_mode"] == "True"
        return {"inference": self.state.infer(form["ai_name"], form["file"])}

    def _from_url(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"inference": self.state.infer(asked["ai_name"], fetch_bytes(asked["url"]))}

    def _from_file(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"inference": self.state.infer(asked["ai_name"], self.state.files[asked["file_list"][0]["id"]])}

    def _form(self, body: bytes) -> dict[str, Any]:
        kind = self.headers["Content-Type"]
        if kind.startswith("application/json"):
            return json.loads(body)
        parsed = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        parts = {part.get_param("name", header="content-disposition"): part for part in parsed.iter_parts()}
        return {
            name: part.get_payload(decode=True) if part.get_filename() else part.get_payload().strip()
            for name, part in parts.items()
        }

    def _refused(self) -> bool:
        wanted = "Basic " + base64.b64encode(":".join(ACCOUNT).encode()).decode()
        if self.headers.get("Authorization") == wanted:
            return False
        self._send(403, b"{}")
        return True

    def _turned_away(self) -> bool:
        self.state.accounts.append((self.path, "Authorization" in self.headers))
        for part, faults in self.state.faults.items():
            if part in self.path:
                fault = faults.pop(0) if len(faults) > 1 else faults[0]
                time.sleep(fault.wait)
                if fault.status is not None:
                    self._send(fault.status, *fault.body, fault.headers)
                return fault.status is not None
        return False

    def _json(self, data: Any) -> None:
        self._send(200, json.dumps(data).encode())

    def _send(
        self, status: int, body: bytes, kind: str = "application/json", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for key, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""
