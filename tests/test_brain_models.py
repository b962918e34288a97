"""Chains of real networks: what comes back is what each says of the crop by itself, carried to the picture."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import pytest

from runner_core import Frame, Project, open_brain, stream
from runner_core.results.boxes import boxes_to_crops

COCO = "fastestdet_coco_tf1_image_tensor.pb"
POSE = "movenet_single_pose_lightning_ptq.tflite"
PIXELS = "deeplabv3_mnv2_dm05_pascal_tf1_frozen.pb"
NAMES = "mobilenet_v2_1.0_224_quant.tflite"
LABELS = {COCO: "coco80.pbtxt", NAMES: "imagenet_labels.txt", PIXELS: "pascal_voc_segmentation_labels.txt"}


@pytest.fixture(scope="module")
def brains(testdata):
    models = testdata / "models"
    with ExitStack() as stack:

        def opened(name):
            labels = models / LABELS[name] if name in LABELS else None
            return stack.enter_context(open_brain(models / name, labels=labels, conf=0.3, name=name.partition("_")[0]))

        yield {name: opened(name) for name in (COCO, POSE, PIXELS, NAMES)}


@pytest.fixture(scope="module")
def frame(testdata):
    return Frame.from_path(testdata / "pictures" / "baseball.jpg")


def crops(found, margin):
    """(row, crop) of each person."""
    people = [row for row, name in enumerate(found.names) if name == "person"]
    every = boxes_to_crops(found.boxes, found.size, margin)
    return [(row, every[row]) for row in people]


def alone(brain, frame, crop):
    """What the brain says of a crop that somebody else cut out."""
    x1, y1, x2, y2 = crop
    return brain.predict(np.ascontiguousarray(frame.pixels[y1:y2, x1:x2]))


def test_keypoints_of_people_are_those_of_their_crops(brains, frame):
    people, poses = brains[COCO].then(brains[POSE], on=["person"], margin=0.1).infer_all(frame)
    want = {}
    for row, (x1, y1, x2, y2) in crops(people, 0.1):
        answer = alone(brains[POSE], frame, (x1, y1, x2, y2))
        if len(answer):
            want[row] = answer.keypoints[0] + [x1, y1, 0], answer.boxes[0] + [x1, y1, x1, y1]
    assert len(want) >= 3
    assert sorted(poses.parents.tolist()) == sorted(want)
    for row, parent in enumerate(poses.parents.tolist()):
        points, box = want[parent]
        np.testing.assert_allclose(poses.keypoints[row], points, atol=1e-3)
        np.testing.assert_allclose(poses.boxes[row], box, atol=1e-3)


def test_masks_of_people_are_those_of_their_crops(brains, frame):
    people, regions = brains[COCO].then(brains[PIXELS], on=["person"]).infer_all(frame)
    seen = 0
    for row, (x1, y1, x2, y2) in crops(people, 0):
        want = {each.label: each.mask for each in alone(brains[PIXELS], frame, (x1, y1, x2, y2)).instances}
        got = {each.label: each.mask for each in regions.instances if each.parent == row}
        assert set(got) == set(want)
        for label, mask in got.items():
            np.testing.assert_array_equal(mask.array[y1:y2, x1:x2], want[label].array)
            assert mask.area == want[label].area  # and nothing outside
            seen += 1
    assert seen >= 3
    assert regions.class_map is None


def test_names_of_what_is_found_have_the_parent_alone(brains, frame):
    """A classifier has no coordinates to carry."""
    things, names = brains[COCO].then(brains[NAMES], on=["baseball bat"]).infer_all(frame)
    assert {things.names[parent] for parent in names.parents} == {"baseball bat"}
    assert names.boxes is None
    assert names.scores.tolist() == sorted(names.scores.tolist(), reverse=True)


def test_a_chain_of_three_networks(brains, frame):
    chain = brains[COCO].then(brains[PIXELS], on=["person"]).then(brains[NAMES], on=["person"])
    people, regions, names = chain.infer_all(frame)
    assert (regions.parent_brain, names.parent_brain) == ("fastestdet", "deeplabv3")
    assert len(names)
    for instance in names.instances:
        region = regions.instances[instance.parent]
        assert (region.label, people.instances[region.parent].label) == ("person", "person")


def test_crops_are_not_encoded_for_a_graph_that_decodes(testdata, frame, monkeypatch):
    """A PNG of every crop would cost more than the network: after the first, which proves it, it is fed pixels."""
    encoded = "fastestdet_coco_tf1_encoded_image_string_tensor.pb"
    labels = testdata / "models" / "coco80.pbtxt"
    fed = []
    with (
        open_brain(testdata / "models" / COCO, labels=labels, conf=0.5, name="first") as first,
        open_brain(testdata / "models" / encoded, labels=labels, conf=0.5, name="second") as second,
    ):
        run = second.session.run
        monkeypatch.setattr(second.session, "run", lambda feeds, fetches: fed.append(feeds) or run(feeds, fetches))
        found, inside = first.then(second, on=["person"]).infer_all(frame)
        assert sum("encoded_image_string_tensor:0" in feeds for feeds in fed) == 1
        assert len(fed) == 1 + found.names.count("person")
        for row, crop in crops(found, 0):
            want = alone(second, frame, crop)
            got = inside.take(np.flatnonzero(inside.parents == row))
            assert got.names == want.names
            np.testing.assert_allclose(got.boxes, want.boxes + [*crop[:2], *crop[:2]], atol=1e-2)
            np.testing.assert_allclose(got.scores, want.scores, atol=1e-4)


@pytest.fixture(scope="module")
def clip(tmp_path_factory, frame):
    """A second of the picture, sliding to the left."""
    av = pytest.importorskip("av")
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 480, 480, "yuv420p"
        for step in range(0, 100, 10):
            pixels = np.ascontiguousarray(frame.pixels[:, 60 + step : 540 + step])
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(video.encode())
    return path


def test_over_a_video_every_frame_has_both_answers_in_order(brains, clip):
    chain = brains[COCO].then(brains[POSE], on=["person"], margin=0.1)
    results = list(stream(str(clip), [chain], threads=2))
    assert [result.frame.index for result in results] == list(range(10))
    assert [round(result.frame.time, 1) for result in results] == [number / 10 for number in range(10)]
    for result in results:
        people, poses = result.answers
        assert len(poses)
        for instance in poses.instances:
            x1, y1, x2, y2 = people.boxes[instance.parent]
            wide, high = 0.1 * (x2 - x1) + 1, 0.1 * (y2 - y1) + 1
            assert x1 - wide <= instance.box[0] <= instance.box[2] <= x2 + wide
            assert y1 - high <= instance.box[1] <= instance.box[3] <= y2 + high


def test_a_live_source_is_looked_into_too(clip):
    """The demo's brains, on a camera that shows its pictures: the newest frame has the answers of the whole chain."""
    project = Project("demo")
    camera = f"lavfi:movie={clip},realtime"
    with project.get_model("page") as page, project.get_model("graphs") as graphs:
        results = list(stream(camera, [page.then(graphs)], threads=2))
    assert results
    for result in results:
        assert [answer.brain for answer in result.answers] == ["page", "graphs"]
        assert result.answers[1].parent_brain == "page"
        assert len(result.answers[1].parents) == len(result.answers[1])
