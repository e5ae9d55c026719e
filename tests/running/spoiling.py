"""A disk that does not keep what it is given."""

from collections.abc import Callable


class Spoiling:
    """Does something while the changes of the oldest month are written, when its signals are on disk."""

    def __init__(self, spoil: Callable[[], object]) -> None:
        self._spoil = spoil
        self._told = 0

    def __call__(self, what: str, _: int) -> None:
        self._told += what.startswith("writing")
        if self._told == 2:
            self._told += 1
            self._spoil()
