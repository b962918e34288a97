"""Edits: mutants are the same for a seed, and a recipe makes them again."""

from random import Random

import pytest
from edits import Edit, apply_edits, draw_edits, format_edits, minimise, parse_edits

DATA = b'\x89head {"size": [3, 4], "name": "page"} and a tail' + bytes(range(64))


def test_edits_are_applied_from_left_to_right():
    edits = parse_edits("0-1 4+2b2b 99999+21 2-3+ff")
    assert edits == (Edit(0, 1), Edit(4, 0, b"++"), Edit(99999, 0, b"!"), Edit(2, 3, b"\xff"))
    assert apply_edits(b"abcdefgh", edits) == b"bc\xff+fgh!"


@pytest.mark.parametrize("text", ["x", "1-", "1+0", "1+0g", "-1", "1 2 three"])
def test_what_is_not_written_so_is_refused(text):
    with pytest.raises(ValueError, match="not edits"):
        parse_edits(text)


@pytest.mark.parametrize("data", [DATA, b"", b"x", b'{"a": 1}'], ids=["mixed", "empty", "a byte", "text"])
def test_a_recipe_makes_the_mutant_again(data):
    for number in range(300):
        edits = draw_edits(Random(number), data, (b"token",))
        assert edits == draw_edits(Random(number), data, (b"token",))
        assert parse_edits(format_edits(edits)) == edits


def test_nearly_all_mutants_differ_from_the_whole_and_from_each_other():
    made = {apply_edits(DATA, draw_edits(Random(number), DATA)) for number in range(300)}
    assert len(made) > 270
    assert sum(mutant.count(b'"page"') for mutant in made) > 100, "most of a file stays as it was"


def test_only_what_a_fault_needs_stays_of_a_recipe():
    edits = parse_edits("3-4 10+41424344 20-1+00 5+99")
    found = minimise(edits, lambda some: b"A" in apply_edits(bytes(40), some))
    assert format_edits(found) == "10+41"
