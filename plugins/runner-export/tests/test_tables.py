"""CsvSink and ParquetSink: the same rows, read back by others."""

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from runner_export import parquet, row_spool
from runner_export.csv import CsvSink
from runner_export.parquet import ParquetSink
from runner_export.rows import COLUMNS

from runner_core import Frame, Inference, LabelMap, Mask, Result, run
from runner_core.errors import SinkError, UsageError
from runner_core.testing import check_sink, conformance, sample_frame, sample_inference, sample_results

SINKS = {"csv": CsvSink, "parquet": ParquetSink}


@conformance(check_sink)
@pytest.mark.parametrize("name", SINKS)
def test_keeps_the_promises_of_a_sink(check, name, tmp_path):
    check(SINKS[name], str(tmp_path / "new" / f"out.{name}"))


def write(sink, path, *results) -> None:
    with sink(str(path)).open() as writer:
        for result in results:
            writer.write(result)
        writer.finish({})


def from_csv(path) -> list[dict[str, object]]:
    """The rows, each column by its type."""
    kinds = {"string": str, "float64": float, "float32s": json.loads}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        for name, kind in COLUMNS.items():
            read = kinds.get(kind, (lambda text: float(np.float32(text))) if kind == "float32" else int)
            row[name] = read(row[name]) if row[name] else None
    return rows


def from_parquet(path) -> list[dict[str, object]]:
    return pq.read_table(path).to_pylist()


READERS = {"csv": from_csv, "parquet": from_parquet}


def tables(tmp_path, *results) -> list[dict[str, object]]:
    """The rows, which are the same in both formats."""
    for name, sink in SINKS.items():
        write(sink, tmp_path / f"out.{name}", *results)
    one, other = (READERS[name](tmp_path / f"out.{name}") for name in SINKS)
    for row in (*one, *other):
        row["keypoints"] = None if row["keypoints"] is None else [float(np.float32(each)) for each in row["keypoints"]]
    assert one == other
    return other


def test_what_was_found_reads_back_to_the_last_bit(tmp_path):
    rng = np.random.default_rng(5)
    array = rng.random((64, 96)) > 0.5
    odd = Inference(
        brain="odd", version="3", task="keypoints", size=(96, 64), labels=LabelMap.from_names(['"a,b"', "猫"], first=4),
        model_ids=np.array([5, 4]), boxes=rng.random((2, 4), np.float32) * 90, scores=rng.random(2, np.float32),
        masks=(Mask(array=array), Mask(array=~array)), keypoints=rng.random((2, 3, 3), np.float32),
        tracks=np.array([7, -1]), parents=np.array([-1, 0]), parent_brain="page",
    )  # fmt: skip
    rows = tables(tmp_path, Result(sample_frame(3), (odd,)))
    for row, instance in zip(rows, odd.instances, strict=True):
        assert (row["source"], row["index"], row["time"]) == ("sample-3.png", 3, None)
        assert (row["width"], row["height"]) == (96, 64)
        assert (row["brain"], row["version"], row["task"], row["parent_brain"]) == ("odd", "3", "keypoints", "page")
        assert (row["id"], row["label"], row["file_id"], row["score"]) == (
            instance.id,
            instance.label,
            instance.file_id,
            instance.score,
        )
        assert (row["x1"], row["y1"], row["x2"], row["y2"]) == instance.box
        assert Mask(rle={"size": [64, 96], "counts": row["mask"]}) == instance.mask
        assert np.reshape(row["keypoints"], (3, 3)).tolist() == [list(point) for point in instance.keypoints]
        assert (row["track"], row["parent"]) == (instance.track, instance.parent)


def test_a_row_for_each_instance_of_every_kind(tmp_path):
    rows = tables(tmp_path, *sample_results())
    assert [row["brain"] for row in rows] == [
        "sample", "sample", "masks", "points", "pixels", "pixels", "names", "names", "matte", "heat", "heat", "sample",
        "sample",
    ]  # fmt: skip
    assert all(row["x1"] is None for row in rows if row["brain"] in ("points", "pixels", "names"))


def test_frames_of_a_video_have_index_and_time(tmp_path):
    frames = [Frame.from_array(np.zeros((64, 96, 3), np.uint8), source="a.mp4", index=n, time=n / 25) for n in (0, 7)]
    rows = tables(tmp_path, *(Result(frame, (sample_inference(rows=1),)) for frame in frames))
    assert [(row["source"], row["index"], row["time"]) for row in rows] == [("a.mp4", 0, 0.0), ("a.mp4", 7, 0.28)]


