"""Connection URLs: the forms that libpq and the providers know, and how what cannot be followed is told."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from service.connection_url import ConnectionUrl


def told(url: str) -> dict[str, str]:
    """What asyncpg is told beside the addresses."""
    return {name: value for name, [value] in parse_qs(urlsplit(ConnectionUrl.parse(url).dsn).query).items()}


LOGIN = {"user": "user", "password": "word", "dbname": "signals"}

FORMS: list[tuple[str, list[tuple[str | None, int | None]], dict[str, str]]] = [
    ("postgresql://user:word@db.example:6432/signals", [("db.example", 6432)], LOGIN),
    ("postgres://user:word@db/signals", [("db", None)], LOGIN),
    ("postgresql:///signals", [(None, None)], {"dbname": "signals"}),
    ("postgresql://:6432/signals", [(None, 6432)], {"dbname": "signals"}),
    ("postgresql://postgres:@/signals?host=/run/pg", [("/run/pg", None)], {"user": "postgres", "dbname": "signals"}),
    ("postgresql://%2Fvar%2FRun%2Fpg/signals", [("/var/Run/pg", None)], {"dbname": "signals"}),
    ("postgresql://db:6432/signals?host=/run/pg&port=7777", [("/run/pg", 7777)], {"dbname": "signals"}),
    ("postgresql://?dbname=signals&user=user&password=word&host=db", [("db", None)], LOGIN),
    ("postgresql://other:one@db/none?dbname=signals&user=user&password=word", [("db", None)], LOGIN),
    ("postgresql://user:word@[::1]:6432/signals", [("::1", 6432)], LOGIN),
    ("postgresql://user:word@/signals?host=::1", [("::1", None)], LOGIN),
    ("postgresql://user:word@a,b:6432,[fd00::7]/signals", [("a", None), ("b", 6432), ("fd00::7", None)], LOGIN),
    ("postgresql://user:word@[::1]:1,[::2]:2/signals", [("::1", 1), ("::2", 2)], LOGIN),
    ("postgresql://user:word@/signals?host=a,b&port=1,2", [("a", 1), ("b", 2)], LOGIN),
    ("postgresql://user:word@/signals?host=a,b&port=6432", [("a", 6432), ("b", 6432)], LOGIN),
    (
        "postgresql://us%40er:p%40ss%2Fw%3Ard%25@db/sig%20nals",
        [("db", None)],
        {"user": "us@er", "password": "p@ss/w:rd%", "dbname": "sig nals"},
    ),
    ("postgresql://user:a+b@db/signals", [("db", None)], LOGIN | {"password": "a+b"}),
    ("postgresql://user@db/signals?password=a+b%26c", [("db", None)], LOGIN | {"password": "a+b&c"}),
    ("postgresql://user:p@ss#1[x]:é@db/signals", [("db", None)], LOGIN | {"password": "p@ss#1[x]:é"}),
    ("postgresql://user:word@db/signals?ssl=true", [("db", None)], LOGIN | {"sslmode": "require"}),
    (
        "postgresql://user:word@db/signals?sslmode=require&sslnegotiation=direct&passfile=/p&sslmode=verify-ca",
        [("db", None)],
        LOGIN | {"sslmode": "verify-ca", "sslnegotiation": "direct", "passfile": "/p"},
    ),
    ("postgresql://?service=signals", [(None, None)], {"service": "signals"}),
]


@pytest.mark.parametrize(("url", "addresses", "login"), FORMS)
def test_a_url_is_taken_apart_as_by_libpq(
    url: str, addresses: list[tuple[str | None, int | None]], login: dict[str, str]
) -> None:
    assert [*ConnectionUrl.parse(url).addresses] == addresses
    assert told(url) == login
    assert ConnectionUrl.parse(url).warnings == ()


PROVIDERS: dict[str, tuple[str, tuple[str, int | None], dict[str, str], list[str]]] = {
    "Neon, direct": (
        "postgresql://alex:AbC1@ep-cool-1.us-east-2.aws.neon.tech/dbname?sslmode=require&channel_binding=require",
        ("ep-cool-1.us-east-2.aws.neon.tech", None),
        {"user": "alex", "password": "AbC1", "dbname": "dbname", "sslmode": "require"},
        ["channel_binding"],
    ),
    "Neon, pooled": (
        "postgresql://alex:AbC1@ep-cool-1-pooler.us-east-2.aws.neon.tech/dbname?channel_binding=require&sslmode=require",
        ("ep-cool-1-pooler.us-east-2.aws.neon.tech", None),
        {"user": "alex", "password": "AbC1", "dbname": "dbname", "sslmode": "require"},
        ["channel_binding"],
    ),
    "Supabase, direct, its placeholder left in": (
        "postgresql://postgres:[YOUR-PASSWORD]@db.abcdefghij.supabase.co:5432/postgres",
        ("db.abcdefghij.supabase.co", 5432),
        {"user": "postgres", "password": "[YOUR-PASSWORD]", "dbname": "postgres"},
        [],
    ),
    "Supabase, session pooler": (
        "postgresql://postgres.abcdefghij:word@aws-0-eu-central-1.pooler.supabase.com:5432/postgres",
        ("aws-0-eu-central-1.pooler.supabase.com", 5432),
        {"user": "postgres.abcdefghij", "password": "word", "dbname": "postgres"},
        [],
    ),
    "Supabase, transaction pooler, as for Prisma": (
        "postgres://postgres.abcdefghij:word@aws-0-eu-central-1.pooler.supabase.com:6543/postgres"
        "?pgbouncer=true&connection_limit=1",
        ("aws-0-eu-central-1.pooler.supabase.com", 6543),
        {"user": "postgres.abcdefghij", "password": "word", "dbname": "postgres"},
        ["pgbouncer", "connection_limit"],
    ),
    "Supabase, by way of Vercel": (
        "postgres://postgres.abcdefghij:word@aws-0-us-east-1.pooler.supabase.com:6543/postgres"
        "?sslmode=require&supa=base-pooler.x",
        ("aws-0-us-east-1.pooler.supabase.com", 6543),
        {"user": "postgres.abcdefghij", "password": "word", "dbname": "postgres", "sslmode": "require"},
        ["supa"],
    ),
    "RDS": (
        "postgresql://signals:p%21w@signals.c1.eu-west-1.rds.amazonaws.com:5432/signals"
        "?sslmode=verify-full&sslrootcert={folder}/global-bundle.pem",
        ("signals.c1.eu-west-1.rds.amazonaws.com", 5432),
        {
            "user": "signals",
            "password": "p!w",
            "dbname": "signals",
            "sslmode": "verify-full",
            "sslrootcert": "{folder}/global-bundle.pem",
        },
        [],
    ),
    "Heroku": (
        "postgres://u8dd5:p6b0a@ec2-107-20-224-236.compute-1.amazonaws.com:5432/d2fg8",
        ("ec2-107-20-224-236.compute-1.amazonaws.com", 5432),
        {"user": "u8dd5", "password": "p6b0a", "dbname": "d2fg8"},
        [],
    ),
    "Render, from inside": (
        "postgresql://signals_user:word@dpg-cq1a-a/signals",
        ("dpg-cq1a-a", None),
        {"user": "signals_user", "password": "word", "dbname": "signals"},
        [],
    ),
    "Render, from outside": (
        "postgresql://signals_user:word@dpg-cq1a-a.oregon-postgres.render.com/signals",
        ("dpg-cq1a-a.oregon-postgres.render.com", None),
        {"user": "signals_user", "password": "word", "dbname": "signals"},
        [],
    ),
    "Fly, unmanaged": (
        "postgres://signals:word@signals-db.flycast:5432/signals?sslmode=disable",
        ("signals-db.flycast", 5432),
        {"user": "signals", "password": "word", "dbname": "signals", "sslmode": "disable"},
        [],
    ),
    "Fly, managed, pooled": (
        "postgresql://fly-user:word@pgbouncer.82ylg01e.flympg.net/fly-db",
        ("pgbouncer.82ylg01e.flympg.net", None),
        {"user": "fly-user", "password": "word", "dbname": "fly-db"},
        [],
    ),
    "Fly, managed, direct": (
        "postgresql://fly-user:word@direct.82ylg01e.flympg.net/fly-db",
        ("direct.82ylg01e.flympg.net", None),
        {"user": "fly-user", "password": "word", "dbname": "fly-db"},
        [],
    ),
}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_provider_hands_out_is_understood(provider: str, tmp_path: Path) -> None:
    (tmp_path / "global-bundle.pem").touch()
    url, address, login, ignored = PROVIDERS[provider]
    url = url.format(folder=tmp_path)
    assert ConnectionUrl.parse(url).addresses == (address,)
    assert told(url) == {name: value.format(folder=tmp_path) for name, value in login.items()}
    assert [sentence.split()[0] for sentence in ConnectionUrl.parse(url).warnings] == ignored


NOT_A_URL = [
    "mysql://keeper:hidden-word@db/signals",
    "postgresql:keeper:hidden-word@db/signals",
    "db.example",
    "postgresql://keeper:hidden-word@db",
    "postgresql://keeper:hidden-word@db/",
    "postgresql://keeper:hidden-word@db:http/signals",
    "postgresql://keeper:hidden-word@[::1/signals",
    "postgresql://keeper:hidden-word@::1/signals",
    "postgresql://keeper:hidden/word@db/signals",
    "postgresql://keeper:12/hidden-word@db/signals",
    "postgresql://keeper:hidden?word@db/signals",
    "postgresql://keeper:12?hidden=word@db/signals",
    "postgresql://keeper:hidden-word@db/signals?sslmode",
]


@pytest.mark.parametrize("url", NOT_A_URL)
def test_what_is_no_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"^must look like postgresql://user:password@host:5432/database, ") as refused:
        ConnectionUrl.parse(url)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("statement_timeout=5000", r"^statement_timeout is no parameter that is known; .* goes into options$"),
        ("hostaddr=192.0.2.1", "^hostaddr is no parameter"),
        ("sslkeylogfile=hidden-word", "^sslkeylogfile is no parameter"),
        ("search_path=hidden-word", "^search_path is no parameter"),
        ("port=0", "^port must be a number from 1 to 65535$"),
        ("port=65536", "^port must be"),
        ("port=hidden-word", "^port must be"),
        ("host=a,b,c&port=1,2", "^port must be one for all hosts, or one for each$"),
        ("sslmode=hidden-word", "^sslmode must be disable or allow or prefer or require or verify-ca or verify-full$"),
        ("sslnegotiation=hidden-word", "^sslnegotiation must be postgres or direct$"),
        ("target_session_attrs=standby", "^target_session_attrs must be read-write or primary or any$"),
        ("channel_binding=hidden-word", "^channel_binding must be"),
        ("gssencmode=require", "^gssencmode must be disable or prefer$"),
        ("schema=hidden_word", "^schema must be public$"),
        ("client_encoding=latin1", "^client_encoding must be"),
        ("connect_timeout=hidden-word", "^connect_timeout must be a whole number of seconds$"),
        ("sslrootcert=system", "^sslrootcert=system needs sslmode=verify-full"),
        ("sslrootcert=system&sslmode=require", "^sslrootcert=system needs"),
        ("sslrootcert=/none/root.crt", "^sslrootcert: /none/root.crt cannot be read$"),
        ("sslcert=/none/own.crt", "^sslcert: /none/own.crt cannot be read$"),
        ("sslkey=/none/own.key", "^sslkey: /none/own.key cannot be read$"),
    ],
)
def test_what_cannot_be_followed_is_refused_by_its_name(query: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refused:
        ConnectionUrl.parse(f"postgresql://keeper:hidden-word@db/signals?{query}")
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    "query",
    [
        *(
            "keepalives=1",
            "keepalives_idle=30",
            "keepalives_interval=10",
            "keepalives_count=3",
            "tcp_user_timeout=5000",
        ),
        *("channel_binding=prefer", "gssencmode=disable", "client_encoding=utf8", "schema=public"),
        *("pgbouncer=true", "connection_limit=1", "pool_timeout=10", "supa=base-pooler.x"),
    ],
)
def test_what_need_not_be_followed_is_told(query: str) -> None:
    [warning] = ConnectionUrl.parse(f"postgresql://db/signals?{query}").warnings
    assert warning.startswith(f"{query.partition('=')[0]} is ignored: ")
    assert query.partition("=")[2] not in warning.split()
    assert told(f"postgresql://db/signals?{query}") == {"dbname": "signals"}


def test_the_password_is_not_shown() -> None:
    assert "hidden-word" not in repr(ConnectionUrl.parse("postgresql://keeper:hidden-word@db/signals"))


def test_the_rest_is_for_the_service_itself() -> None:
    plain = ConnectionUrl.parse("postgresql://db/signals")
    assert (plain.connect_seconds, plain.application_name, plain.options) == (None, None, None)
    assert not plain.any_server
    assert not plain.system_certificates
    url = "postgresql://db/signals?connect_timeout=7&application_name=a%20b&target_session_attrs=any"
    given = ConnectionUrl.parse(url)
    assert (given.connect_seconds, given.application_name, given.any_server) == (7, "a b", True)
    assert ConnectionUrl.parse("postgresql://db/signals?connect_timeout=0").connect_seconds is None
    assert ConnectionUrl.parse("postgresql://db/signals?connect_timeout=-1").connect_seconds is None
    system = ConnectionUrl.parse("postgresql://db/signals?sslmode=verify-full&sslrootcert=system")
    assert system.system_certificates
    assert told("postgresql://db/signals?sslmode=verify-full&sslrootcert=system")["sslmode"] == "verify-full"


@pytest.mark.parametrize(
    "options", ["-c lock_timeout=5s", "-clock_timeout=5s", "--lock_timeout=5s", "--lock-timeout=5s -c jit=off"]
)
def test_the_settings_in_the_options_are_known(options: str) -> None:
    url = ConnectionUrl.parse(f"postgresql://db/signals?options={options}")
    assert url.options == options
    assert url.sets("lock_timeout")
    assert not url.sets("statement_timeout")
