"""Producers, their keys and their quotas; the audit trail of operators; the servers that the data has lived in."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    """SQL that brings the change."""
    return """
CREATE TABLE "producers" (
    "name" VARCHAR(64) NOT NULL PRIMARY KEY,
    "enabled" BOOL NOT NULL DEFAULT True,
    "rate" VARCHAR(20),
    "note" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "change" BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT "ck_producers_name" CHECK ("name" COLLATE "C" ~ '^[!-~]{1,64}$'),
    CONSTRAINT "ck_producers_rate" CHECK ("rate" ~ '^[1-9][0-9]{0,5}/[smh]$')
);
CREATE INDEX "ix_producers_change" ON "producers" ("change");

CREATE TABLE "producer_keys" (
    "id" UUID NOT NULL PRIMARY KEY,
    "sealed" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "changed_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ends_at" TIMESTAMPTZ,
    "revoked_at" TIMESTAMPTZ,
    "change" BIGINT NOT NULL DEFAULT 0,
    "producer" VARCHAR(64) NOT NULL REFERENCES "producers" ("name")
);
CREATE INDEX "ix_producer_keys_producer" ON "producer_keys" ("producer");
CREATE INDEX "ix_producer_keys_change" ON "producer_keys" ("change");

-- How often producers and keys were changed: one row. Who changes them waits at it for the one before, so that a number
-- is seen only after all smaller ones. "reload" is the newest change after which nothing less than all must be read.
CREATE TABLE "keyring_changes" (
    "version" BIGINT NOT NULL,
    "reload" BIGINT NOT NULL
);
INSERT INTO "keyring_changes" VALUES (0, 0);

CREATE FUNCTION "keyring_count_change"() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE "keyring_changes" SET "version" = "version" + 1,
        "reload" = CASE WHEN TG_NARGS > 0 THEN "version" + 1 ELSE "reload" END;
    PERFORM pg_notify('signals_keyring', '');
    RETURN NULL;
END
$$;
CREATE FUNCTION "keyring_stamp_change"() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW."change" := (SELECT "version" FROM "keyring_changes");
    RETURN NEW;
END
$$;
CREATE TRIGGER "keyring_count_change" BEFORE INSERT OR UPDATE ON "producers"
    FOR EACH STATEMENT EXECUTE FUNCTION "keyring_count_change"();
CREATE TRIGGER "keyring_count_reload" BEFORE UPDATE OF "name" OR DELETE OR TRUNCATE ON "producers"
    FOR EACH STATEMENT EXECUTE FUNCTION "keyring_count_change"('reload');
CREATE TRIGGER "keyring_stamp_change" BEFORE INSERT OR UPDATE ON "producers"
    FOR EACH ROW EXECUTE FUNCTION "keyring_stamp_change"();
CREATE TRIGGER "keyring_count_change" BEFORE INSERT OR UPDATE ON "producer_keys"
    FOR EACH STATEMENT EXECUTE FUNCTION "keyring_count_change"();
CREATE TRIGGER "keyring_count_reload" BEFORE UPDATE OF "id", "producer" OR DELETE OR TRUNCATE ON "producer_keys"
    FOR EACH STATEMENT EXECUTE FUNCTION "keyring_count_change"('reload');
CREATE TRIGGER "keyring_stamp_change" BEFORE INSERT OR UPDATE ON "producer_keys"
    FOR EACH ROW EXECUTE FUNCTION "keyring_stamp_change"();

-- No foreign keys: they would lock the rows of the keys.
CREATE TABLE "key_uses" (
    "key_id" UUID NOT NULL,
    "hour" TIMESTAMPTZ NOT NULL,
    "uses" BIGINT NOT NULL,
    "last_used_at" TIMESTAMPTZ NOT NULL,
    PRIMARY KEY ("key_id", "hour")
);
CREATE TABLE "key_reporters" (
    "process" UUID NOT NULL PRIMARY KEY,
    "reported_at" TIMESTAMPTZ NOT NULL,
    "ended" BOOL NOT NULL
);
CREATE TABLE "quotas" (
    "producer" VARCHAR(64) NOT NULL PRIMARY KEY,
    "tokens" DOUBLE PRECISION NOT NULL,
    "refilled_at" TIMESTAMPTZ NOT NULL
);