def test_a_file_name_that_is_not_utf_8_is_escaped(tmp_path):
    frame = sample_frame()
    frame.source = os.fsdecode(b"caf\xe9.png")
    rows = tables(tmp_path, Result(frame, (sample_inference(rows=1),)))
    assert rows[0]["source"] == r"caf\udce9.png"


def test_a_run_of_nothing_still_names_the_columns(tmp_path):
    assert tables(tmp_path) == []
    assert pq.read_schema(tmp_path / "out.parquet").names == list(COLUMNS)
    assert (tmp_path / "out.csv").read_text().split() == [",".join(COLUMNS)]


def test_the_types_of_the_columns_are_the_narrow_ones(tmp_path):
    write(ParquetSink, tmp_path / "out.parquet", *sample_results())
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert (schema.field("x1").type, schema.field("index").type) == (pa.float32(), pa.int64())
    assert schema.field("keypoints").type == pa.list_(pa.float32())


def test_rows_are_buffered_no_longer_than_a_group(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "ROW_GROUP", 10)
    monkeypatch.setattr(row_spool, "ROW_GROUP", 10)
    results = [Result(sample_frame(index), (sample_inference(),)) for index in range(13)]
    write(ParquetSink, tmp_path / "out.parquet", *results)
    groups = pq.ParquetFile(tmp_path / "out.parquet").metadata
    assert [groups.row_group(number).num_rows for number in range(groups.num_row_groups)] == [10, 10, 6]


def test_the_demos_networks_counted_by_label(tmp_path, pictures, demo_brains):
    summary = run(str(pictures), demo_brains, [f"{name}:{tmp_path}/out.{name}" for name in SINKS])
    for name, read in READERS.items():
        labels = [(row["brain"], row["label"]) for row in read(tmp_path / f"out.{name}")]
        for brain, tally in summary.brains.items():
            assert {label: labels.count((brain, label)) for label in tally.labels} == dict(tally.labels)
            assert tally.found


NO_ARROW = """
import sys
sys.modules["pyarrow"] = None
from runner_export.parquet import ParquetSink
ParquetSink(sys.argv[1]).open().__enter__()
"""


def test_without_pyarrow_it_says_what_to_install(tmp_path):
    command = [sys.executable, "-c", NO_ARROW, tmp_path / "out.parquet"]
    ended = subprocess.run(command, text=True, capture_output=True, check=False)
    assert "SinkError: Parquet needs pyarrow" in ended.stderr
    assert "pip install 'runner-export[parquet]'" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_pyarrow_is_imported_when_a_file_is_opened_and_no_sooner():
    script = "import sys, runner_export.parquet as p; p.ParquetSink('x.parquet'); print('pyarrow' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "False"


@pytest.mark.parametrize("name", SINKS)
def test_a_folder_is_not_a_file(name, tmp_path):
    with pytest.raises(SinkError, match="Is a directory"), SINKS[name](str(tmp_path)).open():
        pytest.fail("it was opened")


FORMULAS = ['=HYPERLINK("http://evil")', "+1", "-1", "@sum", "\tx", "\rx"]


@pytest.mark.parametrize(("options", "mark"), [("?excel=1", "'"), ("?excel=0", ""), ("", "")])
def test_no_text_is_a_formula_for_who_asks_for_a_spreadsheet(options, mark, tmp_path):
    found = Inference(
        brain="=brain", task="object-detection", size=(96, 64), labels=LabelMap.from_names([*FORMULAS, "cat"]),
        model_ids=np.arange(7), boxes=np.full((7, 4), -1.5, np.float32), scores=np.ones(7),
    )  # fmt: skip
    write(CsvSink, f"{tmp_path}/out.csv{options}", Result(sample_frame(), (found,)))
    rows = from_csv(tmp_path / "out.csv")
    assert [row["label"] for row in rows] == [*(mark + text for text in FORMULAS), "cat"]
    assert {(row["brain"], row["x1"]) for row in rows} == {(f"{mark}=brain", -1.5)}, "a number stays one"


def test_excel_is_told_that_it_is_utf8_and_nobody_else(tmp_path):
    write(CsvSink, f"{tmp_path}/out.csv?excel=1", Result(sample_frame(), (sample_inference("p"),)))
    write(CsvSink, tmp_path / "plain.csv", Result(sample_frame(), (sample_inference("p"),)))
    assert (tmp_path / "out.csv").read_bytes() == b"\xef\xbb\xbf" + (tmp_path / "plain.csv").read_bytes()


def test_another_word_for_a_spreadsheet_is_wrong_use():
    with pytest.raises(UsageError, match="excel=maybe is not 1 or 0"):
        CsvSink("out.csv?excel=maybe")
