"""The pages of the commands are what `--help` says."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]


def load_script():
    spec = importlib.util.spec_from_file_location("list_commands", ROOT / "tools" / "list_commands.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def test_the_pages_are_up_to_date():
    script = load_script()
    kept = {path.name: path.read_text(encoding="utf-8") for path in script.FOLDER.glob("*.md")}
    assert kept == script.write_pages(), "run `make commands`"


def test_an_option_is_shown_as_it_is_typed():
    script = load_script()
    assert script.format_names("-b, --brain BRAIN") == "`-b`, `--brain BRAIN`"
    assert script.format_help("a|b <x>  [default: 1]") == r"a\|b \<x> `[default: 1]`"
    assert script.format_help("[default: 1]") == "`[default: 1]`"
