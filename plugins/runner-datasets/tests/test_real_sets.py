"""Two data sets of photographs, as their authors published them."""

from collections import Counter

from runner_core.datasets import check_dataset, open_dataset


def count_labels(dataset):
    return Counter(name for example in dataset for name in example.read().answer.names)


def test_blood_cells_are_dense_and_two_of_their_boxes_are_slips(real_datasets):
    dataset = open_dataset(real_datasets / "blood-cells")
    assert len(dataset) == 364
    assert count_labels(dataset) == {"RBC": 4153, "WBC": 372, "Platelets": 361}
    survey = check_dataset(dataset)
    assert [finding.place.rpartition("/")[2] for finding in survey.findings] == [
        "BloodImage_00338.xml:158", "BloodImage_00343.xml:50",
    ]  # fmt: skip
    assert all("no more than one pixel wide" in finding.message for finding in survey.findings)
    statistics = survey.statistics
    assert (statistics.width.median, statistics.height.median) == (640, 480)
    assert 0.14 < statistics.side.median < 0.18
    assert 10 < statistics.density.median < 16


def test_microcontrollers_have_two_parts_and_nothing_odd(real_datasets):
    dataset = open_dataset(real_datasets / "microcontrollers")
    assert Counter(example.part for example in dataset) == {"train": 142, "test": 7}
    labels = count_labels(dataset)
    assert (len(labels), labels.total()) == (4, 177)
    assert check_dataset(dataset).findings == ()
    assert check_dataset(dataset).statistics.side.median > 0.2
