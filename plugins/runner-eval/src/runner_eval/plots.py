"""Precision over recall, and what is taken for what: drawn by matplotlib, without its windows."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from runner_core.drawing import choose_colour
from runner_eval.scores import ClassScores, Confusion, Floats, Scores

_RECALL = np.linspace(0, 1, 101)
_MOST_LINES = 12  # of a plot
_MOST_NAMES = 20  # of a confusion
_LONGEST = 24  # characters of a name
_DOTS = 144  # an inch


def plot_precision(measured: Sequence[tuple[str, Scores]]) -> bytes | None:
    """A PNG: of one brain a line for each class, of several the mean of each; None without a curve."""
    lines = _list_class_lines(measured[0][1].classes) if len(measured) == 1 else []
    means = [(name, mean) for name, scores in measured if (mean := _average_curves(scores.classes)) is not None]
    if not means:
        return None
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.add_subplot(
        xlabel="recall", ylabel="precision", title="Precision over recall at IoU 0.5", xlim=(0, 1.01), ylim=(0, 1.03)
    )
    axes.grid(alpha=0.25)
    for number, (name, curve) in enumerate(lines):
        _draw_line(axes, name, curve, _colour(number), 1.4)
    for number, (name, curve) in enumerate(means):
        colour = "black" if len(means) == 1 else _colour(number)
        _draw_line(axes, f"{name}, mean" if lines else name, curve, colour, 2.4)
    axes.legend(loc="lower left", fontsize="small")
    return _to_png(figure)


def _list_class_lines(classes: Sequence[ClassScores]) -> list[tuple[str, Floats]]:
    known = [
        (each.name, each.curve) for each in sorted(classes, key=lambda each: -each.count) if each.curve is not None
    ]
    return known[:_MOST_LINES] if len(known) > 1 else []


def _average_curves(classes: Sequence[ClassScores]) -> Floats | None:
    curves = [each.curve for each in classes if each.curve is not None]
    return np.mean(curves, axis=0) if curves else None


def _draw_line(axes: Axes, name: str, curve: Floats, colour: str | tuple[float, ...], width: float) -> None:
    axes.plot(_RECALL, curve, label=_to_plain(name), color=colour, linewidth=width)


def _colour(number: int) -> tuple[float, ...]:
    return tuple(part / 255 for part in choose_colour("", number))


def plot_confusion(confusion: Confusion, brain: str) -> bytes:
    """A PNG: rows are what is there, columns what was answered, shares of each row; of many classes the worst."""
    names, counts = _select_worst(confusion)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    side = 2.2 + 0.52 * len(names)
    figure = Figure(figsize=(side + 0.6, side), layout="constrained")
    axes = figure.add_subplot(xlabel="answered", ylabel="there", title=_to_plain(brain))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    shown = [_to_plain(name) for name in names]
    axes.set_xticks(range(len(names)), shown, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), shown)
    large = int(counts.max(initial=0)) >= 100_000  # pixels: the shares say more
    for row, column in zip(*np.nonzero(counts), strict=True):
        text = f"{shares[row, column]:.0%}" if large else str(counts[row, column])
        ink = "white" if shares[row, column] > 0.55 else "black"
        axes.text(column, row, text, ha="center", va="center", fontsize="medium", color=ink)
    return _to_png(figure)


def _select_worst(confusion: Confusion) -> tuple[list[str], NDArray[np.int64]]:
    """The classes that are mixed up most, in their order, and the last row and column."""
    counts = confusion.counts
    if len(counts) <= _MOST_NAMES:
        return list(confusion.names), counts
    wrong = counts.sum(axis=1) + counts.sum(axis=0) - 2 * np.diagonal(counts)
    chosen = np.sort(np.argsort(-wrong[:-1], kind="stable")[: _MOST_NAMES - 1])
    kept = np.append(chosen, len(counts) - 1)
    return [confusion.names[place] for place in kept], counts[np.ix_(kept, kept)]


def _to_plain(name: str) -> str:
    """Not too long, and without what matplotlib takes for a formula, or for a line to leave out of the legend."""
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    plain = short.replace("$", r"\$")
    return f" {plain}" if plain.startswith("_") else plain


def _to_png(figure: Figure) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a name in letters that its font lacks
        figure.savefig(file, format="png", dpi=_DOTS)
    return file.getvalue()
