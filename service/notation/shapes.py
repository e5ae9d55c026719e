"""The one expression by which a signal, or what became of it, becomes JSON. Pure."""

_TIME = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
"""Whatever the time zone of the session is, which may be a pooler's."""

FIELDS = f"""
    s.id, s.producer_id, s.instrument, s.side, {_TIME.format("s.time")} AS time, s.payload, s.version,
    {{status}} AS status, {{state_version}} AS state_version, s.approval,
    {_TIME.format("s.expires_at")} AS expires_at,
    {_TIME.format("s.created_at")} AS created_at, {_TIME.format("{updated_at}")} AS updated_at,
    s.expires_at <= clock_timestamp() IS TRUE AS expired
"""
"""What a reader is shown of a row `s` of signals: the payload is PostgreSQL's own text of the jsonb, so every digit
stays."""

CHANGE = f"""
LATERAL (
    SELECT 'status' AS event, s.signal_id, s.instrument, s.producer_id, s.to_status AS status, s.state_version,
        s.reason, {_TIME.format("s.at")} AS at, s.by
) AS change
"""
"""A row `s` of transitions as `change`, of which `row_to_json(change)` is the event."""
