"""Each folder that a month was ever written to, and whom it names."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    """SQL that brings the change. What is known of the last folder of each month is taken over."""
    return """
SET LOCAL lock_timeout = '500ms';
-- A folder that holds a month, whole since "written_at". "producers" are the SHA-256 of the names of who has sent its
-- signals; in "mentions", bits that hashes lead to, is whom its transitions may name. Null is anybody.
CREATE TABLE "archive_folders" (
    "month" VARCHAR(7) NOT NULL,
    "folder" TEXT NOT NULL,
    "written_at" TIMESTAMPTZ,
    "producers" BYTEA[] NOT NULL DEFAULT '{}',
    "mentions" BYTEA,
    PRIMARY KEY ("month", "folder")
);
DO $$
BEGIN
    EXECUTE format('ALTER TABLE "archive_folders" OWNER TO %s', (
        SELECT "relowner"::regrole FROM pg_class WHERE "oid" = to_regclass('signals')));
END
$$;

-- Where nothing became of its signals, a month names nobody else.
INSERT INTO "archive_folders" ("month", "folder", "written_at", "producers", "mentions")
SELECT "month", "folder", "archived_at", "producers",
    CASE WHEN "transitions" = 0 THEN decode(repeat('00', 1048576), 'hex') END
FROM "archives" WHERE "folder" IS NOT NULL;
ALTER TABLE "archives" DROP COLUMN "folder", DROP COLUMN "producers";
"""


async def downgrade(_: BaseDBAsyncClient) -> str:
    """SQL that undoes the change. Of each month only the last folder is known again."""
    return """
SET LOCAL lock_timeout = '500ms';
ALTER TABLE "archives" ADD COLUMN "folder" TEXT, ADD COLUMN "producers" BYTEA[];
UPDATE "archives" SET "folder" = "last"."folder", "producers" = "last"."producers" FROM (
    SELECT DISTINCT ON ("month") * FROM "archive_folders" WHERE "written_at" IS NOT NULL
    ORDER BY "month", "written_at" DESC
) AS "last" WHERE "last"."month" = "archives"."month" AND "archives"."archived_at" IS NOT NULL;
DROP TABLE "archive_folders";
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
