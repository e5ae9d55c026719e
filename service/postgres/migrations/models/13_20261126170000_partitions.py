"""Signals by month: the table that is there becomes the first part of a larger one, and no row is touched."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = False

_BOUND = """
SET LOCAL lock_timeout = '500ms';
-- Until when the first part goes: the month after the next, or the one after all that is there. An id begins with the
-- milliseconds since 1970 (RFC 9562, UUID version 7), so each month of UTC begins with the first id that it could have.
-- What an attempt that was broken off has left behind is good for as long as it lies ahead.
DO $$
DECLARE
    "months" INTERVAL := interval '1 month';
    "soon" TIMESTAMP := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') + "months";
    "newest" BIGINT;
    "last" TIMESTAMP;
    "milliseconds" BIGINT;
    "bound" UUID;
BEGIN
    IF (SELECT "relkind" = 'p' FROM pg_class WHERE "oid" = to_regclass('signals')) THEN
        RETURN;
    END IF;
    SELECT (regexp_match(pg_get_constraintdef("oid"), '[0-9a-f-]{36}'))[1] INTO "bound"
    FROM pg_constraint WHERE "conrelid" = to_regclass('signals') AND "conname" = 'ck_signals_bound';
    "milliseconds" := extract(epoch FROM "soon")::bigint * 1000;
    IF "bound" > (lpad(to_hex("milliseconds"), 12, '0') || repeat('0', 20))::uuid THEN
        RETURN;
    END IF;
    SELECT ('x' || left(replace("id"::text, '-', ''), 12))::bit(48)::bigint INTO "newest"
    FROM "signals" ORDER BY "id" DESC LIMIT 1;
    "last" := timestamp 'epoch' + coalesce("newest", 0) * interval '1 millisecond';
    "milliseconds" := extract(epoch FROM greatest("soon", date_trunc('month', "last")) + "months")::bigint * 1000;
    ALTER TABLE "signals" DROP CONSTRAINT IF EXISTS "ck_signals_bound";
    IF "milliseconds" < 1::bigint << 48 THEN  -- else there is no id after them
        "bound" := lpad(to_hex("milliseconds"), 12, '0') || repeat('0', 20);
        EXECUTE format('ALTER TABLE "signals" ADD CONSTRAINT "ck_signals_bound" CHECK ("id" < %L) NOT VALID', "bound");
    END IF;
END
$$;
"""

_VALIDATE = """
SET LOCAL lock_timeout = '500ms';
-- Who stores signals is kept waiting by none of it; readers of the feed are, for as long as it takes.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_constraint WHERE "conrelid" = to_regclass('signals') AND "conname" = 'ck_signals_bound')
    THEN
        ALTER TABLE "signals" VALIDATE CONSTRAINT "ck_signals_bound";
    END IF;
END
$$;
"""

_ATTACH = """
SET LOCAL lock_timeout = '500ms';
DO $$
DECLARE
    "bound" TEXT;
    "index" RECORD;
    "trigger" RECORD;
    "granted" RECORD;
    "first" REGCLASS;
    "owner" REGROLE;
