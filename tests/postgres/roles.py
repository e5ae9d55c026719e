"""The role of a service."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from tests.running.grants import GRANTS
from tests.running.postgres import Database


@contextmanager
def documented_role(database: Database) -> Iterator[str]:
    """The role of a service, with the rights that the documents tell to give it."""
    name = f"service_{uuid4().hex}"
    database.execute(f"CREATE ROLE {name}")
    database.execute(GRANTS.replace("service_role", name))
    try:
        yield name
    finally:
        database.execute(f"DROP OWNED BY {name}")
        database.execute(f"DROP ROLE {name}")
