"""What the environment says, before anything is made of it: names that are no settings, and secrets that lie in files.

The file `.env` of the working directory counts as part of the environment, which wins over it.
"""

import codecs
import os
import re
from collections.abc import Collection, Iterable, Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

PREFIXES = ("HMAC_", "SIGNALS_", "APP_", "DATABASE_", "SENTRY_")
"""How the names of settings begin."""

NEAR = 2
"""So many letters that are wrong, missing or too much make a name a misspelt one."""

SHORTEST_MISSPELT = 6
"""A known name with fewer letters behind its prefix has too many neighbours that mean something else."""

_PLATFORM = re.compile(r".+_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT|PORT_\d+_.+)")
"""What Kubernetes tells every container about a Service, which may well be called `signals`, `app` or `database`."""


class SettingsError(Exception):
    """A setting is wrong; the message is one sentence that names it and never repeats its value."""


def variables() -> dict[str, str]:
    """What is set and not empty, by its name in upper case. Raises SettingsError when `.env` cannot be read."""
    sources: list[Mapping[str, str | None]] = [dotenv_values(stream=StringIO(_env_file())), os.environ]
    return {name.upper(): value for source in sources for name, value in source.items() if value}


def file_problem(error: BaseException) -> str | None:
    """What is wrong with which file, in a few words; None when the error is about anything else."""
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else None


def _env_file() -> str:
    """The text of `.env`, of which every line is understood; empty when there is none."""
    try:
        path = Path.cwd() / ".env"
    except OSError as error:
        raise SettingsError(f"The working directory cannot be used: {error.strerror}") from None
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError):
        return ""
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8 text") from None
    for line in parse_stream(StringIO(text)):
        if line.error or (line.key is not None and line.value is None):
            raise SettingsError(f"{path}: line {line.original.line} is not like NAME=value")
    return text


def refuse_misspelt(names: Iterable[str], known: Collection[str]) -> None:
    """Raise SettingsError for a name that almost is a known one: it would have no effect, and nobody would know."""
    for name in names:
        meant = None if name in known or _PLATFORM.fullmatch(name) else _nearest(name, known)
        if meant:
            raise SettingsError(f"{name}: is no setting; {meant} is one")


def unknown_names(names: Iterable[str], known: Collection[str]) -> list[str]:
    """The names that look like settings, and are neither known nor the platform's."""
    ours = (name for name in names if name.startswith(PREFIXES) and name not in known)
    return sorted(name for name in ours if not _PLATFORM.fullmatch(name))


def _nearest(name: str, known: Collection[str]) -> str | None:
    distances = {
        other: _letters_apart(name, other)
        for other in known
        if abs(len(name) - len(other)) <= NEAR and len(other.partition("_")[2]) >= SHORTEST_MISSPELT
    }
    nearest = min(distances, key=lambda other: distances[other], default=None)
    return nearest if nearest and distances[nearest] <= NEAR else None


def _letters_apart(one: str, other: str) -> int:
    """How many letters have to be put in, taken out or replaced (the Levenshtein distance); exact up to NEAR."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        above, row = row, [number]
        for column, other_letter in enumerate(other):
            row.append(min(above[column] + (letter != other_letter), above[column + 1] + 1, row[column] + 1))
        if min(row) > NEAR:
            return min(row)
    return row[-1]


def secrets_in_files(given: Mapping[str, str], settings: Iterable[str]) -> dict[str, str]:
    """The values of those settings whose value lies in a file that NAME_FILE names, as Docker mounts it."""
    return {name: _secret_in_file(given, name) for name in settings if f"{name}_FILE" in given}


def _secret_in_file(given: Mapping[str, str], name: str) -> str:
    if name in given:
        raise SettingsError(f"{name} and {name}_FILE are both set: one of them is enough")
    try:
        secret = read_secret(Path(given[f"{name}_FILE"])).decode()
    except OSError as error:
        raise SettingsError(f"{name}_FILE: names a file that cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{name}_FILE: names a file that is not UTF-8 text") from None
    if not secret:
        raise SettingsError(f"{name}_FILE: names an empty file")
    return secret


def read_secret(file: Path) -> bytes:
    """The secret in a file: all of it but what editors add, a byte order mark and one line break at the end."""
    content = file.read_bytes().removeprefix(codecs.BOM_UTF8)
    return content.removesuffix(b"\n").removesuffix(b"\r")
