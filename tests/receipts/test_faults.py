"""How long something counts as a fault of the service."""

import time

import asyncpg

from service.receipts.faults import Faults


def test_a_fault_ends_with_what_was_sent_after_it() -> None:
    """What was sent before may have been stored before, and be confirmed only now."""
    faults, earlier = Faults(), time.monotonic()
    assert faults.note(asyncpg.DiskFullError("full"))
    faults.end(earlier)
    assert faults
    faults.end(time.monotonic())
    assert not faults


def test_each_kind_is_new_once() -> None:
    faults = Faults()
    assert [faults.note(asyncpg.DiskFullError("full")), faults.note(asyncpg.DiskFullError("still"))] == [True, False]
    assert faults.note(TimeoutError())
    assert TimeoutError() in faults
    assert OSError() not in faults
