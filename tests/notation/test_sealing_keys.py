"""The form of sealing keys: exactly 32 bytes come out, or the place of the wrong one is told, and never its value."""

import base64
import os

import pytest

from service.notation.sealing_keys import new_sealing_key, parse_sealing_keys

KEY = bytes(range(100, 132))
OTHER = bytes(range(200, 232))
STANDARD = base64.b64encode(KEY).decode()
URL_SAFE = base64.urlsafe_b64encode(OTHER).decode()


def bare(text: str) -> str:
    """Without padding."""
    return text.rstrip("=")


def encoded(size: int) -> str:
    """So many bytes in base64."""
    return base64.b64encode(bytes(range(size))).decode()


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (STANDARD, [KEY]),
        (bare(STANDARD), [KEY]),
        (URL_SAFE, [OTHER]),
        (bare(URL_SAFE), [OTHER]),
        (f"{STANDARD},{URL_SAFE}", [KEY, OTHER]),
        (f" {URL_SAFE} , {STANDARD} ", [OTHER, KEY]),
        (f"{STANDARD}\n", [KEY]),
    ],
    ids=["standard", "without padding", "URL-safe", "URL-safe without padding", "two", "blanks", "line break at end"],
)
def test_every_spelling_of_32_bytes_is_read(text: str, keys: list[bytes]) -> None:
    assert parse_sealing_keys(text) == keys


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", 1),
        (f"{STANDARD},", 2),
        (f",{STANDARD}", 1),
        (KEY.hex(), 1),
        (encoded(16), 1),
        (encoded(24), 1),
        (encoded(31), 1),
        (encoded(33), 1),
        (encoded(44), 1),
        (encoded(48), 1),
        (f"{URL_SAFE},{STANDARD[:20]}\n{STANDARD[20:]}", 2),
        (base64.b64encode(STANDARD.encode()).decode(), 1),
        (f"{STANDARD}=", 1),
        (f"{bare(STANDARD)[:-1]}{chr(ord(bare(STANDARD)[-1]) + 1)}", 1),
        ("K" * 32, 1),
        ("é" * 43, 1),
    ],
)
def test_anything_else_is_refused_by_its_place(text: str, place: int) -> None:
    with pytest.raises(ValueError, match=f"^number {place} is not 32 bytes in base64") as refused:
        parse_sealing_keys(text)
    assert all(part.strip() not in str(refused.value) for part in text.split(",") if part.strip())


def test_the_same_key_twice_is_refused_whatever_its_spelling() -> None:
    with pytest.raises(ValueError, match=r"^number 3 is there twice$"):
        parse_sealing_keys(f"{URL_SAFE},{STANDARD},{bare(STANDARD)}")


def test_what_is_made_can_be_read_and_is_never_the_same() -> None:
    made = [new_sealing_key() for _ in range(100)]
    assert len({parse_sealing_keys(key)[0] for key in made}) == 100


def test_bytes_of_the_machine_are_read_as_openssl_writes_them() -> None:
    key = os.urandom(32)
    assert parse_sealing_keys(base64.b64encode(key).decode() + "\n") == [key]
