"""Up to where the order of the feed is final: the end of it, as SQL."""

from service.lives.snapshot import FOLLOWS

HORIZON = f"""
horizon AS MATERIALIZED (
    SELECT life, coalesce(surveyed.epoch, own.epoch) AS epoch, coalesce(surveyed.xact, own.xact) AS xact
    FROM (
        SELECT life, epoch + (epoch < life)::int AS epoch,
            CASE WHEN epoch < life THEN '0' ELSE pg_snapshot_xmin(pg_current_snapshot()) END AS xact
        FROM (SELECT max(life)::bigint << 32 AS life FROM lives) AS present,
            (SELECT max(epoch) AS epoch FROM (
                (SELECT epoch FROM signals ORDER BY epoch DESC, xact DESC, id DESC LIMIT 1)
                UNION ALL (SELECT epoch FROM transitions ORDER BY epoch DESC, xact DESC, id DESC LIMIT 1)
            ) AS newest_of_each) AS newest
    ) AS own LEFT JOIN (SELECT epoch, (xact::text::bigint + 1)::text::xid8 AS xact FROM survey) AS surveyed
        ON {FOLLOWS} AND (surveyed.epoch, surveyed.xact) < (own.epoch, own.xact)
)
"""  # nosec B608
"""The end of the feed: nothing at or behind this place of an epoch and a transaction is to be read yet.

A standby has what its primary has not confirmed to anybody, and may lose when another one is promoted. What the primary
has surveyed it has confirmed, so there the feed ends with that."""

READABLE = "(s.epoch < (SELECT life FROM horizon) OR s.xact < pg_snapshot_xmin(pg_current_snapshot()))"
"""Of a row `s` of signals or transitions: nothing will appear before it any more. It is of a former life, or its
transaction is older than all that are open."""

FINAL = f"(s.epoch, s.xact) < ((SELECT epoch FROM horizon), (SELECT xact FROM horizon)) AND {READABLE}"  # nosec B608
"""The same with a bound for the index, so that what has to wait for an older transaction is not looked at in vain."""

EPOCH = f"SELECT CASE WHEN NOT {FOLLOWS} THEN signals_epoch(max(life)) END FROM lives"  # nosec B608
"""The part of the order in which what is stored now has its place; null on a standby, which does not know."""
