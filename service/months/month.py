"""A month of UTC, and the ids that may be made in it. Pure."""

from datetime import UTC, datetime
from typing import NamedTuple, Self
from uuid import UUID


class Month(NamedTuple):
    """A month of UTC. Its signals are those whose ids were made in it: the first 48 bits of an id are the milliseconds
    since 1970 (RFC 9562, section 5.7). Each month begins with the first id that could be made in it, so neighbours
    meet."""

    year: int
    month: int

    @classmethod
    def of(cls, moment: datetime) -> Self:
        """The month in which a moment lies, whatever its time zone."""
        utc = moment.astimezone(UTC)
        return cls(utc.year, utc.month)

    @classmethod
    def of_id(cls, id: UUID) -> Self:
        """The month in which an id was made. Raises ValueError after the year 9999."""
        return cls.of(datetime.fromtimestamp((id.int >> 80) / 1000, UTC))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The month of a text like 2026-05. Raises ValueError for another one."""
        return cls.of(datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC))

    @property
    def begins(self) -> datetime:
        """Its first moment."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def lower(self) -> UUID:
        """The first id that may be made in it."""
        return UUID(int=int(self.begins.timestamp()) * 1000 << 80)

    @property
    def upper(self) -> UUID:
        """The first id that may be made after it."""
        return self.later(1).lower

    @property
    def table(self) -> str:
        """The name of the table of its signals."""
        return f"signals_{self.year:04}_{self.month:02}"

    def later(self, months: int) -> Self:
        """The month that comes so many months after this one."""
        years, month = divmod(self.month - 1 + months, 12)
        return type(self)(self.year + years, month + 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"
