"""What becomes of signals: each change of state, kept for good, in the one order in which signals are read."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    """SQL that brings the change. No foreign key leads to signals, whose rows go where their transitions stay."""
    return """
SET LOCAL lock_timeout = '500ms';
ALTER TABLE "signals" ADD COLUMN "state_version" INT NOT NULL DEFAULT 0;

-- "by" is who has decided, and null where nobody has.
CREATE TABLE "transitions" (
    "id" UUID NOT NULL PRIMARY KEY,
    "signal_id" UUID NOT NULL,
    "instrument" VARCHAR(20) NOT NULL,
    "producer_id" TEXT,
    "from_status" SMALLINT NOT NULL,
    "to_status" SMALLINT NOT NULL,
    "state_version" INT NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "by" TEXT,
    "reason" TEXT,
    "epoch" BIGINT NOT NULL,
    "xact" XID8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT "ck_transitions_step" CHECK (("from_status", "to_status") IN ((0, 1), (0, 2), (1, 2)))
);
DO $$
BEGIN
    EXECUTE format('ALTER TABLE "transitions" ALTER COLUMN "epoch" SET DEFAULT "signals_epoch"(%s)',
        (SELECT max("life") FROM "lives"));
END
$$;
CREATE UNIQUE INDEX "ix_transitions_signal_id_state_version" ON "transitions" ("signal_id", "state_version");
CREATE INDEX "ix_transitions_position" ON "transitions" ("epoch", "xact", "id");
CREATE INDEX "ix_transitions_instrument_position" ON "transitions" ("instrument", "epoch", "xact", "id");

-- Always: a session can switch other triggers off by its session_replication_role.
CREATE FUNCTION "transitions_stay"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'transitions are never changed' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER "transitions_stay" BEFORE UPDATE OR DELETE OR TRUNCATE ON "transitions"
    FOR EACH STATEMENT EXECUTE FUNCTION "transitions_stay"();
ALTER TABLE "transitions" ENABLE ALWAYS TRIGGER "transitions_stay";
"""


async def downgrade(_: BaseDBAsyncClient) -> str:
    """SQL that undoes the change. Signals stay in the state that they are in."""
    return """
