"""What is read from the environment and `.env` before it becomes settings: names, and secrets that lie in files."""

from pathlib import Path

import pytest
import typer

from service import cli
from service.environment import PREFIXES
from service.settings import SECRETS, Settings, SettingsError, load_settings, unknown_settings

SECRET = "an-example-secret-of-32-bytes-ok"


@pytest.fixture(autouse=True)
def _empty_working_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def write_env_file(text: str) -> None:
    """Write `.env` in the working directory."""
    Path(".env").write_text(text, encoding="utf-8")


# Misspelt names

MISSPELT = [
    ("HMAC_PRODUCER_ENABLE", "HMAC_PRODUCER_ENABLED"),
    ("HMAC_PRODUCER_ENABLD", "HMAC_PRODUCER_ENABLED"),
    ("HMAC_PRODUCER_ENALBED", "HMAC_PRODUCER_ENABLED"),
    ("hmac_producers_enabled", "HMAC_PRODUCER_ENABLED"),
    ("HMAC-PRODUCER-ENABLED", "HMAC_PRODUCER_ENABLED"),
    ("HMAC_PRODUCER_ENABLEDXX", "HMAC_PRODUCER_ENABLED"),
    ("HAMC_PRODUCER_SECRET", "HMAC_PRODUCER_SECRET"),
    ("SIGNAL_QUEUE_LIMIT", "SIGNALS_QUEUE_LIMIT"),
    ("SIGNALS_TRUSTED_PROXY", None),
    ("DATABASE_POOLSIZE", "DATABASE_POOL_SIZE"),
    ("DATABASE_URL_FIEL", "DATABASE_URL_FILE"),
    ("APP_LOGLEVEL", "APP_LOG_LEVEL"),
    ("SIGNALS_HEAD_MAX_BYTE", "SIGNALS_HEAD_MAX_BYTES"),
]


@pytest.mark.parametrize("place", ["environment", ".env"])
@pytest.mark.parametrize(("name", "meant"), MISSPELT)
def test_a_name_within_two_letters_of_a_setting_is_refused_with_that_one(
    monkeypatch: pytest.MonkeyPatch, place: str, name: str, meant: str | None
) -> None:
    """`HMAC_PRODUCER_ENABLE=true` took unsigned signals. Three letters are too many to guess."""
    if place == ".env":
        write_env_file(f"{name}=hidden-word\n")
    else:
        monkeypatch.setenv(name, "hidden-word")
    if meant is None:
        assert load_settings() == Settings()
        return
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value) == f"{name.upper()}: is no setting; {meant} is one"


def test_a_misspelt_name_without_a_value_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HMAC_PRODUCER_ENABLE", "")
    assert load_settings() == Settings()


# Unknown names

UNKNOWN = ["SIGNALS_NO_SUCH_SETTING", "HMAC_KEY", "APP_ENVS", "APP_BUILDER", "DATABASE_URI", "SIGNALS_URLS"]


@pytest.mark.parametrize("name", UNKNOWN)
def test_other_names_that_look_like_settings_are_told_and_ignored(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """With fewer than six letters behind the prefix a name has too many neighbours."""
    monkeypatch.setenv(name, "1")
    write_env_file("SIGNALS_FROM_THE_FILE=1\n")
    assert load_settings() == Settings()
    assert unknown_settings() == sorted([name, "SIGNALS_FROM_THE_FILE"])


PLATFORM = [
    "SIGNALS_SERVICE_HOST",
    "SIGNALS_SERVICE_PORT",
    "SIGNALS_SERVICE_PORT_HTTP",
    "SIGNALS_PORT",
    "SIGNALS_PORT_8000_TCP",
    "SIGNALS_PORT_8000_TCP_ADDR",
    "APP_SERVICE_HOST",
    "APP_PORT_80_TCP_PROTO",
    "DATABASE_PORT",
    "DATABASE_SERVICE_PORT",
    "DATABASE_PRIMARY_SERVICE_HOST",
]


@pytest.mark.parametrize("name", [*PLATFORM, "COMPOSE_PROJECT_NAME", "KUBERNETES_SERVICE_HOST", "HOME"])
def test_what_the_platform_sets_is_neither_refused_nor_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Kubernetes does for a Service called `signals`, `app` or `database`."""
    monkeypatch.setenv(name, "tcp://10.0.0.1:80")
    assert load_settings() == Settings()
    assert unknown_settings() == []


def test_what_other_commands_read_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one machine both may be set."""
    commands = typer.main.get_command(cli.app).commands.values()  # type: ignore[attr-defined]
    names = {parameter.envvar for command in commands for parameter in command.params if parameter.envvar}
    assert {"SIGNALS_URL", "SIGNALS_PRODUCER_ID"} <= names
    for name in names:
        monkeypatch.setenv(name, "1")
    assert load_settings() == Settings()
    assert unknown_settings() == []


def test_every_setting_begins_with_one_of_the_prefixes() -> None:
    assert all(name.upper().startswith(PREFIXES) for name in Settings.model_fields)


# The file .env


@pytest.mark.parametrize("line", ["HMAC_PRODUCER_ENABLED: true", "HMAC_PRODUCER_ENABLED true", "HMAC_PRODUCER_ENABLED"])
def test_a_line_that_says_nothing_is_refused(line: str) -> None:
    """It would be skipped, and with it the signing."""
    write_env_file(f"# our settings\n{line}\n")
    with pytest.raises(SettingsError, match=r"/\.env: line 2 is not like NAME=value$"):
        load_settings()


def test_a_byte_order_mark_before_the_first_name_is_none_of_it() -> None:
    """As Windows editors put it there."""
    write_env_file("\ufeffAPP_BUILD=from-the-file\n")
    assert load_settings().app_build == "from-the-file"


# Secrets in files


def test_the_settings_that_are_secret_may_lie_in_files() -> None:
    secret = {name.upper() for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert secret == set(SECRETS)


@pytest.mark.parametrize(
    "content",
    [
        SECRET.encode(),
        SECRET.encode() + b"\n",
        SECRET.encode() + b"\r\n",
        b"\xef\xbb\xbf" + SECRET.encode(),
        b"\xef\xbb\xbf" + SECRET.encode() + b"\r\n",
    ],
)
def test_a_secret_is_read_from_its_file_without_what_editors_add(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "secret").write_bytes(content)
    monkeypatch.setenv("HMAC_PRODUCER_SECRET_FILE", str(tmp_path / "secret"))
    assert load_settings().hmac_producer_secret.get_secret_value() == SECRET


def test_the_url_of_the_database_is_read_from_its_file(tmp_path: Path) -> None:
    """As Docker and Kubernetes mount secrets; the name may stand in `.env`."""
    (tmp_path / "url").write_text("postgresql://user:word@db/signals\n")
    write_env_file("DATABASE_URL_FILE=url\n")
    url = load_settings().database_url
    assert url is not None
    assert url.get_secret_value() == "postgresql://user:word@db/signals"


@pytest.mark.parametrize("name", SECRETS)
def test_a_setting_and_its_file_together_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "secret").write_text("postgresql://user:hidden-word@db/signals")
    write_env_file(f"{name}=postgresql://user:hidden-word@db/signals\n")
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value) == f"{name} and {name}_FILE are both set: one of them is enough"


