"""Which tensors of a frozen graph are inputs and outputs, and that every other can be fed and fetched too."""

import numpy as np
import pytest

from runner_core.contracts import TensorSpec
from runner_core.errors import EngineError


def names(specs):
    return [spec.name for spec in specs]


@pytest.fixture
def v1(tf):
    """TensorFlow 1 with its control flow (Switch, Merge), a switch of the whole process, put back afterwards."""
    tf.compat.v1.disable_control_flow_v2()
    yield tf.compat.v1
    tf.compat.v1.enable_control_flow_v2()


def test_placeholders_are_inputs_and_leaves_outputs(load, frozen, tf, v1):
    def build():
        x = v1.placeholder(tf.float32, [1, None, 3], "x")
        v1.placeholder(tf.bool, [], "unused")
        tf.constant(1.0, name="left_over_constant")
        values, places = tf.math.top_k(x, name="best")
        tf.identity(tf.reduce_sum(x), name="total")
        tf.add(tf.cast(places, tf.float32), values, name="both")

    session = load(frozen(build))
    assert session.inputs == (TensorSpec("x:0", (1, None, 3), "float32"),)
    assert session.outputs == (TensorSpec("total:0", (), "float32"), TensorSpec("both:0", (1, None, 1), "float32"))


def test_placeholders_with_a_default_are_inputs_where_there_are_no_others(load, frozen, tf, v1):
    def with_default(x_is_given):
        x = v1.placeholder(tf.float32, [], "x") if x_is_given else 1.0
        tf.add(x, v1.placeholder_with_default(2.0, [], "y"), name="sum")

    assert names(load(frozen(lambda: with_default(True))).inputs) == ["x:0"]
    alone = load(frozen(lambda: with_default(False), "alone.pb"))
    assert names(alone.inputs) == ["y:0"]
    assert alone.run({}, ("sum:0",))["sum:0"] == 3


def test_known_names_are_outputs_even_where_others_hang_on(load, frozen, tf, v1):
    def build():
        x = v1.placeholder(tf.float32, [1, 4, 4], "image_tensor")
        boxes = tf.identity(x, name="detection_boxes")
        tf.identity(x, name="detection_scores")
        tf.reduce_sum(boxes, name="debugging")
        tf.reduce_max(x, name="another_leaf")

    session = load(frozen(build))
    assert names(session.outputs) == ["detection_boxes:0", "detection_scores:0"]


def test_what_only_checks_prints_or_summarises_is_not_an_output(load, frozen, tf, v1):
    def build():
        x = v1.placeholder(tf.float32, [2], "x")
        with tf.control_dependencies([v1.Assert(tf.reduce_all(x >= 0), [x]), tf.identity(x, name="waited_for")]):
            y = tf.identity(x * 2, name="y")
        v1.Print(y, [y], name="printed")
        v1.summary.scalar("loss", tf.reduce_sum(y * 1))
        v1.summary.histogram("values", y * 1)
        tf.identity(y + 1, name="answer")

    assert names(load(frozen(build), trusted=True).outputs) == ["answer:0"]


def test_what_conditions_and_loops_leave_over_is_not_an_output(load, frozen, tf, v1):
    def build():
        x = v1.placeholder(tf.float32, [], "x")
        chosen = v1.cond(x > 0, lambda: x * 2, lambda: x - 1)
        _, doubled, _ = v1.while_loop(
            lambda i, value, _: i < 3, lambda i, value, other: (i + 1, value * 2, other + value), (0, chosen, x)
        )
        tf.identity(doubled, name="answer")

    session = load(frozen(build))
    assert {"Exit", "Switch", "Merge"} <= {op.type for op in session._open[0].graph.get_operations()}
    assert names(session.outputs) == ["answer:0"]
    assert session.run({"x:0": np.array(1.5, np.float32)}, ("answer:0",))["answer:0"] == 24


def test_functions_of_the_library_are_no_outputs(load, frozen, tf, v1):
    @tf.function
    def squared(x):
        return {"square": x * x}

    def build():
        tf.identity(squared(v1.placeholder(tf.float32, [], "x"))["square"], name="answer")

    session = load(frozen(build))
    assert names(session.outputs) == ["answer:0"]
    assert session.run({"x:0": np.array(3, np.float32)}, ("answer:0",))["answer:0"] == 9


