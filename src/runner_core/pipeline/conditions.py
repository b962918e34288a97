"""Conditions: what the answers of a run depend on, which must be the same when it is resumed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from runner_core.brain import Brain, list_stages

_LONGEST = 40  # characters of a value that a message shows


def describe_conditions(brains: Sequence[Brain], sinks: Sequence[str], *, exact: bool) -> dict[str, Any]:
    """JSON data of the version of runner, the brains with their options, the sinks."""
    stages = dict.fromkeys(stage for brain in brains for stage in list_stages(brain))
    conditions = {
        "runner": _find_version(), "exact": exact, "sinks": list(sinks),
        "brains": {brain.name: brain.conditions for brain in stages},
    }  # fmt: skip
    plain: dict[str, Any] = json.loads(json.dumps(conditions))  # as it is read back: lists for tuples
    return plain


def list_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """A few words for each: ``brain page: conf was 0.5 and is 0.3``."""
    found = []
    for key in ("runner", "exact"):
        found += list(_compare(key, before.get(key), now[key]))
    for name in dict.fromkeys([*before["sinks"], *now["sinks"]]):
        found += list(_compare_presence(f"sink {name}", name in before["sinks"], name in now["sinks"]))
    for name in dict.fromkeys([*before["brains"], *now["brains"]]):
        own, other = before["brains"].get(name), now["brains"].get(name)
        found += list(_compare_presence(f"brain {name}", own is not None, other is not None))
        if own is not None and other is not None:
            found += list(_compare(f"brain {name}: ", own, other))
    return found


def _compare_presence(what: str, before: bool, now: bool) -> Iterator[str]:
    if before != now:
        yield f"{what} is {'new' if now else 'missing'}"


def _compare(name: str, before: Any, now: Any) -> Iterator[str]:
    """Members of an object each by themselves; of the rest what was and what is."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys([*before, *now]):
            yield from _compare(
                f"{name}{key}" if name.endswith(" ") else f"{name}.{key}", before.get(key), now.get(key)
            )
    elif before != now:
        texts = [json.dumps(value, ensure_ascii=False) for value in (before, now)]
        is_short = max(map(len, texts)) <= _LONGEST
        yield f"{name} was {texts[0]} and is {texts[1]}" if is_short else f"{name} is another"


@cache  # reading what is installed takes as long as a small picture
def _find_version() -> str:
    try:
        return version("runner-core")
    except PackageNotFoundError:  # it runs from its source
        return ""
