"""One view of the data for several statements."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

FOLLOWS = "coalesce(nullif(current_setting('signals.follows', true), '')::bool, pg_is_in_recovery())"
"""Whether the server follows another one, as SQL. A snapshot keeps the answer, since it outlives the moment in which a
standby begins to lead: not one statement may end where a standby does, and the next one where a primary does."""

_BEGIN = """BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL enable_sort = off; SET LOCAL jit = off;
SET LOCAL enable_incremental_sort = off; SET LOCAL plan_cache_mode = force_generic_plan;
SELECT set_config('signals.follows', pg_is_in_recovery()::text, true)"""


@asynccontextmanager
async def snapshot(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """One view of the data for all statements within: what one of them does not see yet another one might.

    In it nothing is sorted that an index has in order: whatever is known of the table, and right after it was restored
    nothing is, the planner would rather sort all that follows a place than read some of it. And a plan is made once:
    that takes longer than to read a page, and longer with each month.
    """
    await connection.execute(_BEGIN)
    try:
        yield
    except asyncpg.PostgresError:
        await connection.execute("ROLLBACK")
        raise
    await connection.execute("COMMIT")
