"""Secrets at rest: what was sealed opens where it belongs and nowhere else."""

import os
from uuid import uuid4

import pytest

from service.keyring.sealing import MARK_BYTES, NONCE_BYTES, SealingKeys, Tampered, UnknownSealingKey

OLD, NEW = os.urandom(32), os.urandom(32)
SECRET = b"a-secret-that-nobody-is-to-see"
KEY_ID = uuid4()


def sealed(sealing: SealingKeys) -> bytes:
    return sealing.seal(SECRET, key_id=KEY_ID, producer="alpha")


def test_what_is_sealed_opens_again() -> None:
    sealing = SealingKeys([OLD])
    assert sealing.open(sealed(sealing), key_id=KEY_ID, producer="alpha") == SECRET


def test_the_first_key_seals_and_all_open() -> None:
    old, turning, new = SealingKeys([OLD]), SealingKeys([NEW, OLD]), SealingKeys([NEW])
    assert turning.open(sealed(old), key_id=KEY_ID, producer="alpha") == SECRET
    assert new.open(sealed(turning), key_id=KEY_ID, producer="alpha") == SECRET
    assert turning.is_newest(sealed(turning))
    assert not turning.is_newest(sealed(old))
    with pytest.raises(UnknownSealingKey):
        old.open(sealed(turning), key_id=KEY_ID, producer="alpha")


def test_without_keys_nothing_opens() -> None:
    assert not SealingKeys([])
    with pytest.raises(UnknownSealingKey):
        SealingKeys([]).open(sealed(SealingKeys([OLD])), key_id=KEY_ID, producer="alpha")


@pytest.mark.parametrize(("key_id", "producer"), [(uuid4(), "alpha"), (KEY_ID, "beta"), (KEY_ID, "alph")])
def test_under_another_id_or_producer_it_does_not_open(key_id: object, producer: str) -> None:
    sealing = SealingKeys([OLD])
    with pytest.raises(Tampered):
        sealing.open(sealed(sealing), key_id=key_id, producer=producer)  # type: ignore[arg-type]


@pytest.mark.parametrize("place", [MARK_BYTES, MARK_BYTES + NONCE_BYTES, -1])
def test_a_changed_byte_keeps_it_shut(place: int) -> None:
    sealing = SealingKeys([OLD])
    changed = bytearray(sealed(sealing))
    changed[place] ^= 1
    with pytest.raises(Tampered):
        sealing.open(bytes(changed), key_id=KEY_ID, producer="alpha")


@pytest.mark.parametrize("size", range(MARK_BYTES, MARK_BYTES + NONCE_BYTES + 17))
def test_a_piece_of_it_stays_shut(size: int) -> None:
    sealing = SealingKeys([OLD])
    with pytest.raises(Tampered):
        sealing.open(sealed(sealing)[:size], key_id=KEY_ID, producer="alpha")


def test_it_tells_neither_secret_nor_sealing_key() -> None:
    text = sealed(SealingKeys([OLD]))
    assert SECRET[:8] not in text
    assert OLD[:4] not in text


def test_no_nonce_occurs_twice() -> None:
    """10,000 keys, sealed and resealed twice."""
    sealing = SealingKeys([OLD])
    nonces = {sealed(sealing)[MARK_BYTES:][:NONCE_BYTES] for _ in range(30_000)}
    assert len(nonces) == 30_000
