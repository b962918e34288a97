"""What the core and plugins log, said on standard error as everything else is."""

from __future__ import annotations

import logging

import click


class Said(logging.Handler):
    """Hints once each, warnings whenever they come."""

    def __init__(self) -> None:
        super().__init__()
        self._hints: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno < logging.WARNING:
            if text in self._hints:
                return
            self._hints.add(text)
        click.echo(f"runner: {text}", err=True)


def listen(*, quiet: bool = False) -> None:
    """From now on says what is logged; ``quiet`` leaves the hints out."""
    log = logging.getLogger("runner")
    for handler in [handler for handler in log.handlers if isinstance(handler, Said)]:
        log.removeHandler(handler)
    log.addHandler(Said())
    log.setLevel(logging.WARNING if quiet else logging.INFO)
