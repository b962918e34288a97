"""A model file of your own: its labels, a score threshold, and what is not certain about it.

    python your_own_model.py model.onnx labels.txt photo.jpg

The labels are a file with one name a line, or any other list that `runner inspect` reads.
"""

import sys

from runner_core import open_brain

model, labels, photo = sys.argv[1:]

with open_brain(model, labels=labels, conf=0.4) as brain:
    print(f"{brain.name}: {brain.family} on {brain.engine}, {len(brain.labels)} labels")
    for guess in brain.guesses:  # what nothing in the file says; an option of open_brain settles it
        print("guess:", guess)
    for instance in brain(photo):
        print(instance.label, round(instance.score, 2), instance.box)
