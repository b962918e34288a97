"""Charts drawn with matplotlib, in many of its styles."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from random import Random
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from charts import PALETTES, Colour
from PIL import Image
from text import words
from texture import generator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLES = (
    "default",
    "default",
    "classic",
    "ggplot",
    "seaborn-v0_8-whitegrid",
    "seaborn-v0_8-ticks",
    "bmh",
    "fast",
    "fivethirtyeight",
    "Solarize_Light2",
    "grayscale",
    "tableau-colorblind10",
)


@lru_cache(maxsize=1)
def pyplot() -> ModuleType:
    """Import pyplot with its picture-only back end, once and only where it is needed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def lines(r: Random, n: np.random.Generator, ax: Axes) -> None:
    """Draw noisy waves or walks, some with a band around them."""
    x = np.linspace(0, r.choice((1, 10, 100)), r.choice((8, 30, 120)))
    for i in range(r.choice((1, 2, 2, 3, 5))):
        y = (
            n.normal(0, 1, x.size).cumsum()
            if r.random() < 0.6
            else np.sin(x / x[-1] * r.uniform(3, 16) + i) * r.uniform(0.5, 2)
        )
        (drawn,) = ax.plot(
            x,
            y,
            r.choice(("-", "-", "--", "o-", "s-", ".-"))[: 3 if x.size < 40 else 1],
            label=words(r, 1, 1),
        )
        if r.random() < 0.25:
            ax.fill_between(x, y - 0.6, y + 0.6, alpha=0.25, color=drawn.get_color())


def bars(r: Random, n: np.random.Generator, ax: Axes) -> None:
    """Draw grouped or stacked bars, upright or lying, some with error bars."""
    count, series, stacked = r.randint(3, 9), r.choice((1, 1, 2, 3)), r.random() < 0.5
    x, base, values = np.arange(count), np.zeros(count), n.uniform(1, 10, (series, count))
    for s, y in enumerate(values):
        if r.random() < 0.25 and series == 1:
            ax.barh(x, y, label=words(r, 1, 1))
        elif stacked:
            ax.bar(x, y, 0.7, bottom=base, label=words(r, 1, 1))
            base += y
        else:
            ax.bar(
                x + s * 0.8 / series,
                y,
                0.8 / series,
                yerr=y * 0.1 if r.random() < 0.2 else None,
                label=words(r, 1, 1),
            )


def scatter(r: Random, n: np.random.Generator, ax: Axes) -> None:
    """Draw one to three clouds of points."""
    for _ in range(r.choice((1, 1, 2, 3))):
        x = n.normal(r.uniform(-2, 2), 1, r.randint(20, 120))
        y = x * r.uniform(-1, 1) + n.normal(0, r.uniform(0.2, 1), x.size)
        ax.scatter(
            x,
            y,
            s=n.uniform(5, 120, x.size) if r.random() < 0.3 else r.uniform(6, 40),
            alpha=r.uniform(0.5, 1),
            label=words(r, 1, 1),
        )


def histogram(r: Random, n: np.random.Generator, ax: Axes) -> None:
    """Draw one or two histograms."""
    for _ in range(r.choice((1, 1, 2))):
        ax.hist(
            n.normal(r.uniform(-1, 1), r.uniform(0.5, 1.5), 400),
            bins=r.randint(10, 40),
            alpha=0.75,
            label=words(r, 1, 1),
        )


def areas(r: Random, n: np.random.Generator, ax: Axes) -> None:
    """Draw stacked areas."""
    count = r.choice((6, 12, 40))
    ax.stackplot(np.arange(count), np.abs(n.normal(0, 0.4, (r.randint(1, 4), count)).cumsum(axis=1)) + 0.5)


def pie(r: Random, n: np.random.Generator, ax: Axes) -> None:
    """Draw a pie or a ring."""
    count = r.randint(2, 6)
    ring = {"wedgeprops": {"width": r.uniform(0.3, 0.5)}} if r.random() < 0.35 else {}
    ax.pie(
        n.uniform(0.5, 3, count),
        labels=[words(r, 1, 1) for _ in range(count)],
        autopct="%.0f%%" if r.random() < 0.4 else None,
        startangle=r.uniform(0, 360),
        **ring,
    )


