"""The audit trail, without the name of a producer."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from service.erasure.erasures import Erasures
from service.erasure.portions import Portions

FORGOTTEN = "a forgotten producer"
"""What stands where a name has to stand. No producer is called so: there are spaces in it."""

_ROWS = """
SELECT id, at, by, what FROM audit WHERE id > $1 AND (by = $2 OR strpos(what::text, $3) > 0) ORDER BY id LIMIT $4
"""

_CHANGE = """
UPDATE audit SET by = changed.by, what = changed.what
FROM unnest($1::uuid[], $2::text[], $3::jsonb[]) AS changed (id, by, what) WHERE audit.id = changed.id
"""

_PROSE = "reason"
"""The only text in which a name may stand among other words. All others are a name or none."""


async def erase(connection: asyncpg.Connection, name: str, erasures: Erasures) -> None:
    """Let the name stand nowhere in the audit trail. It has a row for each decision, so that nobody else is to wait
    for it."""
    portions, last, written = Portions(connection), UUID(int=0), json.dumps(name)[1:-1]
    while rows := await connection.fetch(_ROWS, last, name, written, portions.rows):
        ids = [row["id"] for row in rows]
        by = [FORGOTTEN if row["by"] == name else row["by"] for row in rows]
        what = [
            json.dumps(_without(name, partial(_said, erasures, row["at"]), json.loads(row["what"]))) for row in rows
        ]
        if await portions.done(len(rows), partial(connection.execute, _CHANGE, ids, by, what)):
            last = ids[-1]


def _without(name: str, said: Callable[[str], str], value: Any, key: str = "") -> Any:
    """A value of JSON. Numbers stay, however a producer is called, and so do the parts of times and ids."""
    if isinstance(value, dict):
        return {field: _without(name, said, each, field) for field, each in value.items()}
    if isinstance(value, list):
        return [_without(name, said, each, key) for each in value]
    if isinstance(value, str) and key == _PROSE:
        return said(value)
    return FORGOTTEN if value == name else value


def _said(erasures: Erasures, at: datetime, text: str) -> str:
    """What stands for others who were forgotten is not looked at: a producer may be called as a word of it."""
    return FORGOTTEN.join(erasures.reason(part, at, FORGOTTEN) for part in text.split(FORGOTTEN))
