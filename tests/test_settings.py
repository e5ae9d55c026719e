"""Settings: what is read, from where, and how a wrong value is told."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from service.settings import Settings, SettingsError, load_settings

SECRET = "an-example-secret-of-32-bytes-ok"
"""Exactly as long as RFC 2104 asks for."""


@pytest.fixture(autouse=True)
def _empty_working_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where a test may put its `.env`."""
    monkeypatch.chdir(tmp_path)


def test_defaults_need_no_configuration() -> None:
    promised: dict[str, object] = {
        "hmac_producer_enabled": False,
        "hmac_producer_secret": SecretStr(""),
        "signals_readers": "tokens",
        "signals_payload_max_bytes": 32768,
        "signals_time_max_age_seconds": None,
        "database_url": None,
        "database_pool_size": 10,
        "app_env": "development",
        "app_log_level": "info",
    }
    settings = load_settings().model_dump()
    assert {name: settings[name] for name in promised} == promised


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("HMAC_PRODUCER_SECRET", SECRET, SecretStr(SECRET)),
        ("SIGNALS_PAYLOAD_MAX_BYTES", "1024", 1024),
        ("SIGNALS_TIME_MAX_AGE_SECONDS", "60", 60),
        ("SIGNALS_QUEUE_LIMIT", "5", 5),
        ("SIGNALS_SHUTDOWN_DELAY_SECONDS", "2.5", 2.5),
        ("SIGNALS_TRUSTED_PROXIES", "10.0.0.7, fd00::/8", "10.0.0.7, fd00::/8"),
        ("SIGNALS_READERS", "open", "open"),
        ("SIGNALS_DATA_DIR", "elsewhere", Path("elsewhere")),
        ("DATABASE_URL", "postgres://db/signals", SecretStr("postgres://db/signals")),
        ("DATABASE_READ_URL", "postgres://db/signals", SecretStr("postgres://db/signals")),
        ("SIGNALS_READ_LAG_SECONDS", "2.5", 2.5),
        ("DATABASE_POOL_SIZE", "3", 3),
        ("APP_ENV", "staging", "staging"),
        ("APP_BUILD", "abc123", "abc123"),
        ("APP_LOG_LEVEL", "warning", "warning"),
    ],
)
def test_a_setting_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object
) -> None:
    monkeypatch.setenv(name, text)
    assert getattr(load_settings(), name.lower()) == value


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_signing_is_switched_in_the_usual_words(monkeypatch: pytest.MonkeyPatch, text: str, value: bool) -> None:
    monkeypatch.setenv("HMAC_PRODUCER_SECRET", SECRET)
    monkeypatch.setenv("HMAC_PRODUCER_ENABLED", text)
    assert load_settings().hmac_producer_enabled is value


