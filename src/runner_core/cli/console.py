"""Messages on standard error, and with them what the core and plugins log."""

from __future__ import annotations

import logging
import sys

import click


def print_message(text: str) -> None:
    """One line. A progress bar replaces ``sys.stderr`` and prints above itself; click's echo would write into it."""
    sys.stderr.write(f"runner: {text}\n")
    sys.stderr.flush()


class MessageHandler(logging.Handler):
    """Prints each hint once, and every warning, unless it is marked ``once``; ``passing`` ones are for a terminal."""

    def __init__(self) -> None:
        super().__init__()
        self._hints: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if getattr(record, "passing", False):  # shown by ``progress.show_loading``
            return
        if record.levelno < logging.WARNING or getattr(record, "once", False):
            if text in self._hints:
                return
            self._hints.add(text)
        print_message(text)


def show_log(*, quiet: bool = False) -> None:
    """From now on prints what is logged: from --log-level on, or all but hints with ``quiet``."""
    context = click.get_current_context(silent=True)
    asked = context.find_root().params.get("log_level") if context else None
    log = logging.getLogger("runner")
    for handler in [handler for handler in log.handlers if isinstance(handler, MessageHandler)]:
        log.removeHandler(handler)
    log.addHandler(MessageHandler())
    _keep_others_out()
    log.setLevel(asked.upper() if asked else logging.WARNING if quiet else logging.INFO)


def _keep_others_out() -> None:
    """Has others' warnings printed as before: a library that finds no handler installs one that prints ours too."""
    if logging.lastResort and not logging.root.handlers:
        logging.lastResort.addFilter(_is_foreign)
        logging.root.addHandler(logging.lastResort)


def _is_foreign(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] != "runner"
