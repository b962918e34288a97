"""What sinks must know of an earlier run: names, numbers, forms, which the kit's few results do not all need."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from runner_export.coco import CocoSink
from runner_export.crops import CropsSink
from runner_export.parquet import ParquetSink
from runner_export.yolo import YoloSink

from runner_core import Frame, Inference, LabelMap, Result
from runner_core.errors import SinkError
from runner_core.results import Mask
from runner_core.testing import sample_frame, sample_inference

SIZE = (40, 30)


def seen(source: str, *names: str, index: int = 0, time: float | None = None, masks: bool = False) -> Result:
    """A picture in which something of each name is found."""
    frame = Frame.from_array(np.zeros((*SIZE[::-1], 3), np.uint8), source=source, index=index, time=time)
    inference = Inference(
        brain="cats", task="object-detection", size=SIZE, labels=LabelMap.from_names(names),
        model_ids=np.arange(len(names)), boxes=np.array([[2, 3, 20, 25]] * len(names), np.float32).reshape(-1, 4),
        masks=tuple(Mask(array=np.ones(SIZE[::-1], bool)) for _ in names) if masks else None,
    )  # fmt: skip
    return Result(frame, (inference,))


def write(sink, checkpoints, *results) -> list:
    """Resumes it behind the checkpoints; these, and the one behind the results."""
    with sink.resume(iter(checkpoints)) as writer:
        for result in results:
            writer.write(result)
        checkpoint = json.loads(json.dumps(writer.checkpoint()))
        writer.finish({})
    return [*checkpoints, checkpoint]


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("kind", "named"), [(CropsSink, "cat/{}-cats-0.png"), (YoloSink, "cats/labels/{}.txt")])
def test_names_that_were_given_away_stay_so(tmp_path, kind, named):
    told = write(kind(str(tmp_path)), [], seen("x/one.png", "cat"))
    told = write(kind(str(tmp_path)), told, seen("y/one.png", "cat"))
    write(kind(str(tmp_path)), told, seen("z/ONE.png", "cat"))
    assert {named.format(name) for name in ("one", "one-2", "ONE-3")} <= set(files(tmp_path))


def test_a_class_that_only_one_of_its_lists_has_is_in_both(tmp_path):
    """The process was killed between the two."""
    told = write(YoloSink(str(tmp_path)), [], seen("one.png", "cat"))
    described = tmp_path / "cats" / "data.yaml"
    before = described.read_text()
    write(YoloSink(str(tmp_path)), told, seen("two.png", "dog"))
    described.write_text(before)
    write(YoloSink(str(tmp_path)), told, seen("two.png", "dog"))
    assert yaml.safe_load(described.read_text())["names"] == {0: "cat", 1: "dog"}


def test_a_dataset_keeps_its_form(tmp_path):
    told = write(YoloSink(str(tmp_path)), [], seen("one.png", "cat", masks=True))
    write(YoloSink(str(tmp_path)), told, seen("two.png", "cat"), seen("three.png", "cat", masks=True))
    assert files(tmp_path / "cats" / "labels") == ["one.txt", "three.txt"]


def test_a_dataset_whose_form_was_open_may_get_any(tmp_path):
    """Nothing was found before the stop, behind which a dataset of nothing is one of boxes."""
    told = write(YoloSink(str(tmp_path)), [], seen("one.png"))
    assert (tmp_path / "cats" / "data.yaml").exists()
    write(YoloSink(str(tmp_path)), told, seen("two.png", "cat", masks=True))
    assert (tmp_path / "cats" / "data.yaml").read_text().startswith("# segments")


def test_coco_knows_its_videos_and_numbers(tmp_path):
    place = str(tmp_path / "out.json")
    told = write(CocoSink(place), [], seen("x/clip.mp4", "cat", "dog", time=0.0))
    told = write(CocoSink(place), told, seen("y/clip.mp4", "owl", time=0.0))
    write(CocoSink(place), told, seen("x/clip.mp4", "dog", index=1, time=0.1), seen("y/clip.mp4", index=1, time=0.1))
    data = json.loads(Path(place).read_text())
    names = [image["file_name"] for image in data["images"]]
    assert names == ["clip-000000.jpg", "clip-2-000000.jpg", "clip-000001.jpg", "clip-2-000001.jpg"]
    assert [row["id"] for row in data["annotations"]] == [1, 2, 3, 4]
    category = {row["id"]: row["name"] for row in data["categories"]}
    assert [category[row["category_id"]] for row in data["annotations"]] == ["cat", "dog", "owl", "dog"]


def test_a_checkpoint_tells_what_is_new_alone(tmp_path):
    """A journal would grow with the square of a run otherwise."""
    with CocoSink(str(tmp_path / "out.json")).resume(()) as writer:
        lengths = []
        for number in range(100):
            writer.write(seen(f"{number:03}/clip.mp4", f"name-{number:03}", time=0.0))
            lengths.append(len(json.dumps(writer.checkpoint())))
    assert max(lengths) < min(lengths) + 50


@pytest.mark.parametrize("content", ["", "of somebody else", "other rows"])
def test_parquet_of_somebody_else_is_refused(tmp_path, content):
    path = tmp_path / "out.parquet"
    told = write(
        ParquetSink(str(path)), [], *[Result(sample_frame(index), (sample_inference(),)) for index in range(3)]
    )
    if content == "other rows":
        pq.write_table(pq.read_table(path).slice(0, 4), path)
    else:
        path.write_text(content)
    with pytest.raises(SinkError, match=r"out.parquet: not as the run that is resumed has left it"):
        write(ParquetSink(str(path)), told)
