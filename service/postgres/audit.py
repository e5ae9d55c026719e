"""What operators have changed: one row a change, written in the transaction that makes it."""

from typing import Any

from uuid_utils.compat import uuid7

from service.postgres.models import AuditEntry


async def record(by: str, command: str, **what: Any) -> None:
    """Keep that `by` has changed something, with a command; `what` is what it was about, and holds no secret."""
    await AuditEntry.create(id=uuid7(), by=by, command=command, what=what)


async def newest(limit: int) -> list[AuditEntry]:
    """The latest entries, newest first."""
    return await AuditEntry.all().order_by("-at", "-id").limit(limit)
