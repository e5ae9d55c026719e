"""The sealing key that is made for development, in the data folder, so that a newcomer need not make one."""

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path

import asyncpg
from pydantic import SecretStr
from tortoise.exceptions import BaseORMException

from service.kernel.timestamps import utc_now
from service.keyring.sealing import SealingKeys
from service.notation.sealing_keys import new_sealing_key, parse_sealing_keys
from service.postgres.orm import orm
from service.producers.errors import StrangeSealingKey
from service.producers.keys import check_sealing_keys
from service.settings import Settings, SettingsError

NAME = "sealing-key"


def sealing_keys(settings: Settings) -> list[bytes]:
    """The sealing keys of the settings, or else, in development, the one in the data folder, if there is one.

    Raises SettingsError when that file holds something else.
    """
    own = settings.app_env == "development" and not settings.sealing_keys
    return parse_sealing_keys(_text(settings)) if own and _path(settings).exists() else settings.sealing_keys


def for_development(settings: Settings) -> dict[str, str]:
    """What a service that is run for development is given beside these settings: the sealing key in its data folder,
    made if need be, unless there are others. Nothing else makes one. Several may do so at once.

    Raises SettingsError outside of development, and when the database is that of a service with another sealing key.
    """
    if settings.app_env != "development":
        raise SettingsError(f"APP_ENV: is {settings.app_env}, and --development is for development")
    if settings.sealing_keys:
        return {}
    _make(_path(settings))
    text = _text(settings)
    try:
        asyncio.run(_check(settings.database_url, text))
    except StrangeSealingKey as refusal:
        raise SettingsError(f"SIGNALS_SEALING_KEYS: is not set. {refusal}") from None
    return {"signals_sealing_keys": text}


async def _check(url: SecretStr | None, text: str) -> None:
    """A database that is away, or has no tables yet, has no say."""
    if url is None:
        return
    with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, BaseORMException):
        async with orm(url.get_secret_value()):
            await check_sealing_keys(SealingKeys(parse_sealing_keys(text)), utc_now())


def _path(settings: Settings) -> Path:
    return settings.signals_data_dir / NAME


def _text(settings: Settings) -> str:
    try:
        text = _path(settings).read_text(encoding="ascii").strip()
        parse_sealing_keys(text)
    except ValueError:
        raise SettingsError(f"SIGNALS_DATA_DIR: the file {NAME} in it holds no sealing key") from None
    return text


def _make(path: Path) -> None:
    """Make the file, readable for its owner only, unless it is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="ascii") as draft:
        draft.write(f"{new_sealing_key()}\n")
        draft.flush()
        with suppress(FileExistsError):
            path.hardlink_to(draft.name)
