"""GraphSession: a Program that runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
from numpy.typing import NDArray

from runner_core.contracts import EngineOptions, Tensors, TensorSpec
from runner_core.errors import EngineError
from runner_tensorflow.faults import refusing
from runner_tensorflow.placement import session_config
from runner_tensorflow.program import Program
from runner_tensorflow.runtime import CallableOptions
from runner_tensorflow.tensors import demand_fit, names_of, spec_of


@attrs.frozen(eq=False)
class Call:
    """A graph made ready for certain feeds and fetches."""

    fed: tuple[TensorSpec, ...]
    run: Callable[..., list[NDArray[Any]]]


class GraphSession:
    """Runs a Program in a TensorFlow session of its own: variables, tables and threads are shared with no other.

    ``run`` takes and gives any tensor of the graph by TensorFlow's name for it (``"Cast:0"``), besides the ``inputs``
    and ``outputs`` that it declares. Strings go in as arrays of bytes objects.
    """

    concurrent = True

    def __init__(self, program: Program, options: EngineOptions) -> None:
        """Raises EngineError where the model's own start fails."""
        self.inputs, self.outputs = program.specs(program.inputs), program.specs(program.outputs)
        self.metadata, self.decoded = program.metadata, program.decoded
        self._file = program.file
        self._calls: dict[tuple[tuple[str, ...], tuple[str, ...]], Call] = {}
        self._open: tuple[Program, Any] | None = (program, program.session(session_config(options)))

    def run(self, feeds: Tensors, fetches: Sequence[str]) -> Tensors:
        key = tuple(feeds), tuple(fetches)
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = self._ready(*key)
        for spec, array in zip(call.fed, feeds.values(), strict=True):
            demand_fit(spec, array)
        with refusing(self._file):
            values = call.run(*feeds.values())
        return dict(zip(key[1], values, strict=True))

    def close(self) -> None:
        if self._open is None:
            return
        (program, session), self._open = self._open, None
        self._calls = {}
        session.close()
        program.discard()

    def _ready(self, feeds: tuple[str, ...], fetches: tuple[str, ...]) -> Call:
        if self._open is None:
            raise EngineError(f"{self._file}: the session is closed")
        program, session = self._open
        fed = {name: program.tensor(name, program.inputs) for name in feeds}
        fetched = [program.tensor(name, program.outputs) for name in fetches]
        options = CallableOptions(feed=names_of(fed.values()), fetch=names_of(fetched))
        with refusing(self._file):
            # Session.make_callable goes through Session.run where there are feeds: 60 µs a call more than this.
            run = session._make_callable_from_options(options)
        return Call(tuple(spec_of(name, tensor) for name, tensor in fed.items()), run)