def test_a_graph_that_decodes_pictures_can_be_fed_behind_its_decoder(load, testdata):
    session = load(testdata / "models" / "fastestdet_coco_tf1_encoded_image_string_tensor.pb")
    encoded = np.array([(testdata / "pictures" / "cat_720p.jpg").read_bytes()], object)
    wanted = ("detection_scores:0", "decode_image/DecodeImage:0")
    scores, pixels = session.run({"encoded_image_string_tensor:0": encoded}, wanted).values()
    assert pixels.shape == (720, 1280, 3)
    behind = session.run({"decode_image/DecodeImage:0": pixels}, ("detection_scores:0",))
    np.testing.assert_allclose(behind["detection_scores:0"], scores, atol=1e-5)
    assert scores.max() > 0.5


def test_a_scalar_string_is_fed_as_it_is(load, frozen, tf, v1):
    session = load(frozen(lambda: tf.strings.length(v1.placeholder(tf.string, [], "text"), name="length")))
    assert session.inputs == (TensorSpec("text:0", (), "string"),)
    assert session.run({"text:0": np.array(b"\xff\x00abc", object)}, ("length:0",))["length:0"] == 5


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (np.zeros((1, 9, 9, 3), np.float32), r"was fed image_tensor:0: float32 \[1 x 9 x 9 x 3\]"),
        (np.zeros((2, 9, 9, 3), np.uint8), r"takes image_tensor:0: uint8 \[1 x \? x \? x 3\]"),
        ([[1]], r"was fed image_tensor:0: int64 \[1 x 1\]"),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused_by_name(array, complaint, load, testdata):
    session = load(testdata / "models" / "fastestdet_coco_tf1_image_tensor.pb")
    with pytest.raises(EngineError, match=complaint):
        session.run({"image_tensor:0": array}, ("detection_boxes:0",))


def test_half_precision_is_float32_outside(load, frozen, tf, v1):
    session = load(frozen(lambda: tf.add(v1.placeholder(tf.float16, [None], "x"), tf.constant(2, tf.float16), "y")))
    assert session.inputs == (TensorSpec("x:0", (None,), "float32"),)
    assert session.outputs == (TensorSpec("y:0", (None,), "float32"),)
    sums = session.run({"x:0": np.array([0.5, 3], np.float32)}, ("y:0",))["y:0"]
    assert (sums.tolist(), sums.dtype) == ([2.5, 5], np.float32)


def test_numbers_are_cast_only_where_they_keep_their_value(load, frozen, tf, v1):
    session = load(frozen(lambda: tf.negative(v1.placeholder(tf.float32, [None], "x"), "y")))
    assert session.run({"x:0": np.array([1, 2], np.uint8)}, ("y:0",))["y:0"].tolist() == [-1, -2]
    with pytest.raises(EngineError, match=r"takes x:0: float32 \[\?\]; was fed x:0: int64 \[2\]"):
        session.run({"x:0": np.array([1, 2], np.int64)}, ("y:0",))


def test_what_tensorflow_says_comes_on_one_line(load, testdata):
    session = load(testdata / "models" / "fastestdet_coco_tf1_encoded_image_string_tensor.pb")
    with pytest.raises(EngineError, match=r"_string_tensor\.pb: Unknown image file format[^\n]*$"):
        session.run({"encoded_image_string_tensor:0": np.array([b"no picture"], object)}, ("detection_boxes:0",))


def test_an_unknown_tensor_is_refused_with_those_there_are(load, testdata):
    session = load(testdata / "models" / "fastestdet_coco_tf1_image_tensor.pb")
    with pytest.raises(EngineError, match=r"no tensor 'boxes'; there are: detection_boxes:0, "):
        session.run({"image_tensor:0": np.zeros((1, 9, 9, 3), np.uint8)}, ("boxes",))
    with pytest.raises(EngineError, match=r"no tensor 'images'; there are: image_tensor:0$"):
        session.run({"images": np.zeros((1, 9, 9, 3), np.uint8)}, ("detection_boxes:0",))
