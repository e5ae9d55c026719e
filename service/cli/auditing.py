"""`signals audit`: what operators have changed."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.administration import AsJson, administer, print_json, text
from service.cli.display import show_rows

if TYPE_CHECKING:
    from service.keyring.sealing import SealingKeys

_MOST = 1000


def audit(
    limit: Annotated[int, typer.Option(help="How many of the newest entries.", min=1)] = _MOST,
    as_json: AsJson = False,
) -> None:
    """What was changed with these commands, by whom and when; the newest first.

    Example: `signals audit --limit 20`
    """
    from service.postgres import audit as trail

    async def work(_: "SealingKeys") -> list[dict[str, Any]]:
        entries = await trail.newest(limit)
        return [{"at": each.at, "by": each.by, "command": each.command, "what": each.what} for each in entries]

    found = administer(work, changes=False)
    if as_json:
        print_json(found)
    else:
        heads = ("at", "by", "command", "what")
        show_rows(heads, [[text(e["at"]), e["by"], e["command"], json.dumps(e["what"])] for e in found])
