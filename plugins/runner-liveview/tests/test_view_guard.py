"""Who is served: nobody from elsewhere, no page of another origin, and if there is a token, only its holder.

The view and the page for labelling stand behind the same guard.
"""

import http.client
import re
import socket
from urllib.parse import urlsplit

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

TOKEN = "a-long-token"


def get(site, path="/", **headers):
    return requests.get(f"http://{site.host}{path}", headers=headers, timeout=5, allow_redirects=False)


def refused(site, **options):
    """The status that a WebSocket is refused with."""
    with pytest.raises(InvalidStatus) as refusal, connect(f"ws://{site.host}{site.socket}", proxy=None, **options):
        pass
    return refusal.value.response.status_code


@pytest.fixture
def guarded(serve_site):
    """Served on all interfaces, and asked on loopback."""
    return serve_site(host="0.0.0.0", token=TOKEN)


class TestThePage:
    def test_every_file_comes_with_a_strict_policy(self, site):
        for path in site.files:
            answer = get(site, path)
            assert answer.status_code == 200
            policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
            assert policy["default-src"] == "'none'"
            assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
            assert policy["frame-ancestors"] == "'none'"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"

    def test_nothing_outside_its_folder_is_served(self, site):
        for path in ("/../sink.py", "/%2e%2e/sink.py", "/..%2fsink.py", "/sink.py", "/__init__.py", "/../app.py"):
            assert get(site, path).status_code == 404

    def test_no_file_asks_for_anything_from_elsewhere(self, site):
        texts = [get(site, path).text for path in site.files]
        addresses = {found for text in texts for found in re.findall(r"(?:https?|wss?)://[\w./-]+", text)}
        assert addresses <= {"http://www.w3.org/2000/svg"}, "an XML name is no address; anything else is"


class TestNames:
    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "["])
    def test_a_name_that_somebody_may_point_here_is_refused(self, site, host):
        assert get(site, Host=host).status_code in (400, 403)

    @pytest.mark.parametrize("host", ["localhost", "localhost:9000", "127.0.0.1:9000", "[::1]:9000"])
    def test_names_of_this_machine_are_served_at_any_port_for_tunnels(self, site, host):
        assert get(site, Host=host).status_code == 200

    def test_a_web_socket_by_such_a_name_is_refused(self, site):
        host, own = f"evil.example:{urlsplit(site.url).port}", ("127.0.0.1", urlsplit(site.url).port)
        with pytest.raises(InvalidStatus) as refusal:
            connect(f"ws://{host}{site.socket}", proxy=None, sock=socket.create_connection(own))
        assert refusal.value.response.status_code == 403


class TestOrigins:
    @pytest.mark.parametrize("origin", ["http://evil.example", "https://127.0.0.1", "null", "http://127.0.0.1:1"])
    def test_a_web_socket_from_another_origin_is_refused(self, site, origin):
        assert refused(site, origin=origin) == 403

    @pytest.mark.parametrize(("method", "path"), [("PUT", "/sheet"), ("POST", "/training"), ("POST", "/classes")])
    def test_so_is_whatever_it_would_change(self, site, method, path):
        address = f"http://{site.host}{path}"
        assert (
            requests.request(method, address, headers={"Origin": "http://evil.example"}, timeout=5).status_code == 403
        )

    def test_the_own_page_s_is_served(self, site):
        with connect(f"ws://{site.host}{site.socket}", proxy=None, origin=f"http://{site.host}") as viewer:
            assert viewer.recv(5)


class TestTokens:
    def test_without_it_there_is_nothing(self, guarded):
        for path in (*guarded.files, "/?token=wrong-token", "/?token=", "/desk", "/picture?picture=a.png"):
            answer = get(guarded, path)
            assert answer.status_code == 403
            assert TOKEN not in answer.text

    def test_a_web_socket_without_it_is_refused(self, guarded):
        for headers in ({}, {"Cookie": f"runner-liveview-{urlsplit(guarded.url).port}=wrong-token"}):
            assert refused(guarded, additional_headers=headers) == 403

    def test_who_brings_it_gets_a_cookie_and_an_address_without_it(self, guarded):
        with requests.Session() as browser:
            answer = browser.get(f"http://{guarded.host}/?token={TOKEN}", timeout=5)
            assert answer.url == f"http://{guarded.host}/"
            assert answer.status_code == 200
            (cookie,) = browser.cookies
            assert cookie.has_nonstandard_attr("HttpOnly")
            assert browser.get(f"http://{guarded.host}/elements.js", timeout=5).status_code == 200
        headers = {"Cookie": f"{cookie.name}={cookie.value}"}
        with connect(f"ws://{guarded.host}{guarded.socket}", proxy=None, additional_headers=headers) as viewer:
            assert viewer.recv(5)

    @pytest.mark.parametrize("path", ["//evil.example/", "/%5cevil.example/", "///evil.example", "/\\\\evil.example"])
    def test_nobody_is_sent_elsewhere_with_it(self, guarded, path):
        asked = http.client.HTTPConnection(guarded.host, timeout=5)
        asked.request("GET", f"{path}?token={TOKEN}")
        answer = asked.getresponse()
        asked.close()
        assert (answer.status, answer.headers["Location"]) == (303, "/")

    def test_the_address_that_is_announced_carries_it(self, guarded):
        assert guarded.url.endswith(f"/?token={TOKEN}")
