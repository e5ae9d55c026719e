"""CSV that a spreadsheet shows and does not run. Pure."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from service.client.signal import json_text

COLUMNS = (
    "id",
    "producer_id",
    "instrument",
    "side",
    "time",
    "payload",
    "version",
    "status",
    "state_version",
    "approval",
    "expires_at",
    "created_at",
    "updated_at",
    "expired",
)

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")

_RUN = ("=", "+", "-", "@", "\t", "\r", "'")
"""How cells begin that a spreadsheet runs (https://owasp.org/www-community/attacks/CSV_Injection), and the mark that
keeps it from doing so: with one more, the mark can be told from a text's own apostrophe."""


def heading() -> str:
    """The first line."""
    return _lines([COLUMNS])


def rows(signals: Iterable[Mapping[str, Any]]) -> str:
    """A line for each signal."""
    return _lines([_cell(signal.get(column)) for column in COLUMNS] for signal in signals)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    """RFC 4180, with LF. Every cell is in quotes: a program that takes semicolons for separators, too, must not find
    new cells in one."""
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return written.getvalue()


def _cell(value: Any) -> str:
    """Text that could be run has an apostrophe before it, which spreadsheets do not show; numbers stay as they are. In
    JSON a semicolon is escaped, for programs that split lines there even within quotes."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return json_text(value).replace(";", "\\u003b")
    return f"'{value}" if value.startswith(_RUN) and not _NUMBER.fullmatch(value) else value
