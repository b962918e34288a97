"""The three TensorFlow forms of one network give, through the command line, what a direct call gave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from comparison import assert_agree

# The form of the network and how near it must come: the encoded graph gets the same bytes, the others pixels decoded
# by Pillow, whose JPEG decoder is not TensorFlow's.
FORMS = {
    "fastestdet_coco_tf1_encoded_image_string_tensor.pb": (0.99, 0.001),
    "fastestdet_coco_tf1_image_tensor.pb": (0.9, 0.03),
    "fastestdet_coco_savedmodel": (0.9, 0.03),
}


@pytest.mark.parametrize(("form", "near"), FORMS.items(), ids=FORMS)
def test_runner_run_gives_what_was_expected(form, near, runner, testdata, tmp_path):
    models = testdata / "models"
    done = runner(
        "run", testdata / "pictures", "--brain", models / form, "--labels", models / "coco80.pbtxt",
        "--conf", "0.5", "--sink", "jsonl:out.jsonl",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *records, last = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    expected = json.loads((testdata / "expected.json").read_text())
    assert {Path(record["source"]).name for record in records} == set(expected)
    for record in records:
        want = expected[Path(record["source"]).name]
        assert record["size"] == want["size"]
        assert_agree(record["inferences"][0]["instances"], want["detections"], least=near[0], score=near[1])
    assert last["summary"]["frames"] == len(expected)


@pytest.mark.parametrize("form", FORMS)
def test_runner_inspect_recognises_it_without_a_card(form, runner, testdata):
    done = runner("inspect", testdata / "models" / form)
    assert done.returncode == 0, done.stderr
    assert "recognised by task tf-detection" in done.stdout
    assert "detection_boxes" in done.stdout
