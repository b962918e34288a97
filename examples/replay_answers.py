"""Answers used again: how many there are at each score threshold, without a model.

runner run pictures/ --brain page --conf 0.5 --sink jsonl:out.jsonl
python replay_answers.py out.jsonl
"""

import sys
from pathlib import Path

from runner_core import Inference
from runner_core.pipeline import RowFilter, read_records

answers = Path(sys.argv[1])

for conf in (0.5, 0.7, 0.9, 0.95):
    kept = RowFilter(conf=conf)
    with answers.open("rb") as lines:
        records = [kept.apply(record.entries) for record in read_records(lines, answers.name)]
    found = sum(len(entry) for entries in records for entry in entries if isinstance(entry, Inference))
    print(f"from {conf}: {found} in {len(records)} pictures")
