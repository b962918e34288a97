"""Facts kept from run to run: small JSON files in ``RUNNER_HOME`` to which every process of the user may add."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from filelock import FileLock

from runner_core.util.atomic import make_folder, write_text
from runner_core.util.home import NoHomeError, find_home


def read_facts(file_name: str) -> dict[str, Any]:
    """The facts in a file of ``RUNNER_HOME`` by key, none if there is no file or no such folder.

    Raises OSError if it cannot be read, ValueError if it is damaged.
    """
    try:
        facts = json.loads((find_home() / file_name).read_bytes())
    except (FileNotFoundError, NotADirectoryError, NoHomeError):
        return {}
    except RecursionError as error:
        raise ValueError(str(error)) from error
    if not isinstance(facts, dict):
        raise ValueError(f"it holds {type(facts).__name__} instead of an object")  # as other damage
    return facts


def update_facts(file_name: str, update: Callable[[], Mapping[str, Any]]) -> None:
    """Replaces the facts by what ``update`` returns. Raises OSError if the file cannot be written, NoHomeError.

    ``update`` is called while this process holds the file's lock, so that no other process changes what it reads.
    """
    path = find_home() / file_name
    make_folder(path.parent)
    with FileLock(path.with_suffix(".lock")):
        write_text(path, json.dumps(update(), indent=1))
