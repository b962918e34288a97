"""Files of labels in every format: read, or refused, or left out with a finding.

An input is the name of a format and of one of its files, a line, and then its bytes: ``voc/Annotations/a.xml\n...``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from labelled_folders import FORMATS

from runner_core.datasets import check_dataset, open_dataset
from runner_core.errors import DatasetError

NAMED = True  # an input begins with the name of its seed
TOKENS = (
    b"null", b"true", b"-1", b"1e999", b"NaN", b"nan", b"inf", b"[]", b"{}", b'""', b"[[[[[[[[", b"<a>" * 70,
    b'<!DOCTYPE a [<!ENTITY b "c">]>', b"&b;", b"\xff", b"\x1b[2J", b"\x00", b"\r", b"99999999999999999999", b"-",
    b"0.5", b"../../etc/passwd", b"/", b"\\ud800", b",", b";", b"\n", b" ", b"e99", b"&a [*a]", b'"mask": "AAAA",',
    b'"polygonlabels"', b'"rle": [1, 2, 3],', b'"segmentation": {"size": [60, 80], "counts": "a"},', b'rotation="1e9"',
    b'"segmentation": [[1, 2, 3, 4, 5, 6]],', b'"keypoints": [1, 2, 2],', b'"iscrowd": 1,', b"kpt_shape: [1, 3]\n",
)  # fmt: skip


def make_seeds() -> Mapping[str, bytes]:
    """Each file of each format that is no picture, and the masks."""
    seeds: dict[str, bytes] = {}
    for name, write in FORMATS.items():
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder))
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file() and path.suffix != ".jpg":
                    seeds[f"{name}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
    return seeds


def fuzz_one_input(data: bytes) -> None:
    """Raises what is not a DatasetError, and an AssertionError for a truth that cannot be."""
    name, _, content = data.partition(b"\n")
    form, _, file = name.decode().partition("/")
    with tempfile.TemporaryDirectory() as folder:
        place = FORMATS[form](Path(folder))
        path = Path(folder, file)
        path.write_bytes(content)
        with suppress(DatasetError):
            survey = check_dataset(open_dataset(place, form=form))
            assert all(len(example.read().answer.names) >= 0 for example in survey.dataset)
            survey.dataset.fingerprint()
        with suppress(DatasetError):
            open_dataset(place)
