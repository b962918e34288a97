"""Options behind a question mark: which there are, and what is a file's name all the same."""

from pathlib import Path

import pytest

from runner_core.errors import UsageError
from runner_core.util.location import Kind, split_options, without_options

COUNT = {"count": Kind(r"\d+", int, "a number"), "file": Kind(".+", str, "a file")}


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
    ("location", "kinds", "told"),
    [
        ("out.csv?foo=1", {}, r"out\.csv\?foo=1: no option 'foo'; known: none"),
        ("out.csv?foo", COUNT, "no option 'foo'; known: count, file"),
        ("out.csv?count=3&foo=1", COUNT, "no option 'foo'"),
        ("out.csv?count=many", COUNT, "count=many is not a number"),
    ],
)
def test_others_are_refused(location, kinds, told):
    with pytest.raises(UsageError, match=told):
        split_options(location, kinds)


def test_an_address_keeps_its_own():
    assert split_options("http://x/a?7&count=3&k=v", COUNT, foreign=True) == ("http://x/a?7&k=v", {"count": 3})
