"""Settings: read once from the environment and `.env`, checked at start, never changed afterwards."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service import environment
from service.environment import SettingsError
from service.notation.connection_url import ConnectionUrl
from service.notation.duplicates import Duplicates
from service.notation.rate import Rate
from service.notation.sealing_keys import parse_sealing_keys

__all__ = ["Settings", "SettingsError", "load_settings", "unknown_settings"]

MINIMUM_SECRET_BYTES = 32
"""RFC 2104 section 3: a key shorter than the hash output weakens HMAC."""

PUBLISHED_SECRETS_BEGIN = "for-tests-only-"
"""So begin the secrets of the published vectors, docs/vectors/signature.json."""

SECRETS = ("HMAC_PRODUCER_SECRET", "SIGNALS_SEALING_KEYS", "DATABASE_URL", "DATABASE_READ_URL", "SENTRY_DSN")
"""The settings whose value may lie in a file that NAME_FILE names."""

_OF_OTHERS = {
    "SIGNALS_URL",
    "SIGNALS_PRODUCER_ID",
    "SIGNALS_READER_TOKEN",
    "SIGNALS_READER_TOKEN_FILE",
    "SIGNALS_OPERATOR",
}
"""What the commands of producers, readers and operators read."""


def _postgresql_url(url: SecretStr) -> SecretStr:
    ConnectionUrl.parse(url.get_secret_value())
    return url


def _bare(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`"
    if quoted or text != text.strip().removeprefix("\ufeff"):
        raise ValueError(
            "has quotes, white space, a line break or a byte order mark around it, which would be part of the secret"
        )
    return secret


def _dsn(dsn: SecretStr) -> SecretStr:
    if not re.fullmatch(r"https?://[^/@\s]+@[^/@\s]+/(\S*/)?\d+", dsn.get_secret_value()):
        raise ValueError("is not like https://key@sentry.example.com/1")
    return dsn


def _networks(text: str) -> str:
    try:
        for part in text.split(",") if text else ():
            ip_network(part.strip())
    except ValueError:
        raise ValueError("must be addresses or networks, with commas between, like 192.0.2.1, 192.168.0.0/24") from None
    return text


def _rate(text: str) -> str:
    if text:
        Rate.parse(text)
    return text


def _sealing_keys(text: SecretStr) -> SecretStr:
    if text.get_secret_value():
        parse_sealing_keys(text.get_secret_value())
    return text


class Settings(BaseSettings):
    """All that can be configured. The names of the environment variables are the field names in upper case.

    The environment wins over `.env`, which is read from the working directory only. An empty value counts
    as not set. Use `load_settings` to get one sentence instead of pydantic's report when a value is wrong.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    hmac_producer_enabled: bool = False
    hmac_producer_secret: Annotated[SecretStr, AfterValidator(_bare)] = SecretStr("")
    signals_sealing_keys: Annotated[SecretStr, AfterValidator(_sealing_keys)] = SecretStr("")
    signals_producer_rate: Annotated[str, AfterValidator(_rate)] = ""
    signals_duplicates: Duplicates = "store"
    signals_duplicate_seconds: int = Field(default=86_400, ge=1, le=31_536_000)
    signals_readers: Literal["tokens", "open"] = "tokens"
    signals_payload_max_bytes: int = Field(default=32768, ge=2, le=1_048_576)
    signals_batch_max_bytes: int = Field(default=4_194_304, ge=1024, le=67_108_864)
    signals_time_max_age_seconds: int | None = Field(default=None, ge=1, le=3_153_600_000)
    signals_expire_after_seconds: int | None = Field(default=None, ge=1, le=2_592_000)
    signals_retention_days: int | None = Field(default=None, ge=31, le=36_500)
    signals_archive_folder: Path | None = None
    signals_queue_limit: int = Field(default=1000, ge=1)
    signals_shutdown_delay_seconds: float = Field(default=0, ge=0, le=300)
    signals_streams_max: int = Field(default=1000, ge=0, le=1_000_000)
    signals_connections_max: int = Field(default=4000, ge=1, le=1_000_000)
    signals_receive_seconds: float = Field(default=10, gt=0, le=3600)
    signals_idle_seconds: float = Field(default=10, gt=0, le=3600)
    signals_head_max_bytes: int = Field(default=16384, ge=1024, le=1_048_576)
    signals_trusted_proxies: Annotated[str, AfterValidator(_networks)] = ""
    signals_data_dir: Path = Path(".data")
    database_url: Annotated[SecretStr, AfterValidator(_postgresql_url)] | None = None
    database_read_url: Annotated[SecretStr, AfterValidator(_postgresql_url)] | None = None
    signals_read_lag_seconds: float = Field(default=5, ge=2, le=3600)
    database_pool_size: int = Field(default=10, ge=2, le=1000)
    sentry_dsn: Annotated[SecretStr, AfterValidator(_dsn)] | None = None
    app_env: Literal["development", "staging", "production"] = "development"
    app_build: str = "unknown"
    app_log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _signing_needs_a_secret(self) -> "Settings":
        secrets = self.hmac_producer_secret.get_secret_value() or self.signals_sealing_keys.get_secret_value()
        if self.hmac_producer_enabled and not secrets:
            raise ValueError(
                "HMAC_PRODUCER_SECRET must not be empty while HMAC_PRODUCER_ENABLED is true, unless "
                "SIGNALS_SEALING_KEYS is set and each producer has keys of its own"
            )
        return self

    @model_validator(mode="after")
    def _production_says_whether_it_signs(self) -> "Settings":
        if self.app_env == "production" and "hmac_producer_enabled" not in self.model_fields_set:
            raise ValueError(
                "HMAC_PRODUCER_ENABLED must be set in production: true, or false to let anyone post signals"
            )
        return self

    @model_validator(mode="after")
    def _published_secret_is_for_development(self) -> "Settings":
        published = self.hmac_producer_secret.get_secret_value().startswith(PUBLISHED_SECRETS_BEGIN)
        if published and self.app_env != "development":
            raise ValueError("HMAC_PRODUCER_SECRET is a published one of the test vectors: make a secret of your own")
        return self

    @model_validator(mode="after")
    def _open_reading_is_for_development(self) -> "Settings":
        if self.signals_readers == "open" and self.app_env != "development":
            raise ValueError("SIGNALS_READERS is open, which is for development: it must be tokens here")
        return self

    @model_validator(mode="after")
    def _retention_needs_a_folder(self) -> "Settings":
        if (self.signals_retention_days is None) != (self.signals_archive_folder is None):
            raise ValueError("SIGNALS_RETENTION_DAYS and SIGNALS_ARCHIVE_FOLDER go together: set both, or none")
        return self

    @property
    def body_max_bytes(self) -> int:
        """The most that one request body may have on the wire: a payload at its limit may arrive escaped
        (`\\u00e9` for a letter of two bytes, so up to six times longer), beside the other fields."""
        return 6 * self.signals_payload_max_bytes + 4096

    @property
    def request_body_max_bytes(self) -> int:
        """The most that the body of any request may have on the wire."""
        return max(self.body_max_bytes, self.signals_batch_max_bytes)

    @property
    def sealing_keys(self) -> list[bytes]:
        """The keys that open the producers' secrets, the one that seals first; none when there are none."""
        text = self.signals_sealing_keys.get_secret_value()
        return parse_sealing_keys(text) if text else []

    @property
    def producer_rate(self) -> Rate | None:
        """The rate of each producer that has none of its own; None when such a producer has no limit."""
        return Rate.parse(self.signals_producer_rate) if self.signals_producer_rate else None

    def warnings(self) -> list[str]:
        """Sentences about settings that are allowed but weaken the service; to be logged at start."""
        found = []
        shared = self.hmac_producer_secret.get_secret_value().encode()
        if self.hmac_producer_enabled and 0 < len(shared) < MINIMUM_SECRET_BYTES:
            found.append(f"HMAC_PRODUCER_SECRET is shorter than {MINIMUM_SECRET_BYTES} bytes: use a longer one")
        if not self.hmac_producer_enabled and self.app_env == "production":
            found.append("HMAC_PRODUCER_ENABLED is false in production: anyone can post signals")
        if not self.hmac_producer_enabled and self.signals_producer_rate:
            found.append("SIGNALS_PRODUCER_RATE is ignored while HMAC_PRODUCER_ENABLED is false: nobody is proven")
        if self.signals_readers == "open":
            found.append("SIGNALS_READERS is open: anyone can read signals")
        for name, url in {"DATABASE_URL": self.database_url, "DATABASE_READ_URL": self.database_read_url}.items():
            warnings = ConnectionUrl.parse(url.get_secret_value()).warnings if url else ()
            found += [f"{name}: {warning}" for warning in warnings]
        return found


def load_settings(**given: Any) -> Settings:
    """The settings of this process, but for those that are given.

    Raises SettingsError, one sentence without the value, when a setting is wrong, misspelt, or cannot be read.
    """
    variables = environment.variables()
    environment.refuse_misspelt(variables, _known())
    secrets: dict[str, Any] = environment.secrets_in_files(variables, SECRETS)
    try:
        return Settings(**{name.lower(): value for name, value in secrets.items()} | given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]).upper()
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name}: {reason}" if name else reason) from None


def unknown_settings() -> list[str]:
    """The names in the environment of this process that look like settings and are none."""
    return environment.unknown_names(environment.variables(), _known())


def _known() -> set[str]:
    return {*map(str.upper, Settings.model_fields), *(f"{name}_FILE" for name in SECRETS), *_OF_OTHERS}
