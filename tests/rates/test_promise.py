"""What is promised of a rate: never a tenth more than it, and nearly all of it, whatever the processes do.

The time of these tests is their own, so that minutes pass in a moment, and the database is a real one.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from service.notation.rate import Rate
from tests.hostile.seed import SEED
from tests.rates.simulated import Simulation, allowed, most_within, simulation
from tests.running.application import figure
from tests.running.postgres import Database

pytestmark = [pytest.mark.anyio, pytest.mark.no_cover]

RATES = ["100/s", "10/s", "3/s", "1/s", "30/m"]

chance = random.Random(SEED)  # noqa: S311  # load, no secret


@pytest.fixture(autouse=True)
def _same_chance() -> None:
    """Whatever ran before."""
    chance.seed(SEED)


Load = Callable[[float], int]
"""Which of two processes a request goes to at a moment."""

LOADS: dict[str, Load] = {
    "half and half": lambda _: chance.randrange(2),
    "all to one": lambda _: 0,
    "nearly all to one": lambda _: int(chance.random() < 0.05),
    "another every second": lambda moment: int(moment) % 2,
}


def steadily(per_second: float, seconds: float, start: float = 60.0) -> Iterator[float]:
    """Moments at the same distance."""
    return (start + number / per_second for number in range(int(per_second * seconds)))


async def accepted(simulated: Simulation, rate: Rate, moments: Iterator[float], load: Load) -> list[float]:
    """When requests passed that came at these moments."""
    passed = []
    for moment in moments:
        await simulated.pass_until(moment)
        if await simulated.processes[load(moment)].asks(rate):
            passed.append(moment)
    return passed


@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS.keys())
@pytest.mark.parametrize("text", RATES)
async def test_twice_the_rate_gets_the_rate(database: Database, text: str, load: Load) -> None:
    rate = Rate.parse(text)
    window, most = allowed(rate)
    seconds = max(30.0, 1.5 * window)
    async with simulation(database) as simulated:
        passed = await accepted(simulated, rate, steadily(2 / rate.each_seconds, seconds), load)
    assert most_within(passed, window) <= most
    assert len(passed) >= 0.95 * seconds / rate.each_seconds


@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS.keys())
async def test_it_is_let_through_evenly(database: Database, load: Load) -> None:
    rate = Rate.parse("100/s")
    async with simulation(database) as simulated:
        passed = await accepted(simulated, rate, steadily(200, 60), load)
    seconds = Counter(int(moment) for moment in passed)
    assert all(80 <= seconds[second] <= 120 for second in range(62, 120))


@pytest.mark.parametrize("text", RATES)
async def test_what_is_within_the_rate_passes(database: Database, text: str) -> None:
    rate = Rate.parse(text)
    async with simulation(database) as simulated:
        asked = [*steadily(0.99 / rate.each_seconds, 1.5 * allowed(rate)[0])]
        assert await accepted(simulated, rate, iter(asked), LOADS["another every second"]) == asked


@pytest.mark.parametrize("text", ["10/s", "3/s"])
async def test_nobody_saves_up_more_than_one_second(database: Database, text: str) -> None:
    """Idle for a minute, then everything at once at both processes, each time a little later than the time before."""
    rate = Rate.parse(text)
    window, most = allowed(rate)
    passed = []
    async with simulation(database) as simulated:
        for turn in range(200):
            start = 70.005 * turn + 60
            at_once = await accepted(simulated, rate, iter([start] * 2 * rate.count), LOADS["half and half"])
            # What one process has borrowed the other cannot have at once.
            assert rate.count - 3 * (rate.count >= 10) <= len(at_once) <= rate.count
            passed += at_once + await accepted(simulated, rate, steadily(20, 1, start), LOADS["half and half"])
    assert most_within(passed, window) <= most


async def test_what_processes_have_borrowed_is_not_saved_up_again(database: Database) -> None:
    """Four that send a little each have borrowed tokens when they all send much. They come on top of a second's
    worth, and are few: of 80 other seeds none let more than 102 pass."""
    rate = Rate.parse("100/s")
    async with simulation(database, *[0.0] * 4) as simulated:
        await accepted(simulated, rate, steadily(80, 2), lambda moment: int(moment * 80) % 4)
        start = simulated.now + 0.2
        at_once = await accepted(simulated, rate, iter([start] * 400), lambda _: chance.randrange(4))
    assert len(at_once) <= 1.1 * rate.count


@pytest.mark.parametrize("turn", range(12))
async def test_nobody_gets_more_by_any_pattern(database: Database, turn: int) -> None:
    """Bursts, pauses, refused requests and killed processes, by chance."""
    draw = random.Random(f"{SEED} {turn}")  # noqa: S311  # load, no secret
    rate = Rate.parse(draw.choice(["100/s", "20/s", "10/s", "5/s", "1/s"]))
    window, most = allowed(rate)
    passed: list[float] = []
    async with simulation(database, *[0.0] * draw.randint(1, 4)) as simulated:
        while simulated.now < 40:
            await simulated.pass_until(simulated.now + draw.choice([0.001, 0.01, 0.05, 0.1, 0.3, 1.0]))
            process = draw.choice(simulated.processes)
            if draw.random() < 0.02:
                process.restart()
            stored = draw.random() < 0.8
            for _ in range(draw.choice([1, 1, 2, 5, rate.count])):
                if await process.asks(rate, stored=stored) and stored:
                    passed.append(simulated.now)
    assert most_within(passed, window) <= most


async def test_clocks_of_processes_do_not_matter(database: Database) -> None:
    rate = Rate.parse("10/s")
    window, most = allowed(rate)
    async with simulation(database, 3600.0, 0.0) as simulated:
        passed = await accepted(simulated, rate, steadily(20, 30), LOADS["half and half"])
    assert most_within(passed, window) <= most
    assert len(passed) >= 0.95 * 300


@pytest.mark.parametrize("step", [-600.0, 600.0])
async def test_a_step_of_the_databases_clock_is_over_within_a_second(database: Database, step: float) -> None:
    rate = Rate.parse("10/s")
    async with simulation(database) as simulated:
        before = await accepted(simulated, rate, steadily(20, 10), LOADS["half and half"])
        simulated.database_ahead = step
        after = await accepted(simulated, rate, steadily(20, 10, 70), LOADS["half and half"])
    assert most_within(before + after, 10) <= 110 + 10
    assert len(after) >= 90


async def test_refused_requests_are_free(database: Database) -> None:
    rate = Rate.parse("5/s")
    async with simulation(database) as simulated:
        for moment in steadily(100, 20):
            await simulated.pass_until(moment)
            assert await simulated.processes[int(moment * 100) % 2].asks(rate, stored=False)
        await simulated.pass_until(simulated.now + 0.5)
        assert [await simulated.processes[0].asks(rate) for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.parametrize(("text", "asked"), [("10/s", 10), ("100/s", 50), ("100/s", 200)])
async def test_most_requests_ask_nobody(database: Database, text: str, asked: int) -> None:
    async with simulation(database, 0.0) as simulated:
        before = figure("signals_rate_exchanges_total")
        await accepted(simulated, Rate.parse(text), steadily(asked, 30), LOADS["all to one"])
        exchanges = figure("signals_rate_exchanges_total") - before
    assert exchanges <= 30 * min(asked / 2, 6)


async def test_who_waits_as_told_passes(database: Database) -> None:
    """A lone client, a thousand times, with whatever rate."""
    async with simulation(database) as simulated:
        for turn in range(1000):
            rate = Rate.parse(RATES[turn % len(RATES)])
            process = simulated.processes[turn % 2]
            while await process.asks(rate):
                pass
            _, seconds = process.quotas.standing("alpha", rate)
            await simulated.pass_until(simulated.now + seconds)
            assert await process.asks(rate), f"{rate}, after {seconds} s"


async def test_a_rate_that_is_raised_holds_at_once(database: Database) -> None:
    async with simulation(database) as simulated:
        process = simulated.processes[0]
        assert [await process.asks(Rate.parse("1/h")) for _ in range(2)] == [True, False]
        assert [await process.asks(Rate.parse("10/s")) for _ in range(10)] == [True] * 9 + [False]


async def test_a_rate_that_is_lowered_holds_at_once(database: Database) -> None:
    async with simulation(database) as simulated:
        await accepted(simulated, Rate.parse("100/s"), steadily(50, 10), LOADS["all to one"])
        moments = steadily(50, 20, simulated.now)
        assert len(await accepted(simulated, Rate.parse("10/s"), moments, LOADS["all to one"])) <= 210 + 20
