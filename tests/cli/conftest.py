"""What the tests of commands that load models share."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from runner_core.cli.main import main


@pytest.fixture
def runner_here(capfd, tmp_path, monkeypatch):
    """The command line in this process, which has loaded the engines already: ``runner_here(*arguments)``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))

    def call(*arguments: object) -> SimpleNamespace:
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        return SimpleNamespace(returncode=stop.value.code, **capfd.readouterr()._asdict())

    return call
