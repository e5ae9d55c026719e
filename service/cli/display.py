"""Colours and tables where a terminal is, plain lines where none is."""

import json
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

STYLES = {
    "ok": "green",
    "accepted": "green",
    "valid": "green",
    "note": "yellow",
    "wrong": "red",
    "refused": "red",
    "failed": "red",
}
"""By the first word of a row; `unknown` and what else there is stays bold."""


def printable(text: str) -> str:
    """JSON, or plain text, with an escape of JSON for each character that cannot be seen, and might move or hide others
    on a terminal."""
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def show_rows(heads: Sequence[str], rows: Sequence[Sequence[str]], *, console: Console | None = None) -> None:
    """A table, or without a terminal one line a row, its cells separated by tabs."""
    console = console or Console()
    if not console.is_terminal:
        for row in rows:
            print("\t".join(row).rstrip(), file=console.file)
        return
    table = Table(*heads, box=box.SIMPLE_HEAD, header_style="bold")
    for row in rows:
        first, *others = row
        table.add_row(Text(first, STYLES.get(first, "bold")), *map(Text, others))
    console.print(table)


def show_line(word: str, sentence: str, *, console: Console | None = None) -> None:
    """One finding: a word that says how it is, and a sentence, never broken where lines are read by programs."""
    console = console or Console()
    console.print(Text.assemble((word, STYLES.get(word, "bold")), f" {sentence}"), soft_wrap=True)
