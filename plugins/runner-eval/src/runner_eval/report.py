"""A report of an evaluation: one page that needs nothing else, and its pictures and numbers as files beside it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from PIL import Image

from runner_core.util import make_folder, write_bytes, write_text
from runner_eval.evaluation import BrainScores, CocoEvaluation
from runner_eval.plots import plot_confusion, plot_precision
from runner_eval.scores import Scores
from runner_eval.tables import Table, make_tables
from runner_eval.worst import Comparison, draw_worst, make_sheet, to_jpeg

PAGE, NUMBERS = "report.html", "evaluation.json"
_MOST_LISTED = 30  # lines of a list
_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.45 system-ui, sans-serif; color: #1c1c1e; background: #fff; margin: 0 auto; max-width: 70rem;
       padding: 1rem; }
h1 { font-size: 1.5rem; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; border-bottom: 1px solid #ddd; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p, li { overflow-wrap: anywhere; max-width: 45rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { text-align: right; padding: .3rem .7rem; border-bottom: 1px solid #e5e5ea; white-space: nowrap; }
th { font-weight: 600; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: #fff; }
tbody tr:hover td { background: #f4f6fa; }
.plot { max-width: min(100%, 42rem); height: auto; }
.plot.confusion { max-width: min(100%, 30rem); }
.worst { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); gap: 1rem; }
figure { margin: 0; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; }
.pair img { width: 100%; height: auto; max-height: 24rem; object-fit: contain; object-position: left top; }
figcaption { font-size: .85rem; overflow-wrap: anywhere; }
.legend { font-size: .85rem; color: #555; }
@media (max-width: 40rem) { body { padding: .7rem; } .pair { grid-template-columns: 1fr; } }
"""


def write_report(evaluation: CocoEvaluation, folder: Path) -> Path:
    """Writes ``report.html``, what it shows as pictures, and ``evaluation.json``. Raises OSError."""
    make_folder(folder)
    sections = [_write_part(evaluation, part, folder) for part in evaluation.parts]
    write_text(folder / NUMBERS, json.dumps(evaluation.to_json(), indent=1) + "\n")
    title = f"{', '.join(evaluation.brains)} on {evaluation.data.location}"
    head = f"<h1>{escape(title)}</h1>\n{_write_facts(evaluation)}"
    write_text(folder / PAGE, _wrap_page(title, "\n".join([head, *sections])))
    return folder / PAGE


def _wrap_page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _write_facts(evaluation: CocoEvaluation) -> str:
    each = "; ".join(f"{one.name} by {one.source}" for one in evaluation.scores)
    intervals = "Behind a figure stands where it lies for 95 of 100 such sets of pictures."
    text = f"<p>{evaluation.pictures} pictures, {len(evaluation.data.labels)} classes; {escape(each)}. {intervals}</p>"
    lists = (
        ("Notes", evaluation.all_notes),
        (f"Left out: {len(evaluation.left_out)} pictures", evaluation.left_out),
        (f"Odd in the labels: {len(evaluation.findings)}", evaluation.findings),
    )
    return text + "".join(_write_list(title, lines) for title, lines in lists if lines)


def _write_list(title: str, lines: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines[:_MOST_LISTED])
    more = f"<li>and {len(lines) - _MOST_LISTED} more</li>" if len(lines) > _MOST_LISTED else ""
    return f"\n<h3>{escape(title)}</h3>\n<ul>{items}{more}</ul>"


def _write_part(evaluation: CocoEvaluation, part: str, folder: Path) -> str:
    measured = [(each, found) for each in evaluation.scores if (found := each.find_part(part))]
    figures, classes = map(_write_table, make_tables(evaluation, part))
    curves = plot_precision([(brain.name, scores) for brain, scores in measured])
    plot = "" if curves is None else _write_plot(curves, folder / f"precision-{part}.png", "precision over recall")
    own = "\n".join(text for brain, scores in measured for text in _write_brain(evaluation, brain, scores, folder))
    return f"\n<h2>{escape(part.capitalize())}</h2>\n{figures}\n{plot}\n<h3>By class</h3>\n{classes}\n{own}"


def _write_table(table: Table) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.head)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in table.rows)
    return f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody>\n</table></div>'


def _write_plot(png: bytes, path: Path, what: str) -> str:
    write_bytes(path, png)
    kind = what.partition(" ")[0]
    return f'<p><img class="plot {kind}" alt="{escape(what)}" src="{_to_url(png, "png")}"></p>'


def _write_brain(evaluation: CocoEvaluation, brain: BrainScores, scores: Scores, folder: Path) -> Iterator[str]:
    number = evaluation.scores.index(brain) + 1
    if scores.confusion:
        yield f"<h3>{escape(brain.name)}: what is taken for what</h3>"
        png = plot_confusion(scores.confusion, brain.name)
        yield _write_plot(png, folder / f"confusion-{scores.part}-{number}.png", "confusion")
    comparisons = list(draw_worst(evaluation.data, scores.worst))
    if comparisons:
        write_bytes(folder / f"worst-{scores.part}-{number}.jpg", to_jpeg(make_sheet(comparisons)))
        yield f"<h3>{escape(brain.name)}: the worst pictures</h3>"
        yield '<p class="legend">First the labels, then the answer at its own threshold.</p>'
        yield f'<div class="worst">{"".join(map(_write_comparison, comparisons))}</div>'


def _write_comparison(each: Comparison) -> str:
    halves = _write_image(each.truth, f"{each.name}: labels"), _write_image(each.answer, f"{each.name}: answer")
    caption = f"<figcaption>{escape(each.name)}: {escape(each.errors)}</figcaption>"
    return f'<figure><div class="pair">{"".join(halves)}</div>{caption}</figure>\n'


def _write_image(image: Image.Image, what: str) -> str:
    url = _to_url(to_jpeg(image), "jpeg")
    return f'<img alt="{escape(what)}" width="{image.width}" height="{image.height}" src="{url}">'


def _to_url(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{b64encode(data).decode('ascii')}"