def test_a_variable_without_a_value_leaves_that_of_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    write_env_file("HMAC_PRODUCER_SECRET_FILE=secret\n")
    monkeypatch.setenv("HMAC_PRODUCER_SECRET_FILE", "")
    monkeypatch.setenv("HMAC_PRODUCER_SECRET", "")
    assert load_settings().hmac_producer_secret.get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "names a file that cannot be read: No such file or directory"),
        (b"", "names an empty file"),
        (b"\n", "names an empty file"),
        (SECRET.encode("utf-16"), "names a file that is not UTF-8 text"),
    ],
)
def test_a_file_that_holds_no_secret_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    """Without its name: who mistakes the two puts the secret itself there."""
    if content is not None:
        (tmp_path / "hidden-word").write_bytes(content)
    monkeypatch.setenv("HMAC_PRODUCER_SECRET_FILE", str(tmp_path / "hidden-word"))
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value) == f"HMAC_PRODUCER_SECRET_FILE: {complaint}"


@pytest.mark.parametrize("in_file", [False, True])
@pytest.mark.parametrize(
    "around",
    [
        "{}\n\n",
        "\n{}",
        "{} ",
        " {}",
        "\t{}",
        "{}\r\n\n",
        '"{}"',
        "'{}'",
        "`{}`",
        '"{}"\n',
        "\ufeff\ufeff{}",
        "\u00a0{}",
    ],
)
def test_a_secret_with_something_around_it_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, around: str, in_file: bool
) -> None:
    """Docker, Kubernetes and `.env` habits put it there; then no producer signs with the same secret."""
    secret = around.format(SECRET)
    if in_file:
        (tmp_path / "secret").write_text(secret, encoding="utf-8", newline="")
        monkeypatch.setenv("HMAC_PRODUCER_SECRET_FILE", str(tmp_path / "secret"))
    else:
        monkeypatch.setenv("HMAC_PRODUCER_SECRET", secret)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value).startswith("HMAC_PRODUCER_SECRET: has quotes, white space, a line break")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "secret", ["two words of a secret, and then some", "\"quoted\" and 'quoted'", "'it's", '"', "="]
)
def test_what_stands_within_a_secret_is_its_own_affair(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("HMAC_PRODUCER_SECRET", secret)
    assert load_settings().hmac_producer_secret.get_secret_value() == secret


# Production


@pytest.mark.parametrize("place", ["environment", ".env"])
@pytest.mark.parametrize(("said", "starts"), [("true", True), ("false", True), ("", False), (None, False)])
def test_production_has_to_say_whether_signals_are_signed(
    monkeypatch: pytest.MonkeyPatch, place: str, said: str | None, starts: bool
) -> None:
    monkeypatch.setenv("APP_ENV", "production")
    monkeypatch.setenv("HMAC_PRODUCER_SECRET", SECRET)
    if said is not None and place == ".env":
        write_env_file(f"HMAC_PRODUCER_ENABLED={said}\n")
    elif said is not None:
        monkeypatch.setenv("HMAC_PRODUCER_ENABLED", said)
    if starts:
        assert load_settings().app_env == "production"
        return
    with pytest.raises(SettingsError, match=r"^HMAC_PRODUCER_ENABLED must be set in production"):
        load_settings()
