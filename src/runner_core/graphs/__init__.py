"""What a model file says of its graph: operations, weights, inputs and outputs, read without any framework."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.graphs.constant import Constant as Constant
    from runner_core.graphs.flat_table import FlatTable as FlatTable
    from runner_core.graphs.formats import read_graph as read_graph
    from runner_core.graphs.graph import Graph as Graph
    from runner_core.graphs.node import Node as Node
    from runner_core.graphs.onnx_external import list_external_data as list_external_data
    from runner_core.graphs.value import Value as Value
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "constant": ["Constant"],
            "flat_table": ["FlatTable"],
            "formats": ["read_graph"],
            "graph": ["Graph"],
            "node": ["Node"],
            "onnx_external": ["list_external_data"],
            "value": ["Value"],
        },
    )
