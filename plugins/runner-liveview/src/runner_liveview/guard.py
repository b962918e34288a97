"""Guard: which requests are answered.

A browser requests whatever any page tells it to. So a request must name this server by an address or a name that nobody
else can point here (DNS rebinding), a WebSocket must come from this server's own page, and if there is a token, a
request must have it.
"""

from __future__ import annotations

import secrets
import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runner_liveview.address import Address

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Guard:
    """Refuses requests before they reach an application, and adds the headers above to all answers."""

    def __init__(self, app: ASGIApp, address: Address) -> None:
        self._app, self._address = app, address
        self._names = {"localhost", address.host.lower(), socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses the request, or passes it on."""
        refusal = self._refusal(HTTPConnection(scope))
        if refusal is None:
            await self._app(scope, receive, _add_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: a 403
        else:
            await refusal(scope, receive, _add_headers(send))

    def _refusal(self, asked: HTTPConnection) -> Response | None:
        host = asked.headers.get("host", "")
        if not self._is_own(host):
            return PlainTextResponse(f"This page is not served as {host!r}.\n", 403)
        origin = asked.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:  # a browser's WebSocket always has one
            return PlainTextResponse("Not for pages of other origins.\n", 403)
        return self._without_token(asked) if self._address.token else None

    def _is_own(self, host: str) -> bool:
        """Whether a Host header names this machine in a way that nobody else can forge."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._names or _is_address(name)

    def _without_token(self, asked: HTTPConnection) -> Response | None:
        """None for a request with the token; one that has it in the address is sent a cookie and a clean address."""
        cookie = f"runner-liveview-{asked.url.port or 80}"  # cookies know no ports
        if self._is_token(asked.cookies.get(cookie, "")):
            return None
        if not self._is_token(asked.query_params.get("token", "")):
            return PlainTextResponse("Open the address with the token that runner printed: .../?token=...\n", 403)
        if asked.scope["type"] == "websocket":
            return None
        answer = RedirectResponse("/", 303)  # not to the path: browsers take //elsewhere/ for another host
        answer.set_cookie(cookie, self._address.token, httponly=True, samesite="lax")
        return answer

    def _is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), self._address.token.encode())


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _add_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return sending
