"""What engines and their sessions promise (``contracts.Engine``, ``contracts.Session``)."""

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
from runner_core.testing.check import Check, allow_only, demand, demand_members, demand_refusal
from runner_core.testing.files import list_open_files, write_damaged_copies
from runner_core.testing.fresh_imports import HEAVY, find_imports, list_imports, top_level_names
from runner_core.testing.tensors import demand_fits, demand_same, make_read_only, make_zeros

_THREADS, _RUNS = 4, 12
NO_DEVICE = "no-such-device:7"


@attrs.frozen
class EngineCase:
    """Checks an engine on one model.

    ``engine``    as runner makes it: the plugin's target, called without arguments.
    ``artifact``  a model that it opens.
    ``feeds``     inputs that the model takes, by name; if None, zeros made from its own specs.
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
        """A new session, closed afterwards."""
        session = self.engine.load(self.artifact, EngineOptions())
        try:
            yield session
        finally:
            session.close()

    def feed(self, session: Session) -> dict[str, NDArray[Any]]:
        feeds = {spec.name: make_zeros(spec) for spec in session.inputs} if self.feeds is None else self.feeds
        return make_read_only(feeds)

    def run(self, session: Session) -> Tensors:
        return session.run(self.feed(session), _names(session))


def _names(session: Session) -> tuple[str, ...]:
    return tuple(spec.name for spec in session.outputs)


def has_the_methods_of_an_engine(case: EngineCase) -> None:
    """An engine has load and describe; its sessions have inputs, outputs, metadata, concurrent, run and close."""
    demand_members(case.engine, Engine)
    with case.session() as session:
        demand_members(session, Session)
        demand(isinstance(session.concurrent, bool), f"concurrent is {session.concurrent!r}, not True or False")


def imports_nothing_heavy_before_load(case: EngineCase) -> None:
    """Nothing heavy is imported before load."""
    maker = type(case.engine)
    call = f"import importlib; importlib.import_module({maker.__module__!r}).{maker.__qualname__}()"
    heavy = HEAVY | case.heavy
    found = [name for name in top_level_names(find_imports(call)) if name in heavy]
    demand(not found, f"making the engine imports {list_imports(found)}: import it inside load")


def describes_itself(case: EngineCase) -> None:
    """Describe returns names and values, all of them strings, for `runner doctor`."""
    described = case.engine.describe()
    demand(isinstance(described, Mapping) and bool(described), f"it returns {described!r}")
    strings = all(isinstance(part, str) for pair in described.items() for part in pair)
    demand(strings, f"not all are strings: {described!r}")


def declares_its_tensors(case: EngineCase) -> None:
    """Inputs and outputs are tuples of TensorSpec with different names, shapes, and numpy dtypes or "string"."""
    with case.session() as session:
        for which, specs in (("inputs", session.inputs), ("outputs", session.outputs)):
            demand(isinstance(specs, tuple) and bool(specs), f"the {which} are {specs!r}")
            for spec in specs:
                _demand_well_formed(spec)
            demand(len({spec.name for spec in specs}) == len(specs), f"two of the {which} have the same name: {specs}")
        texts = [text for pair in session.metadata.items() for text in pair]
        strings = all(isinstance(text, str) for text in texts)
        demand(strings, f"the metadata holds more than strings: {session.metadata!r}")


def _demand_well_formed(spec: TensorSpec) -> None:
    demand(isinstance(spec, TensorSpec) and isinstance(spec.name, str) and bool(spec.name), f"a spec is {spec!r}")
    known = spec.dtype == "string" or _is_dtype(spec.dtype)
    demand(known, f"the dtype of {spec.name} is {spec.dtype!r}: write it as numpy does, such as 'float32'")
    sides = spec.shape or ()
    whole = isinstance(sides, tuple) and all(side is None or (type(side) is int and side >= 0) for side in sides)
    demand(whole, f"the shape of {spec.name} is {spec.shape!r}: make it a tuple of lengths, None for any length")


def _is_dtype(name: str) -> bool:
    try:
        return np.dtype(name).name == name
    except TypeError:
        return False


def returns_what_it_declares(case: EngineCase) -> None:
    """Run returns the outputs named in fetches, as numpy arrays of the declared dtype and shape."""
    with case.session() as session:
        outputs = case.run(session)
        declared = set(_names(session))
        demand(set(outputs) == declared, f"it returns {sorted(outputs)}, declared: {sorted(declared)}")
        for spec in session.outputs:
            demand_fits(spec.name, outputs[spec.name], spec)


def fetches_some_outputs(case: EngineCase) -> None:
    """Run returns only what is fetched, with the same values as when all is fetched."""
    with case.session() as session:
        whole = case.run(session)
        for name in _names(session):
            part = session.run(case.feed(session), (name,))
            demand(set(part) == {name}, f"asked for {name}, it returns {sorted(part)}")
            demand_same(part, {name: whole[name]}, "when it is fetched alone")


def does_not_change_its_feeds(case: EngineCase) -> None:
    """Run accepts read-only arrays and does not change its feeds: brains share them."""
    with case.session() as session:
        feeds = case.feed(session)
        before = {name: tensor.copy() for name, tensor in feeds.items()}
        session.run(feeds, _names(session))
        demand_same(feeds, before, "after the run")


def keeps_earlier_answers(case: EngineCase) -> None:
    """A run does not change what an earlier run returned."""
    with case.session() as session:
        first = case.run(session)
        kept = {name: tensor.copy() for name, tensor in first.items()}
        other = {name: _change_values(tensor) for name, tensor in case.feed(session).items()}
        allow_only(lambda: session.run(other, _names(session)), EngineError, "running on other values")
        demand_same(first, kept, "after another run")


def _change_values(tensor: NDArray[Any]) -> NDArray[Any]:
    return tensor if tensor.dtype.kind not in "biufc" else np.ones_like(tensor)


def refuses_what_it_cannot_run(case: EngineCase) -> None:
    """Run raises EngineError and nothing else for an unknown output, and for inputs that are missing or do not fit."""
    with case.session() as session:
        feeds, names = case.feed(session), _names(session)
        demand_refusal(lambda: session.run(feeds, ("no such tensor",)), EngineError, "fetching an unknown output")
        allow_only(lambda: session.run({}, names), EngineError, "running without inputs")
        odd = {name: np.zeros((2,) * 7, np.int8) for name in feeds}
        allow_only(lambda: session.run(odd, names), EngineError, "running on inputs of another shape and dtype")
        demand(bool(case.run(session)), "it returns nothing after a refusal")


def closes_twice(case: EngineCase) -> None:
    """Closing twice does no harm."""
    with case.session() as session:
        session.close()
        session.close()


def refuses_to_run_after_close(case: EngineCase) -> None:
    """Running after close raises EngineError."""
    with case.session() as session:
        feeds, names = case.feed(session), _names(session)
        session.close()
        demand_refusal(lambda: session.run(feeds, names), EngineError, "running after close")


def keeps_sessions_apart(case: EngineCase) -> None:
    """Two sessions of one engine are independent: closing one leaves the other as it was."""
    with case.session() as first, case.session() as second:
        before = case.run(second)
        demand_same(case.run(first), before, "between two sessions of one model")
        first.close()
        demand_same(case.run(second), before, "after the other session is closed")


def answers_several_threads(case: EngineCase) -> None:
    """A session whose concurrent is True gives the same answers to several threads at the same time."""
    with case.session() as session:
        if not session.concurrent:
            return
        alone = case.run(session)
        with ThreadPoolExecutor(_THREADS) as pool:
            answers = list(pool.map(lambda _: case.run(session), range(_RUNS)))
        for answer in answers:
            demand_same(answer, alone, "when several threads run it")


def refuses_damaged_models(case: EngineCase) -> None:
    """Load raises EngineError naming the file if it is missing, empty, cut or not a model, and leaves it closed."""
    with tempfile.TemporaryDirectory() as folder:
        for what, path in write_damaged_copies(case.artifact, Path(folder)):
            demand_refusal(lambda path=path: _load(case, path), EngineError, f"loading {what}", naming=path.name)  # type: ignore[misc]
            still_open = [file for file in list_open_files() if file.startswith(folder)]
            demand(not still_open, f"{', '.join(still_open)} is open after loading {what}: close it")


def refuses_an_unknown_device(case: EngineCase) -> None:
    """Load raises EngineError for an unknown device instead of running elsewhere, and accepts one thread."""
    demand_refusal(lambda: _load(case, case.artifact, device=NO_DEVICE), EngineError, "loading on an unknown device")
    _load(case, case.artifact, threads=1)


def _load(case: EngineCase, path: Path, **options: Any) -> None:
    case.engine.load(path, EngineOptions(**options)).close()


check_engine = Check(
    EngineCase,
    has_the_methods_of_an_engine,
    imports_nothing_heavy_before_load,
    describes_itself,
    declares_its_tensors,
    returns_what_it_declares,
    fetches_some_outputs,
    does_not_change_its_feeds,
    keeps_earlier_answers,
    refuses_what_it_cannot_run,
    closes_twice,
    refuses_to_run_after_close,
    keeps_sessions_apart,
    answers_several_threads,
    refuses_damaged_models,
    refuses_an_unknown_device,
)
