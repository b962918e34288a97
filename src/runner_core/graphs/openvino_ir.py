"""OpenVINO's intermediate representation, read without OpenVINO: an ``.xml`` file of layers, a ``.bin`` of weights.

Source: https://docs.openvino.ai, "OpenVINO IR format" and "Available Operation Sets".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

import attrs
from numpy.typing import NDArray

from runner_core.graphs.constant import Constant, view_bytes
from runner_core.graphs.graph import Graph, collect_nodes
from runner_core.graphs.mapped_file import map_file
from runner_core.graphs.node import Node
from runner_core.graphs.value import Value

_LARGEST = 16 << 20  # bytes of xml; that of a vision model has one or two million
_OLDEST = 10  # version of the format; those before lay out a layer in another way
_DTYPES = {
    "f64": "float64", "f32": "float32", "f16": "float16", "bf16": "bfloat16", "boolean": "bool", "i64": "int64",
    "i32": "int32", "i16": "int16", "i8": "int8", "u64": "uint64", "u32": "uint32", "u16": "uint16", "u8": "uint8",
    "string": "string",
}  # fmt: skip
_PRODUCERS = ("rt_info/Runtime_version", "meta_data/MO_version")
_SETTINGS = ("rt_info/conversion_parameters", "meta_data/cli_parameters")

Port = tuple[str | None, str | None]  # the numbers of a layer and of its port


def read_openvino_ir(path: Path) -> Graph:
    """``metadata`` of the graph are the options of the converter that wrote it.

    Raises ValueError for a file of another kind or of an older version, OSError.
    """
    net = _parse(path)
    layers = [_Layer(each) for each in net.iterfind("layers/layer")]
    if net.tag != "net" or not layers or int(net.get("version", "0")) < _OLDEST:
        raise ValueError(f"{path}: no network of version {_OLDEST} or newer")
    names = {port: name for layer in layers for port, name in layer.outputs()}
    feeds = {
        (edge.get("to-layer"), edge.get("to-port")): names.get((edge.get("from-layer"), edge.get("from-port")), "")
        for edge in net.iterfind("edges/edge")
    }
    kinds: dict[str, list[_Layer]] = {"Parameter": [], "Const": [], "Result": [], "": []}
    for layer in layers:
        kinds.get(layer.kind, kinds[""]).append(layer)
    weights = path.with_suffix(".bin")
    return Graph(
        ".xml",
        _read_producer(net),
        collect_nodes(layer.to_node(feeds) for layer in kinds[""]),
        {name: layer.read_constant(weights) for layer in kinds["Const"] for _, name in layer.outputs()},
        tuple(layer.read_value(name) for layer in kinds["Parameter"] for _, name in layer.outputs()),
        tuple(Value(feeds.get(port, "")) for layer in kinds["Result"] for port in layer.inputs()),
        {option.tag: _read_setting(option) for place in _SETTINGS for option in net.iterfind(f"{place}/*")},
    )


@attrs.frozen(eq=False)
class _Layer:
    """An element ``layer``: what it is in ``data``, ports below ``input`` and ``output``."""

    element: Element

    @property
    def kind(self) -> str:
        return self.element.get("type", "")

    @property
    def data(self) -> Mapping[str, str]:
        found = self.element.find("data")
        return {} if found is None else found.attrib

    def inputs(self) -> Iterator[Port]:
        return ((self.element.get("id"), port.get("id")) for port in self.element.iterfind("input/port"))

    def outputs(self) -> Iterator[tuple[Port, str]]:
        """Each port and the name of its tensor: the first that it is given, else that of the layer."""
        own = self.element.get("name", "")
        for place, port in enumerate(self.element.iterfind("output/port")):
            name = port.get("names", "").partition(",")[0] or (f"{own}:{place}" if place else own)
            yield (self.element.get("id"), port.get("id")), name

    def to_node(self, feeds: Mapping[Port, str]) -> Node:
        takes, gives = (feeds.get(port, "") for port in self.inputs()), (name for _, name in self.outputs())
        return Node(self.kind, self.element.get("name", ""), tuple(takes), tuple(gives), lambda: self.data)

    def read_value(self, name: str) -> Value:
        sides = _split(self.data.get("shape", ""))
        shape = tuple(int(side) if side.isdecimal() else None for side in sides)
        return Value(name, None if "..." in sides else shape, _DTYPES.get(self.data.get("element_type", ""), ""))

    def read_constant(self, weights: Path) -> Constant:
        dtype = _DTYPES.get(self.data.get("element_type", ""), "")
        shape = tuple(map(int, _split(self.data.get("shape", ""))))
        start, size = (int(self.data.get(key, "0")) for key in ("offset", "size"))
        return Constant(shape, dtype, partial(_load, weights, start, start + size, dtype))


def _load(weights: Path, start: int, end: int, dtype: str) -> NDArray[Any]:
    return view_bytes(map_file(weights), start, end, dtype)


def _split(text: str) -> list[str]:
    """The parts between commas; none of an empty text."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _read_producer(net: Element) -> str:
    version = next(filter(None, (_read_setting(net.find(place)) for place in _PRODUCERS)), "")
    return f"openvino {version}".strip()


def _read_setting(element: Element | None) -> str:
    return "" if element is None else element.get("value", "")


class _Builder(TreeBuilder):
    """Refuses a document type: the format has none, and an entity that it declares may unpack without end."""

    def doctype(self, *_: str | None) -> NoReturn:
        raise ValueError("a document type")


def _parse(path: Path) -> Element:
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path}: more than {_LARGEST} bytes")
    parser = XMLParser(target=_Builder())
    try:
        parser.feed(path.read_bytes())
        root: Element = parser.close()
    except ParseError as error:
        raise ValueError(f"{path}: {error}") from None
    return root
