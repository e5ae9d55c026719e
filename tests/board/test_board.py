"""The board in a real browser: what goes wrong with such pages elsewhere.

Seen red, each on a page without what it is about: rows that are not dropped, a stream that goes on in a hidden tab, no
places for streams, no look at silence, ages by the browser's clock, every signal read aloud, numbers as JavaScript has
them, a style attribute, a token that is kept.
"""

import itertools
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.observing.board import Board
from tests.running.deployment import Deployment
from tests.running.operator import Operator
from tests.running.service_process import limited

INSERT = """
INSERT INTO signals (id, instrument, side, time, payload)
SELECT gen_random_uuid(), '{instrument}', number % 2, now(), {payload} FROM generate_series(1, {count}) AS number
RETURNING id::text
"""

WAITING = """
INSERT INTO signals (id, instrument, side, time, approval) VALUES (gen_random_uuid(), 'DESK', 0, now(), 'required')
RETURNING id::text
"""

_NUMBERS = itertools.count(1)

HASTE = """
const wait = window.setTimeout;
window.setTimeout = (work, ms, ...rest) => wait(work, ms / 10, ...rest);
"""
"""Ten seconds of the page pass in one."""

SPEAK = """
window.said = [];
const announcement = document.getElementById("announcement");
new MutationObserver(() => window.said.push(announcement.textContent)).observe(announcement, { childList: true });
"""

LISTEN = """
window.breaches = [];
document.addEventListener("securitypolicyviolation", (event) => window.breaches.push(event.violatedDirective));
"""

KEEP_PLOT = """
let made;
Object.defineProperty(window, "uPlot", {
  get: () => made,
  set: (library) => {
    made = class extends library { constructor(...given) { super(...given); window.plot = this; } };
  },
});
"""

SHOWN_MINUTES = "return window.plot ? (window.plot.scales.x.max - window.plot.scales.x.min) / 60 : 0"

SHIFT = """
const { now } = Date;
const ahead = %d;
Date = class extends Date {
  constructor(...given) { super(...(given.length ? given : [now() + ahead])); }
  static now() { return now() + ahead; }
};
"""


@pytest.fixture
def looked_at(board: Board, inside: Deployment) -> Board:
    """A board that anyone may look at."""
    inside.configure(SIGNALS_READERS="open", **limited(heartbeat_seconds=0.2))
    return board


@pytest.fixture
def instrument() -> str:
    """An instrument that no other test sends signals for."""
    return f"B-{os.getpid()}-{next(_NUMBERS)}"


def store(inside: Deployment, instrument: str, count: int = 1, payload: str = "NULL") -> list[str]:
    """Store signals; their ids in some order."""
    rows: Sequence[Any] = inside.database.fetch(INSERT.format(instrument=instrument, count=count, payload=payload))
    return [row["id"] for row in rows]


def opened(board: Board, instrument: str) -> Board:
    """The board, open and connected, where it looks for one instrument."""
    board.open(f"?instrument={instrument}")
    board.wait_until_connected()
    return board


def before_it_runs(board: Board, script: str) -> None:
    """Have a script run in the page before its own."""
    board.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})


def measured(board: Board, name: str) -> float:
    """A figure of the page, after a collection of what is not used any more."""
    board.driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    board.driver.execute_cdp_cmd("Performance.enable", {})
    metrics = board.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == name)


def test_it_stays_as_small_as_it_is_however_much_comes(looked_at: Board, inside: Deployment, instrument: str) -> None:
    board = opened(looked_at, instrument)
    sizes = []
    for _ in range(4):
        last = store(inside, instrument, 5000, payload='\'{"note": "some words"}\'')
        board.wait(lambda: len({row.id for row in board.rows()}.intersection(last)) == 200, "the newest")  # noqa: B023
        assert len(board.rows()) == 200
        sizes.append((measured(board, "Nodes"), measured(board, "JSHeapUsedSize")))
    assert max(nodes for nodes, _ in sizes) < 20_000
    assert max(heap for _, heap in sizes) < 3 * sizes[0][1]


