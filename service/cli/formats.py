"""The files from which many signals are sent: JSON lines, and CSV."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

import typer

from service.cli.batch import Line

_FIELDS = ("instrument", "side", "time", "payload", "version")
_NUMBER = re.compile("-?[0-9]+")


class Format(StrEnum):
    """How signals are written."""

    NDJSON = "ndjson"
    CSV = "csv"


def _ndjson(lines: Iterable[bytes]) -> Iterator[Line]:
    for number, line in enumerate(lines, start=1):
        if body := line.strip():
            yield number, body


def _csv(lines: Iterable[bytes]) -> Iterator[Line]:
    """RFC 4180. The columns are named after the fields; a row is counted by its first line, the header is one."""
    reader = csv.reader(line.decode("utf-8-sig") for line in lines)
    columns = next(reader, [])
    if strange := [column for column in columns if column not in _FIELDS]:
        raise typer.BadParameter(f"the columns of a CSV file are {', '.join(_FIELDS)}, not {', '.join(strange)}")
    end = reader.line_num
    for row in reader:
        number, end = end + 1, reader.line_num
        if row:
            yield number, _body(dict(zip(columns, row, strict=False)))


def _body(cells: dict[str, str]) -> bytes:
    """Digits are kept as they are written: numbers and payloads are not read."""
    fields = [f'"{name}":{_value(name, text)}' for name, text in cells.items() if text]
    return ("{" + ",".join(fields) + "}").encode("utf-8")


def _value(name: str, text: str) -> str:
    if name == "payload" or (name in {"side", "version"} and _NUMBER.fullmatch(text)):
        return text
    return json.dumps(text, ensure_ascii=False)


READERS: dict[Format, Callable[[Iterable[bytes]], Iterator[Line]]] = {Format.NDJSON: _ndjson, Format.CSV: _csv}
"""What turns the lines of a file into the bodies of signals, each with the number of its line."""
