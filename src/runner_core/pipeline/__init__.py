"""Brains run over a source into sinks; the answers of an earlier run written to sinks again."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.pipeline.camera_group import CameraGroup as CameraGroup
    from runner_core.pipeline.mailbox import NewestFrames as NewestFrames
    from runner_core.pipeline.mailbox import close_frames as close_frames
    from runner_core.pipeline.pipeline import run as run
    from runner_core.pipeline.pipeline import stream as stream
    from runner_core.pipeline.records import Record as Record
    from runner_core.pipeline.records import RowFilter as RowFilter
    from runner_core.pipeline.records import read_lines as read_lines
    from runner_core.pipeline.records import read_records as read_records
    from runner_core.pipeline.several_sources import join_sources as join_sources
    from runner_core.pipeline.sources_sinks import open_sink as open_sink
    from runner_core.pipeline.sources_sinks import open_source as open_source
    from runner_core.pipeline.sources_sinks import source_name_of as source_name_of
    from runner_core.pipeline.summary import Summary as Summary
    from runner_core.pipeline.threads import count_cores as count_cores
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "camera_group": ["CameraGroup"],
            "mailbox": ["NewestFrames", "close_frames"],
            "pipeline": ["run", "stream"],
            "records": ["Record", "RowFilter", "read_lines", "read_records"],
            "several_sources": ["join_sources"],
            "sources_sinks": ["open_sink", "open_source", "source_name_of"],
            "summary": ["Summary"],
            "threads": ["count_cores"],
        },
    )
