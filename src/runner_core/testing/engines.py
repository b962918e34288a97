"""What an engine and its sessions promise (``contracts.Engine``, ``contracts.Session``)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from runner_core.contracts import Engine, EngineOptions, Session, Tensors, TensorSpec
from runner_core.errors import EngineError
from runner_core.testing.check import Check, at_most, demand, refused
from runner_core.testing.files import damaged, open_files
from runner_core.testing.fresh_imports import HEAVY, imported_by, packages
from runner_core.testing.tensors import demand_fits, demand_same, read_only, zeros_for

_THREADS, _RUNS = 4, 12
NO_DEVICE = "no-such-device:7"


@attrs.frozen
class EngineCase:
    """Checks an engine on one model.

    ``engine``    as runner makes it: the plugin's target, called with no argument.
    ``artifact``  a model that it opens.
    ``feeds``     inputs that the model takes, by name; zeros made from its own specs where None.
    ``heavy``     packages that must not be imported before ``load``, besides the well-known frameworks.
    """

    engine: Engine
    artifact: Path
    feeds: Tensors | None = None
    heavy: frozenset[str] = attrs.field(default=frozenset(), converter=frozenset)

    def __str__(self) -> str:
        return f"{type(self.engine).__name__} on {self.artifact.name}"

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session of its own, closed afterwards."""
        session = self.engine.load(self.artifact, EngineOptions())
        try:
            yield session
        finally:
            session.close()

    def feed(self, session: Session) -> dict[str, NDArray[Any]]:
        feeds = {spec.name: zeros_for(spec) for spec in session.inputs} if self.feeds is None else self.feeds
        return read_only(feeds)

    def run(self, session: Session) -> Tensors:
        return session.run(self.feed(session), _names(session))


def _names(session: Session) -> tuple[str, ...]:
    return tuple(spec.name for spec in session.outputs)


def has_the_methods_of_an_engine(case: EngineCase) -> None:
    """An engine has load and describe, and gives sessions with inputs, outputs, metadata, concurrent, run and close."""
    demand(isinstance(case.engine, Engine), f"{type(case.engine).__name__} lacks some")
    with case.session() as session:
        demand(isinstance(session, Session), f"{type(session).__name__} lacks some")
        demand(isinstance(session.concurrent, bool), f"concurrent is {session.concurrent!r}")


def imports_nothing_heavy_before_load(case: EngineCase) -> None:
    """Nothing heavy is imported before load."""
    maker = type(case.engine)
    call = f"import importlib; importlib.import_module({maker.__module__!r}).{maker.__qualname__}()"
    found = packages(imported_by(call)) & (HEAVY | case.heavy)
    demand(not found, f"making the engine imports {', '.join(sorted(found))}")


def describes_itself(case: EngineCase) -> None:
    """Describe gives names and values for `runner doctor`."""
    told = case.engine.describe()
    demand(isinstance(told, Mapping) and bool(told), f"it gives {told!r}")
    demand(all(isinstance(part, str) for pair in told.items() for part in pair), f"not all are strings: {told!r}")


def declares_its_tensors(case: EngineCase) -> None:
    """Inputs and outputs are tuples of TensorSpec with names of their own, shapes, and numpy's dtypes or "string"."""
    with case.session() as session:
        for specs in (session.inputs, session.outputs):
            demand(isinstance(specs, tuple) and bool(specs), f"they are {specs!r}")
            for spec in specs:
                _demand_well_formed(spec)
            demand(len({spec.name for spec in specs}) == len(specs), f"a name comes twice: {specs}")
        texts = [text for pair in session.metadata.items() for text in pair]
        demand(all(isinstance(text, str) for text in texts), f"metadata holds more than strings: {session.metadata!r}")


def _demand_well_formed(spec: TensorSpec) -> None:
    demand(isinstance(spec, TensorSpec) and isinstance(spec.name, str) and bool(spec.name), f"one is {spec!r}")
    demand(spec.dtype == "string" or _is_dtype(spec.dtype), f"the dtype of {spec.name} is {spec.dtype!r}")
    sides = spec.shape or ()
    whole = isinstance(sides, tuple) and all(side is None or (type(side) is int and side >= 0) for side in sides)
    demand(whole, f"the shape of {spec.name} is {spec.shape!r}")


def _is_dtype(name: str) -> bool:
    try:
        return np.dtype(name).name == name
    except TypeError:
        return False


def gives_what_it_declared(case: EngineCase) -> None:
    """Run gives the outputs named in fetches, as numpy arrays of the declared dtype and shape."""
    with case.session() as session:
        outputs = case.run(session)
        demand(set(outputs) == set(_names(session)), f"it gives {sorted(outputs)}, declared: {sorted(_names(session))}")
        for spec in session.outputs:
            demand_fits(spec.name, outputs[spec.name], spec)


