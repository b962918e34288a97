"""What a brain says: columns that fit each other, instances made when asked for."""

import gc

import attrs
import numpy as np
import pytest
from inferences import LABELS, full, sample

from runner_core.cards.labels import Label, LabelMap
from runner_core.errors import LabelError
from runner_core.results import inference as module
from runner_core.results.inference import Inference
from runner_core.results.instance import Instance
from runner_core.results.mask import Mask


class TestColumns:
    def test_types(self):
        answer = sample(keypoints=np.zeros((3, 5, 3)), tracks=np.array([1, 2, 3], np.int32))
        assert {column.dtype for column in (answer.boxes, answer.scores, answer.keypoints)} == {np.dtype(np.float32)}
        assert answer.tracks.dtype == np.int32
        assert Inference(brain="a", task="t", size=(1, 1), model_ids=[]).model_ids.dtype == np.int64

    def test_are_read_only_and_not_copied(self):
        boxes, scores = np.zeros((3, 4), np.float32), np.zeros(3, np.float32)
        answer = sample(boxes=boxes, scores=scores)
        assert np.shares_memory(answer.boxes, boxes)
        assert np.shares_memory(answer.scores, scores)
        assert not answer.boxes.flags.writeable
        assert boxes.flags.writeable

    @pytest.mark.parametrize(
        ("name", "column"),
        [
            ("boxes", np.zeros((2, 4))),
            ("boxes", np.zeros((3, 5))),
            ("boxes", np.zeros((1, 3, 4))),
            ("boxes", np.zeros(12)),
            ("scores", np.zeros(4)),
            ("scores", np.zeros((3, 1))),
            ("model_ids", np.zeros((3, 1), int)),
            ("keypoints", np.zeros((3, 17, 2))),
            ("keypoints", np.zeros((3, 17))),
            ("tracks", np.zeros(2, int)),
            ("parents", np.zeros(2, int)),
            ("masks", (Mask(array=np.zeros((40, 60), bool)),)),
            ("class_map", np.zeros((60, 40), int)),
        ],
    )
    def test_of_another_shape_are_refused(self, name, column):
        with pytest.raises(ValueError, match=f"^({name}|scores|boxes) has the shape"):
            sample(**{name: column})

    def test_masks_of_another_size_are_refused(self):
        masks = (Mask(array=np.zeros((40, 60), bool)), Mask(array=np.zeros((60, 40), bool))) * 2
        with pytest.raises(ValueError, match="a mask is 40 x 60, the picture 60 x 40"):
            sample(masks=masks[:3])

    @pytest.mark.parametrize("name", ["model_ids", "tracks", "parents"])
    def test_of_fractions_are_no_numbers(self, name):
        with pytest.raises(ValueError, match="whole numbers"):
            sample(**{name: [1.0, 2.0, 3.5]})

    def test_names_and_identities(self):
        assert sample().names == ["page", "graph", "page"]
        assert sample().file_ids.tolist() == [17, 18, 17]
        assert sample(class_map=np.full((40, 60), 7)).found == (*LABELS.labels, Label(7, 7, "class 7"))
        assert Inference(brain="a", task="t", size=(1, 1), model_ids=[]).found == ()


class TestRows:
    def test_take(self):
        answer = full()
        for rows in (np.array([2, 0]), [2, 0], np.array([-1, -3])):
            taken = answer.take(np.asarray(rows))
            assert taken.model_ids.tolist() == [1, 1]
            assert taken.boxes.tolist() == [[1, 2, 3, 4], [0, 0, 10, 10]]
            assert taken.masks == (answer.masks[2], answer.masks[0])
            assert taken.tracks.tolist() == [6, 4]
            assert taken.keypoints.shape == (2, 2, 3)
        assert answer.take(np.array([True, False, True])).scores.tolist() == pytest.approx([0.9, 0.5])
        assert len(answer.take(np.array([], int))) == 0
        with pytest.raises(IndexError):
            answer.take(np.array([True, False]))
        with pytest.raises(IndexError):
            answer.take(np.array([3]))

    def test_take_keeps_the_rest(self):
        answer = full()
        taken = answer.take(np.array([1]))
        assert (taken.size, taken.engine, taken.ms, taken.labels) == (
            answer.size,
            answer.engine,
            answer.ms,
            answer.labels,
        )
        assert taken.class_map is not None

    def test_filter(self):
        answer = sample()
        assert answer.filter(conf=0.6).names == ["page", "graph"]
        assert answer.filter(conf=0.9).names == ["page"], "the least score counts"
        assert answer.filter(classes=["page"]).scores.tolist() == pytest.approx([0.9, 0.5])
        assert answer.filter(classes=["page"], max_det=1).scores.tolist() == pytest.approx([0.9])
        assert answer.filter(max_det=2).names == ["page", "graph"]
        assert answer.filter() is answer
        assert answer.filter(max_det=3) is answer
        assert len(answer.filter(classes=[])) == 0
        with pytest.raises(LabelError):
            answer.filter(classes=["chart"])

    def test_without_scores_conf_keeps_all(self):
        assert len(sample(scores=None).filter(conf=0.99)) == 3


