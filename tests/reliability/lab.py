"""What every run has: its size, its seed, a PostgreSQL and a service that are cleared away at the end."""

import asyncio
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from tests.reliability.ledger import Ledger, audit
from tests.reliability.postgresql import PostgreSQL
from tests.reliability.readiness import watching
from tests.reliability.run import Row, Run
from tests.reliability.serving import Service
from tests.running.ports import free_port
from tests.running.waiting import until
from tests.speaking.connection import Connection

Thing = TypeVar("Thing")


class Schedule:
    """How large a run is, and what happens when in it: a seed decides. `full` asks for the full numbers."""

    def __init__(self, seed: int, *, full: bool) -> None:
        self.full = full
        self.seed = seed
        self.draw = random.Random(seed)  # noqa: S311  # a schedule, not a secret

    def size(self, short: int, full: int) -> int:
        """One of two numbers, by the form of the run."""
        return full if self.full else short

    async def acknowledged(self, ledger: Ledger, more: int) -> None:
        """Wait until that many more signals are acknowledged."""
        enough = len(ledger.acknowledged) + more
        await until(lambda: len(ledger.acknowledged) >= enough, f"{more} more signals are acknowledged", 120)

    async def created_after(self, ledger: Ledger, moment: float) -> float:
        """Wait for the first 201 after `moment`; returns when it came."""
        await until(lambda: ledger.first_after(moment) is not None, "a signal is acknowledged again")
        return ledger.first_after(moment) or moment

    async def pause(self, seconds: float) -> None:
        """Let the load run for a time drawn from the seed, at most `seconds`."""
        await asyncio.sleep(self.draw.uniform(0, seconds))


class Lab(Schedule):
    """The place where one fault is brought about."""

    def __init__(
        self, template: Path, seed: int, things: ExitStack, report: Callable[[Row], None], *, full: bool
    ) -> None:
        super().__init__(seed, full=full)
        self.folder = Path(things.enter_context(tempfile.TemporaryDirectory(prefix="signals-")))
        self._template = template
        self._things = things
        self._report = report

    def use(self, context: AbstractContextManager[Thing]) -> Thing:
        """Enter a context that is left when the lab is cleared away."""
        return self._things.enter_context(context)

    async def postgresql(self, folder: Path | None = None, settings: Mapping[str, str] | None = None) -> PostgreSQL:
        """A running PostgreSQL."""
        postgresql = PostgreSQL(self._template, folder or self.folder)
        self._things.callback(postgresql.end)
        await postgresql.begin(settings)
        return postgresql

    async def service(self, url: str, *, workers: int = 1, signing: bool = True, **settings: str) -> Service:
        """A service that is ready."""
        service = Service(self.folder, url, free_port(), workers=workers, signing=signing, **settings)
        self._things.callback(service.end)
        service.start()
        async with watching(service.port) as readiness:
            await until(lambda: readiness.first(ready=True, after=0) is not None, "the service is ready")
        return service

    def connection(self, service: Service) -> Connection:
        """A connection to the service."""
        connection = Connection(service.port)
        self._things.callback(connection.close)
        return connection

    async def conclude(
        self,
        fault: str,
        times: int,
        postgresql: PostgreSQL,
        ledger: Ledger,
        back_after: list[float] | None = None,
        not_ready_after: list[float] | None = None,
    ) -> Run:
        """Compare what was acknowledged with what is stored, and report it before anything is asserted."""
        connection = await postgresql.connect()
        try:
            compared = await audit(ledger, connection)
        finally:
            await connection.close()
        run = Run(fault, times, self.seed, ledger, compared, back_after or (), not_ready_after or ())
        self._report(run.row())
        return run


@contextmanager
def laboratory(template: Path, seed: int, report: Callable[[Row], None], *, full: bool) -> Iterator[Lab]:
    """A lab; all that was started in it is ended, the last first."""
    with ExitStack() as things:
        yield Lab(template, seed, things, report, full=full)
