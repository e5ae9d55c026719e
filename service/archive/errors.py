"""What operators are refused, because of the state of things. The message is a sentence for the operator.

RegistryRefusal
└── ArchiveRefusal
    ├── CannotWrite
    ├── Differs
    ├── HoldsMore
    ├── MonthIsThere
    ├── NoArchive
    ├── NotOurs
    ├── OpenThere
    └── TooManyThere
"""

from pathlib import Path

from service.following.changes import RegistryRefusal


class ArchiveRefusal(RegistryRefusal):
    """Nothing was archived or restored."""


class CannotWrite(ArchiveRefusal):
    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be written: {reason}")


class Differs(ArchiveRefusal):
    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} and the database do not hold the same: nothing was dropped, and nothing put back")


class HoldsMore(ArchiveRefusal):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} holds more of that month than the database, which is an older copy: keep it under another name"
        )


class MonthIsThere(ArchiveRefusal):
    def __init__(self, month: object) -> None:
        super().__init__(f"The signals of {month} have a table already, so they were not archived here")


class NoArchive(ArchiveRefusal):
    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder} is not a whole archive: {reason}")


class NotOurs(ArchiveRefusal):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} holds the archive of other signals of that month: choose another folder")


class OpenThere(ArchiveRefusal):
    def __init__(self, month: object) -> None:
        super().__init__(
            f"Signals of {month} that expire were stored since, by a wrong clock: put it back when they are closed"
        )


class TooManyThere(ArchiveRefusal):
    def __init__(self, month: object) -> None:
        super().__init__(
            f"Too many signals of {month} were stored since, by a wrong clock, to be moved into it at once"
        )