SET LOCAL lock_timeout = '500ms';
DROP TABLE "transitions";
DROP FUNCTION "transitions_stay"();
ALTER TABLE "signals" DROP COLUMN "state_version";
"""


MODELS_STATE = (
    "eJztXW1T4zgS/iuqfBmoy1EQXo+6uqrA5HazC2ELMjuzu2wZxRaxC0fK2PJAam7++3XL744d7JCE"
    "EPxlJpa6JeVpS/2oWwrfGyNhMNvdaXuGJTtcOpPGKfne4HTE4ENObZM06Hgc12GBpANbiVOUUyID"
    "VzpUl1B4T22XQZHBXN2xxtISHEU/m1QSyokYM4dK4RCTukQ3KR8yo0keLWmSR9PSTaKL0YhyYweb"
    "NYQO7Vp8OHcLHre+ekyTYsikyRxo56+/odjiBntiLj5+b9xbzDbU5wZV38YyGijEnsYOc134Am6o"
    "F+JkPWnqu2tUaiCNmEzGqqahFAEM9fADlcYPmuoihbSvpcq1UPfTp+7H/ypJ/O4DTRe2N+Kx9Hgi"
    "TcEjcc+zjB3Uwboh4wgLMxIm4J5tB6YKi3w8oEA6HouAMOICg91Tz0ZDNv5973Ed7UdUT/jPwX+C"
    "oSXENK131dduOn1Na0zZHYeQMWRQpAOsAJPFJaL7/YffbgyIKm1gB+c/t6+39o+2FQTClUNHVSq4"
    "Gj+UIpVUi80Yo+zbM43yR0BJWiOWj7SvkUHaCFR2wg/zIB4WxJDHUyUEM4QrBXBPPG5tLwfafvey"
    "c9NvX/6GzY9c96utEGr3O1jTUqWTTOmWbwkB891fBaJGyOdu/2eCj+TPq14na69Irv9nA8dEPSk0"
    "Lh41aiTRCIvDIhCNDTqYTBu0D/Mt35i+dMaYAM1Kzbf0+dHvfOmn7Nf7vX2tJs1l+8t2yoYXV72f"
    "QvHYgL3zi6szNZNioINFtAraCZUa8jkgfzTzlqtfbq56+XiH8tnFytIl+R+xLVduFuiIxGzQs/hm"
    "FiBsAEFHp3z/kHAYWDCg+sMjdQxtqka0RJHsdNWoNcqWUE6HCkj8xvj9ApZ1Yd2zPPalymfyLtv6"
    "xtxyvKtNXOZ8Yw6RSJ+AAxF0loo7YSsGsfipKr63HFcSwaENmMSEUWBSYBQRkCpKDG80JuKeWJI8"
    "gjZgCiSM5RC11XT5PLMr5F52AHB6onV5wboWimfmGYx0OcRribMLRgv//bO1d3B8cLJ/dHACImqY"
    "UcnxjAnY7fWf4VvuxJVsBJSYcWmBgDMN85k1LEQ6V30xsL/yshYA/69Wa3//uLW7f3RyeHB8fHiy"
    "G1lgumqWKc66P6E1UmteaJ6EOSR1ACKtOg1Oa9Z0eI3o8Jp4r2umMwA/z4GFVTN9mOMLlXRjfbX5"
    "J6415OBAHAbvkOs7Bd8lnIKPcMll+9x3JehdUJba6DsGTIcB7pBf2VgSD5YWVapTTrggtuBD8FUD"
    "hu4F1p1pf7biviuGLNjT2AJtnKnPBy1C0LWEVrN68OKB5WzDzixOnUn+chIoZNaRwUT6NOZN+dBZ"
    "q3JAOqOlAwjqWbfXvv4jf19wlkNSz/7od9rPuVn1emnVYkgppUWGktZ3x/Bs5Cix33UYnc9VpjVr"
    "V7lGrjJp4PSKV8XAac21MvDNV/uj/7R129g6/3R93en1tRjWfxAghZ3r39sX5MPeIRlZ3IMl98P2"
    "beM9vxZrwqBu1IKcR6CCmpn8yV/OS0cBQMAAmwbMpBlQF3IvHDIUwtghfp8uoQ6yEYq7dEVlhGMA"
    "RYFNOBsL3WySJ+hI8RwLiA+F7zQaQD22o4iP2vnnhARW2v8tV6EHM6JowLmaGGiI5GA43KUqu+Gz"
    "NqRw4pHPw8AsnBzeiPkbU7UGPM/EAvNpsbIWrh4FbAwXs0SvsEOTnluhp0ChdAfpr5XwcnN9ubSX"
    "LDeCsSMMT2dOwFnmGkKijbnGoN46FMH3rnRyMOpduJaag3Oi/rLeE/CXGEidqnzVVGXmZS+bdMmo"
    "zZV4CfB8A4R+KXmX9JRLA39uUqfgPU9pbUTCC6jKk2YzPpQmPLZ2ZxgihL21m028BDUtVZUJR1pG"
    "Ttz9ZkRtuzgkHOhsUhR4v3V8FMV98WFWpPfmsn1xMR3aDclClY1MqLNWW5jlrxlvYUuSNO2YTmxB"
    "c7xAcSo4ofKibPDb8QQLSwYnkYetgxuQpJK5wYTG665Qey9elV6YFExlnYKNRqWFPtJ6XSB312J5"
    "RzSYVv19nNJ762Au7K2sA7wb7ja9sTGngdOatYHX1MAPbFIx5RVrvCAe8XY4UYV0VxRYKn84J1J5"
    "5a1YIufxIYx0qbFt7W1/eMlceZ0zOmFkLxPwiePTXSPfHqHiGpljPNR0z3Ew4Iijg7m3tV4m+dL9"
    "eJJnkDXJCP0WBPMaOTmhqK45KysUhgNL5oU+m4KM6IS4jBvE45hpoQQ79k9d+ikRcuffsrkjlquS"
    "J0HOJRCx4S1zZXATpwlNSTKYQDNg2eGQOXkXeVbTacU0jt9WifB6hLEWqDSrx9TV/1OzvjjaGMov"
    "Js74umdQU1HGo4MSUcajg8IoI1bNDqwzjjDk8IYzIWxGeYG3i7Wyp5ZAbZUrbGSbhZ9Wurq6SHG/"
    "s242Wv7p8qxzDX4Vi0HIkgVODHGo8jqH8puQrlh21JyLPGyLM0Kh/CunJN5QAqgODWz4zjH20+W3"
    "O7HOWw+hrWBDs2b8+VeWe609WV2KRWsPbFLhnhWsBhIJKiVhA8hMKdCIHdKVWPiNucEh8Dsgv3ik"
    "8K5JHk2mjjo5DLludB2KM7xDJbjO8MS4hdefvomHogtXK+r7lt/ygJnjqqfYuWrDFSM2EMYEmDnw"
    "coPplsEMQgfCA315qg64UxtPgIEGF0oCCfY8TH2c2AqVOhCTsqeWOTJR7lxO5d2B39f8O4T61M0q"
    "T91UIa9JnQ0897GoHVkimaXWoTz3W3xjJNZZ1KWR9Y3bLvbaSM1r3xmvncvAKc3awGtq4ICoVbVu"
    "Qm0Bpl2zeMsm2Teg1XOYOK1ZW3mdrVyHH95H+OGaUYM5fZiXvJF7LT6ubs6+Go+CsB0GyfIXvFDa"
    "jwD4+k188H9JBfNnJnVN3Hs/sLFUIQH4jDevSsQE8iIOy+6uYkjAHwMqVrollEI6fCp1Tahw3+6a"
    "tHV4VHGzE+nUN+QXc0M+fh9Kp6QijXpPX2JPX+8tN5y01FuPzbPv2vCkoeVKcPiGT4nyyVJGpgRj"
    "qnjoCZX8dAf+kuIpiW/0uao0OucDQraNPAUoCsdb5HhHHcdr7JA7aCnIglBJYFwqY4LNG6L46NPy"
    "u77lV1PZG3zCnjEBI03MxVA+ISPhlKVc9XGmVTnaYmaTeFWmEW87Di3gmBm9DPKb92uhePTjr78z"
    "rCV1PLI0dCmt9wkcrCqVIAvk3ydYNTfeQO5Uh23fg5XXhCG3mWPpZh4vDmpmsmEayzxHhosN+wI2"
    "mHd0pTDQnXtyJSfIHbzo68sDl/zTyoV3gYtZdvE14E2IabUOD8sctT48LD5rjXVp142TqgLCgfgG"
    "oru3W+YgO0gVoqvqsn9Ugsvcn9kp/mWLhEr9dw7e0t85+PF/FwgNrw=="
)
