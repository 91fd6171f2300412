"""The accessibility checker axe-core in the tests' browser."""

from importlib.util import find_spec
from pathlib import Path

import pytest

RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then((found) => done(found.violations), done);
"""

SIZES = ((1440, 900), (1024, 768), (390, 844))
"""Width and height of a desktop, a small one and a telephone."""


def violations(driver) -> list[str]:
    """What axe-core finds wrong with the page as it is now: rule, selectors and reason.

    Without axe-core the test is skipped with a reason.
    """
    spec = find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        pytest.skip("axe-playwright-python, which carries axe-core, is not installed")
    source = Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8")
    driver.execute_script(f"{source};\nwindow.axe = axe;")
    found = driver.execute_async_script(RUN)
    assert isinstance(found, list), found
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))[:200]} {node['failureSummary'][:300]}"
        for rule in found
        for node in rule["nodes"]
    ]
