"""A real MLflow server on loopback, from an environment of its own; it ends with its whole process group."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import requests

VARIABLE = "RUNNER_TEST_MLFLOW"  # the folder of that environment, which `make test-mlflow` makes
PATIENCE = 120.0  # seconds until the server must be up


class MlflowServer:
    """``url`` is where it answers; ``log`` what it says."""

    def __init__(self, environment: Path, folder: Path) -> None:
        self._bin, self._folder = environment / "bin", folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "log"
        self._options = ("--host", "127.0.0.1", "--port", str(port), "--workers", "1")
        self._quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}

    def __enter__(self) -> Self:
        stores = ("--backend-store-uri", "sqlite:///x.db", "--artifacts-destination", str(self._folder / "artifacts"))
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [self._bin / "mlflow", "server", *stores, *self._options],
                cwd=self._folder, stdout=log, stderr=log, start_new_session=True, env={**os.environ, **self._quiet},
            )  # fmt: skip
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def python(self, code: str, **names: object) -> list[str]:
        """Runs code with mlflow's own client, as people publish; the lines that it prints."""
        done = subprocess.run(
            [self._bin / "python", "-W", "ignore", "-c", code.format(**names)],
            env={**os.environ, **self._quiet, "MLFLOW_TRACKING_URI": self.url},
            text=True, capture_output=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def post(self, path: str, **fields: Any) -> dict[str, Any]:
        """One call of its REST interface."""
        answer = requests.post(f"{self.url}/api/2.0/mlflow/{path}", json=fields, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def put(self, path: str, data: bytes) -> None:
        """One file among its artifacts."""
        url = f"{self.url}/api/2.0/mlflow-artifacts/artifacts/{path}"
        requests.put(url, data=data, timeout=30).raise_for_status()

    def publish(self, name: str, files: dict[str, bytes], below: str = "brain") -> str:
        """The next version of a model, made of these files in a run of its own; their place among the artifacts."""
        run = self.post("runs/create", experiment_id="0")["run"]["info"]
        source = f"{run['artifact_uri']}/{below}"
        place = source.removeprefix("mlflow-artifacts:/")
        for path, data in files.items():
            self.put(f"{place}/{path}", data)
        if requests.get(f"{self.url}/api/2.0/mlflow/registered-models/get?name={name}", timeout=30).status_code == 404:
            self.post("registered-models/create", name=name)
        self.post("model-versions/create", name=name, source=source, run_id=run["run_id"])
        return place

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            try:
                if requests.get(f"{self.url}/health", timeout=5).ok:
                    return
            except requests.RequestException:
                time.sleep(0.2)
        raise RuntimeError(f"the MLflow server did not start: {self.log.read_text()[-2000:]}")
