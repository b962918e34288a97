"""The page of what runs is that of the plugins and tests that are there."""

from tool_scripts import load_script


def test_the_page_is_up_to_date():
    script = load_script("list_what_runs")
    assert script.PAGE.read_text(encoding="utf-8") == script.write_page(), "run `make what-runs`"
