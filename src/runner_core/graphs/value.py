"""Value: a tensor that goes into a graph or comes out of it, as the file describes it."""

from __future__ import annotations

import attrs


@attrs.frozen
class Value:
    """An input or output of a graph.

    ``shape``  None is any length; None as a whole is any rank, or not said.
    ``dtype``  numpy's name, ``string`` for bytes, ``""`` where it is not said.
    ``scale``, ``zero``  of a quantised one: real = (stored - zero) * scale; None and 0 otherwise.
    """

    name: str
    shape: tuple[int | None, ...] | None = None
    dtype: str = ""
    scale: float | None = None
    zero: int = 0
