"""The feature files are written in the words of the glossary, and for people who do not know HTTP."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from tortoise import Model

from service.manual.openapi import document
from service.postgres import models
from tests.running.environment import ROOT
from tests.specification.feature_files import FeatureFile, read_features

FILES = read_features()
DOCS = ROOT / "docs"
ROW = re.compile(r"^\| (?!word|---)" + r"([^|]*)\|" * 6 + "$", re.MULTILINE)
PROMISE = re.compile(r"^\| AC-\d\d \| [^|]+ \| ([^|]+) \|", re.MULTILINE)
NAME = re.compile(r"`([^`]+)`")
QUOTED = re.compile(r'"[^"]*"|\{.*\}|<[^>]*>|`[^`]*`')

ABOUT_HEADERS = {"AC-08", "AC-09", "AC-19", "AC-20", "AC-28"}
ABOUT_ADDRESSES = {"AC-20", "AC-21", "AC-28"}

every_feature = pytest.mark.parametrize("file", FILES, ids=[file.path.stem for file in FILES])


def cells(column: int) -> list[str]:
    """One column of the glossary, row by row."""
    rows = ROW.findall((DOCS / "glossary.md").read_text(encoding="utf-8"))
    return [row[column].strip() for row in rows]


def names(column: int) -> set[str]:
    """All names in one column of the glossary."""
    return {name for cell in cells(column) for name in NAME.findall(cell)}


FORBIDDEN = {word: cells(0)[row] for row, cell in enumerate(cells(5)) for word in filter(None, cell.split(", "))}


def prose(node: Any) -> Iterator[str]:
    """All that is written in words below a node of a feature file; tables, and the title of the feature, are not."""
    for child in node.get("children", []):
        inner = child.get("rule") or child["scenario"]
        yield inner["name"]
        yield from prose(inner)
    yield node.get("description", "")
    for step in node.get("steps", []):
        yield step["text"]
    for table in node.get("examples", []):
        yield table["name"]


def wrong_words(texts: Iterable[str]) -> set[str]:
    """The words in the texts that the glossary calls otherwise, with the word that is meant."""
    spoken = QUOTED.sub("", "\n".join(texts))
    return {
        f"{word}: {meant}"
        for word, meant in FORBIDDEN.items()
        if re.search(rf"\b{word}(s|es|d|ed|ing)?\b", spoken, re.IGNORECASE)
    }


@every_feature
def test_a_feature_uses_the_words_of_the_glossary(file: FeatureFile) -> None:
    assert not wrong_words(prose(file.feature))


def test_the_table_of_criteria_uses_the_words_of_the_glossary() -> None:
    promises = PROMISE.findall((DOCS / "acceptance.md").read_text(encoding="utf-8"))
    assert len(promises) == len(FILES)
    assert not wrong_words(promises)


def test_a_wrong_word_is_found() -> None:
    texts = ["The client sends", 'refused as "client"', "<client>", "a saved signal"]
    assert wrong_words(texts) == {"client: producer", "saved: stored"}


def test_every_word_of_the_glossary_is_used() -> None:
    spoken = " ".join(text for file in FILES for text in [*prose(file.feature), file.feature["name"]]).lower()
    words = [word for cell in cells(0) for word in cell.split(", ")]
    assert not [word for word in words if word.removeprefix("of ") not in spoken]


def test_the_columns_are_those_of_the_tables() -> None:
    tables: list[type[Model]] = [models.Signal, models.Receipt]
    columns = {column for table in tables for column in table._meta.fields}
    others = {"producers", "producer_keys", "rate", "quotas", "duplicates", "readers", "reader_tokens", "transitions"}
    assert names(3) == columns | {str(table._meta.db_table) for table in tables} | others


def test_the_names_of_the_api_are_those_of_the_published_document() -> None:
    published = str(document())
    assert not [name for name in names(2) if f"'{name}'" not in published]


def test_the_names_in_log_and_metrics_are_those_of_the_manual() -> None:
    manual = "".join((DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("operations", "protocol"))
    assert not [name for name in names(4) if f"`{name}`" not in manual]


@every_feature
def test_headers_and_addresses_are_named_where_they_are_the_matter(file: FeatureFile) -> None:
    said = "\n".join(step["text"] for pickle in file.pickles for step in pickle["steps"])
    assert file.tag in ABOUT_HEADERS or not re.search(r"\bX-[A-Z]", said)
    assert file.tag in ABOUT_ADDRESSES or not re.search(r'"/|\b(GET|POST|PUT) ', said)
