"""The pytest side of the kit; pytest is imported nowhere else in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner_core.testing.check import Check

if TYPE_CHECKING:
    import pytest


def conformance(check: Check[..., Any], *, argument: str = "check") -> pytest.MarkDecorator:
    """Makes a test a promise: the test gets ``check`` narrowed to one of them at a time, with the same parameters.

    ::

        @conformance(check_engine)
        def test_engine(check, tmp_path):
            check(MyEngine(), write_model(tmp_path), {"x": np.zeros(3, np.float32)})
    """
    import pytest

    promises = check.each()
    return pytest.mark.parametrize(argument, promises.values(), ids=promises.keys())
