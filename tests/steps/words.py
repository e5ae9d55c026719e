"""Phrases that stand for something: the feature files say the phrase, a table of the steps says what it means."""

import re
from collections.abc import Iterable

Table = list[list[str]]
"""The cells of a table below a sentence."""


def one_of(phrases: Iterable[str]) -> str:
    """A regular expression for any of the phrases."""
    return "|".join(re.escape(phrase) for phrase in phrases)
