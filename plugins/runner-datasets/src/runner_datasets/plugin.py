"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_datasets() -> Iterator[Plugin]:
    yield Plugin("coco", "runner_datasets.coco:Coco", "COCO: images, annotations and categories in one JSON file")
    yield Plugin("voc", "runner_datasets.voc:Voc", "Pascal VOC: an XML file for each picture")
    yield Plugin("yolo", "runner_datasets.yolo:Yolo", "YOLO: data.yaml, and a text file of labels for each picture")
    yield Plugin("label-studio", "runner_datasets.label_studio:LabelStudio", "tasks that Label Studio exports as JSON")
    yield Plugin("cvat", "runner_datasets.cvat:Cvat", "CVAT for images 1.1: annotations.xml")
    yield Plugin("labelme", "runner_datasets.labelme:Labelme", "labelme: a JSON file beside each picture")
    yield Plugin("jsonl", "runner_datasets.jsonl:JsonLines", "answers of a run, taken for true: its JSON lines")
    yield Plugin("folders", "runner_datasets.class_folders:ClassFolders", "a folder of pictures for each class")
    yield Plugin("masks", "runner_datasets.masks:Masks", "pictures, and PNGs of the class of each pixel")
