"""Log lines on their way out: whoever logs never waits, what is lost is counted and told, lines stay whole."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from service.kernel.line_writer import LineWriter
from tests.running.application import figure
from tests.running.waiting import DEADLINE_SECONDS, wait_until

LINE = b"%08d" + b"." * 91 + b"\n"
"""A hundred bytes, with a number."""


def tell(lines: int) -> bytes:
    return b"%d dropped\n" % lines


class Reader:
    """Whoever reads the log through a pipe, when it likes to."""

    def __init__(self) -> None:
        self.end, self.descriptor = os.pipe()
        self._gone = False

    def read(self, until: Callable[[bytes], bool]) -> list[bytes]:
        """Read until what was read is enough."""
        text = b""
        while not until(text):
            text += os.read(self.end, 65536)
        return text.splitlines()

    def leave(self) -> None:
        """Stop reading for good."""
        if not self._gone:
            self._gone = True
            os.close(self.end)


@pytest.fixture
def reader() -> Iterator[Reader]:
    """Somebody who does not read yet."""
    reader = Reader()
    yield reader
    reader.leave()
    os.close(reader.descriptor)


@contextmanager
def in_packets(**more: float) -> Iterator[tuple[socket.socket, LineWriter]]:
    """Somebody who sees what is written at once, and what writes to him."""
    theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    theirs.settimeout(DEADLINE_SECONDS)
    writer = LineWriter(ours.fileno(), tell, buffer_bytes=1_000_000, **more)
    try:
        yield theirs, writer
    finally:
        writer.close(DEADLINE_SECONDS)
        theirs.close()
        ours.close()


@pytest.fixture
def packets() -> Iterator[tuple[socket.socket, LineWriter]]:
    """The same, with a writer as it is."""
    with in_packets() as both:
        yield both


def dropped() -> float:
    """How many lines the metric says are lost."""
    return figure("signals_log_lines_dropped_total")


def test_lines_that_are_held_are_written_with_the_next(packets: tuple[socket.socket, LineWriter]) -> None:
    theirs, writer = packets
    writer.hold(b"proven\n")
    writer.hold(b"created\n")
    writer.write(b"handled\n")
    assert theirs.recv(65536) == b"proven\ncreated\nhandled\n"


def test_lines_that_come_soon_after_a_write_leave_together() -> None:
    """Red when each wakes the thread: a flood of refusals, whose lines come one by one, cost a third more."""
    with in_packets(rest_seconds=0.5) as (theirs, writer):
        writer.write(b"at once\n")
        assert theirs.recv(65536) == b"at once\n"
        writer.write(b"soon\n")
        theirs.settimeout(0.1)
        with pytest.raises(TimeoutError):
            theirs.recv(65536)
        theirs.settimeout(DEADLINE_SECONDS)
        writer.write(b"after\n")
        assert theirs.recv(65536) == b"soon\nafter\n"


def test_no_more_is_written_at_once_than_a_pipe_takes_whole(packets: tuple[socket.socket, LineWriter]) -> None:
    """Worker processes share one output. Red when all that waits is written at once: with a slow reader 593 of 33,000
    lines of two workers were torn."""
    theirs, writer = packets
    for number in range(99):
        writer.hold(LINE % number)
    writer.write(b"x" * 5000 + b"\n")
    pieces = [theirs.recv(65536) for _ in range(4)]
    assert [len(piece) for piece in pieces] == [4000, 4000, 1900, 5001]
    assert all(piece.endswith(b"\n") for piece in pieces)


def test_who_logs_does_not_wait_for_a_reader_and_what_is_lost_is_counted_and_told(reader: Reader) -> None:
    before = dropped()
    writer = LineWriter(reader.descriptor, tell, buffer_bytes=100_000)
    for number in range(5000):
        writer.write(LINE % number)
    lost = dropped() - before
    assert 0 < lost < 5000
    lines = reader.read(lambda text: b"dropped\n" in text)
    assert lines[-1] == b"%d dropped" % lost
    kept = [int(line[:8]) for line in lines[:-1]]
    assert len(kept) == 5000 - lost
    assert kept == sorted(kept)
    writer.write(b"again\n")
    assert reader.read(lambda text: text.endswith(b"\n")) == [b"again"]
    writer.close(DEADLINE_SECONDS)


def test_of_lines_that_come_together_each_finds_its_room_or_does_not(reader: Reader) -> None:
    before = dropped()
    writer = LineWriter(reader.descriptor, tell, buffer_bytes=100)
    writer.write(b"first\n", b"x" * 200 + b"\n", b"third\n")
    writer.close(DEADLINE_SECONDS)
    assert reader.read(lambda text: b"third\n" in text)[:2] == [b"first", b"third"]
    assert dropped() - before == 1


def test_a_reader_that_is_gone_stops_nothing(reader: Reader) -> None:
    before = dropped()
    writer = LineWriter(reader.descriptor, tell, buffer_bytes=1_000_000)
    reader.leave()
    writer.write(b"lost\n")
    writer.write(b"lost too\n")
    writer.close(DEADLINE_SECONDS)
    assert dropped() - before == 2


def test_without_an_output_every_line_counts_as_dropped() -> None:
    before = dropped()
    writer = LineWriter(None, tell, buffer_bytes=1000)
    writer.write(b"lost\n")
    writer.close(DEADLINE_SECONDS)
    assert dropped() - before == 1


def test_an_output_that_must_not_block_is_waited_for(reader: Reader) -> None:
    before = dropped()
    os.set_blocking(reader.descriptor, False)
    writer = LineWriter(reader.descriptor, tell, buffer_bytes=1_000_000)
    for number in range(5000):
        writer.write(LINE % number)
    assert len(reader.read(lambda text: len(text) == 500_000)) == 5000
    assert dropped() == before
    writer.close(DEADLINE_SECONDS)


def test_closing_writes_all_that_is_left(reader: Reader) -> None:
    writer = LineWriter(reader.descriptor, tell, buffer_bytes=1_000_000)
    for number in range(5000):
        writer.hold(LINE % number)
    closing = Thread(target=writer.close, args=(DEADLINE_SECONDS,))
    closing.start()
    assert len(reader.read(lambda text: len(text) == 500_000)) == 5000
    closing.join(DEADLINE_SECONDS)
    assert not closing.is_alive()


def test_closing_does_not_wait_for_a_reader_for_ever(reader: Reader) -> None:
    writer = LineWriter(reader.descriptor, tell, buffer_bytes=1_000_000)
    for number in range(5000):
        writer.write(LINE % number)
    closing = Thread(target=writer.close, args=(0.01,), daemon=True)
    closing.start()
    closing.join(DEADLINE_SECONDS)
    assert not closing.is_alive()
    reader.leave()
    writer.close(DEADLINE_SECONDS)


def test_a_line_may_come_in_the_middle_of_another(reader: Reader) -> None:
    """As from a signal handler or a finalizer. Red with a lock that is not re-entrant: it waits for itself."""
    writer = LineWriter(reader.descriptor, tell, buffer_bytes=1_000_000)

    class Interrupted(bytes):
        interrupted = False

        def __len__(self) -> int:
            if not Interrupted.interrupted:
                Interrupted.interrupted = True
                writer.write(b"inner\n")
            return super().__len__()

    Thread(target=writer.write, args=(Interrupted(b"outer\n"),), daemon=True).start()
    wait_until(lambda: Interrupted.interrupted, "the line is interrupted")
    assert sorted(reader.read(lambda text: text.count(b"\n") == 2)) == [b"inner", b"outer"]
    writer.close(DEADLINE_SECONDS)
