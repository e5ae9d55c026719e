"""`signals readers`: who may read, and what."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.administration import AsJson, Within, administer, operator, print_json, rows, tell
from service.cli.display import show_rows
from service.client.signature import checked_producer_id

if TYPE_CHECKING:
    from service.keyring.sealing import SealingKeys
    from service.readers.models import RegisteredReader
    from service.readers.registry import NewToken

TOKEN_VARIABLE = "SIGNALS_READER_TOKEN"  # the name of it  # noqa: S105  # nosec B105

app = typer.Typer(help="Who may read signals, and which.", no_args_is_help=True)

_COLUMNS = ("name", "state", "instruments", "producers", "may", "created_at")

_INSTRUMENT = re.compile(r"[A-Z0-9._-]{2,20}|[A-Z0-9._-]{0,20}\*")


def _checked_name(name: str) -> str:
    from service.readers.registry import checked_name

    try:
        return checked_name(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _checked_instruments(instruments: list[str]) -> list[str]:
    for each in instruments:
        if _INSTRUMENT.fullmatch(each) is None:
            raise typer.BadParameter("an instrument has 2 to 20 of A-Z 0-9 . _ -, or begins so and ends in *")
    return instruments


def _checked_producers(producers: list[str]) -> list[str]:
    try:
        return [checked_producer_id(each) for each in producers]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


NewName = Annotated[str, typer.Argument(callback=_checked_name, help="What to call the reader.")]
Name = Annotated[str, typer.Argument(help="The reader.")]
Instruments = Annotated[
    list[str],
    typer.Option(
        "--instrument", callback=_checked_instruments, help="An instrument, or XAU* for all that begin so; repeatable."
    ),
]
Producers = Annotated[
    list[str], typer.Option("--producer", callback=_checked_producers, help="A producer; may be repeated.")
]


class May(StrEnum):
    """What a reader may do beside reading."""

    APPROVE = "approve"


MayDo = Annotated[list[May], typer.Option("--may", help="What else it may do: decide what becomes of signals.")]


@app.command()
def add(
    name: NewName,
    instruments: Instruments = [],  # noqa: B006  # typer makes a list of its own
    producers: Producers = [],  # noqa: B006
    may: MayDo = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Let somebody read: signals of these instruments and of these producers, of all where none are given.

    The token is shown this once. A reader that is there already stays as it is.

    Example: `signals readers add gold-bot --instrument 'XAU*' --producer my-bot`
    """
    from service.readers import registry
    from service.readers.scope import Scope

    scope = Scope(tuple(dict.fromkeys(instruments)), tuple(dict.fromkeys(producers)))

    async def work(_: "SealingKeys") -> "NewToken":
        return await registry.add(operator(), name, scope, dict.fromkeys(may))

    made = administer(work, changes=True)
    if as_json:
        print_json({**_told(made.reader, created=made.token is not None), "token": made.token})
    elif made.token is None:
        tell(f"{name} is there already, and stays as it is: `signals readers rotate` makes another token")
    else:
        _show_token(made)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """All readers, and what they may read.

    Example: `signals readers list --json`
    """
    from service.readers import registry

    async def work(_: "SealingKeys") -> "list[RegisteredReader]":
        return await registry.list_readers()

    _show(administer(work, changes=False), as_json=as_json, many=True)


@app.command()
def rotate(name: Name, within: Within, as_json: AsJson = False) -> None:
    """Make another token for a reader. The one before ends later, when the reader has the new one.

    The new token is shown this once, and good at once.

    Example: `signals readers rotate gold-bot --in 24h`
    """
    from service.readers import registry

    async def work(_: "SealingKeys") -> "NewToken":
        return await registry.rotate(operator(), name, within)

    made = administer(work, changes=True)
    if as_json:
        print_json({**_told(made.reader, created=False), "token": made.token, "ends_at": made.ends_at})
    else:
        _show_token(made)


@app.command()
def revoke(name: Name, as_json: AsJson = False) -> None:
    """Let a reader read nothing any more, at once and for good: what it is reading ends too.

    Example: `signals readers revoke gold-bot`
    """
    from service.readers import registry

    async def work(_: "SealingKeys") -> "RegisteredReader":
        return await registry.revoke(operator(), name)

    _show([administer(work, changes=True)], as_json=as_json)


def _told(reader: "RegisteredReader", *, created: bool) -> dict[str, Any]:
    scope = {"instruments": reader.instruments, "producers": reader.producers, "may": reader.may}
    return {"name": reader.name, "created": created, **scope}


def _show_token(made: "NewToken") -> None:
    ends = f" The one before ends at {made.ends_at.isoformat()}." if made.ends_at else ""
    tell(f"The token of {made.reader.name} is shown this once; clients take it from this line.{ends}")
    print(f"{TOKEN_VARIABLE}={made.token}")


def _show(readers: "Sequence[RegisteredReader]", *, as_json: bool, many: bool = False) -> None:
    found = [
        {
            **_told(reader, created=False),
            "state": "live" if reader.revoked_at is None else "revoked",
            "created_at": reader.created_at,
        }
        for reader in readers
    ]
    if as_json:
        print_json(found if many else found[0])
        return
    lists = ("instruments", "producers", "may")
    cells = [{**each, **{name: ", ".join(each[name]) or None for name in lists}} for each in found]
    show_rows(_COLUMNS, rows(cells, _COLUMNS))
