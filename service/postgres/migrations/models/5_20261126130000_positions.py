"""Where each signal stands in the one order in which signals are read, and what is kept so that reading stays cheap."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    """SQL that brings the change. No row is rewritten: what is there gets the constant defaults."""
    return """
ALTER TABLE "signals" ADD COLUMN "epoch" BIGINT NOT NULL DEFAULT 0, ADD COLUMN "xact" XID8 NOT NULL DEFAULT '0';

-- The life of the data in the upper half, the timeline of the server in the lower: that of the log that is written now,
-- since right after a promotion the control file still has the one before. Where a provider's server does not tell it,
-- the lower half stays 0, and after a promotion of a standby that lagged readers may skip signals.
DO $$
BEGIN
    PERFORM pg_walfile_name(pg_current_wal_insert_lsn());
    CREATE FUNCTION "signals_epoch"("life" INT) RETURNS BIGINT LANGUAGE sql AS '
        SELECT "life"::bigint << 32 | (''x'' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint
    ';
EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported THEN
    CREATE FUNCTION "signals_epoch"("life" INT) RETURNS BIGINT LANGUAGE sql AS 'SELECT "life"::bigint << 32';
END
$$;
DO $$
BEGIN
    EXECUTE format('ALTER TABLE "signals" ALTER COLUMN "epoch" SET DEFAULT "signals_epoch"(%s)',
        (SELECT max("life") FROM "lives"));
END
$$;
ALTER TABLE "signals" ALTER COLUMN "xact" SET DEFAULT pg_current_xact_id();

-- Who has sent what, and when last: the producer is empty where none was named.
CREATE TABLE "instruments" (
    "instrument" VARCHAR(20) COLLATE "C" NOT NULL,
    "producer" TEXT COLLATE "C" NOT NULL,
    "latest" TIMESTAMPTZ NOT NULL,
    PRIMARY KEY ("instrument", "producer")
);
-- No signal at or before the place was stored after the time.
CREATE TABLE "horizons" (
    "at" TIMESTAMPTZ NOT NULL,
    "epoch" BIGINT NOT NULL,
    "xact" XID8 NOT NULL,
    "id" UUID NOT NULL,
    PRIMARY KEY ("at", "epoch", "xact", "id")
);
-- How far both are known: one row.
CREATE TABLE "survey" (
    "epoch" BIGINT NOT NULL,
    "xact" XID8 NOT NULL,
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ NOT NULL
);
INSERT INTO "survey" VALUES (0, '0', '00000000-0000-0000-0000-000000000000', '-infinity');
"""


async def downgrade(_: BaseDBAsyncClient) -> str:
    """SQL that undoes the change. Readers lose their places."""
    return """
DROP TABLE "survey";
DROP TABLE "horizons";
DROP TABLE "instruments";
ALTER TABLE "signals" DROP COLUMN "epoch", DROP COLUMN "xact";
DROP FUNCTION "signals_epoch"(INT);
"""


MODELS_STATE = (
    "eJztXOtz2jgQ/1c0fLl0hsuk5Hmdm5uBNtdyTUgnodfH9cYVtgBNjERtOYTp9X+/XfltbG"
    "ITQgjlS4KlXUn+rbVP2d9rI2kx291tehZXp0I509oL8r0m6IjBj5zeOqnR8TjuwwZFe7Ym"
    "p0inSXqucqipoLFPbZdBk8Vc0+FjxaVA0g9DqggVRI6ZQ5V0yJC6xBxSMWBWnUy4GpLJkJ"
    "tDYsrRiAprF4e1pAnjcjFYeARP8G8eM5QcMDVkDozzz7/QzIXFbpmLl99rfc5sS/+uUX03"
    "3KohEbsdO8x14QbckC/Eid8a+t4NqgygRkymY91T04wAhr74gUzja0NPkULa59LtRsj7/n"
    "371Z+aEu+9Z5jS9kYiph5P1VCKiNzzuLWLPNg3YAJhYVZCBMKz7UBUYZOPBzQox2MREFbc"
    "YLE+9WwUZO33vidMlB/RM+Gfgz+CpSXIDKNz0TWuTruGUZuROy4hI8igyQRYASYuFKL7/Y"
    "c/bgyIbq3hBC/fNC939o+eaQikqwaO7tRw1X5oRqqoEYsxRtmXZxrlV4CS4iOWj7TPkUHa"
    "Clh2wx+LIB42xJDHWyUEM4QrBXBHTnaePQy03fb56VW3ef4Ohx+57jdbI9TsnmJPQ7dOM6"
    "07viQk7HdfC0SDkA/t7huCl+TzRec0K6+Irvu5hmuinpKGkBODWkk0wuawCUhjgfamswLt"
    "wn7LF6ZPnREmQLNS8T34/uiefuym5Nf5u3mpN8158+OzlAzPLjqvQ/JYgJ2XZxctvZNioA"
    "MlWgXtBMsW8gUgnwzz1NVfVxedfLxD+qyy4qYi/xGbu2qzQEck5oOexTejgHAABB2Ncv86"
    "YTCwoUfN6wl1LGOmRzZkEe1s16gxyrZQQQcaSLxjvL/AyzrjfZbnfen2uX6XzW+YW87vah"
    "KXOTfMIQrdJ/CBCBpL7TvhKBbh4oVu7nPHVUQKGAM2MWEUPCkQigycKkosbzQmsk+4IhPg"
    "BkzBCWM5jtpqprzbsyv0vewA4PRGa4sCvRaSZ/YZrPRhHK8H3F2wWvj3a+P5wfHByf7RwQ"
    "mQ6GVGLcdzNmC7073D33KnrmIjcImZUBwInFmYW3xQiHQu+3Jgf2S1FgD/W6Oxv3/c2Ns/"
    "Ojk8OD4+PNmLJDDbNU8UrfZrlEZK54XiSYhDUQcgMqq7wWnOrTu8Ru7wmlivS2YyAD/PgI"
    "Vdc22Y4xOVNGNdHfwTlw8EGBCHwTPk+kbBNwkvwEa45Lz50jclaF2QltpoO3rMhAXukrds"
    "rNC22AxbTenZFvShWQF9M2vHVjRnxRSF6TAa7My7kxQhyEaCq149WXHNcsKuFhfUmearj4"
    "Ahozd6U+W7LU/KZs7TwoGTGakKcEhb7U7z8lN+HNDKcUpbn7qnzbvMqn6sjGo5oxTTMlNH"
    "6xsh3JkpSsS3qQ1RxTSmObemcWsas6bxSu+8PMsY9Mw1jP6+LR3eAYEFMg1MTz2wTaQvHT"
    "KQ0tol/pwuoQ6aHYrhl7ZV0rEgRoPoio2lOayTW5hIGzIOlo3CPY160I/jaMumQ7qcWG+l"
    "838ROqYcRjYYjGodI8iIDpYjXKrT1r5ZRhstJ2IRU8txc3gj5kccejffbXID8RkxsxHqgQ"
    "Kzi2opMSu43spzK8wUMJSeIH1blfyJnJsr5VlkVjB2pOWZzAmM00JLSIyx0Br0U4ck+NyV"
    "rvpEs0uX6z24IOr3mz0Bf4mFbGtQj1qDyjzsZbPpGbaFMuoBnk/Ac3uQhHp6y6WBfzmkTs"
    "FznuLaiEoGuCq3hs3EQA3hsrE3RxAh7I29bEY96GnorkyeiVs5CdWrEbXt4lxfwLNJ6b39"
    "xvFRlNDDi3kpvKvz5tnZbM4udBaqhCQhz1oFIw+vM55CSJIU7ZhObUlzrEBxjS/Bcq8y39"
    "OxBEur8iWRh9DBDZykkkWfBMfjaqjn99ZK96z2pMoJQaBRSdFHXI8L5N5aqPdt3mnDlbw3"
    "thYUcJpzK+A1FfA1m1bMxMcc94ien44Fr5CFj9Ig5c8IRCyPHDhcfbNf+Vc7v4R5Gb22ne"
    "fPfrnPXnmcowJhHiqTnoizqW0rXx4h4xqJYzwwTM9xMD2Gq4O9t7NeIvnYfnWSJ5A1qV+8"
    "C1JPtZwKRtRXn1fDCJNXJasYH4aSjOiUuExYxBNYF6AEJ/YPf/kJfPLVP+z/lXBXp/qDCk"
    "FAYsNT5qrghYA6DKVIbwrDgGQHA+bkvU+wmkmr1vf1WCWSwRHGRsBSr54B1v9ndn1xbiyk"
    "X05W7HGPwqVyYkcHJXJiRweFOTHsmp8GZgJhyPEbWlLajIoCaxdzZQ9TANsqNWwkm6Ufor"
    "i4OEv5fq12Nrf7/rx1egl2FZuBiKsCI4Y4VHmcQ/pNSK4/dI5XyDxsi+sXIf0jJ9CfULli"
    "mxrY8MgxttPlw52Y56lnz1YQ0KyZ//yW5b5dm+wu5UUb12xa4XUP0AYKHVRKwgHQM6XgRu"
    "yStsLGG+aCx6u4Tb6C8+uC3vhaJ5Mh0wdzHIa+bvRWhmD4KocUpj7AyvEtjBt5XfTex4rm"
    "/iK+iMAzR62nvXM9hitHrCetKXjm4JdbzOQWswjtSQ/41Qt97pbaeF4JOITUFOhgL+Kpjx"
    "OhUKnjGyl5GpkCf7lTJJWjA3+uxSOE7RmRVZ4RqeK8Jnk28JTCsiKyRPlK66E881t8kD3m"
    "WdZZ9vXN2y73NPvWr/3J/NqFBJzi3Ap4TQUcOGpVpZtgW4Jo1yzfsknyDdzqBUSc5txKeZ"
    "2lvE0//BzphyZzuDms5X3Xy++pz/2mV0xzV7ahWAT3+DhDXsBZ+Hjmxps5j2agVda3GPXA"
    "32UoPP9YHF4WH4DchOiycXhYpkByeFhcIcG+dKCDm6oCwgH5BqL7fK9M+QmoCtHVfdkvUg"
    "mV+ypH8enpBMv2I0lP6SNJP/4Hv5ljkw=="
)