BEGIN
    IF (SELECT "relkind" = 'p' FROM pg_class WHERE "oid" = to_regclass('signals')) THEN
        RETURN;
    END IF;
    LOCK TABLE "signals" IN ACCESS EXCLUSIVE MODE;
    "first" := to_regclass('signals');
    SELECT (regexp_match(pg_get_constraintdef("oid"), '[0-9a-f-]{36}'))[1] INTO "bound"
    FROM pg_constraint WHERE "conrelid" = "first" AND "conname" = 'ck_signals_bound';

    ALTER TABLE "signals" RENAME TO "signals_first";
    ALTER TABLE "signals_first" RENAME CONSTRAINT "signals_pkey" TO "signals_pkey_first";
    CREATE TABLE "signals" (LIKE "signals_first" INCLUDING ALL EXCLUDING INDEXES EXCLUDING STATISTICS)
        PARTITION BY RANGE ("id");
    ALTER TABLE "signals" DROP CONSTRAINT IF EXISTS "ck_signals_bound";
    ALTER TABLE "signals" ADD CONSTRAINT "signals_pkey" PRIMARY KEY ("id");
    SELECT "relowner"::regrole INTO "owner" FROM pg_class WHERE "oid" = "first";
    EXECUTE format('ALTER TABLE "signals" OWNER TO %s', "owner");

    -- Its indexes are found to be those of the whole, whose names they leave free.
    FOR "index" IN
        SELECT "relname", replace(pg_get_indexdef("indexrelid"), '.signals_first ', '.signals ') AS "definition"
        FROM pg_index JOIN pg_class ON pg_class."oid" = "indexrelid"
        WHERE "indrelid" = "first" AND "indisvalid" AND NOT "indisunique"
    LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', "index"."relname", left("index"."relname", 57) || '_first');
        EXECUTE "index"."definition";
    END LOOP;
    -- A trigger of the whole is one of each part, which must not have one of the same name.
    FOR "trigger" IN
        SELECT "tgname", replace(pg_get_triggerdef("oid"), '.signals_first ', '.signals ') AS "definition"
        FROM pg_trigger WHERE "tgrelid" = "first" AND NOT "tgisinternal"
    LOOP
        EXECUTE format('DROP TRIGGER %I ON "signals_first"', "trigger"."tgname");
        EXECUTE "trigger"."definition";
    END LOOP;

    EXECUTE format(
        'ALTER TABLE "signals" ATTACH PARTITION "signals_first" FOR VALUES FROM (MINVALUE) TO (%s)',
        coalesce(quote_literal("bound"), 'MAXVALUE')
    );
    ALTER TABLE "signals_first" DROP CONSTRAINT IF EXISTS "ck_signals_bound";
    -- What no month takes: an id that a wrong clock has made.
    CREATE TABLE "signals_default" PARTITION OF "signals" DEFAULT;
    EXECUTE format('ALTER TABLE "signals_default" OWNER TO %s', "owner");
    FOR "granted" IN
        SELECT "privilege_type", "is_grantable", CASE WHEN "grantee" = 0 THEN 'PUBLIC' ELSE "grantee"::regrole::text END
            AS "grantee"
        FROM pg_class, aclexplode("relacl") WHERE "oid" = "first" AND "grantee" <> "relowner"
    LOOP
        EXECUTE format('GRANT %s ON "signals", "signals_default" TO %s %s', "granted"."privilege_type",
            "granted"."grantee", CASE WHEN "granted"."is_grantable" THEN 'WITH GRANT OPTION' END);
    END LOOP;
END
$$;
"""


async def upgrade(db: BaseDBAsyncClient) -> str:
    """SQL that brings the change, in three steps, each of which finds what was done before.

    That all ids are in bounds is checked while signals are stored; then nothing has to be looked at while nobody else
    can use the table.
    """
    await db.execute_script(_BOUND)
    await db.execute_script(_VALIDATE)
    return _ATTACH


async def downgrade(_: BaseDBAsyncClient) -> str:
    """SQL that undoes the change. Signals of the later months are copied into the first part; meanwhile nobody else
    can use the table."""
    return """
SET LOCAL lock_timeout = '500ms';
DO $$
DECLARE
    "named" RECORD;
    "lowest" TEXT;
BEGIN
    IF (SELECT "relkind" <> 'p' FROM pg_class WHERE "oid" = to_regclass('signals')) THEN
        RETURN;
    END IF;
    LOCK TABLE "signals" IN ACCESS EXCLUSIVE MODE;
    IF to_regclass('signals_first') IS NULL THEN
        SELECT min((regexp_match(pg_get_expr("relpartbound", "oid"), '[0-9a-f-]{36}'))[1]) INTO "lowest"
        FROM pg_class WHERE "oid" IN (SELECT "inhrelid" FROM pg_inherits WHERE "inhparent" = to_regclass('signals'));
        EXECUTE format(
            'CREATE TABLE "signals_first" PARTITION OF "signals" FOR VALUES FROM (MINVALUE) TO (%L)', "lowest");
    END IF;
    CREATE TEMPORARY TABLE "names" ON COMMIT DROP AS
        SELECT "part"."relname" AS "of_part", "whole"."relname" AS "of_whole"
        FROM pg_inherits JOIN pg_class AS "part" ON "part"."oid" = "inhrelid"
            JOIN pg_class AS "whole" ON "whole"."oid" = "inhparent"
        WHERE "inhrelid" IN (SELECT "indexrelid" FROM pg_index WHERE "indrelid" = to_regclass('signals_first'));
    ALTER TABLE "signals" DETACH PARTITION "signals_first";
    EXECUTE format('INSERT INTO "signals_first" (%1$s) SELECT %1$s FROM "signals"', (
        SELECT string_agg(quote_ident("attname"), ', ') FROM pg_attribute
        WHERE "attrelid" = to_regclass('signals') AND "attnum" > 0 AND NOT "attisdropped"));
    DROP TABLE "signals";
    ALTER TABLE "signals_first" RENAME TO "signals";
    FOR "named" IN SELECT * FROM "names" LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', "named"."of_part", "named"."of_whole");
    END LOOP;
    CREATE TRIGGER "signals_touch" BEFORE UPDATE ON "signals" FOR EACH ROW EXECUTE FUNCTION "signals_touch"();
