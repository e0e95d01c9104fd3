"""Browser tests skip where there is no Chromium; where one is required, they fail."""

from __future__ import annotations

import os

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CJM_REQUIRE_BROWSER") and "browser" in item.keywords:
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"CJM_REQUIRE_BROWSER is set, and this test did not run: {reason}"
