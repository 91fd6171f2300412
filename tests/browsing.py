"""A real headless Chromium for the pages; tests that need it skip with the reason where it is not there."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)

DESKTOP, PHONE = (1280, 900), (390, 844)


@contextmanager
def chromium(size: tuple[int, int] = DESKTOP, dark: bool = False) -> Iterator[Any]:
    """A selenium driver with a new profile; whatever the pages put on the console as an error fails the test."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    browser, driver = next(filter(None, map(shutil.which, BROWSERS)), None), shutil.which("chromedriver")
    if not browser or not driver:
        pytest.skip(f"no {'chromedriver' if browser else 'Chromium'} on this machine")
    with tempfile.TemporaryDirectory(prefix="molxai-browser-", ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for one in (*OPTIONS, f"--user-data-dir={profile}"):
            options.add_argument(one)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.add_experimental_option("prefs", {"download.default_directory": str(Path(profile, "downloads"))})
        page = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        try:
            look_like(page, size, dark)
            yield page
            check_console(page)
        finally:
            page.quit()


def look_like(page: Any, size: tuple[int, int], dark: bool = False) -> None:
    """Make the page so wide and high, and light or dark; a window cannot be as narrow as a telephone."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def check_console(page: Any) -> None:
    """Fail where the console holds errors; reading it empties it."""
    severe = [one["message"] for one in page.get_log("browser") if one["level"] == "SEVERE"]
    assert not severe, severe
