"""A location: its secrets, and the options after its question mark."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner_core.errors import UsageError
from runner_core.util.location import (
    OptionType,
    find_unencoded,
    number_repeats,
    redact_url,
    split_options,
    without_account,
    without_options,
)

COUNT = {"count": OptionType(r"\d+", int, "a number"), "file": OptionType(".+", str, "a file")}


@pytest.mark.parametrize(
    ("location", "place", "options"),
    [
        ("out.csv", "out.csv", {}),
        ("out.csv?count=3", "out.csv", {"count": 3}),
        ("out?count=3&file=a%20b?.txt", "out", {"count": 3, "file": "a b?.txt"}),
        ("what?.csv", "what?.csv", {}),
        ("what?.csv?count=3", "what?.csv", {"count": 3}),
        ("50%?=.csv", "50%?=.csv", {}),
        (Path("out.csv?count=3"), "out.csv?count=3", {}),
    ],
)
def test_options_begin_where_a_name_is_behind_a_question_mark(location, place, options):
    assert split_options(location, COUNT) == (place, options)
    assert without_options(str(location)).startswith(place.partition("?count")[0])


@pytest.mark.parametrize(
    ("location", "known", "message"),
    [
        ("out.csv?foo=1", {}, r"out\.csv\?foo=1: no option 'foo'; known: none"),
        ("out.csv?foo", COUNT, "no option 'foo'; known: count, file"),
        ("out.csv?count=3&foo=1", COUNT, "no option 'foo'"),
        ("out.csv?count=many", COUNT, "count=many is not a number"),
    ],
)
def test_other_options_are_refused(location, known, message):
    with pytest.raises(UsageError, match=message):
        split_options(location, known)


@pytest.mark.parametrize("query", ["count=many&token=secret", "token=secret"])
def test_an_option_of_a_url_is_refused_without_its_secrets(query):
    with pytest.raises(UsageError, match=r"^https://host/a: (count=many is not a number|no option 'token')") as raised:
        split_options(f"https://me:secret@host/a?{query}", COUNT)
    assert "secret" not in str(raised.value)


def test_a_url_keeps_its_own_query():
    assert split_options("http://x/a?7&count=3&k=v", COUNT, foreign=True) == ("http://x/a?7&k=v", {"count": 3})


@pytest.mark.parametrize(
    ("location", "redacted"),
    [
        ("https://host/a/b", "https://host/a/b"),
        ("https://host/a@b", "https://host/a@b"),
        ("https://me:p@ss@host:8080/a?b=c#d", "https://host:8080/a"),
        ("https://host/cat.jpg?X-Amz-Signature=secret", "https://host/cat.jpg"),
        ("https://host?secret", "https://host"),
        ("https://host/a\n?secret\nsecret", "https://host/a\n"),
        ("https://me:a secret@host/a", "https://host/a"),
        ("https://me:secret@[::1/a", "https://[::1/a"),
        ("//me:secret@host/a", "//host/a"),
        ("sftp://me@host/a", "sftp://host/a"),
        ("s3://bucket/models", "s3://bucket/models"),
        ("stream:rtsp://me:secret@host/live?stall=3&password=secret", "stream:rtsp://host/live"),
        ("clip.mp4?stride=2", "clip.mp4?stride=2"),
        ("what?.csv", "what?.csv"),
        ("me@home/#1.jpg", "me@home/#1.jpg"),
    ],
)
def test_what_may_be_secret_is_redacted(location, redacted):
    assert redact_url(location) == redacted
    assert redact_url(redacted) == redacted


def test_equal_names_are_numbered():
    assert number_repeats(["a", "b", "a", "a"]) == ["", "", " (2)", " (3)"]
    assert number_repeats([]) == []


def test_a_server_gets_the_url_without_the_account():
    assert without_account("https://me:p@ss@host/a?b=c#d") == "https://host/a?b=c#d"


@pytest.mark.parametrize(
    ("url", "shown", "sign"),
    [
        ("rtsp://bob:S3c%40ret#1@host:9/live", "rtsp://host:9/live", "#"),
        ("rtsp://bob:S3/cret@host:9/live", "rtsp://host:9/live", "/"),
        ("rtsp://bob:S3 cret@host:9/live", "rtsp://host:9/live", " "),
        ("rtsp://bob:1234/5@host/live", "rtsp://host/live", "/"),
        ("rtsp:/bob:S3cret@host/live", "rtsp:/host/live", ""),
        ("stream:rtsp://bob:S3?cret@host/live?x=1", "stream:rtsp://host/live", "?"),
        ("http://bob:a@b@host/x", "http://host/x", ""),
        ("rtsp://host:9/live?user=bob&password=S3cret", "rtsp://host:9/live", ""),
        ("https://host/a.jpg?X-Amz-Signature=S3cret#S3cret", "https://host/a.jpg", ""),
        ("http://host:80/a@2x.jpg", "http://host:80/a@2x.jpg", ""),
        ("pictures/a@2x.jpg?x=1", "pictures/a@2x.jpg?x=1", ""),
        ("jsonl:/a:b/c@d", "jsonl:/a:b/c@d", ""),
        ("C:/a:b@c.jpg", "C:/a:b@c.jpg", ""),
    ],
)
def test_secrets_are_found_as_people_write_them(url, shown, sign):
    assert redact_url(url) == shown
    assert find_unencoded(url) == sign


@given(
    scheme=st.sampled_from(["rtsp://", "rtsp:/", "http://", "https://", "stream:rtsp://", "rtmp://"]),
    secret=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12).map(lambda text: f"Q{text}Q"),
    path=st.sampled_from(["", "/", "/live", "/a/b.jpg"]),
    query=st.sampled_from(["", "?token={}", "?sig={}&x=1", "#{}"]),
)
def test_no_password_and_no_signature_is_shown(scheme, secret, path, query):
    shown = redact_url(f"{scheme}user:{secret}@camera.example:554{path}{query.format(secret)}")
    assert secret not in shown
    assert shown.endswith(f"/camera.example:554{path}")
