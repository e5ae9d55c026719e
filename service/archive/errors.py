"""What operators are refused, because of the state of things. The message is a sentence for the operator.

RegistryRefusal
└── ArchiveRefusal
    ├── AtWork
    ├── Differs
    ├── MonthIsThere
    ├── NoArchive
    ├── NobodyOfThatName
    └── NotOurs
"""

from pathlib import Path

from service.following.changes import RegistryRefusal


class ArchiveRefusal(RegistryRefusal):
    """Nothing was archived or restored."""


class AtWork(ArchiveRefusal):
    def __init__(self) -> None:
        super().__init__("Another process archives, restores or forgets: run this again when it is done")


class Differs(ArchiveRefusal):
    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} does not hold what was written into it: the disk is not to be trusted")


class MonthIsThere(ArchiveRefusal):
    def __init__(self, month: object) -> None:
        super().__init__(f"The signals of {month} have a table already, so they were not archived here")


class NoArchive(ArchiveRefusal):
    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder} is not a whole archive: {reason}")


class NobodyOfThatName(ArchiveRefusal):
    def __init__(self, name: str) -> None:
        super().__init__(f"There is neither a producer {name} nor anything that it has sent")


class NotOurs(ArchiveRefusal):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} holds the archive of other signals of that month: choose another folder")
