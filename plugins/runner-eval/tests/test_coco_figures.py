"""The figures are COCO's: pycocotools, called directly with the same boxes, masks and keypoints, gives the same."""

import contextlib
import io

import attrs
import numpy as np
import pytest
from labelled import NAMES, SIZE, make_answer, make_truth
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from runner_eval.coco_figures import evaluate_coco
from runner_eval.detection import DetectionMeter

PLACES = range(60)
EVERY = np.ones((1, len(PLACES)), np.int64)


def pairs_of(keypoints=17, areas=False):
    truths = [make_truth(place, keypoints=keypoints) for place in PLACES]
    if areas:
        sizes = [
            tuple((900.0 + 40 * row) * (1 + place % 9) for row in range(len(truth.answer)))
            for place, truth in enumerate(truths)
        ]
        truths = [attrs.evolve(truth, areas=each) for truth, each in zip(truths, sizes, strict=True)]
    return [(truth, make_answer(truth, 500 + place)) for place, truth in enumerate(truths)]


def list_areas(place, truth):
    return tuple((900.0 + 40 * row) * (1 + place % 9) for row in range(len(truth.answer)))


def spread_scores(answer, random):
    """No two are equal: of equal ones the order counts, and in a resample it is another."""
    return attrs.evolve(answer, scores=answer.scores - np.sort(random.random(len(answer))) / 64)


def xywh(box):
    x1, y1, x2, y2 = (float(number) for number in box)
    return [x1, y1, x2 - x1, y2 - y1]


def call_pycocotools(kind, pairs, sigmas=None):
    """The figures, of a dataset and results written here."""
    images = [{"id": place + 1, "width": SIZE[0], "height": SIZE[1]} for place in range(len(pairs))]
    annotations, results = [], []
    for place, (truth, answer) in enumerate(pairs, 1):
        for row, found in enumerate(truth.answer.instances):
            points = np.array(found.keypoints)
            labelled = points[:, 2] > 0
            points[:, 2] = labelled * 2
            annotations.append({
                "id": len(annotations) + 1, "image_id": place, "category_id": found.model_id + 1,
                "bbox": xywh(found.box),
                "segmentation": {"size": list(found.mask.shape), "counts": found.mask.rle["counts"].encode()},
                "area": truth.areas[row] if truth.areas else found.mask.area, "iscrowd": int(row in truth.ignored),
                "keypoints": points.ravel().tolist(), "num_keypoints": int(labelled.sum()),
            })  # fmt: skip
        for found in answer.instances:
            own = {
                "bbox": {"bbox": xywh(found.box)},
                "segm": {"segmentation": {"size": list(found.mask.shape), "counts": found.mask.rle["counts"].encode()}},
                "keypoints": {"keypoints": np.array(found.keypoints).ravel().tolist()},
            }[kind]
            results.append({"image_id": place, "category_id": found.model_id + 1, "score": found.score, **own})
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": images, "annotations": annotations, "info": {},
            "categories": [{"id": number, "name": name} for number, name in enumerate(NAMES, 1)],
        }  # fmt: skip
        truth.createIndex()
        run = COCOeval(truth, truth.loadRes(results), kind)
        if sigmas is not None:
            run.params.kpt_oks_sigmas = sigmas
        run.evaluate(), run.accumulate(), run.summarize()
    return run


@pytest.mark.parametrize("areas", [False, True], ids=["areas of the masks", "areas of the file"])
@pytest.mark.parametrize(("part", "kind"), [("boxes", "bbox"), ("masks", "segm"), ("keypoints", "keypoints")])
def test_all_figures_are_those_of_pycocotools_with_crowds(part, kind, areas):
    pairs = pairs_of(areas=areas)
    assert sum(len(truth.ignored) for truth, _ in pairs) > 10
    ours, theirs = evaluate_coco(part, pairs, NAMES), call_pycocotools(kind, pairs)
    assert len(ours.figures) == len(theirs.stats)
    assert list(ours.figures.values()) == pytest.approx(theirs.stats.tolist(), abs=1e-6)
    assert 0.05 < ours.figures["mAP50:95"] < 0.95


def test_keypoints_that_are_not_those_of_a_person_weigh_alike():
    pairs = pairs_of(keypoints=5)
    theirs = call_pycocotools("keypoints", pairs, sigmas=np.full(5, 1 / 5))
    assert list(evaluate_coco("keypoints", pairs, NAMES).figures.values()) == pytest.approx(
        theirs.stats.tolist(), abs=1e-6
    )


@pytest.mark.parametrize(("part", "kind"), [("boxes", "bbox"), ("masks", "segm"), ("keypoints", "keypoints")])
def test_the_same_map_follows_from_the_matches_that_resamples_are_drawn_of(part, kind):
    meter = DetectionMeter(NAMES, 0.3)
    for place, (truth, answer) in enumerate(pairs_of()):
        meter.add(place, truth, answer)
    scores = next(each for each in meter.finish(EVERY) if each.part == part)
    for name, draws in scores.draws.items():
        assert draws[0] == pytest.approx(scores.figures[name], abs=1e-9)


def test_a_resample_is_a_data_set_that_has_a_picture_several_times():
    random = np.random.default_rng(5)
    pairs = [(truth, spread_scores(answer, random)) for truth, answer in pairs_of()]
    weights = np.random.default_rng(3).multinomial(len(pairs), np.full(len(pairs), 1 / len(pairs)), 4)
    meter = DetectionMeter(NAMES, 0.3)
    for place, pair in enumerate(pairs):
        meter.add(place, *pair)
    drawn = meter.finish(weights)[0].draws
    for row, weight in enumerate(weights):
        repeated = [pair for pair, count in zip(pairs, weight, strict=True) for _ in range(count)]
        assert drawn["mAP50:95"][row] == pytest.approx(call_pycocotools("bbox", repeated).stats[0], abs=1e-6)


def test_each_class_has_the_ap_and_ar_that_pycocotools_gives_it():
    pairs = pairs_of()
    meter = DetectionMeter(NAMES, 0.3)
    for place, pair in enumerate(pairs):
        meter.add(place, *pair)
    theirs = call_pycocotools("bbox", pairs).eval
    for number, each in enumerate(meter.finish(EVERY)[0].classes):
        assert each.figures["mAP50:95"] == pytest.approx(theirs["precision"][:, :, number, 0, -1].mean(), abs=1e-6)
        assert each.figures["AR"] == pytest.approx(theirs["recall"][:, number, 0, -1].mean(), abs=1e-6)
        assert each.curve == pytest.approx(theirs["precision"][0, :, number, 0, -1], abs=1e-6)
