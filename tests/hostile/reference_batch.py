"""What the contract says about a batch: for what it is refused as a whole, or what may become of each signal in it."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.hostile.reference_json import LEVELS_ALWAYS_READ, depth, no_number, read, storable
from tests.hostile.reference_signal import Finding, Sent, examine
from tests.observing.contract import check_item, check_json, check_refusal
from tests.observing.published import check_published
from tests.speaking.exchange import BATCH, Answer

ITEMS_MAX = 1000


@dataclass(frozen=True)
class BatchFinding:
    """The codes with which all of it may be refused, whatever is in it; and what may become of each signal, None when
    there is no telling."""

    whole: frozenset[str]
    items: Sequence[Finding] | None = None
    atomic: bool = False

    def check(self, answer: Answer) -> dict[UUID, Sent]:
        """Fail unless the answer is one of those that are right; the signals that are stored by what it says."""
        if "results" not in answer.json():
            code = answer.json()["code"]
            assert code in self.whole, f"{code}, but should be {self.whole or 'told one by one'}"
            check_refusal(answer, code, BATCH)
            return {}
        assert self.items is not None, f"told one by one, but should be {self.whole}"
        results = answer.json()["results"]
        self._check_status(answer, [result["status"] for result in results])
        pairs = enumerate(zip(self.items, results, strict=True))
        return {id: signal for place, pair in pairs for id, signal in self._check_item(place, *pair)}

    def _check_status(self, answer: Answer, statuses: Sequence[int]) -> None:
        stored = statuses.count(201)
        if stored:
            check_json(answer)
            check_published(answer, BATCH)
            assert answer.status == (201 if stored == len(statuses) else 207)
            assert answer.status == 201 or not self.atomic
        else:
            check_refusal(answer, "batch_refused")

    def _check_item(self, place: int, finding: Finding, result: dict[str, Any]) -> Iterable[tuple[UUID, Sent]]:
        if result["status"] == 201:
            assert finding.signal, f"{place}: accepted, but should be {finding.codes}"
            yield UUID(result["id"]), finding.signal
            return
        allowed = finding.codes | ({"not_stored"} if self.atomic and finding.signal else set())
        assert result["code"] in allowed, f"{place}: {result['code']}, but should be {allowed or 'accepted'}"
        check_item(result, result["code"])
        if result["code"] == "validation_failed":
            places = [fault["loc"] for fault in result["detail"]]
            assert all(loc[:3] == ["body", "signals", place] for loc in places)
            assert sorted({loc[3] if loc[3:] else "body" for loc in places}) == list(finding.fields)


def examine_batch(body: bytes) -> BatchFinding:
    """What may become of a body that is signed, where batches are taken."""
    parts = _apart(body)
    if parts is None:
        reading = read(body)
        return BatchFinding(reading.codes or frozenset({"validation_failed"}))
    rest, texts = parts
    envelope = read(rest)
    if not envelope.acceptable:
        return BatchFinding(envelope.codes)
    if not _is_batch(envelope.value, len(texts)):
        return BatchFinding(envelope.codes | {"validation_failed"})
    items = [examine(text) for text in texts]
    deep = any(depth(read(text).value) > LEVELS_ALWAYS_READ for text in texts)
    whole = envelope.codes | ({"invalid_json"} if deep else set())
    return BatchFinding(whole, items, envelope.value.get("atomic", False))


def _is_batch(envelope: dict[str, Any], items: int) -> bool:
    others = {name: member for name, member in envelope.items() if name != "signals"}
    return (
        1 <= items <= ITEMS_MAX
        and not others.keys() & {"instrument", "side", "time"}
        and isinstance(others.get("atomic", False), bool)
        and storable(others)
    )


def _apart(body: bytes) -> tuple[bytes, Sequence[bytes]] | None:
    """The body with as many zeros in place of its signals, and the text of each; None where it is no JSON, or is an
    object without a list of signals."""
    scanner = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=no_number)
    try:
        text = body.decode()
        members = _Scan(text, scanner.raw_decode).members("{}")
        [start] = [start for key, start, _ in members if key == "signals" and text[start] == "["]
        scan = _Scan(text, scanner.raw_decode, start)
        items = [text[first:last].encode() for _, first, last in scan.members("[]", named=False)]
    except (ValueError, RecursionError):
        return None
    zeros = ",".join("0" for _ in items)
    return f"{text[:start]}[{zeros}]{text[scan.place :]}".encode(), items


class _Scan:
    """Walks over one array or object, and knows its members by where they stand."""

    def __init__(self, text: str, value: Callable[[str, int], tuple[Any, int]], place: int = 0) -> None:
        self._text = text
        self._value = value
        self.place = place

    def members(self, brackets: str, *, named: bool = True) -> list[tuple[Any, int, int]]:
        """Key, beginning and end of each. Raises ValueError when there is anything else; behind an object too."""
        found: list[tuple[Any, int, int]] = []
        self._skip(brackets[0])
        while not self._is(brackets[1]):
            if found:
                self._skip(",")
            key = self._member() if named else None
            if named:
                self._skip(":")
            start = self._past_space()
            self._member()
            found.append((key, start, self.place))
        self._skip(brackets[1])
        if named and self._past_space() < len(self._text):
            raise ValueError
        return found

    def _member(self) -> Any:
        value, self.place = self._value(self._text, self._past_space())
        return value

    def _past_space(self) -> int:
        while self._text[self.place : self.place + 1] in {" ", "\t", "\n", "\r"}:
            self.place += 1
        return self.place

    def _is(self, letter: str) -> bool:
        return self._text.startswith(letter, self._past_space())

    def _skip(self, letter: str) -> None:
        if not self._is(letter):
            raise ValueError(letter)
        self.place += 1
