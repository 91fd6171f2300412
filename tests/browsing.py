"""A real browser for the tests of pages: headless Chromium, whose console must stay free of errors."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

FLAGS = (
    *("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run"),
    *("disable-background-networking", "disable-component-update", "disable-sync", "hide-scrollbars"),
)
"""The later ones keep Chromium from calling its makers' servers."""


@contextmanager
def chromium(width: int = 1280, height: int = 900) -> Iterator:
    """A driver of Chromium; skips the test, with a reason, where there is no browser, and fails it for errors in the console."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    from selenium.webdriver.chrome.service import Service

    places = shutil.which("chromium"), shutil.which("chromedriver")
    if not all(places):
        pytest.skip("no chromium with chromedriver on this machine: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = places[0]
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"user-data-dir={profile}", f"window-size={width},{height}"):
            options.add_argument(f"--{flag}")
        driver = webdriver.Chrome(options, Service(places[1]))
        try:
            yield driver
            errors = [one["message"] for one in driver.get_log("browser") if one["level"] in ("SEVERE", "WARNING")]
            assert not errors, errors
        finally:
            driver.quit()
