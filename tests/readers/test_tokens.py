"""The form of a token: nobody guesses it, and whoever looks for secrets finds it."""

import hashlib
import re

from service.readers.tokens import FORM, PREFIX, new_token, sha256


def test_no_token_comes_twice() -> None:
    assert len({new_token() for _ in range(1000)}) == 1000


def test_a_token_has_256_random_bits_behind_a_word_that_scanners_know() -> None:
    for _ in range(100):
        token = new_token()
        assert re.fullmatch(FORM, token)
        assert len(token) == len(PREFIX) + 43
    assert PREFIX == "signals_reader_"


def test_a_token_is_found_in_a_text_that_nobody_meant_it_to_be_in() -> None:
    token = new_token()
    assert re.findall(FORM, f'curl -H "Authorization: Bearer {token}" https://signals.example/api/v1/feed') == [token]


def test_its_hash_is_kept() -> None:
    assert sha256(b"signals_reader_x") == hashlib.sha256(b"signals_reader_x").digest()
