"""GraphSession: a Program that runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
from numpy.typing import NDArray

from runner_core.contracts import EngineOptions, Tensors, TensorSpec
from runner_core.engines import TensorIO
from runner_core.errors import EngineError
from runner_tensorflow.devices import make_session_config
from runner_tensorflow.engine_errors import raise_engine_errors
from runner_tensorflow.program import Program
from runner_tensorflow.runtime import CallableOptions
from runner_tensorflow.tensors import names_of, spec_of


@attrs.frozen(eq=False)
class Call:
    """A graph made ready for certain feeds and fetches: ``io`` has them as its inputs and outputs."""

    io: TensorIO
    run: Callable[..., list[NDArray[Any]]]


class GraphSession:
    """Runs a Program in a TensorFlow session of its own: variables, tables and threads are shared with no other.

    ``run`` takes and gives any tensor of the graph by TensorFlow's name for it (``"Cast:0"``), besides the ``inputs``
    and ``outputs`` that it declares. Strings go in as arrays of bytes objects; half precision is float32 outside.
    """

    concurrent = True

    def __init__(self, program: Program, options: EngineOptions) -> None:
        """Raises EngineError where the model's own start fails."""
        io = TensorIO(program.file, program.specs(program.inputs), program.specs(program.outputs))
        self.inputs, self.outputs = io.inputs, io.outputs
        self.metadata, self.decoded = program.metadata, program.decoded
        self._file = program.file
        self._calls: dict[tuple[tuple[str, ...], tuple[str, ...]], Call] = {}
        self._open: tuple[Program, Any] | None = (program, program.session(make_session_config(options)))

    def run(self, feeds: Tensors, fetches: Sequence[str]) -> Tensors:
        key = tuple(feeds), tuple(fetches)
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = self._prepare_call(*key)
        with raise_engine_errors(self._file):
            values = call.run(*call.io.convert_feeds(feeds, fetches).values())
        return call.io.convert_outputs(dict(zip(key[1], values, strict=True)))

    def close(self) -> None:
        if self._open is None:
            return
        (program, session), self._open = self._open, None
        self._calls = {}
        session.close()
        program.discard()

    def _prepare_call(self, feeds: tuple[str, ...], fetches: tuple[str, ...]) -> Call:
        if self._open is None:
            raise EngineError(f"{self._file}: the session is closed")
        program, session = self._open
        fed = [program.tensor(name, program.inputs) for name in feeds]
        fetched = [program.tensor(name, program.outputs) for name in fetches]
        options = CallableOptions(feed=names_of(fed), fetch=names_of(fetched))
        with raise_engine_errors(self._file):
            # Session.make_callable goes through Session.run where there are feeds: 60 µs a call more than this.
            run = session._make_callable_from_options(options)
        return Call(TensorIO(self._file, _specs(feeds, fed), _specs(fetches, fetched)), run)


def _specs(names: Sequence[str], tensors: Sequence[Any]) -> tuple[TensorSpec, ...]:
    return tuple(map(spec_of, names, tensors))
