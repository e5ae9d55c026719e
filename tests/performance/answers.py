"""Answers, for clients that are to take little of the processor."""

import asyncio


async def next_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The status and the body of the next answer. Raises IncompleteReadError where there is none."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return int(head.split(b" ")[1]), await reader.readexactly(length)
