"""`signals sign`, `signals verify` and `signals explain`: the signature of a body, made, checked and taken apart."""

import hashlib
import shlex
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from service.cli.anatomy import first_difference, parts, signed_bytes, visible
from service.cli.display import show_line, show_rows
from service.cli.options import (
    DEFAULT_URL,
    Body,
    Exit,
    ProducerId,
    SecretFile,
    Url,
    content,
    file_name,
    required_producer_id,
    required_secret,
)
from service.client.preparation import PATH, checked_url
from service.client.signature import checked_producer_id, timestamp_text
from service.kernel.timestamps import parse_timestamp, utc_now
from service.proof import doctor, signing
from service.proof.errors import AuthenticationRefusal
from service.proof.mistakes import Presented

Timestamp = Annotated[str | None, typer.Option(help="The X-Timestamp; now if it is not given.", show_default=False)]


def sign(
    body: Body = None,
    producer_id: ProducerId = None,
    timestamp: Timestamp = None,
    secret_file: SecretFile = None,
    curl: Annotated[bool, typer.Option("--curl", help="Print a command that sends the body instead.")] = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Print the three headers that sign a body.

    Example: `signals sign --producer-id my-bot signal.json`

    Example: `bash -c "$(signals sign --producer-id my-bot --curl signal.json)"`
    """
    data = content(body)
    request = _request(data, producer_id, timestamp or timestamp_text(utc_now()))
    headers = [f"{name}: {value.decode()}" for name, value in _headers(request, required_secret(secret_file))]
    if curl:
        print(_curl(url, headers, data, file_name(body)))
        return
    for header in headers:
        print(header)


def _request(body: bytes, producer_id: str | None, timestamp: str, signature: str = "") -> Presented:
    try:
        identifier = checked_producer_id(required_producer_id(producer_id))
        parse_timestamp(timestamp)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return Presented(body, timestamp.encode(), identifier.encode(), signature.encode())


def _headers(request: Presented, secret: bytes) -> list[tuple[str, bytes]]:
    signature = signing.sign(secret, request.body, request.timestamp.decode(), request.producer_id.decode())
    return [
        ("X-Producer-Id", request.producer_id),
        ("X-Timestamp", request.timestamp),
        ("X-Signature", signature.encode()),
    ]


def _curl(url: str, headers: list[str], body: bytes, file: str | None) -> str:
    """A command for a POSIX shell that sends the very bytes: those of the file, or without one those in the command."""
    try:
        address = checked_url(url) + PATH
        data = ["--data-binary", f"@{file}"] if file else ["--data-raw", body.decode()]
    except UnicodeDecodeError:
        raise typer.BadParameter("a body that is not UTF-8 does not go into a command: give it as FILE") from None
    except ValueError as error:
        raise typer.BadParameter(f"--url: {error}") from None
    words = ["curl", "-i", address]
    for header in ["Content-Type: application/json", *headers]:
        words += ["-H", header]
    return shlex.join([*words, *data])


def verify(
    signature: Annotated[str, typer.Option(help="The X-Signature.")],
    timestamp: Annotated[str, typer.Option(help="The X-Timestamp.")],
    body: Body = None,
    producer_id: ProducerId = None,
    secret_file: SecretFile = None,
) -> None:
    """Tell whether a signature fits a body. How old it is, is told but not judged.

    Example: `signals verify --producer-id my-bot --timestamp 2026-01-31T12:00:00Z --signature 'dQku...' signal.json`
    """
    request = _request(content(body), producer_id, timestamp, signature)
    if not _judged(request, required_secret(secret_file)):
        raise typer.Exit(Exit.REFUSED)
    age = (utc_now() - parse_timestamp(timestamp)) // timedelta(seconds=1)
    early, late = age < -signing.WINDOW_SECONDS, age > signing.WINDOW_SECONDS
    verdict = "too early" if early else "too old" if late else "good"
    show_line("age:", f"{age} seconds by this clock: {verdict} for a service")


def _judged(request: Presented, secret: bytes) -> bool:
    """Whether the signature of a request is right, and the verdict in words."""
    try:
        signing.verify([secret], request.body, request.timestamp, request.producer_id, request.signature)
    except AuthenticationRefusal as refusal:
        show_line("refused", f"{refusal.code}: {refusal.detail}")
        hint = doctor.signature_hint(request, [secret])
        show_line("hint:", hint or "none of the known mistakes: compare secret, timestamp, producer id and body")
        return False
    show_line("valid", "the signature fits this body, timestamp, producer id and secret")
    return True


def explain(
    body: Body = None,
    producer_id: ProducerId = None,
    timestamp: Timestamp = None,
    signature: Annotated[str | None, typer.Option(help="An X-Signature to be judged.")] = None,
    signed: Annotated[
        Path | None, typer.Option(help="A file with the bytes that another program signs.", exists=True, dir_okay=False)
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Write the signed bytes as they are, and nothing else.")] = False,
    secret_file: SecretFile = None,
) -> None:
    """Show the exact bytes that are signed, part by part, and where another program differs.

    The signature that fits is shown too, so mind who looks on.

    Example: `signals explain --producer-id my-bot --timestamp 2026-01-31T12:00:00Z --signature 'dQku...' signal.json`

    Example: `signals explain --producer-id my-bot --raw signal.json | xxd`
    """
    request = _request(content(body), producer_id, timestamp or timestamp_text(utc_now()), signature or "")
    if raw:
        sys.stdout.buffer.write(signed_bytes(request))
        return
    secret = required_secret(secret_file)
    _show(request, secret)
    right = [signature is None or _judged(request, secret), signed is None or _same(request, signed.read_bytes())]
    if not all(right):
        raise typer.Exit(Exit.REFUSED)


def _show(request: Presented, secret: bytes) -> None:
    pieces = [*parts(request), ("signed", signed_bytes(request))]
    show_rows(["part", "bytes", "as it is"], [[name, str(len(data)), visible(data)] for name, data in pieces])
    show_line("SHA-256 of the body:", hashlib.sha256(request.body).hexdigest())
    for name, value in _headers(request, secret):
        show_line(f"{name}:", value.decode())


def _same(request: Presented, others: bytes) -> bool:
    difference = first_difference(request, others)
    if difference is None:
        show_line("valid", "the other program signs the same bytes: if its signature differs, so does its secret")
        return True
    show_line("refused", f"the other program signs {len(others)} bytes: {difference}")
    return False