TAKE_ANY_TEXT = {"hmac_producer_secret", "signals_archive_folder", "signals_data_dir", "app_build"}
WRONG = [
    ("SIGNALS_RETENTION_DAYS", "30"),
    *((name.upper(), "hidden-word") for name in Settings.model_fields if name not in TAKE_ANY_TEXT),
    ("SIGNALS_PAYLOAD_MAX_BYTES", "1"),
    ("SIGNALS_PAYLOAD_MAX_BYTES", "1048577"),
    ("SIGNALS_TIME_MAX_AGE_SECONDS", "0"),
    ("SIGNALS_TIME_MAX_AGE_SECONDS", "-7"),
    ("SIGNALS_QUEUE_LIMIT", "0"),
    ("SIGNALS_SHUTDOWN_DELAY_SECONDS", "-9.25"),
    ("SIGNALS_SHUTDOWN_DELAY_SECONDS", "nan"),
    ("SIGNALS_READERS", "Open"),
    ("SIGNALS_TRUSTED_PROXIES", "*"),
    ("SIGNALS_TRUSTED_PROXIES", "10.0.0.7,"),
    ("SIGNALS_TRUSTED_PROXIES", "10.0.0.7 10.0.0.8"),
    ("SIGNALS_TRUSTED_PROXIES", "10.0.0.7/8"),
    ("SIGNALS_TRUSTED_PROXIES", "10.0.0.7, proxy.internal"),
    ("DATABASE_URL", "mysql://keeper:hidden-word@db/signals"),
    ("DATABASE_URL", "postgresql://keeper:hidden-word@db"),
    ("DATABASE_URL", "postgresql://keeper:hidden-word@db/"),
    ("DATABASE_URL", "postgresql://keeper:hidden-word@db:0/signals"),
    ("DATABASE_URL", "postgresql://keeper:hidden-word@db:http/signals"),
    ("DATABASE_URL", "postgresql://keeper:hidden-word@[::1/signals"),
    ("DATABASE_URL", "postgresql://keeper:hidden-word@db/signals?port=hidden-word"),
    ("DATABASE_URL", "postgresql://keeper:hidden-word@db/signals?sslmode=hidden-word"),
    ("DATABASE_POOL_SIZE", "1"),
    ("DATABASE_POOL_SIZE", "1001"),
    ("APP_ENV", "Production"),
    ("APP_LOG_LEVEL", "INFO"),
]


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_wrong_value_is_told_in_one_sentence_without_the_value(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    sentence = str(refused.value)
    assert sentence.startswith(f"{name}: ")
    assert "\n" not in sentence
    assert "hidden-word" not in sentence
    assert text not in sentence.removeprefix(f"{name}: ").split()


def test_signing_without_a_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HMAC_PRODUCER_ENABLED", "true")
    with pytest.raises(SettingsError, match=r"^HMAC_PRODUCER_SECRET must not be empty"):
        load_settings()


@pytest.mark.parametrize("given", [{"SIGNALS_RETENTION_DAYS": "90"}, {"SIGNALS_ARCHIVE_FOLDER": "old"}])
def test_what_is_archived_needs_a_folder_and_a_folder_something(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    for name, text in given.items():
        monkeypatch.setenv(name, text)
    with pytest.raises(SettingsError, match="go together"):
        load_settings()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:word@db:5432/signals",
        "postgres://user@db/signals",
        "postgresql:///signals?host=/run/postgresql",
        "postgresql://postgres:@/postgres?host=/run/postgresql",
        "postgresql://user:p%40ss%2Fword@[::1]:6432/signals?sslmode=require",
    ],
)
def test_a_connection_url_may_have_each_form_of_libpq(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert load_settings().database_url == SecretStr(url)


def test_the_env_file_of_the_working_directory_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APP_BUILD=from-the-file\n")
    assert load_settings().app_build == "from-the-file"


def test_the_environment_wins_over_the_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APP_BUILD=from-the-file\n")
    monkeypatch.setenv("APP_BUILD", "from-the-environment")
    assert load_settings().app_build == "from-the-environment"


def test_an_env_file_above_the_working_directory_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APP_BUILD=from-above\n")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert load_settings().app_build == "unknown"


def test_an_env_file_that_is_no_text_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"APP_BUILD=\xff\n")
    with pytest.raises(SettingsError, match=r"/\.env: is not UTF-8 text$"):
        load_settings()


def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "")
    assert load_settings() == Settings()
    assert load_settings().database_url is None


def test_what_is_no_setting_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=signals\n")
    monkeypatch.setenv("SIGNALS_NO_SUCH_SETTING", "1")
    assert load_settings() == Settings()


def test_settings_do_not_change_afterwards() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().app_build = "other"  # type: ignore[misc]


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HMAC_PRODUCER_SECRET", SECRET)
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hidden-word@db/signals")
    shown = f"{load_settings()!r} {load_settings()} {load_settings().model_dump_json()}"
    assert SECRET not in shown
    assert "hidden-word" not in shown


def test_a_body_may_be_six_times_the_payload_on_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().body_max_bytes == 200_704
    monkeypatch.setenv("SIGNALS_PAYLOAD_MAX_BYTES", "100")
    assert load_settings().body_max_bytes == 4696


@pytest.mark.parametrize(
    ("enabled", "secret", "environment", "warned_about"),
    [
        ("false", "", "development", []),
        ("false", "", "staging", []),
        ("false", "", "production", ["HMAC_PRODUCER_ENABLED"]),
        ("true", SECRET, "production", []),
        ("true", SECRET[:31], "production", ["HMAC_PRODUCER_SECRET"]),
        ("true", SECRET[:31], "development", ["HMAC_PRODUCER_SECRET"]),
        ("true", "é" * 16, "production", []),
        ("false", "short", "development", []),
    ],
)
def test_what_weakens_the_service_is_warned_about(
    monkeypatch: pytest.MonkeyPatch, enabled: str, secret: str, environment: str, warned_about: list[str]
) -> None:
    monkeypatch.setenv("HMAC_PRODUCER_ENABLED", enabled)
    monkeypatch.setenv("HMAC_PRODUCER_SECRET", secret)
    monkeypatch.setenv("APP_ENV", environment)
    sentences = load_settings().warnings()
    assert [sentence.split()[0] for sentence in sentences] == warned_about
    assert secret == "" or not any(secret in sentence for sentence in sentences)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_open_reading_is_for_development(monkeypatch: pytest.MonkeyPatch, environment: str) -> None:
    monkeypatch.setenv("HMAC_PRODUCER_ENABLED", "false")
    monkeypatch.setenv("SIGNALS_READERS", "open")
    assert load_settings().warnings() == ["SIGNALS_READERS is open: anyone can read signals"]
    monkeypatch.setenv("APP_ENV", environment)
    with pytest.raises(SettingsError, match=r"^SIGNALS_READERS is open, which is for development: it must be tokens"):
        load_settings()
