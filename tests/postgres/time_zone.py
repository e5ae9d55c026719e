"""The time zone of the sessions of a database, as a role or a pooler may have it."""

from datetime import UTC, datetime, timedelta

from tests.running.postgres import Database

_TOMORROW = (datetime.now(UTC) + timedelta(days=1)).timetuple().tm_yday - 1

CLOCKS_CHANGE = f"AAA0BBB,{_TOMORROW}/0,{(_TOMORROW + 90) % 365}/0"
"""One whose clocks go forward at the next midnight: a day from now has 23 hours there."""


def set_time_zone(database: Database, zone: str) -> None:
    """Let all sessions that begin from now on have that time zone."""
    database.execute(f"ALTER DATABASE {database.value('SELECT current_database()')} SET TimeZone = '{zone}'")
