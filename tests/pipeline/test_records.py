"""What a run wrote, read back; and the rows of it that are wanted."""

import json

import attrs
import numpy as np
import pytest

from runner_core.errors import UsageError
from runner_core.pipeline.records import Record, RowFilter, read_records
from runner_core.results.columns import NO_NUMBER
from runner_core.results.result import Failure
from runner_core.testing import sample_inference, sample_results


def lines(*data):
    return [json.dumps(each).encode() + b"\n" for each in data]


def read(*data):
    return list(read_records(lines(*data), "out.jsonl"))


GOOD = {"source": "a.png", "index": 0, "time": None, "size": [96, 64], "inferences": []}


class TestReading:
    @pytest.mark.parametrize("result", sample_results(), ids=lambda result: str(result.frame.index))
    def test_every_kind_of_line_comes_back_whole(self, result):
        (record,) = read(result.to_json())
        assert (record.source, record.index, record.error) == (result.frame.source, result.frame.index, result.error)
        assert record.entries == result.inferences
        assert record.size == (None if result.error else result.frame.size)

    def test_sums_and_empty_lines_are_passed_over(self):
        assert [record.index for record in read_records([b"\n", *lines(GOOD, {"summary": {}})], "out.jsonl")] == [0]

    @pytest.mark.parametrize(
        "bad",
        [b'{"source": "b.png", "ind', b"[]", b"7", b'"text"', b'{"source": "b"}', b"\xff\xfe", b"null"],
    )
    def test_a_bad_line_costs_only_itself_and_is_named(self, bad):
        first, fault, last = read_records([*lines(GOOD), bad + b"\n", *lines(GOOD)], "out.jsonl")
        assert isinstance(first, Record)
        assert isinstance(last, Record)
        assert isinstance(fault, Failure)
        assert fault.message.startswith("out.jsonl: line 2 ")

    @pytest.mark.parametrize("bad", [b"{\n", b"[]", b"PK\x03\x04\xff", b'{"images": []}'])
    def test_another_kind_of_file_is_refused_at_its_first_line(self, bad):
        with pytest.raises(UsageError, match=r"picture.txt: not the answers of a run"):
            next(read_records([bad], "picture.txt"))

    def test_lines_are_read_one_at_a_time(self):
        records = read_records(iter([*lines(GOOD), None]), "out.jsonl")  # None would break it
        assert next(records).source == "a.png"


class TestChoosing:
    def test_by_score_and_number(self):
        two = sample_inference()
        assert [len(RowFilter(conf=conf).apply([two])[0]) for conf in (0.0, 0.5, 0.6, 0.95)] == [2, 2, 1, 0]
        assert RowFilter(max_det=1).apply([two])[0].names == ["page"]

    def test_by_name_even_where_no_row_has_it(self):
        assert RowFilter(classes=frozenset(["graph"])).apply([sample_inference()])[0].names == ["graph"]
        assert not len(RowFilter(classes=frozenset(["graph"])).apply([sample_inference(rows=1)])[0])

    def test_what_has_no_score_passes(self):
        bare = attrs.evolve(sample_inference(), scores=None)
        assert len(RowFilter(conf=0.99).apply([bare])[0]) == 2

    def test_failures_stay(self):
        failure = Failure("EngineError", "no", "second")
        assert RowFilter(conf=0.99).apply([failure]) == (failure,)

    def test_parents_are_counted_again_and_orphans_have_none(self):
        pages = attrs.evolve(sample_inference("page"), scores=np.array([0.5, 0.9], np.float32))
        inside = attrs.evolve(
            sample_inference("graphs"), scores=np.array([0.9, 0.8], np.float32), parents=np.array([0, 1]),
            parent_brain="page",
        )  # fmt: skip
        kept, graphs = RowFilter(conf=0.6).apply([pages, inside])
        assert len(kept) == 1
        assert graphs.parents.tolist() == [NO_NUMBER, 0]