END
$$;
"""


MODELS_STATE = (
    "eJztXW1v2zgS/iuEvzTF+YLUeb1isYDT+nZ9lziLxN12d7NQaYm2hMikK1FNjV7/+81Q77LkSE7s"
    "yI6+JDE5Q9LPkJwXDpnvrakwmO3udz3Dkj0unXnrLfne4nTK4I+c2jZp0dksrsMCSUe2IqdIp0hG"
    "rnSoLqFwTG2XQZHBXN2xZtISHEk/mlQSyomYMYdK4RCTukQ3KZ8wo03uLWmSe9PSTaKL6ZRyYx+b"
    "NYQO7Vp8snILHre+eEyTYsKkyRxo56+/odjiBvvGXPz4vTW2mG2ov1tUfRvLaCER+zZzmOvCF3BD"
    "vhAn65umvrtGpQbUiMl8pmpaihHAUB9+INPsTlNdpJD2uVS5FvJ++NB//29Fid99pOnC9qY8pp7N"
    "pSl4RO55lrGPPFg3YRxhYUZCBNyz7UBUYZGPBxRIx2MREEZcYLAx9WwUZOunscd1lB9RPeGPo5+D"
    "oSXING1wNdRuekNNay3IHYeQEWRQpAOsAJPFJaL7/YffbgyIKm1hB+9+7V7vHZ68VhAIV04cVang"
    "av1QjFRSLRZjjLIvzzTK7wElaU1ZPtI+RwZpI2DZD/9YBfGwIIY8XiohmCFcKYAH4n7v9XqgHfYv"
    "ezfD7uVv2PzUdb/YCqHusIc1HVU6z5Tu+ZIQsN79XSBqhHzsD38l+JH8eTXoZeUV0Q3/bOGYqCeF"
    "xsW9Ro0kGmFxWASksUBH80WBDmG95QvTp84IE6DZqPjWvj6GvU/DlPwGv3ev1aK57H56nZLhxdXg"
    "l5A8FuDg3cXVuVpJMdDBJloF7QRLA/kKkN+bedvVf26uBvl4h/TZzcrSJfkfsS1X7hboiMRy0LP4"
    "ZjYgbABBR6U8vksoDCwYUf3unjqGtlAjOqKIdrFq2plmSyinEwUkfmP8foGVdWGNWZ71pcqX2l22"
    "9ZW55eyuLnGZ85U5RKL5BDYQQWWpbCdsxSAWf6uKx5bjSiI4tAGLmDAKlhQIRQRGFSWGN50RMSaW"
    "JPfADZiCEcZyDLXNdPmwZVdoe9kBwOmF1ucF+1pInllnMNL1GF5rXF0wWvj1z86bo9Ojs8OTozMg"
    "UcOMSk6XLMD+YPiAveXOXcmmYBIzLi0gcBZhPrcmhUjnsj8N7M+8rQXA/6vTOTw87RwcnpwdH52e"
    "Hp8dRBJYrFomivP+LyiN1J4XiichDkkdgEirbganORtzuEbmcE201zXTGYCfp8DCqqU6zPGJSqqx"
    "IaoSV0xhrwfZKm3g64I2Gc0JWkKoJCyX3AFUnNAJiJt4sIvY5DP48RZgDnP5s693LrvvfK2CKgVm"
    "oytBAZE7Nvc1luUPKqXTNtz/LZ85wvB0UKK6KRAQ4US9uHTurhLciMdRIrwRikdLcLULwxy46SR6"
    "GlGpm1qpMErUT8RT1Av5+Gvvukduo9ZvW6R/Q2B3JoMPFxdLYi2AbJ4e4tSZ5+9+AUNm2xvNpW91"
    "bZXKX6ZEAhs52unAnj7vD7rXf+S7Mec5NvX5H8Ne9yGrwJpwamvVQl4ppqeMfNXXwXkw0BVDOoYu"
    "mDNzAmuo/NTOMK44xYMJvAWYPu0cTwSiEttV2Smd5HnEjN4e8CtM6Gi5u4uIdh2HFkznNFsG1JIh"
    "kO3BE3H76+8McoY1HjOnGmwJnl3H7Pzq6mIBM91hdDXHKM3ZOEY1coySAk5brVUEnOaslYBvvtjv"
    "/U97t629dx+ur3uDoRbD+g/SHwx71793L8irN8dkanEP1Pmr17etlzwtauIv3yhN1cpxl4Oa9jJv"
    "2ddzpWO+QGCgn+qztQNflYzBi5wIYewTv0+XUIeBD0oxJqtcU+EY4HOCc8pmQjfb5Bt0pIKzlvEW"
    "fFTuTUdQj+0gtR/nzQkAb7T/W67cZjPyycFJbmNYOaKD4XCXqrNsP9SMrjf46at40RYuDm/KfPtZ"
    "7QEPe7mB+LSYWQt3j3IetSup9NwKPQUMpTtIf62Ellvpy6W1ZLkRhBGPwEBeaQiJNlYag5p1SILz"
    "Dn+XimFEvQvXUmtwRdQf13sC/uoDqRQbCntUTLjmi7qJQjb+bLxtkZ9+Jh3SHbyHsrjL0oGcJmlm"
    "E0kzmYVY9vg/w7ZSCsD2uBVryQBIbwdp4N+Z1CmY5ymunUi9ADPqm2YzPpEmfOwcLBFECHvnIJsC"
    "ENR0VFU22mDknADfTKltFx9OBjy7dB552Dk9iU4g8cOyM8eby+7FxeIhY2jIVHGyQp5auVfr3zO2"
    "wV1KinZG57agOVqgOCkpwfKovKTt0QRPlpaURB7cGjcw4EpmqSQ4nneHevPoXemR6Smp/IfACaq0"
    "0UdczwvkQS22d0SDadXn4wLftoP5ZLOyRrHJ7dllt0530hk4RF/9uF5ZSz7J88x2PBecPZkBf1bC"
    "fj8rNN/PstZ7c3qz42vHmxkrCjjN2Qi4pgK+Y/OKuRMxR5M5kTEnwqhx+TzriOWZYxmJA81XUVAZ"
    "x7b35vWrx6yV50m3DsP2mYhpfPjUN/LlETLWSByziaZ7joOnCTg6WHt79RLJp/77szyB1OS497cg"
    "Gt7KOfCN6trLjnzDeHrJQ9+PpiBTOicu4wbxOB6jUoIdh6nGeN5JPvsXpj9jqjKejAYHqgGJDbPM"
    "lcGl6jY0JTG7mcK+aU0mzMm7k72ZTiue0fptlTjJijDWApZ29Zvc6ncFIz+kfxoD/3mvE6Ws/JOj"
    "Emb+yVGhnY9Vy0+mGEcYcuyGcyFsRnmBtou5sumuwLbJHTaSzTqS3FK233k/e9z04fK8dw16FYuB"
    "yJIFSgxxqDKdQ/pdOO9b97ETF3nYFh+phvTPHAvYohPU4qjL0i1iSeBl03tEvnqv2SZheDPb0mlw"
    "WaDsVpHm2r0N46SM/itWf02Y64VFQWKbs7zrHvNs+3nKBpzzmvmC/2W5r20lq9tlPELtjs0rPP8A"
    "u4FEZ4uSsAH0siiYxPukL7HwK3Ojy6rcUDdV2+TeZCon12Hot0WvNHCGTzsIrrPgxqvDvoq7oncg"
    "NtT3Lb/lgZeJu57yNFUbeGV3JIw5eJngYxpMtwxmEDoSHl6lfYtPSsBoMFUZOLhQFOgsruJ1zhJu"
    "fanMzZQ8tUz+XLm8zcqert/X6t5uk4K5yRTMKtZVkmcHkwCfKrqQyGxQ+1Ce+i2+PhvzPNXl8Pqe"
    "Qazr6mxj174Iu3YlAac4GwHXVMCBoVZVugm2JnepzvINzOoVRJzmbKRcZyk34YeXEX64ZtRgzhDW"
    "JW/lvtYVV7eXv9iFhOAOA2X5m8hI7UcAfP42fvAfeMSzYJO6pno3i82kCgnA33hFuERMIC/isO7u"
    "KoYE/DEgY6XrrCmkw0+l7rMW+u2uSTvHJxWdnYineQnraV7CiudD6ePViKPx6Uv49I1vueNGS+N6"
    "7J58a2MnTSxXgsI3fJMo31jK0JSwmCom8CGTf9yBD36+JfH1bleVRjlrQGTbaKeAiYLXNdRjKjhe"
    "Y598hpaCUxAqCYxLnZhg84YoTuNbf9e3/Grh9AY/Yc94AOM/r0r5nEyFU9bkalLzNqVoiy2bxFRZ"
    "RHzJS3QZvtVeo6ublfNA1tPCc3SpVN/S0KW4XiZwsKtUgiygf5lgNbbxDtpOTdj2JUi5JhZylzmW"
    "bubZxUHNUmuYxjQPGcPFgn2ENZiXulIY6M7NXMkJcgcTvb524Jr/40vhwxDFVnbxmxC7ENPqHB+X"
    "uTZwfFx8bwDrFtLaqyAckO8gum8OylzKAKpCdFVd9n/dcZn75lrxM0cJlubfr23Tv1/78X95wRqf"
)
