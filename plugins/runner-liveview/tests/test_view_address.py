"""What may be typed after view:."""

import pytest
from runner_liveview.address import Address

from runner_core.errors import UsageError

TOKEN = "a-long-token"


def test_by_default_this_machine_only_can_reach_it():
    address = Address.read("8000")
    assert (address.port, address.host, address.token) == (8000, "127.0.0.1", "")
    assert address.is_loopback


@pytest.mark.parametrize("host", ["127.0.0.2", "::1", "localhost"])
def test_loopback_needs_no_token(host):
    assert Address.read(f"8000?host={host}").host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "camera.example"])
def test_any_other_host_is_refused_without_a_token_and_one_is_proposed(host):
    with pytest.raises(UsageError, match="other machines") as refused:
        Address.read(f"8000?host={host}")
    proposed = refused.value.remedy.partition("'view:")[2].rstrip("'")
    assert Address.read(proposed).host == host


def test_a_short_token_is_refused():
    with pytest.raises(UsageError, match="guessed"):
        Address.read("8000?host=0.0.0.0&token=abc")


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("out.html", "is not a port"), ("", "is not a port"), ("70000", "is not a port"), ("-1", "is not a port"),
        ("8000?big=1", "big"),
        ("8000?pace=0", "pace"), ("8000?pace=fast", "pace"), ("8000?pace=inf", "pace"), ("8000?open=maybe", "open"),
        ("8000?wait=2", "wait"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(location, message):
    with pytest.raises(UsageError, match=message):
        Address.read(location)


def test_the_url_carries_the_token_and_brackets():
    assert Address.read(f"8000?host=::&token={TOKEN}").url(8000) == f"http://[::]:8000/?token={TOKEN}"
