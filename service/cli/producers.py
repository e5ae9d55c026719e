"""`signals producers`: who may send under a name of its own."""

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.administration import AsJson, Name, administer, operator, print_json, rows, tell
from service.cli.display import show_rows
from service.cli.options import SECRET_VARIABLE
from service.client.signature import checked_producer_id
from service.notation.duplicates import DUPLICATES

if TYPE_CHECKING:
    from service.keyring.sealing import SealingKeys
    from service.producers.listing import ListedProducer

app = typer.Typer(help="Who may send under a name and with keys of its own.", no_args_is_help=True)

_COLUMNS = ("name", "enabled", "rate", "approval", "duplicates", "note", "created_at")

DEFAULT = "default"
"""What gives a producer what all have of whom nothing else is said."""


def _checked_name(name: str) -> str:
    try:
        return checked_producer_id(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _checked_rate(rate: str | None) -> str | None:
    from service.notation.rate import Rate

    try:
        if rate not in {None, DEFAULT}:
            Rate.parse(str(rate))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return rate


def _checked_duplicates(duplicates: str | None) -> str | None:
    if duplicates not in {None, DEFAULT, *DUPLICATES}:
        raise typer.BadParameter(f"not one of {', '.join(DUPLICATES)}, {DEFAULT}")
    return duplicates


NewName = Annotated[str, typer.Argument(callback=_checked_name, help="Its X-Producer-Id.")]
RateOption = Annotated[
    str | None,
    typer.Option("--rate", callback=_checked_rate, help="The most signals it may send, like 100/s, 30/m or 5/h."),
]
Approval = Annotated[
    bool | None,
    typer.Option("--approval/--no-approval", help="Whether readers get its signals only when they are approved."),
]
DuplicatesOption = Annotated[
    str | None,
    typer.Option(
        "--duplicates",
        callback=_checked_duplicates,
        help="What becomes of a signal that says the same as an earlier one: store, return or refuse.",
    ),
]
Note = Annotated[str | None, typer.Option("--note", help="Whatever you want to know about it later.")]


@app.command()
def add(
    name: NewName,
    rate: RateOption = None,
    approval: Approval = None,
    note: Note = None,
    as_json: AsJson = False,
) -> None:
    """Register a producer, and make its first key. From then on the shared secret does not prove this name.

    The secret is shown this once. A producer that is there already stays as it is.

    Example: `signals producers add my-bot --rate 100/s --note "the bot on the second floor"`
    """
    from service.producers import keys

    async def work(sealing: "SealingKeys") -> keys.NewKey | None:
        asked = bool(approval)
        return await keys.add_producer(
            operator(), sealing, name, rate=_or_default(rate), approval=asked, note=note or ""
        )

    key = administer(work, changes=True)
    if as_json:
        made = {"key_id": key and key.key_id, "secret": key and key.secret}
        print_json({"name": name, "created": key is not None, **made})
    elif key is None:
        tell(f"{name} is there already, and stays as it is: `signals keys add` makes one more key")
    else:
        show_secret(name, key.key_id, key.secret)


def show_secret(name: str, key_id: object, secret: str) -> None:
    """Tell a secret, in the words in which the client wants to be told it."""
    tell(f"Key {key_id} of {name}. Its secret is shown this once; the client takes it from these lines:")
    print(f"SIGNALS_PRODUCER_ID={shlex.quote(name)}")
    print(f"{SECRET_VARIABLE}={secret}")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """All producers, with their keys.

    Example: `signals producers list --json`
    """
    from service.producers import listing

    _show(administer(listing.list_producers, changes=False), as_json=as_json, many=True)


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """One producer, with its keys.

    Example: `signals producers show my-bot`
    """
    from service.producers import listing

    async def work(sealing: "SealingKeys") -> "ListedProducer":
        return await listing.show_producer(sealing, name)

    _show([administer(work, changes=False)], as_json=as_json)


@app.command("set")
def set_(
    name: Name,
    rate: RateOption = None,
    approval: Approval = None,
    duplicates: DuplicatesOption = None,
    note: Note = None,
    as_json: AsJson = False,
) -> None:
    """Change what is kept about a producer, or whether its signals need approval from now on.

    `default` is what all have of whom nothing else is said.

    Example: `signals producers set my-bot --rate 200/s --duplicates return`
    """
    given = {"rate": _or_default(rate), "approval": approval, "duplicates": _or_default(duplicates), "note": note}
    asked = {"rate": rate, "approval": approval, "duplicates": duplicates, "note": note}
    values: dict[str, Any] = {field: given[field] for field, option in asked.items() if option is not None}
    if not values:
        raise typer.BadParameter("give --rate, --approval, --no-approval, --duplicates or --note")
    _change("producers set", name, values, as_json=as_json)


@app.command()
def disable(name: Name, as_json: AsJson = False) -> None:
    """Let nobody send under this name, until it is enabled again. Its keys stay.

    Example: `signals producers disable my-bot`
    """
    _change("producers disable", name, {"enabled": False}, as_json=as_json)


@app.command()
def enable(name: Name, as_json: AsJson = False) -> None:
    """Let a producer send that was disabled.

    Example: `signals producers enable my-bot`
    """
    _change("producers enable", name, {"enabled": True}, as_json=as_json)


def _or_default(option: str | None) -> str | None:
    return None if option == DEFAULT else option


def _change(command: str, name: str, values: dict[str, Any], *, as_json: bool) -> None:
    from service.producers import listing, registry

    async def work(sealing: "SealingKeys") -> "ListedProducer":
        await registry.update(operator(), command, name, **values)
        return await listing.show_producer(sealing, name)

    _show([administer(work, changes=True)], as_json=as_json)


def _show(producers: "Sequence[ListedProducer]", *, as_json: bool, many: bool = False) -> None:
    found = [asdict(producer) for producer in producers]
    if as_json:
        print_json(found if many else found[0])
    else:
        states = [{**each, "keys": ", ".join(key["state"] for key in each["keys"])} for each in found]
        show_rows([*_COLUMNS, "keys"], rows(states, [*_COLUMNS, "keys"]))
