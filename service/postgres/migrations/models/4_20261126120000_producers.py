"""Producers, their keys and their quotas; the audit trail of operators; the servers that the data has lived in."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    """SQL that brings the change."""
    return """
SET LOCAL lock_timeout = '500ms';
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
CREATE INDEX "ix_producer_keys_producer_id" ON "producer_keys" ("producer", "id");
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

-- A token bucket for each producer that has a limit and is not idle. "full_at" is when it will be full again: it lacks
-- what is earned until then (the theoretical arrival time of ITU-T I.371), a token in each "token_seconds". "lent" and
-- "lent_before" are tokens that processes hold, by the slot of time in which they were taken: that slot, and the one
-- before.
CREATE TABLE "quotas" (
    "producer" VARCHAR(64) NOT NULL PRIMARY KEY,
    "full_at" TIMESTAMPTZ NOT NULL,
    "token_seconds" DOUBLE PRECISION NOT NULL DEFAULT 1,
    "slot" BIGINT NOT NULL DEFAULT 0,
    "lent" INT NOT NULL DEFAULT 0,
    "lent_before" INT NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

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
SET LOCAL lock_timeout = '500ms';
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
    "eJztXG1T4kgQ/itT+XJax1mKr2ddXRW43C63iluI+3ZexSEZYMpkhk0mIuX5369nkpAXEk"
    "wQFVm+7MpM9yR5OtP9dE/DvWZzk1juVs0zqWgw4Yy1Y3SvMWwT+CNjtoI0PBxGc3JA4K6l"
    "xLGUUyJdVzjYEDDYw5ZLYMgkruHQoaCcSdEvAywQZogPiYMFd9AAu8gYYNYnZgWNqBig0Y"
    "AaA2Rw28bM3JLLmtyAdSnrz72Cx+gPj+iC94kYEAfW+edfGKbMJHfElR/vtR4llqn+1rB6"
    "GmpqUojcDR3iuvAAbqgX4kTvdPXsOhY6SEtMxkM1oylFAEN9eJBKwxtdXSKBtK+lxvVQ9/"
    "Ky+e4vJSmfvasb3PJsFkkPx2LA2UTc86i5JXXkXJ8wCQsxYyZgnmUFpgqHfDxgQDgemQBh"
    "RgMm6WHPkobU/uh5zJD2Q+pK8p+9P4Nbi4npeuu8o180OrquTdld3kLKkMGQAbACTJQJie"
    "79g79uBIga1eQFTj7U2hu7B5sKAu6KvqMmFVzag1LEAuuRGSOUfXsmUX4HKAlqk2ykfY0U"
    "0magshX+MQ/i4UAEebRVQjBDuBIAt/hoY/N5oO00zxoXndrZJ7m87bo/LIVQrdOQM1U1Ok"
    "6NbviW4LDffS8wWQR9aXY+IPkRfT9vNdL2msh1vmvynrAnuM74SMdmHI1wOBwC0cig3fG0"
    "QTuw37KN6UunjAnQvKj5nn1/dBpfOwn7tT7X2mrTnNW+biZseHreeh+KRwZsnZye19VOio"
    "AOnGgZtGMqa8jngHw0yHJXf1+ct7LxDuXTzooaAv2HLOqK1QJdIjEb9DS+KQckF5Cgy6Dc"
    "u4kFDDnQxcbNCDumPjXDqzxPdnrKrtrpEcxwXwEpn1g+X8CyTmmPZLEvNT6Td1n0lrjFeF"
    "cNucS5JQ4Skj4BB0IyWCruJFcxEWXHarhHHVcgzmAN2MSIYGBSYBQekCqMTM8eIt5DVKAR"
    "aAOmQMJIBlF7mUs+zuxyuZcVAJzcaE2W49dC8dQ+gzt9HuL1jLsL7hb++626s3e4d7R7sH"
    "cEIuo2JyOHMzZgs9V5hG+5Y1cQGygxYYKCgDMNc532c5HOVF8M7K/s1gLgf69Wd3cPq9u7"
    "B0f7e4eH+0fbEwtMT80yRb35Xloj4fNC88TMIbADEOnlaXBSc02Hl4gOL0n0ahODAPhZAS"
    "ycmhnDHF+oYBjrqOQfubTPIIA4BN4h1w8Kfkg4hhjhorPaiR9KZHSRstiSsaNLDLjBLfSR"
    "DAXywLWoUQMzxDiyOOtDrOoSGV7A70zHsxe+dsmSBbkbUtCWO/XxokUIuh7TqpQvXtyQjD"
    "SsThl2xtnuJFBI+ZHuWPg05k3F0FleOSCdE9cBBLXebNXa37LzgnoGSa1/6zRqj4VZ9Xrp"
    "5WpICaVFlpKWN2N4tHIUy3cdgucLlUnNdahcolAZN3DS45UxcFJzqQx88cN653/auNI2Ti"
    "7b7Uaro0ew/oqAFDban2un6JedfWRT5oHL/WXzSvuZX4slYVAXyiFnEahgZiZ/8t154SoA"
    "CJhg04CZVALqgnrcQX3OM7P4IiolyQqV75FnEz+HU9vlcdISPKkeKevhRsshLnLfx64KyY"
    "zw3BJXChQKXyD5WLGAMNfDJQNKsTsYOtz0DOIE4X2uW4itUewe1odbr3q4lbJ50TJ9Sm2u"
    "Un2A5xuggM9SqU/u9yTwJwPs5LznCa2VOCKB4HanW4T1xQA+VrdnGCKEvbqdLtUHM1U1lS"
    "pgUTOjUnthY8vKLyIGOqtUN9ytHh5MKoXyw6za4MVZ7fR0uhgYxswy1DfUWSrS+/w+4y2Q"
    "2Lhph3hscZwRBfIPD2MqTzo/fDuRYGHHh3Hkb4kjaVWJ06SYxut6qJ0ne6UnHiMlzikCvl"
    "3K0U+0XhfI7aVw7+sC1oo7eW9ozmngpObawEtq4BsyLlnSjzSekD2/nQj+SK68JGW9T0F+"
    "rWUU9iZzlVmlvTBDL1jc+zLgyMZj5BJmIg+s5iCM5IX91hkX8RHbQtd+q/Q1oq46omSe3Q"
    "XJQMSC98MVQTt1BZYSqDuGZcBW/T5xsrqxX+aiJQuM/loFil4TjPVApVK+zKX+n9qu+QWA"
    "UH4xqf/rNhIlEv+DvQKJ/8FebuIvp2bXugiTMGQ4xzrnFsEs5+Qm0kofPYPaSwa6iW0Wfu"
    "R8fn6aCHD1ZrqAdXlWb7Q3dhT6IERFTreQxKHM6xzKr0IF8bkLWYxnYZtfpA3lX7lK+IZq"
    "suv8Z8XpcRSnizeURjpvvUTwAp2jS8afP5LM7ybGpwuxaB2ypBLN8uANhCSoGIULSGaKgU"
    "ZsoaaQg7fEDTr5roH8yr6Q6woaDQiTFNchkutOetoZkY3wnBlEtv1R2cN+y2/yuuZf6NpX"
    "7IoFzFx6PcXO1Rout0mXm2Ng5sDLTWJQk5gId7kH+uJYdSliS/YEgAbjSkIS7HmY+jCWCh"
    "X6wmXCnnrqFLPYKXnp7MC/1vwZwvog/CUPwsuQ17jOCh7FLioji9XolR/KCr/5bb+RzqI6"
    "f5e3OLXY3t81r/3JeO1cBk5org28pAYOiFpZ68bUFmDaJau3rJJ9A1o9h4mTmmsrL7OV1+"
    "WHn6P8UCMONQZa1q8i+TOVmb+IFMk8Vm3IN8ETvtqelXDmvp6Z+WbGqxl4leU9jHrmb7Xn"
    "Nnnlp5f5XV6rkF1W9/eLHJDs7+efkMi5ZKIjN1UJhAPxFUR3Z7vI8RNI5aKr5tK/58NEZr"
    "96fotoTGX9EzNv6SdmHv4Hw5eDGw=="
)
