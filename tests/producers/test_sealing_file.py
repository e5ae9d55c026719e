"""The sealing key of development: made once, for its owner alone, and only read where it may be."""

import asyncio
import stat
from pathlib import Path
from typing import Any

import pytest

from service.keyring.sealing import SealingKeys
from service.notation.sealing_keys import new_sealing_key, parse_sealing_keys
from service.postgres.orm import orm
from service.producers import keys
from service.producers.sealing_file import NAME, for_development, sealing_keys
from service.settings import Settings, SettingsError
from tests.running.postgres import Database


def settings(folder: Path, **values: Any) -> Settings:
    return Settings(_env_file=None, signals_data_dir=folder, hmac_producer_enabled=False, **values)


def test_it_is_made_once_and_then_stays(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    for_development(settings(folder))
    before = sealing_keys(settings(folder))
    for_development(settings(folder))
    assert sealing_keys(settings(folder)) == before
    assert len(before[0]) == 32
    assert [path.name for path in folder.iterdir()] == [NAME]


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    for_development(settings(tmp_path))
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    assert sealing_keys(settings(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_it_yields_to_the_setting(tmp_path: Path) -> None:
    for_development(settings(tmp_path))
    key = new_sealing_key()
    assert sealing_keys(settings(tmp_path, signals_sealing_keys=key)) == parse_sealing_keys(key)


@pytest.mark.parametrize("env", ["staging", "production"])
def test_it_is_not_used_outside_of_development(tmp_path: Path, env: str) -> None:
    for_development(settings(tmp_path))
    assert sealing_keys(settings(tmp_path, app_env=env)) == []


def test_something_else_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("not-a-key")
    with pytest.raises(SettingsError, match=r"^SIGNALS_DATA_DIR: the file sealing-key in it holds no sealing key$"):
        sealing_keys(settings(tmp_path))


def test_a_service_for_development_seals_with_it_and_no_other_does(tmp_path: Path) -> None:
    made = settings(tmp_path, **for_development(settings(tmp_path)))
    assert made.sealing_keys == sealing_keys(settings(tmp_path)) != []
    assert for_development(settings(tmp_path / "other", signals_sealing_keys=new_sealing_key())) == {}
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("env", ["staging", "production"])
def test_outside_of_development_none_is_made(tmp_path: Path, env: str) -> None:
    with pytest.raises(SettingsError, match=rf"^APP_ENV: is {env}, and --development is for development$"):
        for_development(settings(tmp_path, app_env=env))
    assert list(tmp_path.iterdir()) == []


def test_on_the_database_of_another_it_is_refused_before_anything_is_sealed(database: Database, tmp_path: Path) -> None:
    """Two developers with data folders of their own, on one database."""
    first = for_development(settings(tmp_path / "first", database_url=database.url))
    asyncio.run(add(database.url, SealingKeys(parse_sealing_keys(first["signals_sealing_keys"]))))
    with pytest.raises(SettingsError, match=r"^SIGNALS_SEALING_KEYS: is not set. No key that is in use opens"):
        for_development(settings(tmp_path / "second", database_url=database.url))
    assert for_development(settings(tmp_path / "first", database_url=database.url)) == first


async def add(url: str, sealing: SealingKeys) -> None:
    """Register a producer."""
    async with orm(url):
        await keys.add_producer("tests", sealing, "alpha")


@pytest.mark.parametrize("tables", [True, False])
def test_a_database_that_is_away_or_empty_has_no_say(empty_database: Database, tmp_path: Path, tables: bool) -> None:
    url = empty_database.url if tables else "postgresql://127.0.0.1:1/none"
    assert for_development(settings(tmp_path, database_url=url))
