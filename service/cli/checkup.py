"""`signals doctor`: whether a signal sent from here would be taken, and what to mend if not."""

from typing import Annotated

import httpx
import typer
from rich.console import Console

from service.cli.display import show_rows
from service.cli.findings import Examination
from service.cli.options import Exit, ProducerId, SecretFile, required_producer_id, secret_from
from service.client.preparation import checked_url
from service.client.signature import ProducerSignature

TIMEOUT_SECONDS = 15.0

_EXIT = {"wrong": Exit.REFUSED, "away": Exit.NETWORK}


def doctor(
    url: Annotated[str, typer.Argument(envvar="SIGNALS_URL", help="The address of the service.")],
    producer_id: ProducerId = None,
    secret_file: SecretFile = None,
) -> None:
    """Examine the way to a service: network, readiness, version, clocks, signature, size; a cure for each ill.

    It never sends a signal. Its requests are refused, which the service logs under request ids that begin doctor-.

    Example: `signals doctor http://127.0.0.1:8000 --producer-id my-bot --secret-file secret.txt`
    """
    secret = secret_from(secret_file)
    try:
        address = checked_url(url)
        signature = secret and ProducerSignature(required_producer_id(producer_id), secret)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    with httpx.Client(timeout=TIMEOUT_SECONDS) as http, Console(stderr=True).status(f"Examining {address}"):
        findings = list(Examination(http, address, signature or None).findings())
    show_rows(["", "subject", "found", "cure"], findings)
    raise typer.Exit(max(_EXIT.get(finding.verdict, Exit.ACCEPTED) for finding in findings))
