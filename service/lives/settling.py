"""A service settles in the server that its data is in, and tells it in its log."""

import asyncpg

from service.kernel.logs import log
from service.lives.lives import TOKENS_REMEDY, settle


async def settle_and_tell(connection: asyncpg.Connection) -> None:
    """Begin a new life when the data has come into another server, and tell what that means: a dump brings keys and
    tokens back to life that were revoked since. Raises lives.Unsettled."""
    begun = await settle(connection)
    if begun is None:
        return
    log.warning("Data has come from another server: a new life begins", life=begun.life)
    if begun.keys:
        log.warning(
            "Restored from a dump: keys that were revoked since prove again", keys=begun.keys, remedy=begun.remedy
        )
    if begun.tokens:
        log.warning(
            "Restored from a dump: tokens of readers that were revoked since are good again",
            tokens=begun.tokens,
            remedy=TOKENS_REMEDY,
        )
