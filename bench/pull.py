"""Pulling a brain of 500 MB against ``curl -o`` and huggingface_hub, all from one server on loopback, to one disk.

curl is a process, whose start takes some milliseconds; runner and huggingface_hub are called in this process, so that
what is timed is the pull and not the start of Python. Only runner hashes what it receives. `runner pull` as a command,
with its start, is timed too, without a claim on its time, and shows how much memory a pull takes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from _measure import alternate, format_table, print_verdict

SIZE = 500_000_000
ROUNDS = 5
RATIO, MEMORY = 1.3, 100.0
HERE = Path(__file__).parent
WEIGHTS = "weights.bin"
NAME = "big"
# The command line; then what the kernel says of its own memory, where ru_maxrss would begin with that of this process.
COMMAND = """
from runner_core.cli.main import main
try:
    main()
finally:
    print(*(line for line in open("/proc/self/status") if line.startswith("VmHWM")), end="")
"""

os.environ |= {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1"}


def publish_brain(root: Path) -> Path:
    """A brain in a folder store; the folder of its files."""
    from runner_store_folder.store import FolderStore

    from runner_core.cards.artifact import Artifact
    from runner_core.cards.card import CARD_FILE, Card

    made = root / "made"
    made.mkdir(parents=True)
    with (made / WEIGHTS).open("wb") as stream:
        for _ in range(SIZE // 1_000_000):
            stream.write(os.urandom(1_000_000))
    Card(NAME, "tf-detection", artifacts=(Artifact(WEIGHTS, ".bin"),)).write(made / CARD_FILE)
    FolderStore(str(root / "store")).push(made)
    shutil.rmtree(made)
    return root / "store" / NAME / "1"


@contextmanager
def serve_folder(folder: Path, weights: Path) -> Iterator[str]:
    command = [sys.executable, HERE / "_pull_server.py", folder, weights]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


def list_rivals(url: str, out: Path) -> dict[str, Callable[[], object]]:
    """Each leaves the weights somewhere below ``out``."""
    from huggingface_hub import hf_hub_download

    from runner_core.cache.cache import Cache
    from runner_core.stores.config import StoreAddress
    from runner_core.stores.reference import Reference
    from runner_core.stores.resolve import fetch_brain

    reference = Reference(NAME, None, StoreAddress("bench", "http", url))
    curl = ["curl", "--silent", "--fail", "-o", out / WEIGHTS, f"{url}/{NAME}/1/{WEIGHTS}"]
    return {
        "curl -o": lambda: subprocess.run(curl, check=True),
        "huggingface_hub": lambda: hf_hub_download("me/big", WEIGHTS, cache_dir=out, endpoint=url),
        "runner": lambda: fetch_brain(reference, Cache(out / "home")),
        "`runner pull`, a command": lambda: time_command(url, out),
    }


def time_command(url: str, out: Path) -> float:
    """Pulls by `runner pull`; the megabytes that the process took at most."""
    environment = {**os.environ, "RUNNER_HOME": str(out / "home")}
    asked = [sys.executable, "-c", COMMAND, "pull", f"{url}/{NAME}"]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True)
    return int(done.stdout.splitlines()[-1].split()[1]) / 1024


def remove_weights(out: Path) -> None:
    """Checks that there were weights of the right size, or nothing yet, and removes them."""
    there = [
        path for path in out.rglob("*") if path.is_file() and not path.is_symlink() and path.stat().st_size == SIZE
    ]
    assert there or not any(out.iterdir())
    shutil.rmtree(out)
    out.mkdir()


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="runner-bench-") as root:
        folder, out = publish_brain(Path(root)), Path(root, "out")
        out.mkdir()
        with serve_folder(folder.parents[1], folder / WEIGHTS) as url:
            medians = alternate(list_rivals(url, out), rounds=ROUNDS, warm_up=1, between=lambda: remove_weights(out))
            remove_weights(out)
            memory = time_command(url, out)
    print(f"medians of {ROUNDS} alternating pulls of {SIZE / 1e6:.0f} MB")
    print(format_table(medians))
    print(f"against huggingface_hub: {medians['runner'] / medians['huggingface_hub']:.3f} times its time")
    light = print_verdict("memory of `runner pull`", memory, MEMORY, "MB")
    fast = print_verdict("a pull with its sha256 over curl -o", medians["runner"] / medians["curl -o"], RATIO, "times")
    return 0 if light and fast else 1


if __name__ == "__main__":
    sys.exit(main())
