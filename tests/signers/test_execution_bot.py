"""The execution bot of the documents: its page is followed as it stands, and the bot is killed at random."""

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from tests.client.feed_server import feed_server
from tests.running.deployment import Deployment
from tests.running.environment import service_environment, unmeasured
from tests.running.waiting import DEADLINE_SECONDS, wait_until
from tests.signers.test_quickstarts import ADDRESS, DOCS, commands, page

BOT = DOCS / "execution" / "bot.py"

KILLS = int(os.environ.get("BOT_KILLS", "10"))
"""200 in a full run."""

SIGNALS = 300

Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the bot in a directory of its own; what it says lies in `said`."""
    with ExitStack() as stack:
        said = stack.enter_context((tmp_path / "said").open("a"))

        def start(url: str) -> "subprocess.Popen[str]":
            environment = unmeasured(service_environment({"SIGNALS_URL": url}))
            process = subprocess.Popen(
                [sys.executable, str(BOT)], cwd=tmp_path, env=environment, stdout=said, stderr=said, text=True
            )
            stack.callback(_end, process)
            return process

        yield start


def _end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait(DEADLINE_SECONDS)


def placed(folder: Path) -> set[str]:
    """The ids of the orders that there are."""
    return {path.name for path in (folder / "orders").glob("*")}


def test_the_page_shows_the_whole_bot_which_has_thirty_lines() -> None:
    text = BOT.read_text()
    assert f"```python\n{text}```\n" in page("execution-bot")
    assert len([line for line in text.partition('"""\n\n')[2].splitlines() if line]) <= 30


def test_the_page_leads_to_one_order_and_to_one_signal_that_is_passed_over(
    deployment: Deployment, tmp_path: Path, start: Start
) -> None:
    deployment.configure(SIGNALS_READERS="open")
    _, begin, send = commands(page("execution-bot"))
    assert ".venv/bin/python docs/execution/bot.py" in begin
    bot = start(deployment.url)
    wait_until(lambda: (tmp_path / "cursor").exists(), "the bot to follow")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    script = send.replace(ADDRESS, deployment.url)
    sent = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    fresh, old = re.findall(r"accepted (\S+),", sent.stdout)
    said = tmp_path / "said"
    told = [f"{fresh} is placed", f"{old} is passed over: too old"]
    wait_until(lambda: all(line in said.read_text().splitlines() for line in told), "both to be told")
    assert fresh in placed(tmp_path)
    assert old not in placed(tmp_path)
    assert (tmp_path / "orders" / fresh).read_text() == "buy XAUUSD {'stop_loss': Decimal('1945.50')}\n"
    assert all(re.sub(r"^\S+ ", "", line) in page("execution-bot") for line in told)
    assert bot.poll() is None


def test_a_bot_that_was_away_passes_over_what_is_too_old_and_goes_on(
    portal: BlockingPortal, tmp_path: Path, start: Start
) -> None:
    hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    with portal.wrap_async_context_manager(feed_server(portal)) as server:
        server.hold(5, time=hour_ago)
        (tmp_path / "cursor").write_text("2")
        bot = start(server.url)
        wait_until(lambda: (tmp_path / "cursor").read_text() == "5", "the bot to be where the feed is")
        assert placed(tmp_path) == set()
        assert (tmp_path / "said").read_text().count("is passed over") == 3
        _end(bot)
        server.hold(1, time=datetime.now(UTC).isoformat())
        start(server.url)
        wait_until(lambda: (tmp_path / "cursor").read_text() == "6", "the fresh one to be taken")
        assert placed(tmp_path) == {json.loads(server.signals[5])["id"]}


def test_no_order_is_missing_and_none_is_placed_twice_however_often_the_bot_is_killed(
    portal: BlockingPortal, tmp_path: Path, start: Start
) -> None:
    now = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    (tmp_path / "cursor").write_text("0")
    with portal.wrap_async_context_manager(feed_server(portal)) as server:
        for kill in range(1, KILLS + 1):
            server.hold(SIGNALS, time=now)
            bot = start(server.url)
            enough = (kill - 1) * SIGNALS + random.randint(1, SIGNALS)  # noqa: S311
            wait_until(lambda: len(placed(tmp_path)) >= enough, "some orders")  # noqa: B023
            _end(bot)
        start(server.url)
        wait_until(lambda: (tmp_path / "cursor").read_text() == str(len(server.signals)), "the bot to be done")
        ids = [json.loads(each)["id"] for each in server.signals]
    assert placed(tmp_path) == set(ids)
    said = (tmp_path / "said").read_text().splitlines()
    told = [line.split()[0] for line in said if line.endswith("is placed")]
    assert list(dict.fromkeys(told)) == ids
    assert not any("Traceback" in line for line in said)
