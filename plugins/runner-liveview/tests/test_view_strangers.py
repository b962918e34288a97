"""Who means no good, or has lost its way: the run goes on, people can watch it, and nothing grows."""

import logging
import select
import socket
import struct
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest
import requests
from runner_liveview import room, server
from runner_liveview.app import FULL
from view_client import noise, read
from websockets.exceptions import ConnectionClosed

CONTINUED, TEXT, BINARY, CLOSE, PING = 0, 1, 2, 8, 9  # https://www.rfc-editor.org/rfc/rfc6455#section-5.2
MOST = 16  # connections
MANY = 50  # that an attacker holds
LONG = 60  # seconds, for what would hang
HALF = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture
def small(monkeypatch):
    """Room for few connections."""
    monkeypatch.setattr(room, "MOST", MOST)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(room, "PATIENCE", 0.2)
    monkeypatch.setattr(room, "SWEEP", 0.05)


@pytest.fixture
def reach():
    """``reach(view, sent)``: a connection on which so much has been said; closed at the end."""
    with ExitStack() as stack:

        def reaching(view, sent=b""):
            connection = connect(view)
            connection.sendall(sent)
            return stack.enter_context(connection)

        yield reaching


def connect(view):
    return socket.create_connection(("127.0.0.1", urlsplit(view.url).port), timeout=LONG)


