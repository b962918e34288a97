"""The files of a page, which are read once: a request for one needs neither descriptor nor thread."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def serve_files(folder: Path, shared: Iterable[Path] = ()) -> Route:
    """Serves the files of a folder, and those that it shares with another page; ``/`` is its ``index.html``."""
    files = {path.name: path.read_bytes() for path in [*shared, *folder.iterdir()] if path.is_file()}

    async def send_file(request: Request) -> Response:
        name = request.path_params["name"] or "index.html"
        if name not in files:
            return PlainTextResponse("Not Found", 404)
        return Response(files[name], media_type=KINDS[Path(name).suffix])

    return Route("/{name:path}", send_file)