def test_a_hidden_board_reads_on_when_it_is_shown_again(looked_at: Board, inside: Deployment, instrument: str) -> None:
    board = opened(looked_at, instrument)
    place = board.driver.current_window_handle
    stored = []
    for _ in range(10):
        stored += store(inside, instrument)
        board.driver.switch_to.new_window("tab")
        stored += store(inside, instrument)
        board.driver.close()
        board.driver.switch_to.window(place)
    board.wait(lambda: len(board.rows()) >= len(stored), "all signals")
    assert sorted(row.id for row in board.rows()) == sorted(stored)


def test_a_board_that_was_hidden_while_much_came_is_there_at_once(
    looked_at: Board, inside: Deployment, instrument: str
) -> None:
    board = opened(looked_at, instrument)
    place = board.driver.current_window_handle
    board.driver.switch_to.new_window("tab")
    store(inside, instrument, 20_000)
    [newest] = store(inside, instrument)
    board.driver.close()
    board.driver.switch_to.window(place)
    board.wait_for_row(newest)
    assert len(board.rows()) == 200


def test_eight_boards_of_one_browser_all_load_and_are_all_up_to_date(
    looked_at: Board, inside: Deployment, instrument: str
) -> None:
    board = looked_at
    windows = []
    for _ in range(8):
        board.driver.switch_to.new_window("window")
        windows.append(board.driver.current_window_handle)
        opened(board, instrument)
    [signal] = store(inside, instrument)
    for window in windows:
        board.driver.switch_to.window(window)
        board.wait_for_row(signal)


def test_a_connection_over_which_nothing_comes_is_none(looked_at: Board, inside: Deployment, instrument: str) -> None:
    before_it_runs(looked_at, HASTE)
    board = opened(looked_at, instrument)
    board.link.go_silent()
    board.wait(lambda: board.text("connection").startswith("Not connected"), "not connected")
    [signal] = store(inside, instrument)
    board.link.mend()
    board.wait_for_row(signal)
    board.wait_until_connected()


def test_every_digit_is_shown(looked_at: Board, inside: Deployment, instrument: str) -> None:
    payload = '{"a": 0.1234567890123456789012345, "b": 123456789012345678901234567890, "c": [1950.50, -0.0, 7]}'
    store(inside, instrument, payload=f"'{payload}'")
    board = opened(looked_at, instrument)
    board.wait(lambda: len(board.rows()) == 1, "a signal that was there before")
    [live] = store(inside, instrument, payload=f"'{payload}'")
    board.wait_for_row(live)
    for shown in board.rows():
        assert shown.payload == payload.replace(" ", "").replace("-0.0", "0.0")
    board.driver.find_element(By.CSS_SELECTOR, "#rows summary").click()
    whole = board.driver.find_element(By.CSS_SELECTOR, "#rows pre").text
    assert all(
        digits in whole for digits in ("0.1234567890123456789012345", "123456789012345678901234567890", "1950.50")
    )


def test_a_payload_has_room_in_a_window_of_any_width(looked_at: Board, inside: Deployment, instrument: str) -> None:
    """Red when one more column takes what was left for it in windows of some widths."""
    store(inside, instrument, payload="'{\"n\": 1}'")
    board = opened(looked_at, instrument)
    board.wait(lambda: len(board.rows()) == 1, "a signal that was there before")
    before = board.driver.get_window_size()
    cell = board.driver.find_element(By.CSS_SELECTOR, "#rows .payload")
    widths = {}
    for width in range(500, 1500, 100):
        board.driver.set_window_size(width, before["height"])
        widths[width] = cell.size["width"]
    board.driver.set_window_size(before["width"], before["height"])
    assert min(widths.values()) > 80, widths


