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
    "eJztXG1z4jYQ/isaf7qboZmEvDbT6Qzk6B1tQm4SrvfS6zjCFqCJLXG2HMKk+e9dyTZ+wQ"
    "abAAGOLwmWdiX7WWv32ZXgSbO5SSx3r+aZVDSYcEbaOXrSGLYJfMjorSANDwZRn2wQuGMp"
    "cSzllEjHFQ42BDR2seUSaDKJazh0IChnUvRzHwuEGeID4mDBHdTHLjL6mPWIWUFDKvpo2K"
    "dGHxnctjEz9+SwJjdgXMp6c4/gMfrDI7rgPSL6xIFx/vkXmikzySNx5eWT1qXEMtVnDaun"
    "oaYmhcjjwCGuCw/ghnohTvRRV8+uY6GDtMRkNFA9mlIEMNTFs1Qa3OtqigTSvpZq10PdT5"
    "+a7/5QkvLZO7rBLc9mkfRgJPqcjcU9j5p7Ukf29QiTsBAzZgLmWVZgqrDJxwMahOORMRBm"
    "1GCSLvYsaUjtt67HDGk/pGaSf45+D24tJqbrreu2ftto67o2YXd5CylDBk0GwAowUSYkuk"
    "/P/rgRIKpVkxNcfKjdvDk8easg4K7oOapTwaU9K0UssB6ZMULZt2cS5XeAkqA2yUba10gh"
    "bQYqe+GHeRAPGyLIo6USghnClQC4xYdv3i4H2nbzqnHbrl19lMPbrvvDUgjV2g3ZU1Wto1"
    "TrG98SHNa77wXGg6DPzfYHJC/Rt+tWI22vsVz7mybvCXuC64wPdWzG0QibwyYQjQzaGU0a"
    "tA3rLduYvnTKmADNSs239PXRbnxpJ+zX+rt2oxbNVe3L24QNL69b70PxyICti8vrulpJEd"
    "CBEy2DdkxlB/kckA/7We7qz9vrVjbeoXzaWVFDoP+QRV2xXaBLJKaDnsY35YDkABJ0GZS7"
    "97GAIRs62LgfYsfUJ3p4lefJTnbZVTvdghnuKSDlE8vnC1jWJe2SLPal2qfyLos+ELcY76"
    "ohlzgPxEFC0ifgQEgGS8Wd5CgmouxcNXep4wrEGYwBixgRDEwKjMIDUoWR6dkDxLuICjQE"
    "bcAUSBjJIGqrmXI2s8vlXlYAcHKhNVmOXwvFU+sM7nQ5xGuJqwvuFv79Uj04Oj06Ozw5Og"
    "MRdZvjltMpC7DZas/gW+7IFcQGSkyYoCDgTMJcp71cpDPVFwP7K7u1APhfq9XDw9Pq/uHJ"
    "2fHR6enx2f7YApNd00xRb76X1kj4vNA8MXMI7ABEenkanNTc0eE1osNrEr1uiEEA/KwAFn"
    "ZNjWGOL1QwjLVV8o9c2mMQQBwC75DrBwU/JJxDjHDRVe3CDyUyukhZbMnY0SEG3OAe+osM"
    "hIwtFpGtBvcsE/pkWAF/MxnHVjRnyRKF4RAcrMzZRYoQZD2mVSlfrLgnGWlXnTLsjLLdR6"
    "CQ8hudkfBpy0bFzGleOCCZY1cBhLTebNVuvmbnAfUMUlr/2m7UZoVV9Vrp5WpGCaVFlo7W"
    "N0OYWSmK5beJBVEmNCY1d6FxFxrTofFWrbysyBj0TA2M/rotnN6BgAk2DUJPJYhNqMsd1O"
    "M8Mz0rolIyKlH5Hnk28cm5evFnR6fgSfVIWQ+XTE6Ekis4NiuwVOG5JWYKFApPkHysUqE3"
    "4+EKBeHUHQwcbnoGcQI/PtctxMZ4IRHY7VqsYtciZfOi9deU2lw12ADPDYj1SynBJtd7Ev"
    "iLPnZy3vOE1lbUviG4PeoWYT3Rh8vq/hRDhLBX99M12KCnqrpSlQlqZpTgbm1sWfnVoUBn"
    "mwpCh9XTk3EJSF5MK/rcXtUuLyerPGHMLENiQ521oq/L9xmbQGLjph3gkcVxRhTI3xWKqb"
    "xoY2hzIsHC9oXiyD8QR9KqEtsEMY3X9VAHL/ZKL9wfSBSgA75dytGPtV4XyP21cO+7SsWW"
    "O3lvYM5p4KTmzsBrauB7MipZu400XpA9b04En5Err0lZ72OQX2sZhb1xX2VaaS/M0AsW9z"
    "73ObLxCLmEmcgDqzkIIzmxfybCRXzI9tCdfwb2DlFX7UExz+6AZCBiwfvhiuCcbAWGEqgz"
    "gmHAVr0ecbKO2a5m0rLbXmqsAkWvMcZ6oFIpX+ZS/yeWa34BIJRfTOr/uidEEon/yVGBxP"
    "/kKDfxl13Ta12ESRgynGOdc4tglg14TCu9xwhqqwx0Y9ssfG/x+voyEeDqzXQB69NVvXHz"
    "5kChD0JU5BwDkTiUeZ1D+W2oIC67kMV4Frb5RdpQ/pWrhBtUk93lP1tOj6M4XfykYKSz6S"
    "WCFRwJXDP+/BfJ/NJZvLsQi9YhSypxChq8gZAEFaNwAMlMMdCIPdQUsvGBuMB4BbXQHZBf"
    "F/zGXQUN+4RJiusQyXXHh5UZkSecOTPUuS4qDyc/8Pu849Armvs7+84CZi69nmLnagyX26"
    "TDzREwc+DlJjGoSUyEO9wDfXGujqNhS54JAA3GlYQk2PMw9UEsFSr0TbqEPfXULmaxXfLS"
    "2YE/1/wZwm4jfJUb4WXIa1xnC7diF5WRxWr0yg9lhd/8852RzqKOeK5vcWqxhzx3vPYn47"
    "VzGTihuTPwmho4IGplrRtTW4Bp16zesk32DWj1HCZOau6svM5W3pUffo7yQ4041OhrWT93"
    "4/dUpv7UTSQzq9qQb4IXfGc5K+HMfT0z882MVzPwKuu7GbXkryvnHvLKTy/zT3ltQ3ZZPT"
    "4uskFyfJy/QyL7komOXFQlEA7EtxDdg/0i208glYuu6kv/UAsTmefV84+IxlR2vx2ySb8d"
    "8vw/sybT/g=="
)