CREATE TABLE "audit" (
    "id" UUID NOT NULL PRIMARY KEY,
    "at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "by" TEXT NOT NULL,
    "command" TEXT NOT NULL,
    "what" JSONB NOT NULL
);
CREATE INDEX "ix_audit_at_id" ON "audit" ("at", "id");

CREATE TABLE "lives" (
    "life" INT NOT NULL PRIMARY KEY,
    "system_identifier" BIGINT NOT NULL,
    "started_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);
-- Where a provider's server does not tell its identifier, a restored dump cannot be told from the original.
DO $$
BEGIN
    INSERT INTO "lives" ("life", "system_identifier") SELECT 1, "system_identifier" FROM pg_control_system();
EXCEPTION WHEN insufficient_privilege OR undefined_function THEN
    INSERT INTO "lives" ("life", "system_identifier") VALUES (1, 0);
END
$$;

ALTER TABLE "signals" ADD COLUMN "key_id" UUID;
"""


async def downgrade(_: BaseDBAsyncClient) -> str:
    """SQL that undoes the change. All producers share the one secret again."""
    return """
ALTER TABLE "signals" DROP COLUMN "key_id";
DROP TABLE "lives";
DROP TABLE "audit";
DROP TABLE "quotas";
DROP TABLE "key_reporters";
DROP TABLE "key_uses";
DROP TABLE "producer_keys";
DROP TABLE "producers";
DROP TABLE "keyring_changes";
DROP FUNCTION "keyring_stamp_change"();
DROP FUNCTION "keyring_count_change"();
"""


MODELS_STATE = (
    "eJztXG1z4jYQ/isaPt3N0ExCXpvpdAZy9I42ITcJ13vpdRxhC9DEljhbDmHS/PeuZBm/YA"
    "MmQIDjS4KlXcl+1tp9diV4KjncIra3V/UtKupMuMPSOXoqMewQ+JDRW0Yl3O9HfbJB4Lat"
    "xLGUUyJtT7jYFNDYwbZHoMkinunSvqCcSdHPPSwQZoj3iYsFd1EPe8jsYdYlVhkNqOihQY"
    "+aPWRyx8HM2pPDWtyEcSnrzj2Cz+gPnxiCd4noERfG+edfaKbMIo/Ek5dPpQ4ltqU+l7B6"
    "GmqVpBB57LvE8+ABvFAvxIk+GurZDSwMkJaYDPuqp6QUAQx18SyV+veGmiKBdKCl2o1Q99"
    "Onxrs/lKR89rZhctt3WCTdH4oeZyNx36fWntSRfV3CJCzEipmA+batTRU2BXhAg3B9MgLC"
    "ihos0sG+LQ1Z+q3jM1PaD6mZ5J+j3/WtxcQMo3ndMm7rLcMojdld3kLKkLrJBFgBJsqERP"
    "fpORg3AkS1luQEFx+qN28OT94qCLgnuq7qVHCVnpUiFtiIzBihHNgzifI7QElQh2QjHWik"
    "kLa0yl74YR7Ew4YI8miphGCGcCUAbvLBm7fLgbbVuKrftqpXH+Xwjuf9sBVC1VZd9lRU6z"
    "DV+iawBIf1HniB0SDoc6P1AclL9O26WU/bayTX+laS94R9wQ3GBwa24miEzWETiEYGbQ/H"
    "DdqC9ZZtzEA6ZUyAZqXmW/r6aNW/tBL2a/5dvVGL5qr65W3ChpfXzfeheGTA5sXldU2tpA"
    "ho7USLoB1T2UE+B+SDXpa7+vP2upmNdyifdlbUFOg/ZFNPbBfoEonJoKfxTTkgOYAEXQbl"
    "zn0sYMiGNjbvB9i1jLEeXuF5suNdTsVJt2CGuwpI+cTy+TTLuqQdksW+VPtE3mXTB+LNxr"
    "uqyCPuA3GRkPQJOBCSwVJxJzmKhSg7V80d6noCcQZjwCJGBAOTAqNwTaowsnynj3gHUYEG"
    "oA2YAgkjGURtNVNOZ3a53MvWACcXWoPl+LVQPLXO4E6XQ7yWuLrgbuHfL5WDo9Ojs8OToz"
    "MQUbc5ajmdsAAbzdYUvuUNPUEcoMSECQoC7jjMNdrNRTpTfTGwv7Jb08D/WqkcHp5W9g9P"
    "zo6PTk+Pz/ZHFhjvmmSKWuO9tEbC54XmiZlDYBcgMorT4KTmjg6vER1ek+h1Q0wC4GcFsL"
    "BrYgxzA6EZw1hLJf/Io10GAcQl8A55QVAIQsI5xAgPXVUvglAio4uUxbaMHW1iwg3uob9I"
    "X8jYYhPZanLftqBPhhXwN+NxbEVzFixRmC7BemVOL1KEIBsxrXLxYsU9yUi7apRhd5jtPr"
    "RCym+0hyKgLRsVMyd5YU0yR64CCGmt0azefM3OA2oZpLT2tVWvTgur6rUyitWMEkqLLB2t"
    "b4YwtVIUy28TC6JIaExq7kLjLjSmQ+OtWnlZkVH3TAyMwbqdOb0DAQtsqkNPWccm1OEu6n"
    "KemZ7NolIwKlH5HvkOCci5evGnRyf9pEakbIRLJidCyRUcmxVYqvC9AjNphZknSD5WodCb"
    "8XAzBeHUHfRdbvkmcbUfn+sWYmO8kAjsdi1WsWuRsvms9deU2lw1WI3nBsT6pZRgk+s9Cf"
    "xFD7s573lCaytq3xDcHg2bsK7owWVlf4IhQtgr++karO6pqK5UZYJaGSW4Wwfbdn51SOts"
    "U0HosHJ6MioByYtJRZ/bq+rl5XiVJ4yZRUhsqLNW9HX5PmMTSGzctH08tDnOiAL5u0IxlR"
    "dtDG1OJFjYvlAc+QfiSlpVYJsgpvG6HurgxV7phfsDiQK05tuFHP1I63WB3F8L976rVGy5"
    "k/f71pwGTmruDLymBr4nw4K120jjBdnz5kTwKbnympT1Pur8upRR2Bv1lSeV9sIMfcbi3u"
    "ceRw4eIo8wC/lgNRdhJCcOzkR4iA/YHroLzsDeIeqpPSjmO22Q1CI2vB+e0OdkyzCUQO0h"
    "DAO26naJm3XMdjWTFt32UmPNUPQaYWxolXLxMpf6P7Zc8wsAofxiUv/XPSGSSPxPjmZI/E"
    "+OchN/2TW51kWYhCHDOdY4twlm2YDHtNJ7jKC2ykA3ss3C9xavry8TAa7WSBewPl3V6jdv"
    "DhT6IERFzjEQiUOR1zmU34YK4rILWYxnYZtfpA3lX7lKuEE12V3+s+X0OIrTs58UjHQ2vU"
    "SwgiOBa8af/yKZXzqLd8/Eog3IkgqcggZvICRBxSgcQDJTDDRiDzWEbHwgHjBeQW10B+TX"
    "A79xV0aDHmGS4rpEct3RYWVG5Alnzkx1rovKw8kP/D7vOPSK5v7OvjPNzKXXU+xcjeFxh7"
    "S5NQRmDrzcIia1iIVwm/ugL87VcTRsyzMBoMG4kpAEex6mHj5hAa6uLDm6msDYU5vjhZOC"
    "YKL5E4Pd/vcq97+LcNa4zhbuwC4qEYuV5pX7yYq6+cc6I51Fnexc35rUYs927ujsT0Zn5z"
    "JwQnNn4DU1sOZnRa0bU1uAadeszLJN9tVseg4TJzV3Vl5nK++qDj9H1aFKXGr2Slm/chP0"
    "lCf+wk0kM63IkG+CF3xVOSvhzH09M/PNjFdTe5X13YNa8reUc8925aeX+Ye7tiG7rBwfz7"
    "IvcnycvzEi+5KJjlxUBRDW4luI7sH+LLtOIJWLrupL/z4LE5nH1PNPhsZUdj8Zskk/GfL8"
    "PxVK0XU="
)
