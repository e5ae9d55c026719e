"""Migrations, up and down."""

import asyncio

from service.postgres.schema import migrate

PARTITIONS = "13_20261126170000_partitions.py"
"""The migration by which signals lie in months."""


def run_migrations(url: str, *, down: bool = False) -> list[str]:
    """Migrate in an event loop of its own, as the command line does."""
    return asyncio.run(migrate(url, down=down))


def undo_months(url: str) -> None:
    """Go back to one table of signals."""
    while run_migrations(url, down=True) != [PARTITIONS]:
        pass
