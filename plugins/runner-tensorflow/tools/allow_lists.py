"""Writes what a model that nobody trusts may use: ``pure_ops.txt`` and ``keras_objects.txt`` of runner_tensorflow.

Run it after an upgrade of TensorFlow or Keras, and read the difference line by line before you commit it:

    python plugins/runner-tensorflow/tools/allow_lists.py && git diff plugins/runner-tensorflow

An op gets onto the list if TensorFlow's registry calls it stateless and has a kernel of it for the CPU, unless it is
left out below by family or by name; stateful ops are added below one by one. Stateless does not mean harmless: ReadFile
and PyFuncStateless are stateless.
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import keras
import tensorflow as tf
from keras.src.ops.operation import Operation
from tensorflow.core.framework.op_def_pb2 import OpList
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.framework.kernels import get_all_registered_kernels

PACKAGE = Path(__file__).parents[1] / "src" / "runner_tensorflow"

# What no vision model needs, and where reading op by op would not end.
FAMILIES = re.compile(
    r"^_"  # TensorFlow's own, made by its rewriting
    r"|Dataset|Iterator|^Optional|[Cc]ompressElement|ElementAtIndex|GetOptions|ComputeBatchSize|WindowOp"  # tf.data
    r"|Queue|^Reader|Barrier|Accumulator|^Batch$|^BatchFunction|^Unbatch"  # threads, files, state beyond a session
    r"|TPU|Tpu|^Xla|SparseCore|^DTensor|^Collective|^Nccl|^Cudnn|^Risc"  # other devices, other machines
    r"|^BoostedTrees|^Sdca|^Apply|^SparseApply|^Experimental|^Debug"  # training, debugging
)
IMPURE = {
    "Abort": "ends the process",
    "CheckPinned": "looks at the device's memory",
    "ConstructionFails": "for TensorFlow's own tests",
    "Copy": "carries addresses of the debugger",
    "CopyHost": "carries addresses of the debugger",
    "CustomAggregator": "collects statistics for the whole process",
    "DecodeProtoV2": "reads the file that descriptor_source names",
    "EncodeProto": "reads the file that descriptor_source names",
    "GenerateVocabRemapping": "reads files",
    "GetDeadline": "looks at the clock",
    "ImmutableConst": "maps a file into memory",
    "InitializeTableFromTextFile": "reads a file",
    "KernelLabel": "for TensorFlow's own tests",
    "KernelLabelRequired": "for TensorFlow's own tests",
    "MatchingFiles": "lists files",
    "Old": "for TensorFlow's own tests",
    "PyFuncStateless": "runs Python",
    "ReadFile": "reads files",
    "SymbolicGradient": "runs whatever is registered as a gradient",
}
# Stateful, but what they change lives and ends with the session.
ADDED = """
    AccumulateNV2 Assert CheckNumerics CheckNumericsV2 DeepCopy DeviceIndex Empty GuaranteeConst
    Case If StatefulPartitionedCall While
    Multinomial NonDeterministicInts ParameterizedTruncatedNormal RandomCrop RandomGamma RandomPoisson RandomPoissonV2
    RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt RngReadAndSkip RngSkip SampleDistortedBoundingBox
    SampleDistortedBoundingBoxV2 StatefulRandomBinomial StatefulStandardNormal StatefulStandardNormalV2
    StatefulTruncatedNormal StatefulUniform StatefulUniformFullInt StatefulUniformInt StatelessRandomGetAlg
    TruncatedNormal
    Stack StackCloseV2 StackPopV2 StackPushV2 StackV2 TensorArray TensorArrayCloseV3 TensorArrayConcatV3
    TensorArrayGatherV3 TensorArrayReadV3 TensorArrayScatterV3 TensorArraySizeV3 TensorArraySplitV3 TensorArrayV2
    TensorArrayV3 TensorArrayWriteV3
    AnonymousHashTable AnonymousMutableDenseHashTable AnonymousMutableHashTable AnonymousMutableHashTableOfTensors
    HashTable HashTableV2 InitializeTableV2 LookupTableExportV2 LookupTableFindV2 LookupTableImportV2
    LookupTableInsertV2 LookupTableRemoveV2 LookupTableSizeV2 MutableDenseHashTable MutableDenseHashTableV2
    MutableHashTable MutableHashTableOfTensors MutableHashTableOfTensorsV2 MutableHashTableV2
    AssignAddVariableOp AssignSubVariableOp AssignVariableOp DestroyResourceOp DisableCopyOnRead ReadVariableOp
    ResourceGather ResourceGatherNd ResourceScatterAdd ResourceScatterDiv ResourceScatterMax ResourceScatterMin
    ResourceScatterMul ResourceScatterNdAdd ResourceScatterNdMax ResourceScatterNdMin ResourceScatterNdSub
    ResourceScatterNdUpdate ResourceScatterSub ResourceScatterUpdate ResourceStridedSliceAssign TemporaryVariable
    VarHandleOp VarIsInitializedOp Variable VariableShape VariableV2
