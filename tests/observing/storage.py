"""What is in the database after a scenario, seen with a connection of the tests' own."""

from dataclasses import dataclass
from uuid import UUID

from tests.running.deployment import Deployment
from tests.running.postgres import Row
from tests.speaking.conversation import Conversation
from tests.speaking.payloads import exact

_ROW = """
SELECT id, producer_id, instrument, side, time, payload::text AS payload, version, status,
       state_version, approval, expires_at, created_at, updated_at, key_id
FROM signals WHERE id = $1
"""


@dataclass(frozen=True)
class Change:
    """A row before and after somebody changed it."""

    before: Row
    after: Row


class Storage:
    """The signals in the database of a scenario's service."""

    def __init__(self, deployment: Deployment, conversation: Conversation) -> None:
        self._deployment = deployment
        self._conversation = conversation

    def count_new(self) -> int:
        """How many signals were stored since the scenario began."""
        count: int = self._deployment.database.value("SELECT count(*) FROM signals")
        return count - self._deployment.beginning.signals

    def row(self) -> Row:
        """The row that the latest answer is about."""
        return self.row_of(self._conversation.answer.json()["id"])

    def row_of(self, identifier: str) -> Row:
        """The row with this id."""
        [row] = self._deployment.database.fetch(_ROW, UUID(identifier))
        return row

    def text(self, column: str) -> str:
        """A column of the row, as the tables of the feature files write it; empty for NULL."""
        value = self.row()[column]
        return "" if value is None else value.isoformat() if column == "time" else str(value)

    def payload(self) -> object:
        """The payload of the row, its numbers digit for digit; None for SQL NULL."""
        text = self.row()["payload"]
        return None if text is None else exact(text)

    def change(self, column: str, value: str) -> Change:
        """Change a column of the row with a statement of one's own, as anybody with access could."""
        before = self.row()
        self._deployment.database.execute(f"UPDATE signals SET {column} = {value} WHERE id = $1", before["id"])
        return Change(before, self.row())
