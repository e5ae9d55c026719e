"""What lies in the folder of a month: two files, and a manifest that says what is in them."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ValidationError

from service.archive import files
from service.archive.errors import NoArchive

SIGNALS, TRANSITIONS, MANIFEST = "signals.ndjson.zst", "transitions.ndjson.zst", "manifest.json"


class Part(BaseModel):
    """A file: how many lines it has, and its SHA-256 as it lies on disk."""

    lines: int
    sha256: str


class Place(BaseModel):
    """A place in the order in which signals are read."""

    epoch: int
    xact: int
    id: str


class Manifest(BaseModel):
    """What was archived of a month. It is written last: where there is one, the files are whole."""

    form: int = 1
    month: str
    signals: Part
    transitions: Part
    first_id: str | None
    last_id: str | None
    first_place: Place | None
    last_place: Place | None
    """That of the last of its signals, or of the last approval of one, where it was given."""
    producers: list[str]
    """The SHA-256 of their names, in hexadecimal digits."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The manifest of a folder. Raises NoArchive, also when a file is not the one that was written."""
        try:
            manifest = cls.model_validate_json((folder / MANIFEST).read_bytes())
            for name, part in {SIGNALS: manifest.signals, TRANSITIONS: manifest.transitions}.items():
                if files.sha256(folder / name) != part.sha256:
                    raise NoArchive(folder, f"{name} is not the file that was written")
        except ValidationError:
            raise NoArchive(folder, f"{MANIFEST} cannot be read") from None
        except FileNotFoundError as error:
            raise NoArchive(folder, f"{Path(error.filename).name} is missing") from None
        return manifest

    @classmethod
    def found_in(cls, folder: Path) -> Self | None:
        """The manifest of what lies in a folder; None where nothing does, or nothing that can be read."""
        try:
            return cls.model_validate_json((folder / MANIFEST).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def write(self, folder: Path) -> None:
        """Put it beside the files that it is of. Raises CannotWrite."""
        files.write(folder / MANIFEST, self.model_dump_json(indent=2).encode() + b"\n")
