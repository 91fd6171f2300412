"""A real browser for the tests of pages: headless Chromium, with no errors in its console."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from conftest import ROOT

FLAGS = (
    "headless=new",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "hide-scrollbars",
)
"""Options of Chromium; the later ones keep it from calling its makers' servers."""

PHONE = (390, 844)
"""Width and height of a telephone."""

NARROWEST = 500
"""Width below which a window cannot be."""


@contextmanager
def chromium(width: int = 1280, height: int = 900, dark: bool = False) -> Iterator:
    """A driver of Chromium, which fails the test if there are errors in the console.

    Without a browser the test is skipped with a reason.
    """
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    from selenium.webdriver.chrome.service import Service

    browser = shutil.which("chromium")
    chromedriver = shutil.which("chromedriver")
    if not browser or not chromedriver:
        pytest.skip("no chromium with chromedriver: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        window = f"window-size={max(width, NARROWEST)},{height}"
        for flag in (*FLAGS, f"user-data-dir={profile}", window):
            options.add_argument(f"--{flag}")
        driver = webdriver.Chrome(options, Service(chromedriver))
        try:
            look_like(driver, width, height, dark)
            yield driver
            assert not console_errors(driver)
        finally:
            driver.quit()


def console_errors(driver) -> list[str]:
    """What the console says of errors, in lines."""
    entries = driver.get_log("browser")
    return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]


def look_like(driver, width: int, height: int, dark: bool = False) -> None:
    """Make the page of this size, and light or dark; a window is never as narrow as a telephone."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def serve() -> tuple[subprocess.Popen, str]:
    """The installed command's own server, and its address."""
    server = subprocess.Popen(
        [sys.executable, "-m", "molxai.cli", "serve", "--port", "0"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    return server, re.search(r"http://\S+", server.stderr.readline())[0]


def end(server: subprocess.Popen) -> int:
    """Press Ctrl-C; the server's exit status."""
    server.send_signal(signal.SIGINT)
    return server.wait(30)


def open_anew(driver, address: str, width: int, height: int = 900) -> None:
    """Open a page at this size, whatever was open before."""
    driver.get("about:blank")
    look_like(driver, width, height)
    driver.get(address)


def until(driver, condition: str, seconds: float = 30):
    """Wait for a JavaScript expression to be true; returns its value."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(driver, seconds, 0.05).until(
        lambda driver: driver.execute_script(f"return {condition}"), condition
    )


def find(driver, selector: str):
    """The first element of a selector."""
    return driver.find_element("css selector", selector)


@pytest.fixture(scope="module")
def home() -> Iterator[str]:
    """Address of a workbench, for the tests of a file."""
    server, address = serve()
    yield address
    end(server)


@pytest.fixture(scope="module")
def browser(home) -> Iterator:
    """A browser for the tests of a file; it is closed before the workbench ends."""
    with chromium() as driver:
        yield driver
