"""A disk that does not keep what it is given."""

from collections.abc import Callable


class Spoiling:
    """Does something while the changes of a month are written, when its signals are on disk."""

    def __init__(self, month: object, spoil: Callable[[], object]) -> None:
        self._writing = f"writing {month}"
        self._spoil = spoil
        self._told = 0

    def __call__(self, what: str, _: int) -> None:
        self._told += what == self._writing
        if self._told == 2:
            self._told += 1
            self._spoil()
