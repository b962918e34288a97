"""A web server for bench/pull.py: a folder, and the same weights as the Hugging Face Hub serves a model's files.

``python _pull_server.py FOLDER WEIGHTS`` prints its address and serves until its standard input ends.
"""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    """Bodies go from the file to the socket by sendfile: the server costs as little as one can."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    folder: Path
    weights: Path

    def do_GET(self) -> None:
        self.answer()

    def do_HEAD(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = self.weights if "/resolve/" in self.path else self.folder / self.path.lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        with path.open("rb") as stream:
            self.send_response(200)
            self.send_header("Content-Length", str(path.stat().st_size))
            self.send_header("ETag", '"one"')
            self.send_header("X-Repo-Commit", "0" * 40)
            self.end_headers()
            if self.command == "GET":
                self.connection.sendfile(stream)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    Handler.folder, Handler.weights = map(Path, sys.argv[1:])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