class TestInstances:
    def test_say_what_the_columns_say(self):
        answer = full()
        instance = answer.instances[1]
        assert instance == Instance(
            id=1,
            label="graph",
            file_id=18,
            model_id=2,
            score=float(np.float32(0.8)),
            box=(5.0, 5.0, 20.0, 20.0),
            mask=answer.masks[1],
            keypoints=((6.0, 7.0, 8.0), (9.0, 10.0, 11.0)),
            track=None,
            parent=0,
        )
        assert [each.track for each in answer.instances] == [4, None, 6]

    def test_are_a_sequence(self):
        instances = sample().instances
        assert len(instances) == 3
        assert instances[-1].id == 2
        assert [each.id for each in instances[::-1]] == [2, 1, 0]
        assert [each.id for each in reversed(instances)] == [2, 1, 0]
        assert instances[1] in instances
        with pytest.raises(IndexError):
            instances[3]

    def test_of_columns_that_are_not_there(self):
        instance = Inference(brain="a", task="t", size=(1, 1), model_ids=[4]).instances[0]
        assert instance == Instance(id=0, label="class 4", file_id=4, model_id=4)

    def test_are_made_when_they_are_asked_for(self, monkeypatch):
        made = []
        monkeypatch.setattr(module, "Instance", lambda **fields: made.append(fields) or Instance(**fields))
        count = 10_000
        gc.collect()
        objects = len(gc.get_objects())
        answer = Inference(
            brain="a", task="t", size=(60, 40), labels=LABELS,
            model_ids=np.ones(count, int), boxes=np.zeros((count, 4), np.float32), scores=np.zeros(count, np.float32),
        )  # fmt: skip
        kept = answer.filter(conf=0.0, max_det=5000)
        assert (len(kept), len(kept.instances), made) == (5000, 5000, [])
        assert len(gc.get_objects()) - objects < 100
        assert answer.instances[7].id == 7
        assert len(made) == 1


class TestEquality:
    def test_of_equal_columns(self):
        assert full() == full()
        assert full() != "an inference"
        with pytest.raises(TypeError, match="unhashable"):
            hash(full())

    @pytest.mark.parametrize(
        "change",
        [
            {"brain": "other"},
            {"task": "other"},
            {"version": "4"},
            {"engine": "tensorflow"},
            {"ms": {}},
            {"labels": LabelMap()},
            {"boxes": np.zeros((3, 4))},
            {"boxes": None},
            {"scores": np.float32([0.9, 0.8, 0.50000006])},
            {"model_ids": [1, 1, 1]},
            {"masks": None},
            {"masks": (Mask(array=np.zeros((40, 60), bool)),) * 3},
            {"keypoints": np.zeros((3, 3, 3))},
            {"tracks": None},
            {"parents": [0, 0, 0]},
            {"class_map": None},
            {"class_map": np.zeros((40, 60), int)},
        ],
    )
    def test_of_one_thing_changed(self, change):
        assert full() != attrs.evolve(full(), **change)

    def test_labels_that_nobody_found_do_not_count(self):
        more = LabelMap((*LABELS.labels, Label(3, 30, "table")))
        assert sample() == attrs.evolve(sample(), labels=more)

    def test_the_representation_is_short(self):
        assert repr(full()) == "Inference('demo', object-detection, found 2 page, 1 graph)"
        assert "found nothing" in repr(sample().take(np.array([], int)))
