"""The table of signals: what may stand in it, how it is found, and timestamps that only the database sets."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    """SQL that brings the change."""
    return """
SET LOCAL lock_timeout = '500ms';
CREATE TABLE IF NOT EXISTS "aerich" (
    "id" SERIAL NOT NULL PRIMARY KEY,
    "version" VARCHAR(255) NOT NULL,
    "app" VARCHAR(100) NOT NULL,
    "content" JSONB NOT NULL
);
CREATE TABLE "signals" (
    "id" UUID NOT NULL PRIMARY KEY,
    "producer_id" TEXT,
    "instrument" VARCHAR(20) NOT NULL,
    "side" SMALLINT NOT NULL,
    "time" TIMESTAMPTZ NOT NULL,
    "payload" JSONB,
    "version" INT NOT NULL DEFAULT 1,
    "status" SMALLINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "ck_signals_instrument" CHECK ("instrument" ~ '^[A-Z0-9._-]{2,20}$'),
    CONSTRAINT "ck_signals_side" CHECK ("side" IN (0, 1)),
    CONSTRAINT "ck_signals_version" CHECK ("version" >= 1),
    CONSTRAINT "ck_signals_status" CHECK ("status" IN (0, 1, 2))
);
CREATE INDEX "ix_signals_instrument_time" ON "signals" ("instrument", "time");
CREATE INDEX "ix_signals_status" ON "signals" ("status");
CREATE INDEX "ix_signals_instrument_created_at" ON "signals" ("instrument", "created_at");
CREATE INDEX "ix_signals_producer_id_created_at" ON "signals" ("producer_id", "created_at");

-- The wall clock, not the start of the transaction: an update right after the insert moves updated_at too.
CREATE FUNCTION "signals_touch"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW."created_at" := OLD."created_at";
    NEW."updated_at" := clock_timestamp();
    RETURN NEW;
END
$$;
CREATE TRIGGER "signals_touch" BEFORE UPDATE ON "signals" FOR EACH ROW EXECUTE FUNCTION "signals_touch"();
"""


async def downgrade(_: BaseDBAsyncClient) -> str:
    """SQL that undoes the change. The signals go with their table."""
    return """
SET LOCAL lock_timeout = '500ms';
DROP TABLE "signals";
DROP FUNCTION "signals_touch"();
"""


MODELS_STATE = (
    "eJztmG1P2zAQgP9KlE8gsaoUWtA0TeqgG51KO9GwIabJMrGbWiR2ljgDxPrf53OTJnGb0o"
    "LGm/hSNffiXJ6zzz7f2oEg1I9rQ+Zx7NvvrVub44CqP4Zmy7JxGOZyEEh84WvTWNtoGb6I"
    "ZYRdqcQjJaJKRGjsRiyUTHAwblvKgDDuWVO3LSuWIqLEGonI8oQgNRiHCFcNpKxWd0k4+5"
    "1QJIVH5ZhGyvHnLyVmnNBrGsPjrT1i1Cf6v5KrFyQB5VJ/C1NfDeb0OoxoHKtg42yEjAi7"
    "RumXotwZaU8Y4SbUVrYeRAWsHyZbVumtscQyidd4U+qw8gvKn+VGFEtKEJb3+7iC/8oRhJ"
    "EgiUsjxMi9QyiMsVoMME54iXQYpWk8DULLUeZ7eto9/KwtYaZdIFf4ScBz6/BGjgWfmScJ"
    "IzXwAZ1HOY0gnsIM54nvp2shE00noxIoknQ2C0kuIHSEEx/Wif1hlHAXloel3wQ/ux/T0A"
    "pmCPUHDhp2HITsuWUFIRjLJhW5AtKJGZcA/HYyHTcHoqU2vODgqH2ysdPa1AhELL1IKzUu"
    "e6IdscQoT3VO2ch5Gbej8rQYt+FmcFdhr0A85TkDnpnkxPNClLHMaD0uX6dz5sDIQRz/hl"
    "pr97+3TzT04/aZph7cpJreoP8lMxeqnk7rbP+gN/ikM1GY36X1XgZ/MMZRxTwved2L+9xM"
    "f2LwdoCvkU+5J8fqsVFfkogMe6O+aQBONQ2tKoOOGaHziIcB9v0ur5jfmY8BmE2xvzTAHg"
    "Txbqex19pXWh0jPOwtIT08bvd63b5jsMz2zDLLQ8UCNItZZj4GS5I61bI/L5DssprRPe4M"
    "nfbxt1LhOGw7HdA0SkUjk260jGk9G8T60XWOLHi0zgf9jlnoZ3bOOezqNk6kQFxcIUyKTD"
    "JxJiqlNsQ3vsALdoGvw0G/YhfIXczkMldafy2fxassmJezEwCL5TuBWfSNTMEA5k7wh0Zw"
    "rJonX1meCh5PW6G2H1yVGtu7e7v7O63dWWmaSZbVp/nSlJ+31yr0M6+nBVl/FuW9fGJfp8"
    "iXPZ9Vqe+Lq43NtyI/7YhCcs8Elz3fEvyMEgwt9Oiy0N6B4AK7l1c4ImhOIxqiynZeFTQC"
    "U4I59nR6gCbEmV44tWnE3LG94Coq1Wwtu4rCuc1dN1HVib37Jmmt64bKXWNh17tgx0gPNg"
    "+7Zvj/ncED9+Dq24XKk011g1t9tHkV3W2zuUp722xW97egK+/asKjWIJyav0K62/VVLg+U"
    "VSVdrTPORILLhZc01X1RweVBfdFzo/0YjdGTbmaTf1Z4E/g="
)
