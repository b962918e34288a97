"""Rivals side by side: taken in turns, so that other work of the machine affects them alike, and by medians."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter


def alternate(
    rivals: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    warm_up: int = 2,
    between: Callable[[], object] = lambda: None,
) -> dict[str, float]:
    """The median milliseconds of each rival over ``rounds`` turns, after ``warm_up`` turns that do not count.

    ``between`` is called before each turn and not timed.
    """
    spent: dict[str, list[float]] = {name: [] for name in rivals}
    for turn in range(warm_up + rounds):
        for name, rival in rivals.items():
            between()
            begun = perf_counter()
            rival()
            if turn >= warm_up:
                spent[name].append((perf_counter() - begun) * 1e3)
    return {name: median(times) for name, times in spent.items()}


def time_call(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    begun = perf_counter()
    call()
    return (perf_counter() - begun) * 1e3


def neighbours(
    rival: Callable[[], float], ours: Callable[[], float], *, rounds: int, warm_up: int = 4
) -> tuple[float, float, float]:
    """The medians of the rival's milliseconds and of ours, and of what ours takes more than its neighbour.

    A busy machine moves the last less than it moves the difference of two medians. Whoever comes second meets the
    other's threads, so each comes first in turn.
    """
    spent: list[tuple[float, float]] = []
    for turn in range(warm_up + rounds):
        theirs, mine = (rival(), ours()) if turn % 2 else reversed((ours(), rival()))
        spent.append((theirs, mine))
    counted = spent[warm_up:]
    over = median(mine - theirs for theirs, mine in counted)
    return median(theirs for theirs, _ in counted), median(mine for _, mine in counted), over


def format_table(rows: Mapping[str, float]) -> str:
    """Names and milliseconds, one a line."""
    width = max(map(len, rows))
    return "\n".join(f"{name:<{width}}  {value:9.3f} ms" for name, value in rows.items())


def print_verdict(claim: str, value: float, bar: float, unit: str) -> bool:
    """Prints a figure against its bar; whether it is kept."""
    kept = value <= bar
    print(f"{'ok    ' if kept else 'MISSED'} {claim}: {value:.3f} {unit}, at most {bar:.3f}")
    return kept
