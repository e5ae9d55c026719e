"""Batches that are sent to an application, and what they leave behind."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx

from tests.running.application import JSON, NOW, signing_headers
from tests.speaking.exchange import BATCH

BAD = {"instrument": "xauusd"}
"""A member that makes an item one that is refused."""


def item(number: int = 0, **changes: Any) -> dict[str, Any]:
    """A good item, unlike those with other numbers."""
    signal = {"instrument": "XAUUSD", "side": 0, "time": f"2026-01-31T12:00:00.{number:06}Z", "payload": {"n": number}}
    return signal | changes


def items(count: int, *bad: int) -> list[dict[str, Any]]:
    """So many items, those at some places bad."""
    return [item(number, **(BAD if number in bad else {})) for number in range(count)]


def body_of(signals: Sequence[Any], **members: Any) -> bytes:
    """The body of a batch."""
    return json.dumps({"signals": signals, **members}).encode()


def signed(body: bytes, seconds: int = 0, producer_id: str = "alpha") -> Mapping[str, str]:
    """The headers of a body that was signed some seconds after the others."""
    return signing_headers(body, moment=NOW + timedelta(seconds=seconds), producer_id=producer_id)


async def post(client: httpx.AsyncClient, body: bytes, headers: Mapping[str, str] = JSON) -> httpx.Response:
    """Send a batch."""
    return await client.post(BATCH, content=body, headers=headers)


def statuses(answer: httpx.Response) -> list[int]:
    """The statuses of the items."""
    return [result["status"] for result in answer.json()["results"]]
