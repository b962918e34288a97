"""docs/glossary.md: each word once, in order, with the field's word beside it."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")
ROWS = [re.split(r"\s*\|\s*", row.strip("| ")) for row in PAGE.splitlines() if row.startswith("| **")]
WORDS = [re.sub(r"\W*\*\*(.+)\*\*.*", r"\1", row[0]) for row in ROWS]


def test_each_word_has_a_row_with_its_meaning():
    assert len(WORDS) > 50
    assert [row[0] for row in ROWS if len(row) != 3 or not row[2]] == []


def test_the_words_are_in_order_and_there_once():
    assert sorted(WORDS, key=str.lower) == WORDS
    assert len(set(WORDS)) == len(WORDS)


def test_no_word_of_the_field_is_a_word_of_ours_for_something_else():
    ours = {word.lower() for word in WORDS}
    taken = [(row[0], word) for row in ROWS for word in row[1].split(", ") if word.lower() in ours]
    same = [pair for pair in taken if pair[0] != f"**{pair[1]}**"]
    assert same == [("**kind**", "task")]  # as Hugging Face has it; a task is a plugin here
