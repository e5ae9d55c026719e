"""`signals keys`: the keys of producers, and those that seal them."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from service.cli.administration import AsJson, Name, Within, administer, operator, print_json, rows, tell
from service.cli.display import show_rows
from service.cli.producers import show_secret
from service.kernel.timestamps import parse_timestamp

if TYPE_CHECKING:
    from service.keyring.sealing import SealingKeys
    from service.producers.listing import ListedKey

app = typer.Typer(help="The keys of producers, and those under which they are sealed.", no_args_is_help=True)

_COLUMNS = ("key_id", "state", "created_at", "ends_at", "last_used_at", "uses_24h", "safe_to_revoke")


def _moment(text: str) -> datetime:
    try:
        return parse_timestamp(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


KeyId = Annotated[UUID, typer.Argument(metavar="KEY", help="The id of a key.")]


@app.command()
def add(name: Name, as_json: AsJson = False) -> None:
    """Make one more key for a producer. Its secret is shown this once; the other keys go on.

    Example: `signals keys add my-bot`
    """
    from service.producers import keys

    async def work(sealing: "SealingKeys") -> keys.NewKey:
        return await keys.add(operator(), sealing, name)

    key = administer(work, changes=True)
    if as_json:
        print_json(asdict(key))
    else:
        show_secret(name, key.key_id, key.secret)


@app.command("list")
def list_(name: Name, as_json: AsJson = False) -> None:
    """The keys of a producer: how they are, when they were used, and which nobody would miss.

    Example: `signals keys list my-bot`
    """
    from service.producers import listing

    async def work(sealing: "SealingKeys") -> "list[ListedKey]":
        return (await listing.show_producer(sealing, name)).keys

    _show(administer(work, changes=False), as_json=as_json, many=True)


@app.command()
def retire(
    key: KeyId,
    within: Within,
    as_json: AsJson = False,
) -> None:
    """Let a key end later, when its producer has the new one. Of two ends the earlier one holds.

    Example: `signals keys retire 01a216d9-16e9-74de-94a3-bffcab4f2f5c --in 24h`
    """
    from service.producers import keys, listing

    async def work(sealing: "SealingKeys") -> "ListedKey":
        return await listing.show_key(sealing, await keys.retire(operator(), key, within))

    _show([administer(work, changes=True)], as_json=as_json)


@app.command()
def revoke(
    key: Annotated[UUID | None, typer.Argument(metavar="KEY", help="The id of a key.")] = None,
    before: Annotated[
        datetime | None,
        typer.Option("--before", parser=_moment, metavar="TIME", help="Every key made or changed before, instead."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """End a key at once and for good: whatever it signed is refused from now on, resent signals too.

    Example: `signals keys revoke 01a216d9-16e9-74de-94a3-bffcab4f2f5c`

    Example, after a dump was restored: `signals keys revoke --before 2026-01-31T12:00:00Z`
    """
    if key is not None and before is None:
        _revoke_one(key, as_json=as_json)
    elif key is None and before is not None:
        _revoke_before(before, as_json=as_json)
    else:
        raise typer.BadParameter("give a KEY or --before, and not both")


def _revoke_one(key: UUID, *, as_json: bool) -> None:
    from service.producers import keys, listing

    async def work(sealing: "SealingKeys") -> "ListedKey":
        return await listing.show_key(sealing, await keys.revoke(operator(), key))

    _show([administer(work, changes=True)], as_json=as_json)


def _revoke_before(before: datetime, *, as_json: bool) -> None:
    from service.producers import keys

    tell(f"This revokes every key that was made or last changed before {before.isoformat()}: their producers are")
    tell("refused until they have new ones.")
    if sys.stdin.isatty():
        typer.confirm("Go on?", abort=True, err=True)

    async def work(_: "SealingKeys") -> int:
        return await keys.revoke_before(operator(), before)

    revoked = administer(work, changes=True)
    if as_json:
        print_json({"revoked": revoked})
    else:
        tell(f"{revoked} revoked")


@app.command()
def reseal(as_json: AsJson = False) -> None:
    """Seal every key anew with the first of SIGNALS_SEALING_KEYS, so that the others can be taken away.

    Example: `signals keys reseal`
    """
    from service.producers import keys

    async def work(sealing: "SealingKeys") -> tuple[int, int]:
        return await keys.reseal(operator(), sealing)

    total, resealed = administer(work, changes=True)
    if as_json:
        print_json({"keys": total, "resealed": resealed})
    else:
        tell(f"{total} keys, {resealed} sealed anew")


@app.command("new-sealing-key")
def new_sealing_key(as_json: AsJson = False) -> None:
    """Print a new key for SIGNALS_SEALING_KEYS. It is kept nowhere.

    Example: `signals keys new-sealing-key`
    """
    from service.notation.sealing_keys import new_sealing_key as make

    key = make()
    if as_json:
        print_json({"sealing_key": key})
    else:
        print(key)


def _show(found: "Sequence[ListedKey]", *, as_json: bool, many: bool = False) -> None:
    listed = [asdict(key) for key in found]
    if as_json:
        print_json(listed if many else listed[0])
    else:
        show_rows(_COLUMNS, rows(listed, _COLUMNS))
