"""The kit's adapter for pytest; the rest of the kit does not import it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner_core.testing.check import Check

if TYPE_CHECKING:
    import pytest


def conformance(check: Check[..., Any], *, argument: str = "check") -> pytest.MarkDecorator:
    """Makes one test of each promise: the parameter ``argument`` is ``check`` with one promise, called like ``check``.

    ::

        @conformance(check_engine)
        def test_engine(check, tmp_path):
            check(MyEngine(), write_model(tmp_path), {"x": np.zeros(3, np.float32)})
    """
    import pytest

    promises = check.each()
    return pytest.mark.parametrize(argument, promises.values(), ids=promises.keys())
