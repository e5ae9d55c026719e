"""The audit trail, without the name of a producer."""

import json
import re
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from service.erasure.erasures import pattern_of
from service.erasure.portions import Portions

FORGOTTEN = "a forgotten producer"
"""What stands where a name has to stand. No producer is called so: there are spaces in it."""

_ROWS = """
SELECT id, by, what FROM audit WHERE id > $1 AND (by = $2 OR strpos(what::text, $3) > 0) ORDER BY id LIMIT $4
"""

_CHANGE = """
UPDATE audit SET by = changed.by, what = changed.what
FROM unnest($1::uuid[], $2::text[], $3::jsonb[]) AS changed (id, by, what) WHERE audit.id = changed.id
"""

_PROSE = "reason"
"""The only text in which a name may stand among other words. All others are a name or none."""


async def erase(connection: asyncpg.Connection, name: str) -> None:
    """Let the name stand nowhere in the audit trail. It has a row for each decision, so that nobody else is to wait
    for it."""
    portions, last, written = Portions(connection), UUID(int=0), json.dumps(name)[1:-1]
    while rows := await connection.fetch(_ROWS, last, name, written, portions.rows):
        ids = [row["id"] for row in rows]
        by = [_without(name, row["by"]) for row in rows]
        what = [json.dumps(_without(name, json.loads(row["what"]))) for row in rows]
        if await portions.done(len(rows), partial(connection.execute, _CHANGE, ids, by, what)):
            last = ids[-1]


def _without(name: str, value: Any, key: str = "") -> Any:
    """A value of JSON. Numbers stay, however a producer is called, and so do the parts of times and ids."""
    if isinstance(value, dict):
        return {field: _without(name, each, field) for field, each in value.items()}
    if isinstance(value, list):
        return [_without(name, each, key) for each in value]
    if isinstance(value, str) and key == _PROSE:
        return re.sub(pattern_of(name), FORGOTTEN, value)
    return FORGOTTEN if value == name else value
