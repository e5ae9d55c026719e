"""`signals approve` and `signals reject`."""

from typing import Annotated

import typer

from service.cli.administration import AsJson
from service.cli.display import show_rows
from service.cli.options import DEFAULT_URL, Url
from service.cli.reading import RETRY_SECONDS, RetrySeconds, cell, reading
from service.client.signal import json_text

_QUEUED, _CLOSED = 1, 2

Id = Annotated[str, typer.Argument(metavar="ID", help="The id of the signal.")]


def approve(
    id: Id,
    reason: Annotated[str | None, typer.Option(help="Why, for whoever looks at it later.")] = None,
    url: Url = DEFAULT_URL,
    retry_seconds: RetrySeconds = RETRY_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Queue a signal: one that needs approval is given to readers from then on. It takes the token of a reader that may
    approve, from SIGNALS_READER_TOKEN, or from the file that SIGNALS_READER_TOKEN_FILE names.

    Example: `signals approve 01a20dc7-e667-7406-ab00-7167f832076d`
    """
    _decide(id, _QUEUED, reason, url, retry_seconds, as_json=as_json)


def reject(
    id: Id,
    reason: Annotated[str, typer.Option(help="Why, for whoever looks at it later.")],
    url: Url = DEFAULT_URL,
    retry_seconds: RetrySeconds = RETRY_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Close a signal. It takes the same token.

    Example: `signals reject 01a20dc7-e667-7406-ab00-7167f832076d --reason "too late"`
    """
    _decide(id, _CLOSED, reason, url, retry_seconds, as_json=as_json)


def _decide(id: str, status: int, reason: str | None, url: str, retry_seconds: float, *, as_json: bool) -> None:
    with reading(url, retry_seconds) as reader:
        fields = reader.decide(id, status, reason).fields
    if as_json:
        print(json_text(fields))
    else:
        show_rows(["field", "value"], [[name, cell(value)] for name, value in fields.items()])
