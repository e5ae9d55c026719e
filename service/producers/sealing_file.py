"""The sealing key that is made for development, in the data folder, so that a newcomer need not make one."""

import tempfile
from contextlib import suppress
from pathlib import Path

from service.kernel.sealing_keys import new_sealing_key, parse_sealing_keys
from service.settings import Settings, SettingsError

NAME = "sealing-key"


def sealing_keys(settings: Settings) -> list[bytes]:
    """The sealing keys of the settings, or else, in development, the one in the data folder, if there is one.

    Raises SettingsError when that file holds something else.
    """
    path = settings.signals_data_dir / NAME
    if settings.signals_sealing_keys.get_secret_value() or settings.app_env != "development" or not path.exists():
        return settings.sealing_keys
    try:
        return parse_sealing_keys(path.read_text(encoding="ascii"))
    except ValueError:
        raise SettingsError(f"SIGNALS_DATA_DIR: the file {NAME} in it holds no sealing key") from None


def make_sealing_key(data_dir: Path) -> None:
    """Make the file, readable for its owner only, unless it is there. Several may do so at once."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=data_dir, encoding="ascii") as draft:
        draft.write(f"{new_sealing_key()}\n")
        draft.flush()
        with suppress(FileExistsError):
            (data_dir / NAME).hardlink_to(draft.name)
