"""Receipts: which signed request became which signal, for as long as the request could be sent again."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    """SQL that brings the change."""
    return """
SET LOCAL lock_timeout = '500ms';
CREATE TABLE "receipts" (
    "key" BYTEA NOT NULL PRIMARY KEY,
    "signal_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX "ix_receipts_created_at" ON "receipts" ("created_at");
"""


async def downgrade(_: BaseDBAsyncClient) -> str:
    """SQL that undoes the change. A request resent afterwards is stored again."""
    return """
SET LOCAL lock_timeout = '500ms';
DROP TABLE "receipts";
"""


MODELS_STATE = (
    "eJztWW1P2zoU/itWPoHEraC8TdN0pQDdXe+l7USze7ddTZYbu61FamexM6gY/30+btK8NC"
    "ktbFDQvqDmvDjO89jnOTY3zkRSFqjGBfMZD7XzGt04gkyY+VF27SCHhGHmAIMmg8DGRrMg"
    "ayQDpSPiw2BDEihmTJQpPzJ+LgVEe2OiEUGKjwSjKGJfY6Y0uiIKKS0jRl8jrhXquKc7iA"
    "iK9JjZWBIYOxow30ywgf5hockZ84CB1ZdxQI3PjKaY0A2YCJW+mQkXo0d8Zyy4GRlrOWJm"
    "iMi8+f8vxswFZddMweONM+QsoPa340eMaEYx0Q6EsevQjKUMTCrNTNng1zgFGeeygIRpaC"
    "McO4CB3j7cQnJ4ie3LCrxesimEWgdOk0+4INH0rQ0G6AbYl0E8EbmEcKrHUswzBlPNLN8j"
    "JlgE88kRLuIgSNZGapohYww6itkcEpoZKBuSOIBlA9mzSWQ2B+Nuz8P9loexs7Ck0owc44"
    "nJN1gaTLjQAOnN7Wzc7OOt1bEQnPdOYOSJUl8DMPzrXpy0u+7Fp62O+3HbuqaJ67zX/SuN"
    "D6XSo8gO5Jx88lquc2vfQjTBGdUZ/rNlhTldZOHDh/ZZNQeFpBITccxpA1Lvw0ZqyOjINu"
    "3T8nH6zr3Y2j/aLmNsvxQgziAtbogipmfGo/mEVeNazCwBS5PURvrjUQHuyqut7V8Drdfu"
    "tPqe23lfWO9nrtcCT7Ow1FPr1owJaUr7rObPB0H/tb13CB7R5163VeZrHud9dmBOJNYSC3"
    "mFCc2jkZpTky1gw8vcFgLDgPiXVySieMEjm7IudtE1aU7KFiLIyNIDaMI8E/3r251XpYyJ"
    "Z6kwzvbtirromlJIqOE0kZ6dRJvQUEZoJCVdlLXVUtZUJQ7rKJ4YTbPfAgv/bnVKvhRnyT"
    "jdMjUKBTs491aliY7VGm9KElZ+QfGz1pLeio9bSYRLMwgjSWOfRUkdv9cUcmM8sBFYT4F+"
    "vvTc3Qg4b4ax8GF7IPsm+HPwp7OBWlQv9yXOi3B7hqdquEtpJdzNtFdAPMHzGWi91/roFb"
    "Soa5ovC3pl65WGZ2LUPYVurNgVFPd7EfjTMYlq1nkh6164b1qTZcTtGgdMjPTYPDZ3lxCR"
    "wt7cLal9SkjTuopAK07ZIsT9CQmCtqhZ32lOCWA+g/25ATyCSfyx3zw+emW8do7wcLwE6X"
    "7HPT9vd70SlqlmrtPEpjkb1b7++prxHJrYPLUhmQaSVKjA3/1et0YFspQyudzX6DsKuFpl"
    "wzwfJQAslitBueiXmIIBykrwjUXQVi0iX1uechlPW6H2HlyVmnsHxwev9o8O5qVpbllWnx"
    "ZLU9Zvr1Xo51lPC+TuRpT33zcVL7zIxyG9J8HFzN8EbxDBG3IV5bKI+2On4ioq8ewsu4oi"
    "WcxdN1H1xN59k7TWdUOtalSeeisUI2lsNvb/DT9Hg+tvF2o7m/oDbn1r8yJOt4eHqxxvDw"
    "/rz7fgK6o2bKo1EE7CXyC6e7urXB6YqFp0ra/UE0mhKy9p6s9FuZQHnYs2De3HOBg9qZjd"
    "/gBXSF6B"
)
