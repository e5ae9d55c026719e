"""How much producers have sent lately, for operators."""

from dataclasses import dataclass

from tortoise import connections

from service.notation.rate import Rate

USED_SECONDS = 10

_USED = """
WITH known AS (
    SELECT name, rate FROM producers
    UNION ALL SELECT producer, NULL FROM quotas WHERE NOT EXISTS (SELECT FROM producers WHERE name = producer)
)
SELECT name, rate, used FROM known CROSS JOIN LATERAL (
    SELECT count(*) AS used FROM signals
    WHERE producer_id = name AND created_at > now() - make_interval(secs => $1)
) AS lately
ORDER BY name
"""
"""Each producer that is registered, and others that were held to the rate of all lately."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The rate of a producer, None when it may send as much as it likes, and its signals of the last ten seconds."""

    name: str
    rate: str | None
    used_10s: int

    @property
    def share(self) -> float | None:
        """Which part of its rate it uses: above 1 when it has used up what it had saved."""
        return None if self.rate is None else self.used_10s * Rate.parse(self.rate).each_seconds / USED_SECONDS


async def list_usage(default: str | None) -> list[Usage]:
    """All producers by name; `default` is the rate of those that have none of their own."""
    rows = await connections.get("default").execute_query_dict(_USED, [USED_SECONDS])
    return [Usage(row["name"], row["rate"] or default, row["used"]) for row in rows]
