"""`signals feed`: the order in which signals are read."""

from typing import TYPE_CHECKING

import typer

from service.cli.administration import AsJson, administer, operator, print_json

if TYPE_CHECKING:
    from service.keyring.sealing import SealingKeys

app = typer.Typer(help="The order in which signals are read.", no_args_is_help=True)


@app.command("new-life")
def new_life(as_json: AsJson = False) -> None:
    """Let all signals to come stand after all that are there, whatever the server counts.

    For a server whose files are a copy of another's, or an older copy of its own: nothing in it tells. Each time that
    it is run another life begins.

    Example: `signals feed new-life`
    """
    from tortoise.transactions import in_transaction

    from service.lives.lives import begin_life
    from service.postgres import audit

    async def work(_: "SealingKeys") -> int:
        async with in_transaction() as transaction:
            async with transaction.acquire_connection() as connection:
                life = (await begin_life(connection)).life
            await audit.record(operator(), "feed new-life", life=life)
            return life

    life = administer(work, changes=False)
    if as_json:
        print_json({"life": life})
    else:
        print(f"Life {life} has begun.")