""".split()  # noqa: SIM905  # as a list it would fill a page

KERAS_MODULES = (
    "constraints", "dtype_policies", "initializers", "layers", "losses", "metrics", "optimizers",
    "optimizers.schedules", "quantizers", "regularizers",
)  # fmt: skip
FUNCTION_MODULES = ("activations", "losses", "metrics")
OPERATION_MODULES = ("keras.src.applications.", "keras.src.ops.")
MODELS = ("keras.Model", "keras.Sequential", "keras.src.models.functional.Functional")
IMPURE_KERAS = {
    "AWQConfig": "names a data set",
    "AssociativeScan": "takes a function",
    "Cond": "takes functions",
    "FlaxLayer": "runs the Python of another framework",
    "ForiLoop": "takes a function",
    "Function": "is a graph of its own",
    "GPTQConfig": "names a data set",
    "IntegerLookup": "reads a vocabulary file",
    "JVP": "takes a function",
    "JaxLayer": "runs the Python of another framework",
    "Lambda": "is Python",
    "Map": "takes a function",
    "Scan": "takes a function",
    "StringLookup": "reads a vocabulary file",
    "Switch": "takes functions",
    "TFSMLayer": "loads a SavedModel",
    "TextVectorization": "reads a vocabulary file",
    "TorchModuleWrapper": "unpickles",
    "VectorizedMap": "takes a function",
    "WhileLoop": "takes functions",
}


def pure_ops() -> list[str]:
    registered = OpList.FromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())).op
    runnable = {kernel.op for kernel in get_all_registered_kernels().kernel if kernel.device_type in ("CPU", "DEFAULT")}
    stateless = {op.name for op in registered if not op.is_stateful and op.name in runnable}
    return sorted({op for op in stateless if not FAMILIES.search(op)} - set(IMPURE) | set(ADDED))


def keras_objects() -> list[str]:
    return sorted({*_classes(), *_functions(), *_operations(), *MODELS})


def _classes() -> Iterator[str]:
    for module in KERAS_MODULES:
        for name, found in vars(_keras_module(module)).items():
            if inspect.isclass(found) and name not in IMPURE_KERAS:
                yield f"keras.{module}.{name}"
    yield "keras.DTypePolicy"


def _functions() -> Iterator[str]:
    for module in FUNCTION_MODULES:
        for name, found in vars(_keras_module(module)).items():
            if inspect.isfunction(found) and name not in ("deserialize", "get", "serialize"):
                yield f"keras.{module}.{name}"


def _operations(base: type = Operation) -> Iterator[str]:
    """``keras.ops`` called on a model's tensors, and layers of its applications: saved under the module they are in."""
    for operation in base.__subclasses__():
        if operation.__module__.startswith(OPERATION_MODULES) and operation.__name__ not in IMPURE_KERAS:
            yield f"{operation.__module__}.{operation.__name__}"
        yield from _operations(operation)


def _keras_module(name: str) -> object:
    found: object = keras
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _write(name: str, versions: str, lines: list[str]) -> None:
    head = f"# Written by tools/allow_lists.py for {versions}, and read line by line.\n"
    (PACKAGE / name).write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write("pure_ops.txt", f"TensorFlow {tf.__version__}", pure_ops())
    _write("keras_objects.txt", f"Keras {keras.__version__}", keras_objects())
