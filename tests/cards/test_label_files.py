"""Label maps in every format, and files that are not label maps."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner_core.cards.label_files import parse_labels, read_labels
from runner_core.cards.labels import Label, LabelMap
from runner_core.errors import LabelError


def pbtxt(text: str) -> tuple[Label, ...]:
    return parse_labels(text, suffix=".pbtxt").labels


def test_real_label_maps(testdata):
    coco = read_labels(testdata / "models" / "coco80.pbtxt")
    assert (len(coco), coco.name(1), coco.name(80)) == (80, "person", "toothbrush")
    names = read_labels(testdata / "models" / "coco80.txt", first=1)
    assert names == coco
    imagenet = read_labels(testdata / "models" / "imagenet_labels.txt")
    assert (len(imagenet), imagenet.name(0), len(imagenet.model_ids_of(["crane"]))) == (1001, "background", 2)
    voc = read_labels(testdata / "models" / "pascal_voc_segmentation_labels.txt")
    assert (voc.name(0), voc.name(15), voc.name(20)) == ("background", "person", "tvmonitor")


def test_the_usual_pbtxt():
    text = """
    item {
      id: 1
      name: 'page'
    }
    item {
      name: "/m/0gjbg72"
      id: 18
      display_name: "graph"
    }
    """
    assert pbtxt(text) == (Label(1, 1, "page"), Label(18, 18, "graph"))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ('item{id:1 name:"a"}', Label(1, 1, "a")),
        ('item: < id: 1; name: "a"; >', Label(1, 1, "a")),
        ('item { id: 1, name: "a {b} }" }', Label(1, 1, "a {b} }")),
        ('item { id: 1 name: "}{" }', Label(1, 1, "}{")),
        ('# first\nitem { # here\n  id: 1 # one\n  name: "a # b" # no\n}', Label(1, 1, "a # b")),
        ("item { id: 1 name: 'it\\'s' }", Label(1, 1, "it's")),
        ('item { id: 1 name: "12\\" ruler" }', Label(1, 1, '12" ruler')),
        ('item { id: 1 name: "caf\\303\\251" }', Label(1, 1, "café")),
        ('item { id: 1 name: "caf\\xc3\\xa9" }', Label(1, 1, "café")),
        ('item { id: 1 name: "café \\\\ a\\tb" }', Label(1, 1, "café \\ a\tb")),
        ('item { id: 1 name: "a" display_name: "" }', Label(1, 1, "a")),
        ("item { id: 0 }", Label(0, 0, "class 0")),
        ('item { id: 3 name: "" }', Label(3, 3, "class 3")),
        ('item { id: 1 name: "a" keypoints { id: 7 label: "nose" } keypoints: { id: 8 } }', Label(1, 1, "a")),
        (
            'item { id: 1 name: "a" ancestor_ids: ["/m/1", "}"] frequency: FREQUENT instance_count: 5 }',
            Label(1, 1, "a"),
        ),
        ('\r\nitem {\r\n  name: "a"\r\n  id: 1\r\n}\r\n', Label(1, 1, "a")),
    ],
)
def test_odd_pbtxt(text, label):
    assert pbtxt(text) == (label,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('item { name: "a" }', "without an id: a"),
        ('item { id: "x" name: "a" }', "without an id"),
        ("item { id: -2 }", "negative"),
        ("item { id: 1 } item { id: 1 }", "1 twice"),
        ('item { id: 1 name: "a"', "not closed"),
        ('item { id: 1\n name: "a }', "line 2"),
        ('node { name: "x" op: "Placeholder" }', "'node' where an item should be"),
        ("item", "'item' where"),
        ("}", "where an item should be"),
    ],
)
def test_pbtxt_that_is_malformed(text, message):
    with pytest.raises(LabelError, match=message):
        pbtxt(text)


def test_a_pbtxt_as_protobuf_writes_it():
    descriptor_pb2 = pytest.importorskip("google.protobuf.descriptor_pb2")
    from google.protobuf import descriptor_pool, message_factory, text_format

    field = descriptor_pb2.FieldDescriptorProto
    schema = descriptor_pb2.FileDescriptorProto(name="labels.proto", syntax="proto2")
    item = schema.message_type.add(name="Item")
    for number, (name, kind) in enumerate([("name", field.TYPE_STRING), ("id", field.TYPE_INT32)], 1):
        item.field.add(name=name, number=number, type=kind, label=field.LABEL_OPTIONAL)
    schema.message_type.add(name="Map").field.add(
        name="item", number=1, type=field.TYPE_MESSAGE, type_name=".Item", label=field.LABEL_REPEATED
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(schema)
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName("Map"))()
    names = ["page", "café", "it's", 'a "b"', "{", "\\", "日本\n語", "#1", "tab\t"]
    for number, name in enumerate(names):
        message.item.add(name=name, id=number)
    for options in ({}, {"as_utf8": True}, {"as_one_line": True}, {"use_short_repeated_primitives": True}):
        assert [label.name for label in pbtxt(text_format.MessageToString(message, **options))] == names


def test_text():
    assert parse_labels("page\n\ngraph\n", suffix=".txt", first=1) == LabelMap.from_names(["page", "graph"], first=1)
    assert parse_labels("  page  \r\ngraph", suffix="").names == ("page", "graph")


def test_a_list_that_starts_with_the_background_starts_at_zero():
    for background in ("background", "Background", "???", "__background__"):
        assert parse_labels(f"{background}\npage", suffix=".txt", first=1).name(1) == "page"


@pytest.mark.parametrize(
    "text", ["1 page\n18 tall graph", "1: page\n18: tall graph", "1,page\n18,tall graph", "1\tpage\n18\ttall graph"]
)
def test_numbered_text(text):
    assert parse_labels(text, suffix=".txt").labels == (Label(1, 1, "page"), Label(18, 18, "tall graph"))


@pytest.mark.parametrize(
    "names",
    [
        ["1 euro", "2 euro"],
        ["5 cent", "10 cent", "20 cent", "1 euro", "2 euro"],
        ["1 euro", "1 cent", "2 euro", "2 cent"],
    ],
)
def test_numbers_that_are_part_of_names_stay_and_are_told(names, tmp_path, caplog):
    (tmp_path / "l.txt").write_text("\n".join(names))
    assert read_labels(tmp_path / "l.txt", first=1) == LabelMap.from_names(names, first=1)
    assert f"l.txt: the numbers count as parts of the names, as in {names[0]!r}" in caplog.text


@pytest.mark.parametrize("text", ["0 crane\n1 cat\n2 crane", "0: cat\n1: cat", "7 cat"])
def test_a_name_that_comes_twice_leaves_numbers_numbers(text, tmp_path):
    assert parse_labels(text, suffix=".txt").labels[0].name in ("crane", "cat")


def test_text_with_one_unnumbered_line_is_a_list_of_names():
    assert parse_labels("3 musketeers\npage", suffix=".txt").names == ("3 musketeers", "page")


def test_text_that_starts_like_a_pbtxt():
    assert parse_labels("items\nitem of clothing", suffix=".txt").names == ("items", "item of clothing")
    assert parse_labels("# labels\nitem { id: 4 name: 'a' }", suffix=".txt").labels == (Label(4, 4, "a"),)


@pytest.mark.parametrize(
    "data",
    [
        ["page", "graph"],
        {"0": "page", "1": "graph"},
        {"labels": ["page", "graph"]},
        {"labels": {"0": "page", "1": "graph"}},
        {"model_type": "detr", "id2label": {"0": "page", "1": "graph"}},
        [{"id": 0, "name": "page"}, {"id": 1, "name": "graph"}],
        [{"model_id": 0, "file_id": 0, "name": "page"}, {"model_id": 1, "name": "graph"}],
        {"images": [], "categories": [{"id": 0, "name": "page", "supercategory": "x"}, {"id": 1, "name": "graph"}]},
    ],
)
def test_json(data):
    assert parse_labels(json.dumps(data), suffix=".json").labels == (Label(0, 0, "page"), Label(1, 1, "graph"))


def test_json_keeps_the_identity():
    text = '[{"model_id": 1, "file_id": 17, "name": "page"}]'
    assert parse_labels(text, suffix=".json").labels == (Label(1, 17, "page"),)
    assert parse_labels('["background", "page"]', suffix=".json", first=1).name(1) == "page"


@pytest.mark.parametrize(
    "text",
    ['"page"', "5", "null", "{", '{"page": "graph"}', '{"page": null}', '[{"name": "a"}]', '[{"id": 1}]', "[1, 2]",
     '["a", 1]', '{"labels": 4}', '[{"id": "x", "name": "a"}]', '[{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]'],
)  # fmt: skip
def test_json_that_is_not_a_label_map(text):
    with pytest.raises(LabelError):
        parse_labels(text, suffix=".json")


def test_a_byte_order_mark_is_not_a_name(tmp_path):
    for name, text in (("a.txt", "page\n"), ("a.json", '["page"]'), ("a.pbtxt", 'item { id: 0 name: "page" }')):
        (tmp_path / name).write_text(text, encoding="utf-8-sig")
        assert read_labels(tmp_path / name).labels == (Label(0, 0, "page"),)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.txt", b"", "no labels in it; write one name a line"),
        ("empty.json", b"[]", "no labels in it"),
        ("empty.pbtxt", b"# nothing\n", "no labels in it"),
        ("blank.txt", b"\n \n", "no labels in it"),
        ("model.pb", b"\x80\x04\xff\xfe", "not a readable label file"),
        ("wide.txt", "page".encode("utf-16"), "not a readable label file"),
        ("twice.txt", b"1 page\n1 graph\n", "model_id 1 twice"),
        ("deep.json", b"[" * 100_000, "too deeply nested"),
        ("deep.pbtxt", b"item {" * 100_000, "too deeply nested"),
        ("page.txt", b"<!DOCTYPE html>\n<html>", "not a label file but something else; write one name a line"),
        ("pointer.txt", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "not a label file"),
        ("zeros.txt", b"cat\0dog\0", "not a label file"),
    ],
)
def test_a_file_that_is_not_a_label_map_is_named_in_one_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LabelError, match=message) as refusal:
        read_labels(tmp_path / name)
    assert str(refusal.value).startswith(str(tmp_path / name))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "names", "messages"),
    [
        (
            "cat\ndog\n\na b c d e f g h i\nwhich nobody learns from. \n", 4,
            [
                "line 4 (and 1 more) does not look like a name, and counts as a class: 'a b c d e f g h i'",
                "line 3 is empty and is not counted as a class: if it should, give each line its number",
            ],
        ),
        ("# of COCO\ncat\n", 2, ["line 1 does not look like a name, and counts as a class: '# of COCO'"]),
        ("names:\ncat\n", 2, ["line 1 does not look like a name, and counts as a class: 'names:'"]),
        ("x" * 61, 1, [f"line 1 does not look like a name, and counts as a class: '{'x' * 60}'"]),
        ("id name\n1 cat\n2 dog", 3, ["line 1 has no number, most others have one, and counts as a class: 'id name'"]),
        ("\ncat\n\n", 1, ["line 1 is empty and is not counted as a class: if it should, give each line its number"]),
        ("1 cat\n\n2 dog\n", 2, []),
        ("3 musketeers\npage\n", 2, []),
        ("cat\ndog\n\n\n", 2, []),
        ("sulphur butterfly, sulfur butterfly\nrecreational vehicle, RV, R.V.\nSt. Bernard, Saint Bernard", 3, []),
    ],
)  # fmt: skip
def test_what_does_not_look_like_a_name_is_reported_with_its_line(tmp_path, caplog, text, names, messages):
    (tmp_path / "labels.txt").write_text(text)
    assert len(read_labels(tmp_path / "labels.txt")) == names
    assert caplog.messages == [f"{tmp_path / 'labels.txt'}: {message}" for message in messages]


def test_prose_after_a_list_with_a_background_is_reported(testdata, caplog):
    path = testdata / "models" / "pascal_voc_segmentation_labels.txt"
    assert len(read_labels(path)) == 23
    prose, empty = (record.getMessage() for record in caplog.records)
    oddity = "line 23 (and 1 more) does not look like a name, and counts as a class: 'and 255 is the"
    assert prose.startswith(f"{path}: {oddity}")
    assert empty.startswith(f"{path}: line 22 is empty")


def test_ordinary_label_files_are_read_without_a_word(testdata, caplog):
    for name in ("coco80.txt", "coco80.pbtxt", "imagenet_labels.txt"):
        read_labels(testdata / "models" / name)
    assert not caplog.records


def test_no_file(tmp_path):
    with pytest.raises(LabelError, match="no such label file"):
        read_labels(tmp_path / "none.txt")
    with pytest.raises(LabelError, match="not a readable"):
        read_labels(tmp_path)


@settings(max_examples=300)
@given(
    st.one_of(st.text(), st.text(alphabet="item{}<>[]:;, id1\"'\\#\n"), st.text(alphabet='[]{}":,1a\n ')),
    st.sampled_from([".pbtxt", ".txt", ".json"]),
)
def test_any_text_is_a_label_map_or_a_label_error(text, suffix):
    with contextlib.suppress(LabelError):
        assert isinstance(parse_labels(text, suffix=suffix), LabelMap)
