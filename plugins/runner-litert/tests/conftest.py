"""Small TensorFlow Lite models, made as they are asked for with the schema that LiteRT ships."""

from collections.abc import Callable, Sequence
from pathlib import Path

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

FLOAT32, FLOAT16, UINT8, INT8, INT16 = 0, 1, 3, 9, 7  # of the schema's TensorType
DTYPES = {"float32": FLOAT32, "float16": FLOAT16, "uint8": UINT8, "int8": INT8, "int16": INT16}


@pytest.fixture
def write_tflite(tmp_path: Path) -> Callable[..., Path]:
    """Writes a model of one operator from ``x`` (ADD: and ``x2``) to ``y``; custom where the schema does not know it.

    ``shape`` has None for a free side; ``quantised`` is (scale, zero) of all tensors; ``packed`` the TFLITE_METADATA.
    """

    def write(
        shape: Sequence[int | None] = (1, 4),
        dtype: str = "float32",
        *,
        operator: str = "RELU",
        quantised: tuple[float, int] | None = None,
        packed: bytes | None = None,
    ) -> Path:
        model = schema.ModelT()
        model.version, model.operatorCodes = 3, [_operator_code(operator)]
        model.buffers = [schema.BufferT(), schema.BufferT()]
        graph, node = schema.SubGraphT(), schema.OperatorT()
        names = ["y", "x", "x2"] if operator == "ADD" else ["y", "x"]
        graph.tensors = [_tensor(name, shape, DTYPES[dtype], quantised) for name in names]
        graph.inputs = node.inputs = list(range(1, len(names)))
        graph.outputs = node.outputs = [0]
        graph.operators, model.subgraphs = [node], [graph]
        if packed is not None:
            model.buffers[1].data = list(packed)
            entry = schema.MetadataT()
            entry.name, entry.buffer = "TFLITE_METADATA", 1
            model.metadata = [entry]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        path = tmp_path / "model.tflite"
        path.write_bytes(bytes(builder.Output()))
        return path

    return write


def _operator_code(name: str) -> schema.OperatorCodeT:
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, name, schema.BuiltinOperator.CUSTOM)
    code.customCode = name if code.builtinCode == schema.BuiltinOperator.CUSTOM else None
    code.deprecatedBuiltinCode, code.version = code.builtinCode, 2
    return code


def _tensor(name: str, shape: Sequence[int | None], dtype: int, quantised: tuple[float, int] | None) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.name, tensor.type, tensor.buffer = name, dtype, 0
    tensor.shape = [1 if side is None else side for side in shape]
    if None in shape:
        tensor.shapeSignature = [-1 if side is None else side for side in shape]
    if quantised:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = [quantised[0]], [quantised[1]]
    return tensor
