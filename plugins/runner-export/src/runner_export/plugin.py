"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_sinks() -> Iterator[Plugin]:
    yield Plugin("coco", "runner_export.coco:CocoSink", "one COCO dataset, or its list of results: coco:FILE")
    yield Plugin("yolo", "runner_export.yolo:YoloSink", "a YOLO dataset for each brain, to train on: yolo:DIR")
    yield Plugin("voc", "runner_export.voc:VocSink", "a Pascal VOC dataset, one XML a picture: voc:DIR")
    yield Plugin(
        "label-studio",
        "runner_export.label_studio:LabelStudioSink",
        "tasks with predictions, and the labeling config beside: label-studio:FILE",
    )
    yield Plugin("csv", "runner_export.csv:CsvSink", "one line per instance: csv:FILE", claims=(".csv",))
    yield Plugin(
        "parquet",
        "runner_export.parquet:ParquetSink",
        "one row per instance, by pyarrow: parquet:FILE",
        claims=(".parquet",),
    )
    yield Plugin("crops", "runner_export.crops:CropsSink", "instances cut out of their pictures: crops:DIR")