def boxes(r: Random, n: np.random.Generator, ax: Axes) -> None:
    """Draw box plots or violins."""
    data = [n.normal(r.uniform(-2, 2), r.uniform(0.5, 2), 60) for _ in range(r.randint(2, 6))]
    ax.boxplot(data, patch_artist=r.random() < 0.5) if r.random() < 0.7 else ax.violinplot(data)


def steps(r: Random, n: np.random.Generator, ax: Axes) -> None:
    """Draw a step line, a stem plot or points with error bars."""
    x, y = np.arange(14), n.uniform(1, 9, 14)
    kind = r.choice(("step", "stem", "error"))
    if kind == "error":
        ax.errorbar(x, y, yerr=n.uniform(0.3, 1.2, 14), fmt=r.choice(("o", "o-", "s--")), capsize=3)
    else:
        getattr(ax, kind)(x, y)


def heat(r: Random, n: np.random.Generator, ax: Axes) -> None:
    """Draw a matrix in colours with its scale, or filled contours."""
    data = n.random((r.randint(4, 10), r.randint(4, 10)))
    hues = r.choice(("viridis", "Blues", "coolwarm", "YlOrRd"))
    drawn = ax.imshow(data, cmap=hues, aspect="auto") if r.random() < 0.6 else ax.contourf(data, cmap=hues)
    ax.figure.colorbar(drawn)


KINDS: tuple[Callable, ...] = (
    lines,
    lines,
    lines,
    bars,
    bars,
    bars,
    scatter,
    scatter,
    histogram,
    areas,
    pie,
    boxes,
    steps,
    heat,
)


def dress(r: Random, ax: Axes) -> None:
    """Add title, axis labels, grid, legend and frame as chance has it."""
    if r.random() < 0.5:
        ax.set_title(words(r, 2, 5))
    if r.random() < 0.6:
        ax.set_xlabel(words(r, 1, 3))
        ax.set_ylabel(words(r, 1, 2))
    if r.random() < 0.3:
        ax.grid(visible=True, alpha=0.5)
    if r.random() < 0.4 and ax.get_legend_handles_labels()[1]:
        ax.legend(loc=r.choice(("best", "upper right", "upper left")))
    if r.random() < 0.35:
        ax.spines[["top", "right"]].set_visible(False)


def plot(r: Random, size: tuple[int, int], paper: Colour, ink: Colour) -> Image.Image:
    """Return an RGB chart of `size` (width, height) in pixels; most have the colour of the `paper` behind them."""
    plt, n = pyplot(), generator(r)
    wide = r.uniform(4.0, 6.5)  # inches: the fewer, the larger the letters
    high, points = wide * size[1] / size[0], r.uniform(9, 14)
    line = points / 72  # inches: what the letters around the axes need is a matter of their size
    ground = r.choice((paper, paper, paper, (255, 255, 255)))
    look = {
        "figure.facecolor": [c / 255 for c in ground],
        "text.color": [c / 255 for c in ink],
        "font.family": r.choice(("DejaVu Sans", "DejaVu Sans", "STIXGeneral", "DejaVu Serif")),
        "font.size": points,
    }
    if r.random() < 0.5:
        look["axes.prop_cycle"] = plt.cycler(color=[[c / 255 for c in colour] for colour in r.choice(PALETTES)])
    if (style := r.choice(STYLES)) in ("default", "fast") or r.random() < 0.5:
        look["axes.facecolor"] = look["figure.facecolor"]
    with plt.style.context(["default", style, look]):
        figure = plt.figure(figsize=(wide, high), dpi=size[0] / wide)
        ax = figure.add_axes((4.8 * line / wide, 3.4 * line / high, 1 - 5.8 * line / wide, 1 - 5.6 * line / high))
        r.choice(KINDS)(r, n, ax)
        dress(r, ax)
        figure.canvas.draw()
        pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
        plt.close(figure)
    return Image.fromarray(pixels).resize(size)