def test_separators_of_lines_are_letters_within_a_payload(
    looked_at: Board, inside: Deployment, instrument: str
) -> None:
    """JSON has U+2028 and U+2029 in its texts as they are; they end no line of a stream."""
    board = opened(looked_at, instrument)
    [signal] = store(inside, instrument, payload='\'{"note": "one\u2028two\u2029three"}\'')
    board.wait_for_row(signal)


def test_a_large_payload_is_not_kept_and_it_says_where_it_is(
    looked_at: Board, inside: Deployment, instrument: str
) -> None:
    board = opened(looked_at, instrument)
    [signal] = store(inside, instrument, payload="jsonb_build_object('note', repeat('x', 100000))")
    board.wait_for_row(signal)
    [row] = board.rows()
    assert f"GET /api/v1/signals/{signal} shows it" in row.payload
    assert "xxx" not in row.payload


def test_a_browser_that_is_too_old_is_told(looked_at: Board) -> None:
    before_it_runs(looked_at, "delete JSON.rawJSON;")
    looked_at.open()
    looked_at.wait(lambda: "needs a browser of 2025" in looked_at.text("connection"), "that it is too old")


@pytest.mark.parametrize("ahead_ms", [3_600_000, -3_600_000], ids=["ahead", "behind"])
@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York"])
def test_ages_and_minutes_are_right_whatever_the_clock_of_the_browser_shows(
    looked_at: Board, inside: Deployment, instrument: str, ahead_ms: int, zone: str
) -> None:
    store(inside, instrument)
    before_it_runs(looked_at, SHIFT % ahead_ms)
    looked_at.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": zone})
    board = opened(looked_at, instrument)
    board.wait(lambda: board.text("newest") != "", "an age")
    number, unit = board.text("newest").removeprefix("Newest signal ").split()[:2]
    assert 0 <= int(number) < 60
    assert unit == "s"
    latest = "return document.querySelector('#minutes-table tbody td').textContent"
    board.wait(lambda: board.run(latest) == f"{datetime.now(ZoneInfo(zone)):%H:%M}", "this minute")


def test_many_signals_are_told_to_listeners_in_one_sentence(
    looked_at: Board, inside: Deployment, instrument: str
) -> None:
    before_it_runs(looked_at, HASTE)
    board = opened(looked_at, instrument)
    board.run(SPEAK)
    store(inside, instrument, 500)
    board.wait(lambda: bool(board.run("return window.said")), "a sentence")
    assert [said.split(",")[0] for said in board.run("return window.said")] == ["500 new signals"]


@pytest.mark.parametrize("before", ["", "n"])
def test_a_long_payload_is_cut_between_letters(
    looked_at: Board, inside: Deployment, instrument: str, before: str
) -> None:
    """Red when it is cut between the halves of one: the driver cannot even read such a page."""
    [signal] = store(inside, instrument, payload=f"""jsonb_build_object('note', '{before}' || repeat('📈', 200))""")
    row = opened(looked_at, instrument).wait_for_row(signal)
    assert row.payload.startswith(f'{{"note":"{before}📈')
    assert row.payload.endswith("📈")


def test_what_comes_waits_while_the_board_is_paused(looked_at: Board, inside: Deployment, instrument: str) -> None:
    board = opened(looked_at, instrument)
    board.element("pause").click()
    [signal] = store(inside, instrument)
    board.wait(lambda: board.text("pause") == "Go on (1 waiting)", "that a signal waits")
    assert board.rows() == []
    board.element("pause").click()
    board.wait_for_row(signal)


def test_the_policy_is_kept_by_all_that_the_page_does(looked_at: Board, inside: Deployment, instrument: str) -> None:
    before_it_runs(looked_at, LISTEN)
    store(inside, instrument, payload="'{\"a\": 1}'")
    board = opened(looked_at, instrument)
    board.wait(lambda: bool(board.run("return document.querySelector('#plot canvas')")), "a plot")
    for width, scheme in ((390, "dark"), (1280, "light")):
        screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        board.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        board.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        board.wait(lambda: board.run("return document.documentElement.scrollWidth <= innerWidth"), "no wider than that")
        board.wait(lambda: board.run("return document.querySelector('#plot canvas').clientWidth > 200"), "a plot")
    assert board.run("return window.breaches") == []


