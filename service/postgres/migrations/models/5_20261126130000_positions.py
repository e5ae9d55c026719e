"""Where each signal stands in the one order in which signals are read, and what is kept so that reading stays cheap."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    """SQL that brings the change. No row is rewritten: what is there gets the constant defaults."""
    return """
SET LOCAL lock_timeout = '500ms';
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
SET LOCAL lock_timeout = '500ms';
DROP TABLE "survey";
DROP TABLE "horizons";
DROP TABLE "instruments";
ALTER TABLE "signals" DROP COLUMN "epoch", DROP COLUMN "xact";
DROP FUNCTION "signals_epoch"(INT);
"""


MODELS_STATE = (
    "eJztXG1v2zYQ/iuEvzTBvCBxXlcMA+zU27wlzpC4b1sGlZZom4hEqhJVx+j633ek3mXJkRzHUV"
    "x/aWPyjpSeE+8e3lH62rC4QUx3r+0ZVHSZcGaN1+hrg2GLwB85vU3UwLYd98kGgYemEsdSTokM"
    "XeFgXUDjCJsugSaDuLpDbUE5k6LvJ1ggzBC3iYMFd9AEu0ifYDYmRhNNqZig6YTqE6Rzy8LM2J"
    "PDGlyHcSkbLz2Cx+hnj2iCj4mYEAfG+edfaKbMIPfElT+/NkaUmIb6u4HV3VCjIYXIve0Q14Ub"
    "cEO9ECd6r6l717DQQFpiMrNVT0MpAhjqxzepZN9paooU0r6WatdC3bdve29+VZLy3oeazk3PYr"
    "G0PRMTziJxz6PGntSRfWPCJCzESJiAeaYZmCps8vGABuF4JALCiBsMMsKeKQ3Z+HnkMV3aD6mZ"
    "5D9HvwSXlhDTtP7VQLvpDjStMWd3eQkZQwZNOsAKMFEmJLpfv/njxoCo1oac4Pz39vXO4cmugo"
    "C7YuyoTgVX45tSxAJrsRljlH17plF+AygJapF8pH2NDNJGoLIX/rEM4mFDDHm8VEIwQ7hSAPf5"
    "dGf3aaAd9C67N4P25V9yeMt1P5sKofagK3taqnWWad3xLcFhvfteIBoEve8NfkfyJ/r7qt/N2i"
    "uSG/zdkNeEPcE1xqcaNpJohM1hE4jGBh3O5g06gPWWb0xfOmNMgGat5nvy9THofhik7Nd/175W"
    "i+ay/WE3ZcOLq/5voXhswP75xVVHraQY6MCJVkE7obKFfAnIp5M8d/XHzVU/H+9QPuusqC7Qf8"
    "ikrtgs0CUSi0HP4ptxQHIACboMyqO7RMCQDUOs302xY2hzPbzFi2Tnu6yWlW3BDI8VkPKO5f0F"
    "LOuCjkge+1LtC3mXSb8QtxzvaiOXOF+Ig4SkT8CBkAyWijvJUQxE2WvVPKKOKxBnMAYsYkQwMC"
    "kwCg9IFUaGZ9mIjxAVaAragCmQMJJD1NYz5cPMrpB7mQHA6YXWYwV+LRTPrDO40qchXk+4uuBq"
    "4b8fWwdHp0dnhydHZyCiLjNqOV2wAHv9wQN8y525glhAiQkTFASceZg7dFyIdK76amB/ZrcWAP"
    "9Tq3V4eNraPzw5Oz46PT0+248sMN+1yBSd3m/SGimfF5onYQ6BHYBIq06D05pbOlwjOlyT6HVN"
    "dALg5wWwsGthDHN8oZJhbKA2/8ilYwYBxCHwDLl+UPBDwmuIES66bJ/7oURGFymLTRk7hkSHC9"
    "xDfxJbIA9ci2rVMUOMI5OzMcSqIZHhBfzOfDxb89wVUxbk3qagLVfqw0mLEHQtodWsnry4Iznb"
    "sA5l2Jnlu5NAIeNHhjPh05gXFUMXeeWAdEauAwhqp9dvX3/M3xd0ckhq5+Og234ozKrHS6uWQ0"
    "oprTKVVN8dw4OZo8R+1yF4uVCZ1tyGyhqFyqSB0x6vioHTmrUy8M1n843/a+e2sXP+9vq62x9o"
    "Maw/ICCF3et37Qv06uAYWZR54HJf7d42vufHoiYM6kY55DwCFfQs5E++Oy+dBQABA2waMJNmQF"
    "3QiDtozLmxh/w5XYQdyUaw3KUrKsMdAygKbMKJzfVJE93DRIrnUCA+GO7JGkK/HEcRH7Xzz0kJ"
    "rHX+W6ZSD5OIogHnaspEQyQHl8NcrKobPmuTFI5P2TIMjMrF4VnE35gqH/AwEwvMp8XKWug9Ct"
    "iYdGaJWWGHJjy3wkyBQukJ0reViHJL3Vw6Spa7AtvhhqcTJ+AsS11CYoylrkE9dVJEPneli4PR"
    "7Nylag0uifrjZk/AX+JCtqXKZy1VZh72skWXjNpShZcAzxdA6J+k7pJecmngzyfYKXjOU1obUf"
    "ACqnKvmYSNxQR+tvYXGCKEvbWfLbwEPS3VlUlHUiMn735jYdMsTgkHOpuUBT5snZ5EeV/5Y1Gm"
    "9+ayfXExn9oNyUKVjUyoU6stzNP7jJewJUma1sYzk+OcKFBcCk6oPKoa/HIiwcqKwUnkYevgBi"
    "SpZG0wofG8Hurg0V7pkUXBVNUp2GhUcvSR1vMCuV8L975NR264k/dsY0kDpzW3Bq6pge/IrGKB"
    "JtZ4xO755UTwCsWZKA1S/ihJpPLMG4dEhv5VmJdR17ZzsPvqMWvleU6UhHmoTHoizqb2jHx7hI"
    "o1Moc91nTPcWR6TF4drL2depnkQ+/NWZ5BalK/+CtIPTVyKhhRX3NRDSNMXpWsYryfcGThGXIJ"
    "M5DHZF0AIzmxf0bQT+CjT/47IZ8QdVWqP6gQBCImPGWuCN4bacJQAg1nMAxYdjwmTt5rJ+uZtG"
    "LRwR+rRDI4wlgLVJrVM8Dq/7lVX5wbC+VXkxV73hOTqZzYyVGJnNjJUWFOTHYtTgMTJmHI4Q0d"
    "zk2CWUG0i7WyZ2xAbZ0eNrLNys/WXF1dpLhfp5fN7b697HSvIa7KZhCioiCISRyqPM6h/CYk15"
    "86x8t4HrbF9YtQ/pkT6C+oXLFNDWz4zjGO0+W3O7HOS8+erWFDUzP+/CfJfQk72V2KRWt3ZFbh"
    "rSDwBkISVIzCASQzxUAj9lBPyMYvxA2OLH8C8isPwH1qoumEqIM5DpFcN3p5hxH5xg9nOpHnm6"
    "l8WecLvyt6PWhNc9+yWxYwc+n1FDtXY7jcIkNuzICZAy83iE4NYiA85B7oi9fqODY25Xkl0GBc"
    "SUiCvQxTtxNboVLHN1L21DIF/nKnSCrvDvy5lt8hbM+IrPOMSBXymtTZwFMKq9qRJcpXyg/lhd"
    "/i9xtinVW94lDfvO1qX3LY8trvjNcuZeCU5tbANTVwQNSqWjehtgLT1izfskn2DWj1EiZOa26t"
    "XGcrb9MP30f6oU0cqk8aeZ9/83uaCz/9Fss8lG0oNsEjvuGRt+EsfDxz95s5j2bgVepbjHriz3"
    "cUnn8s3l4WH4DchN1l6/i4TIHk+Li4QiL70hsduagqIByIbyC6B/tlyk8gVYiu6st+uIyJ3Fc5"
    "ik9PJ1S239J6Sd/S+vY/jiwSsA=="
)