def fetches_a_part(case: EngineCase) -> None:
    """Run computes only what is fetched, and the same as when all is fetched."""
    with case.session() as session:
        whole = case.run(session)
        for name in _names(session):
            part = session.run(case.feed(session), (name,))
            demand(set(part) == {name}, f"asked for {name}, it gives {sorted(part)}")
            demand_same(part, {name: whole[name]}, "when it is fetched alone")


def leaves_its_feeds_alone(case: EngineCase) -> None:
    """Run takes read-only arrays and does not change its feeds: brains share them."""
    with case.session() as session:
        feeds = case.feed(session)
        before = {name: tensor.copy() for name, tensor in feeds.items()}
        session.run(feeds, _names(session))
        demand_same(feeds, before, "after the run")


def keeps_earlier_answers(case: EngineCase) -> None:
    """A run does not change what an earlier run gave."""
    with case.session() as session:
        first = case.run(session)
        kept = {name: tensor.copy() for name, tensor in first.items()}
        other = {name: _others(tensor) for name, tensor in case.feed(session).items()}
        at_most(lambda: session.run(other, _names(session)), EngineError, "running on other numbers")
        demand_same(first, kept, "after another run")


def _others(tensor: NDArray[Any]) -> NDArray[Any]:
    return tensor if tensor.dtype.kind not in "biufc" else np.ones_like(tensor)


def refuses_what_it_cannot_run(case: EngineCase) -> None:
    """Run raises EngineError and nothing else: for an unknown output, for inputs that are missing or do not fit."""
    with case.session() as session:
        feeds, names = case.feed(session), _names(session)
        refused(lambda: session.run(feeds, ("no such tensor",)), EngineError, "fetching an unknown output")
        at_most(lambda: session.run({}, names), EngineError, "running without inputs")
        odd = {name: np.zeros((2,) * 7, np.int8) for name in feeds}
        at_most(lambda: session.run(odd, names), EngineError, "running on inputs of another shape and dtype")
        demand(bool(case.run(session)), "nothing comes out after a refusal")


def closes_twice(case: EngineCase) -> None:
    """Closing twice does no harm."""
    with case.session() as session:
        session.close()
        session.close()


def runs_no_more_once_closed(case: EngineCase) -> None:
    """Running after close raises EngineError."""
    with case.session() as session:
        feeds, names = case.feed(session), _names(session)
        session.close()
        refused(lambda: session.run(feeds, names), EngineError, "running after close")


def keeps_sessions_apart(case: EngineCase) -> None:
    """Two sessions of one engine are independent: closing one leaves the other as it was."""
    with case.session() as first, case.session() as second:
        before = case.run(second)
        demand_same(case.run(first), before, "between two sessions of one model")
        first.close()
        demand_same(case.run(second), before, "after the other session is closed")


def answers_several_threads(case: EngineCase) -> None:
    """A session that says it is concurrent gives the same answers from several threads at once."""
    with case.session() as session:
        if not session.concurrent:
            return
        alone = case.run(session)
        with ThreadPoolExecutor(_THREADS) as pool:
            answers = list(pool.map(lambda _: case.run(session), range(_RUNS)))
        for answer in answers:
            demand_same(answer, alone, "when several threads ask")


def refuses_what_is_no_model(case: EngineCase) -> None:
    """Load raises EngineError, naming the file, where it is missing, empty, cut or no model, and leaves it closed."""
    with tempfile.TemporaryDirectory() as folder:
        for what, path in damaged(case.artifact, Path(folder)):
            refused(lambda path=path: _load(case, path), EngineError, f"loading {what}", naming=path.name)  # type: ignore[misc]
            left = [file for file in open_files() if file.startswith(folder)]
            demand(not left, f"{', '.join(left)} is open after loading {what}")


def refuses_an_unknown_device(case: EngineCase) -> None:
    """Load raises EngineError for a device that there is not, rather than running elsewhere; it takes one thread."""
    refused(lambda: _load(case, case.artifact, device=NO_DEVICE), EngineError, "loading on an unknown device")
    _load(case, case.artifact, threads=1)


def _load(case: EngineCase, path: Path, **options: Any) -> None:
    case.engine.load(path, EngineOptions(**options)).close()


check_engine = Check(
    EngineCase,
    has_the_methods_of_an_engine,
    imports_nothing_heavy_before_load,
    describes_itself,
    declares_its_tensors,
    gives_what_it_declared,
    fetches_a_part,
    leaves_its_feeds_alone,
    keeps_earlier_answers,
    refuses_what_it_cannot_run,
    closes_twice,
    runs_no_more_once_closed,
    keeps_sessions_apart,
    answers_several_threads,
    refuses_what_is_no_model,
    refuses_an_unknown_device,
)
