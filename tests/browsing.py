"""A real browser for the tests of pages: headless Chromium, whose console must stay free of errors."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

FLAGS = (
    *("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run"),
    *(
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "hide-scrollbars",
    ),
)
"""The later ones keep Chromium from calling its makers' servers."""


PHONE = (390, 844)
"""Width and height."""


@contextmanager
def chromium(width: int = 1280, height: int = 900, dark: bool = False) -> Iterator:
    """A driver of Chromium; skips the test, with a reason, where there is no browser, and fails it for errors in the console."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    from selenium.webdriver.chrome.service import Service

    places = shutil.which("chromium"), shutil.which("chromedriver")
    if not all(places):
        pytest.skip(
            "no chromium with chromedriver on this machine: apt-get install chromium chromium-driver"
        )
    options = webdriver.ChromeOptions()
    options.binary_location = places[0]
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"user-data-dir={profile}", f"window-size={max(width, 500)},{height}"):
            options.add_argument(f"--{flag}")
        driver = webdriver.Chrome(options, Service(places[1]))
        try:
            look_like(driver, width, height, dark)
            yield driver
            errors = [
                one["message"]
                for one in driver.get_log("browser")
                if one["level"] in ("SEVERE", "WARNING")
            ]
            assert not errors, errors
        finally:
            driver.quit()


def look_like(driver, width: int, height: int, dark: bool = False) -> None:
    """Make the page so wide and high, and light or dark; a window itself is never as narrow as a telephone."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
