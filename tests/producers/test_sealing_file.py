"""The sealing key of development: made once, for its owner alone, and only read where it may be."""

import stat
from pathlib import Path
from typing import Any

import pytest

from service.kernel.sealing_keys import new_sealing_key, parse_sealing_keys
from service.producers.sealing_file import NAME, make_sealing_key, sealing_keys
from service.settings import Settings, SettingsError


def settings(folder: Path, **values: Any) -> Settings:
    return Settings(_env_file=None, signals_data_dir=folder, **values)


def test_it_is_made_once_and_then_stays(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    make_sealing_key(folder)
    before = sealing_keys(settings(folder))
    make_sealing_key(folder)
    assert sealing_keys(settings(folder)) == before
    assert len(before[0]) == 32
    assert [path.name for path in folder.iterdir()] == [NAME]


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    make_sealing_key(tmp_path)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    assert sealing_keys(settings(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_it_yields_to_the_setting(tmp_path: Path) -> None:
    make_sealing_key(tmp_path)
    key = new_sealing_key()
    assert sealing_keys(settings(tmp_path, signals_sealing_keys=key)) == parse_sealing_keys(key)


@pytest.mark.parametrize("env", ["staging", "production"])
def test_it_is_not_used_outside_of_development(tmp_path: Path, env: str) -> None:
    make_sealing_key(tmp_path)
    assert sealing_keys(settings(tmp_path, app_env=env)) == []


def test_something_else_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("not-a-key")
    with pytest.raises(SettingsError, match=r"^SIGNALS_DATA_DIR: the file sealing-key in it holds no sealing key$"):
        sealing_keys(settings(tmp_path))