def upgrade(connection, view):
    """Makes it a WebSocket, of which the test sends every byte."""
    connection.sendall(
        f"GET /frames HTTP/1.1\r\nHost: {view.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    assert b" 101 " in head


def frame(opcode, payload=b"", final=True):
    return bytes([final << 7 | opcode, 0x80 | len(payload), *bytes(4)]) + payload


def is_cut_off(connection, seconds=LONG):
    """Whether the other end has let go of it; nothing is read."""
    watching = select.poll()
    watching.register(connection, select.POLLRDHUP)
    return bool(watching.poll(seconds * 1000))


def ends(connection):
    """Reads to its end; TimeoutError if it has none."""
    with suppress(ConnectionError):
        while connection.recv(1 << 16):
            pass
    return True


@contextmanager
def attack(view):
    """Meanwhile somebody opens connections and says half a sentence, as quickly as they are taken."""
    over, held = Event(), deque()

    def hold() -> None:
        while not over.wait(0.001):
            with suppress(OSError):
                connection = connect(view)
                held.append(connection)
                connection.sendall(HALF)
                if len(held) > MANY:
                    held.popleft().close()

    attacker = Thread(target=hold)
    attacker.start()
    try:
        yield held
    finally:
        over.set()
        attacker.join()
        for connection in held:
            connection.close()


class TestConnections:
    def test_who_says_nothing_leaves_for_a_newcomer(self, small, serve, reach):
        view = serve()
        silent = [reach(view, HALF) for _ in range(2 * MOST)]
        assert all(map(is_cut_off, silent[:MOST]))
        assert not any(is_cut_off(connection, 0) for connection in silent[MOST:])
        assert requests.get(view.url, timeout=LONG).status_code == 200

    def test_who_watches_stays(self, small, serve):
        view = serve()
        with view.viewer() as viewer, attack(view) as held:
            wait_for(lambda: len(held) > 2 * MOST)
            for index in range(3):
                view.show(index)
                assert read(viewer.recv(LONG))[0]["index"] == index
                viewer.send("drawn")

    def test_a_browser_gets_the_page_meanwhile(self, small, serve, browser):
        view = serve()
        view.show()
        with attack(view) as held, browser.new_context() as context:
            wait_for(lambda: len(held) > 2 * MOST)
            page = context.new_page()
            page.goto(view.url, wait_until="domcontentloaded")
            page.wait_for_selector(".camera [title$='frame 0']")

    def test_a_page_takes_no_thread(self, view):
        before = threading.active_count()
        with ThreadPoolExecutor(MOST) as askers:
            asked = [askers.submit(requests.get, f"{view.url}draw.js", timeout=LONG) for _ in range(4 * MOST)]
            assert {answer.result().status_code for answer in asked} == {200}
        assert threading.active_count() <= before

    @pytest.mark.parametrize("sent", [b"", HALF, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"])
    def test_time_is_up_for_who_asks_for_nothing(self, impatient, view, reach, sent):
        assert ends(reach(view, sent))

    def test_time_is_up_for_who_asks_letter_by_letter(self, impatient, view, reach):
        connection = reach(view)
        with suppress(ConnectionError):
            for _ in range(LONG * 100):
                if is_cut_off(connection, 0.01):
                    break
                connection.send(b"G")
        assert is_cut_off(connection, 0)

    def test_a_viewer_s_time_is_never_up(self, impatient, view):
        with view.viewer() as viewer, pytest.raises(TimeoutError):
            viewer.recv(3 * room.PATIENCE)

    def test_one_viewer_too_many_is_told_so(self, small, serve, browser):
        view = serve()
        with ExitStack() as stack:
            viewers = [stack.enter_context(view.viewer()) for _ in range(room.Room().most_viewers)]
            with view.viewer() as surplus, pytest.raises(ConnectionClosed) as closed:
                surplus.recv(LONG)
            assert closed.value.rcvd.code == FULL
            page = stack.enter_context(browser.new_context()).new_page()
            page.goto(view.url)
            page.locator("#status", has_text="Too many viewers").wait_for()
            viewers[0].close()
            page.locator("#status", has_text="Waiting").wait_for()

    def test_the_room_is_made_for_the_descriptors_of_the_process(self):
        assert [room.Room(count).most for count in (64, 1024, 1 << 20)] == [16, 256, 1024]


NONSENSE = {
    "bad UTF-8": frame(TEXT, b"\xff\xfe"),
    "a picture": frame(BINARY, b"abc"),
    "no mask": b"\x81\x01k",
    "an opcode that is none": frame(3, b"k"),
    "more than a page says": frame(TEXT, bytes(125)) * 1000,
    "a long message": b"\x81\xff" + struct.pack(">Q", 1 << 40) + bytes(4) + bytes(1 << 12),
    "a continuation of nothing": frame(CONTINUED, b"k"),
    "fragments without end": frame(TEXT, final=False) + frame(CONTINUED, final=False) * 1000,
    "pings": frame(PING, bytes(125)) * 1000,
    "a wrong close code": frame(CLOSE, struct.pack(">H", 3)),
    "drawn, then closed": frame(TEXT, b"k") * 50 + frame(CLOSE, struct.pack(">H", 1000)),
    "closed, then drawn": frame(CLOSE, struct.pack(">H", 1001)) + frame(TEXT, b"k") * 50,
    "nothing": b"",
}
ENDING = set(NONSENSE) - {"a picture", "nothing"}


class TestNonsense:
    @pytest.mark.parametrize("sent", NONSENSE)
    def test_it_is_let_go_without_a_word(self, view, reach, caplog, capfd, sent):
        with view.viewer() as stays:
            upgrade(connection := reach(view), view)
            view.show(0)
            with suppress(OSError):
                connection.sendall(NONSENSE[sent])
            view.show(1)
            assert sent not in ENDING or ends(connection)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            assert read(stays.recv(LONG))[1]
            stays.send("drawn")
            view.show(2)
            assert read(stays.recv(LONG))[1]
        view.close()
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert "Traceback" not in capfd.readouterr().err

    @pytest.mark.parametrize(
        "sent",
        [
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * (1 << 20),
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: x\r\n" * (1 << 16),
            b"GET /" + b"x" * (1 << 20),
            b"\x16\x03\x01\x02\x00",  # TLS
            b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n" + bytes(1 << 22),
        ],
        ids=["a long header", "many headers", "a long path", "another protocol", "a long body"],
    )
    def test_requests_that_are_none_end(self, impatient, view, reach, caplog, sent):
        connection = reach(view)
        with suppress(OSError):
            connection.sendall(sent)
        assert ends(connection)
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert requests.get(view.url, timeout=LONG).status_code == 200


class TestWhoDoesNotRead:
    def test_a_viewer_is_let_go_with_all_that_waits_for_it(self, impatient, serve, reach, monkeypatch):
        monkeypatch.setattr(server, "PING", 0.2)
        monkeypatch.setattr("view_client.sample_pixels", lambda: noise(1200))
        view = serve()
        upgrade(connection := reach(view), view)
        for index in range(LONG * 20):
            view.show(index)
            if is_cut_off(connection, 0.05):
                return
            connection.send(frame(TEXT, b"drawn"))  # it claims to
        raise AssertionError("what it has not read is kept for it")

    def test_who_asks_again_and_again_and_takes_nothing_is_let_go(self, impatient, view, reach):
        connection = reach(view)
        connection.settimeout(0.05)
        for _ in range(LONG * 20):
            with suppress(OSError):
                connection.send(b"GET /draw.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 1000)
            if is_cut_off(connection, 0):
                return
        raise AssertionError("what it has not taken is kept for it")


def wait_for(condition):
    """Fails if it is not so within a minute."""
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
