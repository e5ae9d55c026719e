"""What the client does about trouble, told while it does it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from service.cli.display import show_line
from service.client.delivery import log


class _Notes(logging.Handler):
    """Shows what the client logs."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        show_line("note", record.getMessage(), console=self._console)


@contextmanager
def attempts_told(console: Console) -> Iterator[None]:
    """Tell of each attempt that is repeated."""
    handler = _Notes(console)
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
