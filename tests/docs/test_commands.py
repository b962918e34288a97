"""The pages of the commands are what `--help` says."""

from tool_scripts import load_script


def test_the_pages_are_up_to_date():
    script = load_script("list_commands")
    kept = {path.name: path.read_text(encoding="utf-8") for path in script.FOLDER.glob("*.md")}
    assert kept == script.write_pages(), "run `make commands`"


def test_an_option_is_shown_as_it_is_typed():
    script = load_script("list_commands")
    assert script.format_names("-b, --brain BRAIN") == "`-b`, `--brain BRAIN`"
    assert script.format_help("a|b <x>  [default: 1]") == r"a\|b \<x> `[default: 1]`"
    assert script.format_help("[default: 1]") == "`[default: 1]`"
