"""Readers and their tokens."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    """SQL that brings the change."""
    return """
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
DROP TABLE "reader_tokens";
DROP TABLE "readers";
DROP TABLE "reader_changes";
DROP FUNCTION "readers_count_change"();
"""


MODELS_STATE = (
    "eJztXG1z4jgS/isqvmymjksl5G0udXVVkOF2s5uQLcLs7Eu2HIEFdsVIjC2HUHPz369btvELNr"
    "EJEIf4S4Klbtl+2up+1Gr7W20sdGY5+01XN2WbS3tWOyffapyOGfxI6a2TGp1Mwj5skLRvKXGK"
    "ckqk70ibDiQ0DqnlMGjSmTOwzYk0BUfRLwaVhHIiJsymUtjEoA4ZGJSPmF4nU1MaZGqYA4MMxH"
    "hMub6Pw+piAOOafLTyCC43v7pMk2LEpMFsGOevv6HZ5Dp7Yg4efqsNTWbp6neNqrsx9RoKsaeJ"
    "zRwHbsAJ9AKczCdN3btGpQbSiMlsonpqShHAUAffUWnyoKlTxJD2tFS7Fuh+/nz56b9KEu+9rw"
    "2E5Y55KD2ZSUPwubjrmvo+6mDfiHGEhekRE3DXsnxTBU0eHtAgbZfNgdDDBp0NqWuhIWv/Hrp8"
    "gPYj6kz45/g//qVFxDStc9PTbts9Tast2B0vIWFIv2kAsAJMJpeI7rfv3rghIKq1hie4+KnZ3T"
    "s6/aAgEI4c2apTwVX7rhSppFpoxhBlz55xlD8BStIcs3SkPY0E0rqvsh/8WAXxoCGEPJwqAZgB"
    "XDGAO2K692Ez0PYur9u3veb1rzj82HG+WgqhZq+NPQ3VOku07nmWEDDfPS8wH4R8uez9RPCQ/H"
    "nTaSftNZfr/VnDa6KuFBoXU43qUTSC5qAJREOD9meLBu3BfEs3piedMCZAs1XzbXx+9Nq/92L2"
    "6/zW7KpJc938/UPMhlc3nR8D8dCAnYurm5aaSSHQvhMtgnZEpYJ8BcinRpq7+vn2ppOOdyCfdF"
    "bmQJL/Ect05G6BjkgsBz2Jb8IB4QAIOgbl4UMkYGBDnw4eptTWtYUe0RBZsotd48Y42UI5HSkg"
    "8Y7x/nyWdWUOWRr7Uu1LeZdlPjInH+9qEofZj8wmEukTcCCCwVJxJxxFJyY/V81D03YkERzGgE"
    "lMGAUmBUYRPqmiRHfHEyKGxJRkCtqAKZAwlkLUtnPK55ldJveyfIDjE+2SZ/i1QDwxz+BKN0O8"
    "Nji74Grh3z8bh8dnxx+PTo8/goi6zHnL2ZIJeNnpPcO3nJkj2RgoMePSBAF7EeaWOcpEOlV9Pb"
    "C/slvzgf9Xo3F0dNY4ODr9eHJ8dnby8WBugcWuZaZoXf6I1oj5vMA8EXNIagNEWnEaHNes6HCJ"
    "6HBJoleXDRiAnxbAgq6lMcz2hHKGsZ5a/BPHHHEIIDaDZ8jxgoIXEs4hRjjkunnhhRKMLihLLY"
    "wdfTaAC9wnv7CJJC64FtU6oJxwQSzBRxCr+gzDC/idxXi25XMXTFmwp4kJ2jhTn09aBKBrEa16"
    "8eTFA0tZhrVMTu1ZujvxFRJ+pD+THo15UzF0mVf2SefcdQBBbV12mt0/0tcFrRSS2vqj124+F2"
    "bV46UVyyHFlNaZSirviuHZzFFkvWszulqojGtWobJEoTJq4LjHK2LguGapDHz71frkHe3d1fYu"
    "Pne77U5PC2H9BwFS2O7+1rwiPxyekLHJXXC5P3y4q73nx6IkDOpWOeQ0AuX3LOVPnjvPnQUAAR"
    "1s6jOTuk9dyFDYZCRE6io+j0pBsmLic+SOmbeGU9PledLi36kWKmvBRMsgLjjvI2eFxYx0nQJn"
    "8hVynyB+W5GAsNLNxQNKviuY2EJ3B8z2w/tKlxAZI981VJtbr7q5lbB53jR9Qm2lVL2P5xuggB"
    "vJ1Mfnexz4C4PaGc95TGsntkgguD1pFuMjacBh42CJIQLYGwfJVL3f01BdiQSWqadkam/H1LKy"
    "k4i+zi7lDY8aZ6fzTCEeLMsN3l43r64Wk4FBzCxCfQOdUpHezfuMt0Bio6ad0JklaEoUyN48jK"
    "i8aP/w7USCtW0fRpF/ZDbSqgK7SRGN1/VQhy/2Si/cRortU/h8u5Cjn2u9LpAHpXDvVQJrx528"
    "O9FXNHBcszJwSQ38wGYFU/qhxgtWz28ngj+zVi5JWu9Xf31dS0nszfvqy1J7wQo9Z3LviyHImM"
    "6Iw7hOXLCaTSjBE3ulMw4RU75P7r1S6XtiOmqLkrvjPkj6IhY8H470y6nrMJQk/RkMA7YajZid"
    "Vo29nZMWTDB6Y+VIes0x1nyVevE0l/q/MF2zEwCB/HqW/q9bSBRb+J8e51j4nx5nLvyxa3mui3"
    "GEIcU5toSwGOUZOzehVnLrGdS2Gejmtln7lvPNzVUswLUukwmsz9etdnfvUKEPQqbMqBZCHIo8"
    "zoH8LmQQN53I4iIN2+wkbSD/ylnCN5STrdY/O06Pwzidv6A01HnrKYItVI6WjD//wlLfTYx252"
    "LRGqySChTLgzeQSFApCQZAZkqBRuyTS4mNj8zxK/nugfxiXch9nUwNxpHi2gy57rymnTMshBd8"
    "wLDsz8Qa9kfxkFU1v6Vz3/E77jNz9HqKnasxHDFmfaHPgJkDL9fZwNSZTmhfuKAvz1WVIrWwJg"
    "A0uFASSLBXYeqTyFIo1wuXMXtqiV3MfLvkhVcH3rlWXyFUG+Hb3AgvQl6jOju4FbuuFVkkR6/8"
    "UFr4zS77DXXWVflb3uTUemt/K177znjtSgaOaVYGLqmBfaJW1LoRtTWYtmT5ll2yr0+rVzBxXL"
    "OycpmtXKUf3kf6ocuozuwezEteS323MeyuL3+/EQVhOQyS+av0UdrLAHj6dTzwXofH/TODOgau"
    "vR/YRKqUAPzGWvwcOYHUCv8Nn65gSsC7BlQsVL8eQzo4elkBu2PQxslpwcXOXKd6zXE9rzmGz0"
    "PuLam5RrWmz7Gmr9aWO05aqqXH7tm3NDxpZDoSAr7uUaJ0spSQycGYChY9oZK33YGfwzon4Us2"
    "jmqd1/mAkGUhTwGKwoGgEIo/4Hr1fXIPI/m7IFQSuC61Y4LD6yK79Gnzp77jNwu7N3iEZ8YNGG"
    "ngXgzlMzIWdl7KVZUzbSvQZjObyKOyiHjTtmkGx0zoJZDfvU++YenHX38nWEusPDI3dDGt9wkc"
    "eJVCkPny7xOsihvvIHeq0rbvwcolYchNZpsDI40X+z1L2TANZZ4jw9mGfQEbTCtdyUx0p1aupC"
    "S5/Qe9vDxww9/HzHxdNJtlZ78vugs5rcbJSZ5S65OT7Fpr7IuHbpxUBRD2xXcQ3cODPIXsIJWJ"
    "rupLfhmcy9QvX2S/bB5RqT5W/ZY+Vv39/5v7EqA="
)
