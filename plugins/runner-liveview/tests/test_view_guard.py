"""Who is served: nobody from elsewhere, no page of another origin, and if there is a token, only its holder."""

import http.client
import re
import socket
from urllib.parse import urlsplit

import pytest
import requests
from view_client import read
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

TOKEN = "a-long-token"
FILES = ("/", "/view.js", "/draw.js", "/base.css", "/view.css", "/icon.svg")


def get(view, path="/", **headers):
    return requests.get(f"http://{view.host}{path}", headers=headers, timeout=5, allow_redirects=False)


def refused(view, path="/frames", **options):
    """The status that a WebSocket is refused with."""
    with pytest.raises(InvalidStatus) as refusal, connect(f"ws://{view.host}{path}", proxy=None, **options):
        pass
    return refusal.value.response.status_code


@pytest.fixture
def guarded(serve):
    """Served on all interfaces, and asked on loopback."""
    return serve(f"?host=0.0.0.0&token={TOKEN}")


def local(view):
    """Where this test asks: on loopback, whatever name the page was announced by."""
    return f"127.0.0.1:{urlsplit(view.url).port}"


class TestThePage:
    @pytest.mark.parametrize("path", FILES)
    def test_every_file_comes_with_a_strict_policy(self, view, path):
        answer = get(view, path)
        assert answer.status_code == 200
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    def test_nothing_outside_its_folder_is_served(self, view):
        for path in ("/../sink.py", "/%2e%2e/sink.py", "/..%2fsink.py", "/sink.py", "/__init__.py"):
            assert get(view, path).status_code == 404

    def test_no_file_asks_for_anything_from_elsewhere(self, view):
        texts = [get(view, path).text for path in (*FILES, "/tile.js", "/panel.js", "/message.js", "/elements.js")]
        addresses = {found for text in texts for found in re.findall(r"(?:https?|wss?)://[\w./-]+", text)}
        assert addresses <= {"http://www.w3.org/2000/svg"}, "an XML name is no address; anything else is"


class TestNames:
    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "["])
    def test_a_name_that_somebody_may_point_here_is_refused(self, view, host):
        assert get(view, Host=host).status_code in (400, 403)

    @pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1:9000", "[::1]:9000"])
    def test_names_of_this_machine_are_served_at_any_port_for_tunnels(self, view, host):
        assert get(view, Host=host).status_code == 200

    def test_a_web_socket_by_such_a_name_is_refused(self, view):
        host = f"evil.example:{urlsplit(view.url).port}"
        with pytest.raises(InvalidStatus) as refusal:
            connect(f"ws://{host}/frames", proxy=None, sock=_to(view))
        assert refusal.value.response.status_code == 403


def _to(view):
    return socket.create_connection(("127.0.0.1", urlsplit(view.url).port))


class TestOrigins:
    @pytest.mark.parametrize("origin", ["http://evil.example", "https://127.0.0.1", "null", "http://127.0.0.1:1"])
    def test_a_web_socket_from_another_origin_is_refused(self, view, origin):
        assert refused(view, origin=origin) == 403

    def test_the_own_page_s_is_served(self, view):
        view.show()
        with view.viewer(origin=f"http://{view.host}") as viewer:
            assert read(viewer.recv(5))[1]


class TestTokens:
    def test_without_it_there_is_nothing(self, guarded):
        for path in (*FILES, "/?token=wrong-token", "/?token="):
            answer = requests.get(f"http://{local(guarded)}{path}", timeout=5)
            assert answer.status_code == 403
            assert TOKEN not in answer.text

    def test_a_web_socket_without_it_is_refused(self, guarded):
        for headers in ({}, {"Cookie": f"runner-liveview-{urlsplit(guarded.url).port}=wrong-token"}):
            with pytest.raises(InvalidStatus):
                connect(f"ws://{local(guarded)}/frames", proxy=None, additional_headers=headers)

    def test_who_brings_it_gets_a_cookie_and_an_address_without_it(self, guarded):
        with requests.Session() as browser:
            answer = browser.get(f"http://{local(guarded)}/?token={TOKEN}", timeout=5)
            assert answer.url == f"http://{local(guarded)}/"
            assert answer.status_code == 200
            (cookie,) = browser.cookies
            assert cookie.has_nonstandard_attr("HttpOnly")
            assert browser.get(f"http://{local(guarded)}/view.js", timeout=5).status_code == 200
        guarded.show()
        headers = {"Cookie": f"{cookie.name}={cookie.value}"}
        with connect(f"ws://{local(guarded)}/frames", proxy=None, additional_headers=headers) as viewer:
            assert read(viewer.recv(5))[1]

    @pytest.mark.parametrize("path", ["//evil.example/", "/%5cevil.example/", "///evil.example", "/\\\\evil.example"])
    def test_nobody_is_sent_elsewhere_with_it(self, guarded, path):
        asked = http.client.HTTPConnection(local(guarded), timeout=5)
        asked.request("GET", f"{path}?token={TOKEN}")
        answer = asked.getresponse()
        asked.close()
        assert (answer.status, answer.headers["Location"]) == (303, "/")

    def test_the_address_that_is_announced_carries_it(self, guarded, capsys):
        assert guarded.url.endswith(f"/?token={TOKEN}")
