"""What several commands ask for in the same way, and how they end."""

import os
import sys
from enum import IntEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from service.environment import read_secret

SECRET_VARIABLE = "HMAC_PRODUCER_SECRET"  # the name of it  # noqa: S105  # nosec B105

DEFAULT_URL = "http://127.0.0.1:8000"


class Exit(IntEnum):
    """How a command ends. 2 is a wrong setting or command line; of the latter typer says it itself."""

    ACCEPTED = 0
    REFUSED = 1
    USAGE = 2
    NETWORK = 3


Url = Annotated[str, typer.Option("--url", envvar="SIGNALS_URL", help="The address of the service.")]
ProducerId = Annotated[
    str | None, typer.Option("--producer-id", envvar="SIGNALS_PRODUCER_ID", help="Who sends: the X-Producer-Id.")
]
SecretFile = Annotated[
    Path | None,
    typer.Option(
        "--secret-file",
        exists=True,
        dir_okay=False,
        help=f"A file with the secret; a line break at its end does not count. Otherwise the secret is the value of "
        f"{SECRET_VARIABLE}.",
    ),
]
Body = Annotated[
    typer.FileBinaryRead | None,
    typer.Argument(
        metavar="FILE", help="The body, byte for byte; standard input if there is none.", show_default=False
    ),
]


def secret_from(file: Path | None) -> bytes | None:
    """The secret in a file, or else in the environment; None when there is neither."""
    if file is None:
        return os.fsencode(os.environ.get(SECRET_VARIABLE, "")) or None
    secret = read_secret(file)
    if not secret:
        raise typer.BadParameter("--secret-file: the file is empty")
    return secret


def required_secret(file: Path | None) -> bytes:
    """The secret, without which the command makes no sense."""
    secret = secret_from(file)
    if secret is None:
        raise typer.BadParameter(f"there is no secret: set {SECRET_VARIABLE} or give --secret-file")
    return secret


def required_producer_id(producer_id: str | None) -> str:
    """The producer id, without which nothing can be signed."""
    if not producer_id:
        raise typer.BadParameter("there is no producer id: give --producer-id or set SIGNALS_PRODUCER_ID")
    return producer_id


def content(body: BinaryIO | None) -> bytes:
    """The bytes of a body, of standard input when there is no file."""
    return (sys.stdin.buffer if body is None else body).read()


def file_name(body: BinaryIO | None) -> str | None:
    """Where a body comes from; None for standard input."""
    return None if body is None or body.name == sys.stdin.buffer.name else body.name
