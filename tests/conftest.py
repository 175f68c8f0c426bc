"""Fixtures for all rings, and the rule about rings: what is left out says so, and can be forbidden.

A test that cannot run here skips with a reason that begins with "left out:". Where MAILTICKETS_REQUIRE_ALL
is set (the robot does), such a skip is a failure, so that nobody takes half a run for a whole one.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest
from hypothesis import settings

# The robot throws the same dice each time, so that it judges the change and not its luck; people throw new ones.
settings.register_profile("robot", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("robot")

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _demanded((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _demanded((yield))


def _demanded(report: Report) -> Report:
    """The report; a failure if it leaves out what must not be."""
    match report.longrepr:
        case (_, _, str(reason)) if "left out:" in reason and os.environ.get("MAILTICKETS_REQUIRE_ALL"):
            report.outcome = "failed"
            report.longrepr = (
                f"{reason}\nMAILTICKETS_REQUIRE_ALL is set: install what is missing (.ci/rings says what)."
            )
    return report