def test_a_plot_of_a_single_minute_shows_an_hour(looked_at: Board, inside: Deployment, instrument: str) -> None:
    """Red when the library chooses what is shown: of a single minute it makes a day that begins with it."""
    before_it_runs(looked_at, KEEP_PLOT)
    signal = {"instrument": "XAUUSD", "side": 0, "time": datetime.now(UTC).isoformat()}
    assert inside.client.post(f"{inside.url}/api/v1/signals", json=signal).status_code == 201
    board = opened(looked_at, instrument)
    board.wait(lambda: 0 < board.run(SHOWN_MINUTES) < 120, "about an hour")


def test_it_can_be_used_by_keys_alone(looked_at: Board, instrument: str) -> None:
    board = opened(looked_at, instrument)
    reached = []
    for _ in range(6):
        board.driver.switch_to.active_element.send_keys(Keys.TAB)
        focused = board.driver.switch_to.active_element
        reached.append(focused.get_attribute("id") or focused.text)
        assert focused.value_of_css_property("outline-style") != "none"
    assert reached == ["As a table", "pause", "instrument", "producer", "Filter", "Show all"]


def test_the_address_tells_what_it_looks_for(looked_at: Board, inside: Deployment, instrument: str) -> None:
    board = opened(looked_at, f"{instrument}-A*")
    store(inside, f"{instrument}-B")
    [signal] = store(inside, f"{instrument}-AB")
    board.wait_for_row(signal)
    assert len(board.rows()) == 1
    board.look_for(instrument="xauusd", producer="nobody, none")
    board.wait(lambda: board.rows() == [], "nothing")
    assert board.driver.current_url.endswith("/board?instrument=XAUUSD&producer=nobody&producer=none")


def test_a_forgotten_token_is_nowhere(board: Board, inside: Deployment, operator: Operator, instrument: str) -> None:
    [signal] = store(inside, instrument)
    token = operator.told("readers", "add", f"board-{os.getpid()}")["token"]
    board.open()
    board.wait(lambda: board.text("door") != "", "where to type a token in")
    board.show_token(token)
    board.wait_for_row(signal)
    assert token not in board.driver.current_url
    board.driver.refresh()
    board.wait_for_row(signal)
    board.element("forget").click()
    assert token not in json.dumps(board.run("return [{...sessionStorage}, {...localStorage}, document.cookie]"))
    board.driver.get("about:blank")
    board.driver.back()
    board.wait(lambda: board.text("door") != "", "where to type a token in")
    assert board.rows() == []
    assert token not in board.driver.page_source


def test_who_may_approve_decides_on_the_board(board: Board, inside: Deployment, operator: Operator) -> None:
    """And who may not sees neither the buttons nor what waits for approval."""
    name = f"board-desk-{os.getpid()}-{next(_NUMBERS)}"
    board.open()
    board.show_token(operator.told("readers", "add", name, "--may", "approve")["token"])
    board.wait_until_connected()
    waiting = inside.database.value(WAITING)
    board.wait_for_row(waiting)
    row = board.driver.find_element(By.CSS_SELECTOR, f'[data-id="{waiting}"]')

    def state() -> str:
        return row.find_element(By.CSS_SELECTOR, ".state span").text

    assert state() == "Waits for approval"
    board.wait(lambda: row.find_element(By.CLASS_NAME, "approve").is_displayed(), "the buttons")
    row.find_element(By.CLASS_NAME, "approve").click()
    board.wait(lambda: state() == "Queued", "that it is queued")
    row.find_element(By.CLASS_NAME, "reject").click()
    board.element("reason").send_keys("too late", Keys.ENTER)
    board.wait(lambda: state() == "Closed: too late", "that it is closed")
    assert not row.find_element(By.CLASS_NAME, "reject").is_displayed()
