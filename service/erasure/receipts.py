"""The receipts of what a producer has sent."""

from functools import partial

import asyncpg

from service.erasure.portions import Portions

_ROWS = """
SELECT key, (SELECT producer_id FROM signals WHERE id = signal_id) = $2 AS own
FROM receipts WHERE key > $1 AND fingerprint IS NOT NULL ORDER BY key LIMIT $3
"""
"""Those of signatures have no fingerprint and are passed over: they tell nothing, and end by themselves when their
request can pass no more, which else would be stored a second time. All signals of a receipt are of one producer, which
is looked up for each receipt: EXISTS would read all that the producer has sent, for each portion anew."""

_FORGET = "DELETE FROM receipts WHERE key = ANY($1::bytea[])"


async def erase(connection: asyncpg.Connection, name: str) -> None:
    """Keep no hash of what a producer has said, as long as its signals tell that they are its own."""
    portions, last = Portions(connection), b""
    while rows := await connection.fetch(_ROWS, last, name, portions.rows):
        own = [row["key"] for row in rows if row["own"]]
        if not own or await portions.done(len(rows), partial(connection.execute, _FORGET, own)):
            last = rows[-1]["key"]
