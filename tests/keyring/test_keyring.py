"""Who may sign with what, at which moment."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from service.http.errors import Overloaded
from service.keyring.keyring import ENDED_MAX, IN_USE_MAX, Key, Keyring, Registered
from service.proof.signing import RESENT_FOR

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SHARED = b"the-secret-that-all-share"


def key(number: int, ends_at: datetime | None = None, secret: bytes | None = b"s", *, opens: bool = True) -> Key:
    return Key(UUID(int=number), "alpha", secret, ends_at, opens=opens)


def keyring(*keys: Key, enabled: bool = True, shared: bytes = SHARED) -> Keyring:
    made = Keyring(shared, RESENT_FOR)
    made.fill({"alpha": Registered(enabled, keys)})
    return made


def found(keyring: Keyring, name: str = "alpha", now: datetime = NOW) -> list[int]:
    """The numbers of the keys that may have signed; 0 for the shared secret."""
    return [key.id.int if key.id else 0 for key in keyring.find(name, now)]


def test_before_it_is_filled_nobody_is_known_and_the_shared_secret_is_not_either() -> None:
    empty = Keyring(SHARED, RESENT_FOR)
    assert not empty.loaded
    with pytest.raises(Overloaded):
        empty.find("alpha", NOW)


def test_a_registered_producer_has_its_own_keys_and_not_the_shared_secret() -> None:
    assert found(keyring(key(1), key(2))) == [1, 2]
    assert found(keyring()) == []


def test_others_have_the_shared_secret() -> None:
    [shared] = keyring().find("beta", NOW)
    assert (shared.id, shared.secret) == (None, SHARED)


def test_an_empty_shared_secret_proves_nobody() -> None:
    assert found(keyring(shared=b""), "beta") == []


def test_a_disabled_producer_has_no_keys() -> None:
    assert found(keyring(key(1), enabled=False)) == []
    assert found(keyring(key(1, secret=None), enabled=False)) == []


def test_a_retiring_key_ends_on_the_second() -> None:
    retiring = key(1, NOW)
    assert not retiring.has_ended(NOW - SECOND / 1000)
    assert retiring.has_ended(NOW)


def test_a_key_that_ended_stays_for_requests_that_are_resent() -> None:
    ring = keyring(key(1, NOW), key(2))
    assert found(ring, now=NOW - SECOND) == [1, 2]
    assert found(ring, now=NOW) == [2, 1]
    assert found(ring, now=NOW + 599 * SECOND) == [2, 1]
    assert found(ring, now=NOW + 600 * SECOND) == [2]


def test_of_many_that_ended_the_latest_are_tried() -> None:
    ended = [key(number, NOW - number * SECOND) for number in range(1, 9)]
    assert found(keyring(*ended)) == list(range(1, ENDED_MAX + 1))


def test_more_keys_than_allowed_are_not_tried() -> None:
    """Who writes into the database by hand can make them; the cost of a refusal must not grow."""
    assert found(keyring(*map(key, range(1, 9)))) == list(range(1, IN_USE_MAX + 1))


def test_what_opens_works_beside_what_does_not() -> None:
    assert found(keyring(key(1, secret=None, opens=False), key(2))) == [2]


def test_a_secret_that_was_known_before_goes_on() -> None:
    assert found(keyring(key(1, opens=False))) == [1]


@pytest.mark.parametrize("ended", [(), (key(2, NOW - SECOND),)])
def test_a_producer_none_of_whose_keys_opens_is_put_off(ended: tuple[Key, ...]) -> None:
    with pytest.raises(Overloaded):
        keyring(key(1, secret=None, opens=False), *ended).find("alpha", NOW)


def test_a_key_that_has_ended_and_does_not_open_hurts_nobody() -> None:
    assert found(keyring(key(1, NOW, secret=None, opens=False))) == []
