"""Readers and their tokens."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    """SQL that brings the change."""
    return """
SET LOCAL lock_timeout = '500ms';
CREATE TABLE "readers" (
    "name" VARCHAR(64) NOT NULL PRIMARY KEY,
    "instruments" TEXT[] NOT NULL,
    "producers" TEXT[] NOT NULL,
    "may" TEXT[] NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ,
    CONSTRAINT "ck_readers_name" CHECK ("name" COLLATE "C" ~ '^[!-~]{1,64}$'),
    CONSTRAINT "ck_readers_scope" CHECK (array_position("instruments" || "producers" || "may", NULL) IS NULL)
);

CREATE TABLE "reader_tokens" (
    "sha256" BYTEA NOT NULL PRIMARY KEY,
    "reader" VARCHAR(64) NOT NULL REFERENCES "readers" ("name"),
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ends_at" TIMESTAMPTZ,
    CONSTRAINT "ck_reader_tokens_sha256" CHECK (octet_length("sha256") = 32)
);
CREATE INDEX "ix_reader_tokens_reader_created_at" ON "reader_tokens" ("reader", "created_at");

-- How often readers and tokens were changed: one row. Who changes them waits at it for the one before.
CREATE TABLE "reader_changes" (
    "version" BIGINT NOT NULL
);
INSERT INTO "reader_changes" VALUES (0);

