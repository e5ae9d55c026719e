"""A signal of the service's own that is stored and taken back."""

import asyncpg

_REHEARSAL = """
DO $$
BEGIN
    INSERT INTO receipts (key, signal_id, expires_at)
    VALUES (uuid_send(gen_random_uuid()), gen_random_uuid(), now());
    INSERT INTO signals (id, instrument, side, time, payload)
    SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0')
            || right(replace(gen_random_uuid()::text, '-', ''), 20))::uuid,
        'REHEARSAL', 0, now(), jsonb_build_object('noise', string_agg(noise::text, ''))
    FROM (SELECT gen_random_uuid() AS noise FROM generate_series(1, 256)) AS page;
    RAISE SQLSTATE 'SIGRH';
EXCEPTION
    WHEN SQLSTATE 'SIGRH' THEN NULL;
END
$$
"""
"""What is taken back within a transaction is in its log all the same, and the commit waits for disk and standbys as
any. The noise does not shrink and fills a page: a row without it would find room in a page of a full disk. The id is of
this month, so that it goes where signals go."""


async def rehearse(connection: asyncpg.Connection) -> bool:
    """Do what storing a signal takes, its commit included, and leave nothing behind. True when that was done. Raises
    what storing a signal would raise."""
    await connection.execute(_REHEARSAL)
    return True
