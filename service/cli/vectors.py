"""`signals vectors`: the published vectors, against our own signing or against a service."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from service.cli.display import show_line, show_rows
from service.cli.options import Exit, SecretFile, required_secret
from service.client.preparation import PATH, TIMEOUT_SECONDS, checked_url
from service.kernel.timestamps import parse_timestamp
from service.proof.signing import sign

PUBLISHED = Path(__file__).with_name("vectors.json")
"""The vectors of this version; docs/vectors/signature.json is the same."""

Vector = Mapping[str, Any]
Row = tuple[str, str, str]


def vectors(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The vectors; those of this version if not given.")
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="Send the body of each, signed afresh, to this service.")
    ] = None,
    secret_file: SecretFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before signals are stored.")] = False,
) -> None:
    """Check the published test vectors against the signing of this program, or against a service.

    With --url each body is signed with your own secret, now, and the service stores it as a signal: so it asks
    first. Use a service on which nobody trades.

    Example: `signals vectors docs/vectors/signature.json`

    Example: `signals vectors --url http://127.0.0.1:8000 --secret-file secret.txt`
    """
    accepted = _read(file or PUBLISHED)
    if url is None:
        rows = [_agreement(vector) for vector in accepted]
    else:
        address, secret = _address(url), required_secret(secret_file)
        if not yes:
            typer.confirm(f"Store {len(accepted)} signals at {address}?", abort=True, err=True)
        rows = list(_sent(address, secret, accepted))
    show_rows(["", "vector", "found"], rows)
    wrong = [word for word, _, _ in rows if word != "ok"]
    show_line("done:", f"{len(rows) - len(wrong)} agree, {len(wrong)} do not")
    raise typer.Exit(Exit.NETWORK if "away" in wrong else Exit.REFUSED if wrong else Exit.ACCEPTED)


def _read(file: Path) -> Sequence[Vector]:
    try:
        accepted: Sequence[Vector] = json.loads(file.read_text(encoding="utf-8"))["accepted"]
        if accepted and all(vector["secret"] for vector in accepted):
            return accepted
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}: give the FILE of the vectors") from None
    except (ValueError, KeyError, TypeError):
        pass
    raise typer.BadParameter(f"{file}: holds no vectors")


def _address(url: str) -> str:
    try:
        return checked_url(url) + PATH
    except ValueError as error:
        raise typer.BadParameter(f"--url: {error}") from None


def _agreement(vector: Vector) -> Row:
    signature = sign(vector["secret"].encode(), vector["body"].encode(), vector["timestamp"], vector["producer_id"])
    if signature == vector["signature"]:
        return "ok", vector["name"], signature
    return "wrong", vector["name"], f"{signature} here, {vector['signature']} there"


def _sent(address: str, secret: bytes, accepted: Sequence[Vector]) -> Iterator[Row]:
    """What the service says to each vector. None is sent again, so that a fault is seen as it is."""
    with httpx.Client(timeout=TIMEOUT_SECONDS) as http:
        for vector in accepted:
            try:
                answer = http.post(address, content=vector["body"].encode(), headers=_headers(secret, vector))
            except httpx.RequestError as error:
                yield "away", vector["name"], str(error) or type(error).__name__
                return
            yield _verdict(vector, answer)


def _verdict(vector: Vector, answer: httpx.Response) -> Row:
    if answer.status_code == httpx.codes.CREATED:
        return "ok", vector["name"], "stored"
    return "wrong", vector["name"], f"{answer.status_code} {answer.text[:500]}"


def _headers(secret: bytes, vector: Vector) -> Mapping[str, str]:
    """The headers of now, in the zone and with the fraction that the timestamp of the vector has."""
    example: str = vector["timestamp"]
    zone = parse_timestamp(example).tzinfo
    timestamp = datetime.now(zone).strftime("%Y-%m-%dT%H:%M:%S") + example[len("2026-01-31T12:00:00") :]
    producer_id: str = vector["producer_id"]
    return {
        "Content-Type": "application/json",
        "X-Producer-Id": producer_id,
        "X-Timestamp": timestamp,
        "X-Signature": sign(secret, vector["body"].encode(), timestamp, producer_id),
    }