CREATE FUNCTION "readers_count_change"() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE "reader_changes" SET "version" = "version" + 1;
    PERFORM pg_notify('signals_keyring', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER "readers_count_change" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "readers"
    FOR EACH STATEMENT EXECUTE FUNCTION "readers_count_change"();
CREATE TRIGGER "readers_count_change" BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "reader_tokens"
    FOR EACH STATEMENT EXECUTE FUNCTION "readers_count_change"();
"""


async def downgrade(_: BaseDBAsyncClient) -> str:
    """SQL that undoes the change. Nobody may read any more."""
    return """
SET LOCAL lock_timeout = '500ms';
DROP TABLE "reader_tokens";
DROP TABLE "readers";
DROP TABLE "reader_changes";
DROP FUNCTION "readers_count_change"();
"""


MODELS_STATE = (
    "eJztXW1T4zgS/iuqfBmoy1EQXo+6uqrA5HazC2ELMjuzu2wZxRaxC0fK2PJAam7++3XL744d7J"
    "CEEPxlB0vdkvy0pX7ULWW/N0bCYLa70/YMS3a4dCaNU/K9wemIwR85tU3SoONxXIcFkg5sJU5R"
    "TokMXOlQXULhPbVdBkUGc3XHGktLcBT9bFJJKCdizBwqhUNM6hLdpHzIjCZ5tKRJHk1LN4kuRi"
    "PKjR1s1hA6tGvx4dwteNz66jFNiiGTJnOgnb/+hmKLG+yJufj4vXFvMdtQfzeoehvLaKAQexo7"
    "zHXhBdxQL8TJetLUu2tUaiCNmEzGqqahFAEM9fADlcYPmuoihbSvpcq1UPfTp+7H/ypJfPeBpg"
    "vbG/FYejyRpuCRuOdZxg7qYN2QcYSFGQkTcM+2A1OFRT4eUCAdj0VAGHGBwe6pZ6MhG/++97iO"
    "9iOqJ/zPwX+CoSXENK131dduOn1Na0zZHYeQMWRQpAOsAJPFJaL7/YffbgyIKm1gB+c/t6+39o"
    "+2FQTClUNHVSq4Gj+UIpVUi80Yo+zbM43yR0BJWiOWj7SvkUHaCFR2wj/mQTwsiCGPp0oIZghX"
    "CuCeeNzaXg60/e5l56bfvvwNmx+57ldbIdTud7CmpUonmdIt3xIC5ru/CkSNkM/d/s8EH8mfV7"
    "1O1l6RXP/PBo6JelJoXDxq1EiiERaHRSAaG3QwmTZoH+ZbvjF96YwxAZqVmm/p86Pf+dJP2a/3"
    "e/taTZrL9pftlA0vrno/heKxAXvnF1dnaibFQAeLaBW0Eyo15HNA/mjmLVe/3Fz18vEO5bOLla"
    "VL8j9iW67cLNARidmgZ/HNLEDYAIKOTvn+IeEwsGBA9YdH6hjaVI1oiSLZ6apRa5QtoZwOFZD4"
    "xvh+Acu6sO5ZHvtS5TN5l219Y2453tUmLnO+MYdIpE/AgQg6S8WdsBWDWPxUFd9bjiuJ4NAGTG"
    "LCKDApMIoISBUlhjcaE3FPLEkeQRswBRLGcojaarp8ntkVci87ADg90bq8YF0LxTPzDEa6HOK1"
    "xNkFo4V//tnaOzg+ONk/OjgBETXMqOR4xgTs9vrP8C134ko2AkrMuLRAwJmG+cwaFiKdq74Y2F"
    "95WQuA/1ertb9/3NrdPzo5PDg+PjzZjSwwXTXLFGfdn9AaqTUvNE/CHJI6AJFWnQanNWs6vEZ0"
    "eE281zXTGYCf58DCqpk+zPGFSrqxvtr8E9cacnAgDoNvyPWdgu8STsFHuOSyfe67EvQuKEtt9B"
    "0DpsMAd8ivbCyJB0uLKtUpJ1wQW/Ah+KoBQ/cC6860P1tx3xVDFuxpbIE2ztTngxYh6FpCq1k9"
    "ePHAcrZhZxanziR/OQkUMuvIYCJ9GvOmfOisVTkgndHSAQT1rNtrX/+Rvy84yyGpZ3/0O+3n3K"
    "z6vLRqMaSU0iJDSeu7Y3g2cpTY7zqMzucq05q1q1wjV5k0cHrFq2LgtOZaGfjmq/3Rf9q6bWyd"
    "f7q+7vT6WgzrPwiQws717+0L8mHvkIws7sGS+2H7tvGeP4s1YVA3akHOI1BBzUz+5C/npaMAIG"
    "CATQNm0gyoC7kXDhkKYewQv0+XUAfZCMVduqIywjGAosAmnI2FbjbJE3SkeI4FxIfCO40GUI/t"
    "KOKjdv45IYGV9n/LVejBjCgacK4mBhoiORgOd6nKbvisDSmceOTzMDALJ4c3Yv7GVK0BzzOxwH"
    "xarKyFq0cBG8PFLNEr7NCk51boKVAo3UH6tRJebq6XS3vJciMYO8LwdOYEnGWuISTamGsM6qtD"
    "EfzuSicHo96Fa6k5OCfqL+s9AX+JgdSpyldNVWY+9rJJl4zaXImXAM83QOiXkndJT7k08OcmdQ"
    "q+85TWRiS8gKo8aTbjQ2nCY2t3hiFC2Fu72cRLUNNSVZlwpGXkxN1vRtS2i0PCgc4mRYH3W8dH"
    "UdwXH2ZFem8u2xcX06HdkCxU2ciEOmu1hVn+mvEWtiRJ047pxBY0xwsUp4ITKi/KBr8dT7CwZH"
    "ASedg6uAFJKpkbTGi87gq19+JV6YVJwVTWKdhoVFroI63XBXJ3LZb3Ohy54Yu8NzbmNHBaszbw"
    "mhr4gU0qJmhijRfsnt+OB6+QnInCIOWPkkQqr7xxSEToP4RxGTW2rb3tDy+ZK69zoiSMQ2XCE3"
    "E0tWvk2yNUXCNzjIea7jkOhsdwdDD3ttbLJF+6H0/yDLIm+YvfgtBTIyeDEdU1Z+UwwuBVySzG"
    "Z1OQEZ0Ql3GDeBzzApRgx/4ZQT+AT+78OyF3xHJVqD/IEAQiNnxlrgzujTShKUkGE2gGLDscMi"
    "fv2slqOq2YdPDbKhEMjjDWApVm9Qiw+ndq1hfHxkL5xUTFXvfEZComdnRQIiZ2dFAYE8Oq2WFg"
    "xhGGHN5wJoTNKC/wdrFW9owNqK1yhY1ss/CzNVdXFynud9bNxnY/XZ51rsGvYjEIWbLAiSEOVT"
    "7nUH4TguvLjvFykYdtcf4ilH/lAPobSlfUoYEN3znGfrr8difWeevRsxVsaNaMP//Kci9hJ6tL"
    "sWjtgU0q3AqC1UAiQaUkbACZKQUasUO6Egu/MTc4snwH5BcPwN01yaPJ1MEchyHXjS7vcIY3fg"
    "TXGZ5vtvCyzjfxUHQ9aEV93/JbHjBzXPUUO1dtuGLEBsKYADMHXm4w3TKYQehAeKAvT9VxbGrj"
    "eSXQ4EJJIMGeh6mPE1uhUsc3UvbUMgn+cqdIKu8O/L7m3yHUZ0RWeUakCnlN6mzgKYVF7cgS6S"
    "u1DuW53+L7DbHOoq44rG/cdrGXHGpe+8547VwGTmnWBl5TAwdErap1E2oLMO2axVs2yb4BrZ7D"
    "xGnN2srrbOU6/PA+wg/XjBrM6cO85I3cS9xxdXP2RW4UhO0wSJa/joTSfgTA12/ig/+7H5g/M6"
    "lr4t77gY2lCgnA33hPqERMIC/isOzuKoYE/DGgYqU7LSmkw6dSl1oK9+2uSVuHRxU3O5FOfZ97"
    "Mfe54++hdEoq0qj39CX29PXecsNJS7312Dz7rg1PGlquBIdv+JQonyxlZEowpoqHnlDJT3fg7/"
    "6dkvj+matKo3M+IGTbyFOAonC884w3qnG8xg65g5aCLAiVBMalMibYvCGKjz4tv+tbfjWVvcEn"
    "7BkTMNLEXAzlEzISTlnKVR9nWpWjLWY2iU9lGvG249ACjpnRyyC/eb9tiUc//vo7w1pSxyNLQ5"
    "fSep/AwapSCbJA/n2CVXPjDeROddj2PVh5TRhymzmWbubx4qBmJhumscxzZLjYsC9gg3lHVwoD"
    "3bknV3KC3MGHvr48cMk/BFx4k7qYZRdfpd6EmFbr8LDMUevDw+Kz1liXdt04qSogHIhvILp7u2"
    "UOsoNUIbqqLvu/QOAy90dhin+HIaFS/yr/W/pV/h//BwX7oiY="
)
