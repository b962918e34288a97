"""What is said of a file that is no model of any engine."""

from pathlib import Path

import pytest

from runner_core.engines.file_header import read_header
from runner_core.errors import EngineError


def test_the_head_is_the_beginning_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(bytes(range(256)) * 4)
    assert read_header(path) == bytes(range(256)) * 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty; fetch it again"),
        (b"\n<!DOCTYPE html><html>Sign in</html>", "this is a web page; .*fetch the file itself"),
        (b"<HTML><body>404", "this is a web page"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00",
            "this is a Git LFS pointer *; run `git lfs pull`",
        ),
    ],
)
def test_what_is_clearly_not_a_model_is_refused_with_the_remedy(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(EngineError, match=f"model.onnx: {message}"):
        read_header(path)


def test_a_missing_file_and_a_folder_are_reported(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"gone\.onnx: no such file"):
        read_header(tmp_path / "gone.onnx")
    with pytest.raises(EngineError, match=r"cannot be read \(Is a directory\)"):
        read_header(tmp_path)
