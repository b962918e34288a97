"""Fixtures of the tests of cameras, videos and streams."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@pytest.fixture
def nobody(tmp_path):
    """``with nobody():`` runs as a user whom permissions bind, if the tests run as root."""

    @contextmanager
    def become() -> Iterator[None]:
        user = os.geteuid()
        if user == 0:
            for folder in (tmp_path, *tmp_path.parents):
                if str(folder).startswith("/tmp/pytest"):
                    folder.chmod(0o755)
            os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(user)

    return become
