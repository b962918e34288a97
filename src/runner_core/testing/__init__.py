"""The conformance kit: what every plugin promises, as checks that the plugin's own tests run.

    from runner_core.testing import check_engine, check_plugin, conformance

    @conformance(check_plugin)
    def test_plugin(check):
        check("runner_mine.plugin")

    @conformance(check_engine)
    def test_engine(check, tmp_path):
        check(MyEngine(), write_model(tmp_path))

Each check is a plain callable: ``check_engine(MyEngine(), path)`` tries every promise and raises BrokenPromise at the
first broken one. ``conformance`` makes one pytest test of each promise; nothing else here needs pytest.
"""

from runner_core.testing.check import BrokenPromise, Check
from runner_core.testing.datasets import check_dataset_format
from runner_core.testing.engines import check_engine
from runner_core.testing.fakes import (
    FAKE_ENGINE,
    FAKE_TASK,
    FakeEngine,
    FakeSession,
    FakeTask,
    fake_brain,
    fake_rows,
    write_fake_model,
)
from runner_core.testing.plugins import check_plugin
from runner_core.testing.pytest_adapter import conformance
from runner_core.testing.registries import registry_of, write_distribution
from runner_core.testing.samples import broken_frame, sample_frame, sample_inference, sample_pixels, sample_results
from runner_core.testing.sinks import check_sink
from runner_core.testing.sources import check_source
from runner_core.testing.stores import check_store
from runner_core.testing.tasks import check_task
from runner_core.testing.trainers import check_trainer

__all__ = [
    "FAKE_ENGINE",
    "FAKE_TASK",
    "BrokenPromise",
    "Check",
    "FakeEngine",
    "FakeSession",
    "FakeTask",
    "broken_frame",
    "check_dataset_format",
    "check_engine",
    "check_plugin",
    "check_sink",
    "check_source",
    "check_store",
    "check_task",
    "check_trainer",
    "conformance",
    "fake_brain",
    "fake_rows",
    "registry_of",
    "sample_frame",
    "sample_inference",
    "sample_pixels",
    "sample_results",
    "write_distribution",
    "write_fake_model",
]
