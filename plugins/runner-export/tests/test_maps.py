"""Mattes, heat maps and verdicts: every sink writes the masks, and of a verdict what its format holds."""

import csv
import json

import pyarrow.parquet as pq
import pytest
from runner_export.coco import CocoSink
from runner_export.crops import CropsSink
from runner_export.csv import CsvSink
from runner_export.label_studio import LabelStudioSink
from runner_export.parquet import ParquetSink
from runner_export.voc import VocSink
from runner_export.yolo import YoloSink

from runner_core.results.mask import Mask
from runner_core.results.result import Result
from runner_core.testing.samples import sample_frame, sample_results

(MATTE,) = (answer for result in sample_results() for answer in result.answers if answer.brain == "matte")
(HEAT,) = (answer for result in sample_results() for answer in result.answers if answer.brain == "heat")
NORMAL = HEAT.take([])


def write(sink_class, place, *answers):
    sink = sink_class(place)
    with sink.open() as writer:
        for index, answer in enumerate(answers):
            writer.write(Result(sample_frame(index), (answer,)))
        writer.finish({})


def test_coco_has_the_masks(tmp_path, caplog):
    write(CocoSink, tmp_path / "out.json", MATTE, HEAT, NORMAL)
    data = json.loads((tmp_path / "out.json").read_text())
    assert [(row["image_id"], row["area"]) for row in data["annotations"]] == [
        (1, MATTE.masks[0].area), (2, HEAT.masks[0].area),
    ]  # fmt: skip
    assert len(data["images"]) == 3
    assert sum("verdict" in record.message for record in caplog.records) == 1


def test_yolo_has_the_outlines(tmp_path, caplog):
    write(YoloSink, tmp_path, MATTE, HEAT, NORMAL)
    assert len((tmp_path / "matte/labels/sample-0.txt").read_text().splitlines()) == 1
    (line,) = (tmp_path / "heat/labels/sample-1.txt").read_text().splitlines()
    number, *corners = map(float, line.split())
    assert (number, min(corners), max(corners)) == (1, 0.25, 0.75)
    assert (tmp_path / "heat/labels/sample-2.txt").read_text() == ""
    assert any("verdict" in record.message for record in caplog.records)


def test_voc_has_the_boxes(tmp_path, caplog):
    write(VocSink, tmp_path, HEAT, NORMAL)
    assert "<xmin>25</xmin>" in (tmp_path / "Annotations/sample-0.xml").read_text()
    assert "<object>" not in (tmp_path / "Annotations/sample-1.xml").read_text()
    assert any("verdict" in record.message for record in caplog.records)


def test_label_studio_has_the_verdict_as_a_choice(tmp_path):
    write(LabelStudioSink, tmp_path / "out.json", MATTE, HEAT, NORMAL)
    matte, heat, normal = (task["predictions"][0] for task in json.loads((tmp_path / "out.json").read_text()))
    assert [region["type"] for region in matte["result"]] == ["polygonlabels"]
    assert [region["type"] for region in heat["result"]] == ["choices", "polygonlabels"]
    assert [region["value"] for region in normal["result"]] == [{"choices": ["graph"]}]
    assert (matte["score"], heat["score"], normal["score"]) == (0.75, 0.9, 0.9)
    assert '<Choice value="graph" />' in (tmp_path / "out.config.xml").read_text()


@pytest.mark.parametrize("sink", [CsvSink, ParquetSink])
def test_tables_have_a_row_of_the_verdict(tmp_path, sink):
    write(sink, tmp_path / "out", MATTE, HEAT, NORMAL)
    if sink is CsvSink:
        with (tmp_path / "out").open(newline="") as file:
            rows = [{key: value or None for key, value in row.items()} for row in csv.DictReader(file)]
    else:
        rows = pq.read_table(tmp_path / "out").to_pylist()
    places = [(row["brain"], row["id"] and int(row["id"]), row["label"], row["x1"] is None) for row in rows]
    assert places == [
        ("matte", 0, "page", False), ("heat", None, "graph", True), ("heat", 0, "graph", False),
        ("heat", None, "graph", True),
    ]  # fmt: skip
    assert Mask(rle={"size": [64, 96], "counts": rows[0]["mask"]}) == MATTE.masks[0]
    assert [float(row["score"]) for row in rows] == pytest.approx([0.75, 0.9, 0.875, 0.9])


def test_crops_have_the_regions(tmp_path):
    write(CropsSink, tmp_path, MATTE, HEAT, NORMAL)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.png")) == [
        "graph/sample-1-heat-0.png", "page/sample-0-matte-0.png",
    ]  # fmt: skip
