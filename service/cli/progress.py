"""A bar that shows how far something is."""

import sys

from rich.console import Console
from rich.progress import Progress, ProgressColumn


def progress_bar(*columns: ProgressColumn, console: Console) -> Progress:
    """A bar on `console`, where that is a terminal; nothing else."""
    return Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        # Only what goes to the terminal may pass through the bar: standard output may be a file.
        redirect_stdout=sys.stdout.isatty(),
    )
