"""The role of a service."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from tests.running.environment import ROOT
from tests.running.postgres import Database

GRANTS = "\n".join(re.findall(r"^GRANT .*;$", (ROOT / "docs/operations.md").read_text(), re.MULTILINE))
"""What the documents say that the role of the service needs."""


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
