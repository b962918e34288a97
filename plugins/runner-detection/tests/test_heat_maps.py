"""CenterFace and CenterNet: heat maps of centres, through engines and by numbers written out here."""

import attrs
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from runner_detection.centerface import CenterFace
from runner_detection.centernet import CenterNet
from runner_detection.yolo_fastest_v2 import YoloFastestV2
from runner_detection.yolo_heads import YoloHeads

from runner_core import Frame, open_brain
from runner_core.contracts import Signature, TensorSpec
from runner_core.errors import TaskError
from runner_core.testing import check_task, conformance, sample_frame

ENGINES = ("onnx", "openvino")
FACE_MAPS = {"537": 1, "538": 2, "539": 2, "540": 10}
COCO_MAPS = {"hm": 3, "wh": 2, "reg": 2}
TALL = Frame.from_array(np.random.default_rng(7).integers(0, 256, (90, 60, 3), np.uint8), source="tall")


def write_network(path, maps, image, *, scale=1.0, end="Sigmoid", pooled=False):
    """Maps as the two have them: sums of random weights over 8 x 8 pixels, 4 apart.

    ``image`` is the shape of the input, whose values go up to about ``scale``. The first map ends in ``end``, if any;
    ``pooled`` keeps its peaks alone.
    """
    numbers = np.random.default_rng(3)
    grid = [None if not isinstance(side, int) else side // 4 for side in image[2:]]
    nodes, constants, outputs = [], [], []
    for name, features in maps.items():
        weights = numbers.normal(0, 0.1 / scale, (features, 3, 8, 8)).astype(np.float32)
        bias = numbers.normal(1.5, 0.2, features).astype(np.float32)
        constants += [numpy_helper.from_array(weights, f"{name}_w"), numpy_helper.from_array(bias, f"{name}_b")]
        first = name == next(iter(maps))
        made = f"{name}_raw" if first and (end or pooled) else name
        nodes.append(
            helper.make_node(
                "Conv", ["image", f"{name}_w", f"{name}_b"], [made], kernel_shape=[8, 8], strides=[4, 4], pads=[2] * 4
            )
        )
        if first and end:
            nodes.append(helper.make_node(end, [made], ["heat" if pooled else name]))
        if first and pooled:
            nodes += [
                helper.make_node("MaxPool", ["heat"], ["highest"], kernel_shape=[3, 3], strides=[1, 1], pads=[1] * 4),
                helper.make_node("Equal", ["heat", "highest"], ["is_peak"]),
                helper.make_node("Cast", ["is_peak"], ["kept"], to=TensorProto.FLOAT),
                helper.make_node("Mul", ["heat", "kept"], [name]),
            ]
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [image[0], features, *grid]))
    given = helper.make_tensor_value_info("image", TensorProto.FLOAT, image)
    graph = helper.make_graph(nodes, "g", [given], outputs, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def write_faces(folder, image):
    return write_network(folder / "face.onnx", FACE_MAPS, image, scale=255.0)


def ask_runtime(path, tensor):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return [out[0] for out in session.run(None, {"image": tensor})]


def overlap(one, two):
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    common = max(width, 0) * max(height, 0)
    return common / ((one[2] - one[0]) * (one[3] - one[1]) + (two[2] - two[0]) * (two[3] - two[1]) - common)


def decode_centerface(heat, scale, offset, landmarks, size, threshold, least_overlap):
    """x1, y1, x2, y2, score and five points of each face, in pixels of the input, best first."""
    faces = []
    for y, x in zip(*np.where(heat[0] >= threshold), strict=True):
        high, wide = np.exp(scale[0, y, x]) * 4, np.exp(scale[1, y, x]) * 4
        left = min(max(0.0, (x + offset[1, y, x] + 0.5) * 4 - wide / 2), size[0])
        top = min(max(0.0, (y + offset[0, y, x] + 0.5) * 4 - high / 2), size[1])
        points = [(landmarks[2 * n + 1, y, x] * wide + left, landmarks[2 * n, y, x] * high + top) for n in range(5)]
        faces.append(((left, top, min(left + wide, size[0]), min(top + high, size[1])), heat[0, y, x], points))
    kept = []
    for face in sorted(faces, key=lambda face: -face[1]):
        if all(overlap(face[0], other[0]) <= least_overlap for other in kept):
            kept.append(face)
    return kept


def decode_centernet(heat, sizes, offsets, threshold, most=100):
    """x1, y1, x2, y2 in pixels of the input, score and class of each thing, best first."""
    found = []
    for name, y, x in np.ndindex(heat.shape):
        near = heat[name, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        if heat[name, y, x] < near.max() or heat[name, y, x] < threshold:
            continue
        across, down = (x + 0.5, y + 0.5) if offsets is None else (x + offsets[0, y, x], y + offsets[1, y, x])
        pair = sizes[2 * name : 2 * name + 2] if len(sizes) > 2 else sizes
        wide, high = pair[0, y, x], pair[1, y, x]
        box = [4 * (across - wide / 2), 4 * (down - high / 2), 4 * (across + wide / 2), 4 * (down + high / 2)]
        found.append((box, heat[name, y, x], name))
    return sorted(found, key=lambda thing: -thing[1])[:most]


def compare(inference, wanted, to_picture):
    """Boxes within a hundredth of a pixel, cut at the borders; those without an area there are left out."""
    boxes = [np.clip(to_picture(np.reshape(box, (2, 2))), 0, TALL.size).ravel() for box, *_ in wanted]
    kept = [place for place, box in enumerate(boxes) if box[2] > box[0] and box[3] > box[1]]
    assert len(kept) >= 2, "the network finds too little to tell anything"
    np.testing.assert_allclose(inference.boxes, np.array(boxes)[kept], atol=0.01)
    np.testing.assert_allclose(inference.scores, [wanted[place][1] for place in kept], atol=1e-4)
    return [wanted[place] for place in kept]


@pytest.mark.parametrize("engine", ENGINES)
def test_centerface_of_any_size_sees_the_picture_stretched_to_whole_cells(tmp_path, engine):
    path = write_faces(tmp_path, ["n", 3, "h", "w"])
    brain = open_brain(path, engine=engine, conf=0.75)
    assert brain.card.task == "centerface"
    assert brain.guesses == ()
    inference = brain(TALL)
    tensor = TALL.prepared(attrs.evolve(brain.card.picture, size=(64, 96))).tensor
    assert tensor.shape == (1, 3, 96, 64)
    wanted = decode_centerface(*ask_runtime(path, tensor), (64, 96), 0.75, 0.3)
    kept = compare(inference, wanted, lambda points: points * [60 / 64, 90 / 96])
    points = np.array([face[2] for face in kept]) * [60 / 64, 90 / 96]
    np.testing.assert_allclose(inference.keypoints[..., :2], points, atol=0.01)
    np.testing.assert_allclose(inference.keypoints[..., 2], np.repeat(inference.scores[:, None], 5, axis=1))
    assert inference.names == ["face"] * len(kept)


@pytest.mark.parametrize("engine", ENGINES)
def test_centerface_of_a_fixed_size(tmp_path, engine):
    path = write_faces(tmp_path, [1, 3, 64, 128])
    brain = open_brain(path, engine=engine, conf=0.75)
    tensor = TALL.prepared(brain.card.picture).tensor
    wanted = decode_centerface(*ask_runtime(path, tensor), (128, 64), 0.75, 0.3)
    compare(brain(TALL), wanted, lambda points: points * [60 / 128, 90 / 64])


def test_the_published_file_of_32_pixels_is_refused_with_what_to_do(tmp_path):
    path = write_faces(tmp_path, [10, 3, 32, 32])
    with pytest.raises(TaskError, match="fixed to 32 x 32 pixels") as caught:
        open_brain(path, engine="onnx")
    assert "free the sides" in caught.value.remedy


def letterbox_back(side):
    """From an input of side x side to the picture of 60 x 90."""
    ratio = 90 / side
    inner = round(60 / ratio)
    return lambda points: (points - [(side - inner) // 2, 0]) * [60 / inner, ratio]


WAYS = {
    "peaks left to the reader": {},
    "peaks selected in the graph": {"pooled": True},
    "without its sigmoid": {"end": ""},
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("way", WAYS)
def test_centernet_is_read_by_the_formula(tmp_path, engine, way):
    path = write_network(tmp_path / "things.onnx", COCO_MAPS, [1, 3, 64, 64], **WAYS[way])
    brain = open_brain(path, engine=engine, conf=0.6)
    assert brain.card.task == "centernet"
    tensor = TALL.prepared(brain.card.picture).tensor
    heat, sizes, offsets = ask_runtime(path, tensor)
    heat = heat if WAYS[way].get("end", "Sigmoid") else 1 / (1 + np.exp(-heat))
    kept = compare(brain(TALL), decode_centernet(heat, sizes, offsets, 0.6), letterbox_back(64))
    assert brain(TALL).model_ids.tolist() == [thing[2] for thing in kept]


@pytest.mark.parametrize("maps", [{"hm": 3, "wh": 6, "reg": 2}, {"hm": 3, "wh": 2}])
def test_centernet_may_have_a_size_for_each_class_and_no_offsets(tmp_path, maps):
    path = write_network(tmp_path / "things.onnx", maps, [1, 3, 64, 64])
    brain = open_brain(path, engine="onnx", conf=0.6)
    heat, sizes, *offsets = ask_runtime(path, TALL.prepared(brain.card.picture).tensor)
    compare(brain(TALL), decode_centernet(heat, sizes, *(offsets or [None]), 0.6), letterbox_back(64))


def test_centernet_of_a_free_size_says_which_it_takes(tmp_path):
    path = write_network(tmp_path / "things.onnx", COCO_MAPS, [1, 3, "h", "w"])
    brain = open_brain(path, engine="onnx", conf=0.6, size="64x64")
    assert "size" in {guess.about for guess in open_brain(path, engine="onnx").guesses}
    heat, sizes, offsets = ask_runtime(path, TALL.prepared(brain.card.picture).tensor)
    compare(brain(TALL), decode_centernet(heat, sizes, offsets, 0.6), letterbox_back(64))


def signature(maps, side=64, *, first=True, ends=None):
    image = (1, 3, side, side) if first else (1, side, side, 3)
    cells = (side // 4, side // 4)
    outputs = tuple(
        TensorSpec(name, (1, features, *cells) if first else (1, *cells, features), "float32")
        for name, features in maps.items()
    )
    return Signature((TensorSpec("image", image, "float32"),), outputs, ends=ends or {})


def outputs_of(card, model):
    """Two things in the middle of the maps, and little elsewhere."""
    tensors = {}
    for role, name in card.roles.items():
        if role == "image":
            continue
        tensors[role] = np.full(model.tensor(name).shape, 0.4 if role != "heat" else 0.01, np.float32)
    heat = tensors["heat"][0] if tensors["heat"].shape[2:] == (16, 16) else tensors["heat"][0].transpose(2, 0, 1)
    heat[0, 3, 3], heat[0, 9, 10] = 0.9, 0.8
    tensors["sizes"][:] = 1.2
    return tensors


def test_a_hundred_peaks_are_the_most():
    model = signature(COCO_MAPS)
    card = attrs.evolve(CenterNet().recognise(model), name="test")
    tensors = outputs_of(card, model)
    tensors["heat"][:] = 0.01
    tensors["heat"][..., ::2, ::2] = np.linspace(0.5, 0.9, 3 * 64).reshape(3, 8, 8)
    found = CenterNet().bind(card, model).decode(tensors, Frame.from_array(np.zeros((64, 64, 3), np.uint8)))
    assert len(found) == 100
    assert found.scores[-1] == pytest.approx(np.linspace(0.5, 0.9, 192)[92])


def test_features_may_come_last():
    maps = {"hm": 3, "wh": 2, "reg": 2}
    found = []
    for first in (True, False):
        model = signature(maps, first=first)
        card = attrs.evolve(CenterNet().recognise(model), name="test")
        found.append(CenterNet().bind(card, model).decode(outputs_of(card, model), TALL))
    assert len(found[0]) == 2
    assert found[0].boxes.tolist() == found[1].boxes.tolist()


@pytest.mark.parametrize("maps", [{"a": 80, "b": 2, "c": 2}, {"b": 2, "c": 2, "a": 80}])
def test_without_names_kind_and_order_are_guesses_that_options_settle(maps):
    model = signature(maps)
    card = CenterNet().recognise(model)
    assert [card.roles[role] for role in ("heat", "sizes", "offsets")] == ["a", "b", "c"]
    assert {("kind", ("task",)), ("outputs", ("options.offsets",))} <= {(each.about, each.by) for each in card.guesses}
    named = CenterNet().recognise(signature(COCO_MAPS))
    assert {"kind", "outputs"}.isdisjoint(guess.about for guess in named.guesses)


def test_the_option_offsets_swaps_the_two():
    model = signature({"a": 3, "b": 2, "c": 2})
    card = attrs.evolve(CenterNet().recognise(model), name="test")
    tensors = outputs_of(card, model)
    swapped = {**tensors, "sizes": tensors["offsets"], "offsets": tensors["sizes"]}
    before = attrs.evolve(card, options={**card.options, "offsets": "before"})
    one, two = (CenterNet().bind(each, model) for each in (card, before))
    assert one.decode(tensors, TALL).boxes.tolist() == two.decode(swapped, TALL).boxes.tolist()
    with pytest.raises(TaskError, match="offsets is 'beside'"):
        CenterNet().bind(attrs.evolve(card, options={"offsets": "beside"}), model)


def test_heat_that_is_no_probability_gets_a_sigmoid_unless_an_option_says_otherwise():
    model = signature(COCO_MAPS)
    card = attrs.evolve(CenterNet().recognise(model), name="test")
    tensors = outputs_of(card, model)
    logits = {**tensors, "heat": np.log(tensors["heat"] / (1 - tensors["heat"]))}
    found = CenterNet().bind(card, model).decode(logits, TALL)
    assert found.scores.tolist() == pytest.approx([0.9, 0.8], abs=1e-5)
    told = attrs.evolve(card, options={"activation": "sigmoid"})
    assert len(CenterNet().bind(told, model).decode(tensors, TALL)) > 2, "a sigmoid of 0.01 is 0.5"


@pytest.mark.parametrize(("classes", "mean"), [(80, (104.014, 114.034, 119.917)), (20, (123.675, 116.28, 103.53))])
def test_what_its_input_holds_is_a_guess_by_the_data_it_was_trained_on(classes, mean):
    card = CenterNet().recognise(signature({"hm": classes, "wh": 2, "reg": 2}))
    assert (card.picture.colour, card.picture.mean, card.picture.resize) == ("bgr", mean, "letterbox")
    assert {"range", "colour", "resize"} <= {guess.about for guess in card.guesses}


OTHERS = {
    "centernet of poses": signature({"hm": 1, "wh": 2, "hps": 34, "reg": 2, "hm_hp": 17, "hp_offset": 2}),
    "maps of another stride": Signature(
        (TensorSpec("image", (1, 3, 64, 64), "float32"),),
        tuple(TensorSpec(name, (1, features, 8, 8), "float32") for name, features in FACE_MAPS.items()),
    ),
    "two maps without names": signature({"a": 80, "b": 2}),
    "four of other features": signature({"a": 1, "b": 2, "c": 2, "d": 8}),
    "a map that is a table": attrs.evolve(
        signature({"hm": 3, "wh": 2}),
        outputs=(*signature({"hm": 3, "wh": 2}).outputs, TensorSpec("reg", (1, 2, 256), "float32")),
    ),
}


@pytest.mark.parametrize("other", OTHERS)
def test_others_are_not_taken_for_them(other):
    assert CenterFace().recognise(OTHERS[other]) is None
    assert CenterNet().recognise(OTHERS[other]) is None


def test_no_model_is_both_or_of_a_family_with_maps_of_anchors():
    faces, things = signature(FACE_MAPS), signature(COCO_MAPS)
    assert CenterNet().recognise(faces) is None
    assert CenterFace().recognise(things) is None
    for family in (YoloHeads(), YoloFastestV2()):
        assert family.recognise(faces) is None
        assert family.recognise(things) is None


def test_faces_without_names_are_known_by_shape_and_their_order_is_a_guess():
    card = CenterFace().recognise(signature({"d": 10, "a": 1, "b": 2, "c": 2}))
    assert [card.roles[role] for role in ("heat", "sizes", "offsets", "points")] == ["a", "b", "c", "d"]
    assert [guess.about for guess in card.guesses] == ["outputs"]
    assert CenterFace().recognise(signature(FACE_MAPS)).guesses == ()


@pytest.mark.parametrize(("family", "maps"), [(CenterFace(), FACE_MAPS), (CenterNet(), COCO_MAPS)])
def test_binding_refuses_maps_of_another_input_and_maps_that_come_otherwise(family, maps):
    model = signature(maps)
    card = attrs.evolve(family.recognise(model), name="test")
    larger = attrs.evolve(model, inputs=(TensorSpec("image", (1, 3, 128, 128), "float32"),))
    with pytest.raises(TaskError, match=r"heat is .*, the input is"):
        family.bind(attrs.evolve(card, picture=None), larger)
    tensors = outputs_of(card, model)
    with pytest.raises(TaskError, match="heat came as"):
        family.bind(card, model).decode({**tensors, "heat": tensors["heat"][:, :, :8]}, TALL)


@pytest.fixture(params=["centerface", "centernet"])
def family(request):
    return {"centerface": (CenterFace(), FACE_MAPS), "centernet": (CenterNet(), COCO_MAPS)}[request.param]


@conformance(check_task)
def test_keeps_the_promises_of_a_task(check, family):
    task, maps = family
    model = signature(maps)
    check(task, model, outputs_of(task.recognise(model), model), sample_frame())
