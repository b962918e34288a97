"""What the HTTP client of stores keeps to itself: tokens, accounts, signatures."""

import base64

import pytest
from faulty_server import FaultyServer, status

from runner_core.cache.http import Client, http_opener
from runner_core.errors import StoreError, UnreachableError

FILE = "/brain.json"


@pytest.fixture
def server(tmp_path):
    (tmp_path / "brain.json").write_text("{}")
    with FaultyServer(tmp_path) as running:
        yield running


@pytest.fixture
def elsewhere(tmp_path):
    with FaultyServer(tmp_path) as running:
        yield running


def test_a_token_is_sent_to_its_server_and_to_no_other(server, elsewhere):
    server.always(FILE, status(302, {"Location": elsewhere.url + FILE}))
    with Client(token="the-token") as client:
        assert client.ask("GET", server.url + FILE).text == "{}"
    assert [asked.authorization for asked in server.asked] == ["Bearer the-token"]
    assert [asked.authorization for asked in elsewhere.asked] == [""]


def test_a_token_takes_precedence_over_netrc(server, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for token in ("the-token", ""):
        with Client(token=token) as client:
            client.ask("GET", server.url + FILE)
    basic = base64.b64encode(b"me:secret").decode()
    assert [asked.authorization for asked in server.asked] == ["Bearer the-token", f"Basic {basic}"]


@pytest.mark.parametrize("code", [401, 403, 404, 418, 500])
def test_accounts_and_signatures_are_not_shown(server, code):
    place = server.url.replace("//", "//me:secret@") + FILE + "?X-Amz-Signature=secret#secret"
    server.always(FILE + "?X-Amz-Signature=secret", status(code))
    with Client(total_retries=0) as client:
        with pytest.raises(StoreError) as refused:
            client.ask("GET", place)
        assert f"{server.url}{FILE}: " in str(refused.value)
        assert "secret" not in str(refused.value)
        with pytest.raises(StoreError) as cut, http_opener(client, place)(0, ""):
            pass
        assert "secret" not in str(cut.value)


def test_a_server_that_is_not_there_tells_nothing_either(server):
    place = server.url.replace("//", "//me:secret@") + FILE + "?X-Amz-Signature=secret"
    server.__exit__()
    with Client(total_retries=0) as client, pytest.raises(UnreachableError) as error:
        client.ask("GET", place)
    assert "secret" not in str(error.value)
