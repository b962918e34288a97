"""What engine plugins share: the tensors that go into and out of a session, and the header of a model file."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.engines.file_header import read_header as read_header
    from runner_core.engines.files_beside import check_files_beside as check_files_beside
    from runner_core.engines.files_beside import find_file as find_file
    from runner_core.engines.tensor_io import Quantisation as Quantisation
    from runner_core.engines.tensor_io import TensorIO as TensorIO
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "file_header": ["read_header"],
            "files_beside": ["check_files_beside", "find_file"],
            "tensor_io": ["TensorIO", "Quantisation"],
        },
    )
