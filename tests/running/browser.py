"""A real browser without a screen: Debian's Chromium, driven by Selenium."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.programs import program
from tests.running.waiting import DEADLINE_SECONDS

_ARGUMENTS = [
    "--headless=new",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--no-proxy-server",
]


@contextmanager
def chromium() -> Iterator[webdriver.Chrome]:
    """A browser that knows nothing yet, and writes down what its pages complain of."""
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium")
    for argument in [*_ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(
        options=options,
        service=Service(program("chromedriver")),
    )
    driver.set_page_load_timeout(DEADLINE_SECONDS)
    try:
        yield driver
    finally:
        driver.quit()
