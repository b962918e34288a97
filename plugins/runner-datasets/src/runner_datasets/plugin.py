"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_datasets() -> Iterator[Plugin]:
    yield Plugin("coco", "runner_datasets.coco:Coco", "COCO: images, annotations and categories in one JSON file")
    yield Plugin("voc", "runner_datasets.voc:Voc", "Pascal VOC: an XML file for each picture")
