"""Small ONNX models, made as they are asked for."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import onnx_models
import pytest


@pytest.fixture
def write_onnx(tmp_path: Path) -> Callable[..., Path]:
    """Writes a model of one node, as ``onnx_models.write`` does."""
    return partial(onnx_models.write, tmp_path / "model.onnx")
