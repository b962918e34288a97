"""What this distribution adds to runner."""

from collections.abc import Iterator

from runner_core.hookspecs import hookimpl
from runner_core.plugin import Plugin


@hookimpl
def runner_stores() -> Iterator[Plugin]:
    yield Plugin(
        name="fsspec",
        target="runner_store_fsspec.store:FsspecStore",
        summary="folders that fsspec reads: s3://, gs://, az://, sftp://",
        claims=("s3", "gs", "gcs", "az", "abfs", "sftp", "ssh", "file", "memory"),
    )
