"""Answers as a data frame: every thing in every picture is a row.

    pip install pandas
    python answers_as_a_table.py pictures/ table.csv

Its boxes are in the columns x1, y1, x2 and y2, in pixels of the picture.
"""

import sys
from pathlib import Path

import pandas as pd

from runner_core import open_brain, stream

pictures, table = sys.argv[1:]

tables = []
with open_brain("page") as page, open_brain("graphs") as graphs:
    for frame, answers in stream(pictures, [page, graphs]):
        picture = Path(frame.source).name
        tables += [answer.to_dataframe().assign(picture=picture, brain=answer.brain) for answer in answers]

found = pd.concat(tables)
found.to_csv(table, index=False)
print(found.groupby(["brain", "label"])["score"].agg(["count", "mean"]).round(2))
