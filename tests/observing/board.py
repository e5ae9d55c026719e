"""The board as somebody sees it in a browser."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from anyio.from_thread import BlockingPortal
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.running.deployment import Deployment
from tests.running.link import Link
from tests.running.waiting import wait_until

_ROWS = """
const sign = (row) => getComputedStyle(row.querySelector(".side span"), "::before").content[1];
return [...document.querySelectorAll("#rows tbody tr")].map((row) => ({
  id: row.dataset.id,
  side: `${sign(row)} ${row.querySelector(".side").innerText}`,
  instrument: row.querySelector(".instrument").innerText,
  producer: row.querySelector(".producer").innerText,
  payload: row.querySelector(".payload").innerText,
}));
"""

_SHOWN = """
const element = document.getElementById(arguments[0]);
return element.checkVisibility() ? element.innerText : "";
"""

_REFUSALS = """
return Object.fromEntries([...document.querySelectorAll("#refusals tbody tr")].map((row) =>
  [row.cells[0].innerText, Number(row.cells[1].innerText.replaceAll(",", ""))]));
"""


@dataclass(frozen=True)
class Row:
    """One signal on the board."""

    id: str
    side: str
    instrument: str
    producer: str
    payload: str


class Board:
    """The board of a service in a browser, reached over a link that can break."""

    def __init__(self, driver: Chrome, deployment: Deployment, portal: BlockingPortal) -> None:
        self.driver = driver
        self._deployment = deployment
        self._portal = portal
        self._link: Link | None = None

    @contextmanager
    def linked(self) -> Iterator[None]:
        """While the link is there. It is made when the board is first opened, so that the service can be described."""
        try:
            yield
        finally:
            if self._link is not None:
                self._link.cut()

    @property
    def link(self) -> Link:
        """The way from the browser to the service."""
        if self._link is None:
            self._link = Link(self._deployment.url, self._portal)
            self._link.mend()
        return self._link

    def open(self, query: str = "") -> None:
        """Open the board in this tab."""
        self.driver.get(f"{self.link.url}/board{query}")

    def show_token(self, token: str) -> None:
        """Type a token in."""
        self.element("token").send_keys(token, Keys.ENTER)

    def look_for(self, **filter: str) -> None:
        """Type in what to look for, and nothing else."""
        for name in ("instrument", "producer"):
            field = self.element(name)
            field.clear()
            field.send_keys(filter.get(name, ""))
        self.element("instrument").send_keys(Keys.ENTER)

    def element(self, name: str) -> WebElement:
        """The element with this id."""
        return self.driver.find_element(By.ID, name)

    def text(self, name: str) -> str:
        """What the element with this id shows; nothing if it is hidden."""
        shown: str = self.driver.execute_script(_SHOWN, name)
        return shown

    def run(self, script: str, *arguments: object) -> Any:
        """What a script in the page returns."""
        return self.driver.execute_script(script, *arguments)

    def rows(self) -> list[Row]:
        """The signals that it shows, the newest first."""
        return [Row(**row) for row in self.run(_ROWS)]

    def refusals(self) -> dict[str, int]:
        """The refusals that it shows, by code."""
        refusals: dict[str, int] = self.run(_REFUSALS)
        return refusals

    def wait_until_connected(self) -> None:
        """Wait until it says so."""
        self.wait(lambda: self.text("connection") == "Connected", "connected")

    def wait_for_row(self, signal_id: str) -> Row:
        """Wait until it shows a signal, which it does once."""
        self.wait(lambda: any(row.id == signal_id for row in self.rows()), "the signal")
        [row] = [row for row in self.rows() if row.id == signal_id]
        return row

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until something is to be seen."""
        complaint = ""

        def seen() -> bool:
            nonlocal complaint
            try:
                return condition()
            except WebDriverException as error:  # while a page comes or goes
                complaint = str(error.msg)
                return False

        try:
            wait_until(seen, f"the board shows: {what}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it says: {self.text('connection')}; {complaint}") from None

    def complaints(self) -> list[str]:
        """What the browser has complained of since this was last asked: breaches of the policy, errors of scripts. That
        an answer did not come, or was a refusal, is none."""
        log: list[dict[str, str]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in log if entry["source"] != "network"]
