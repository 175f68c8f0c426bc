"""The robot is not content with half a run."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

LETTER = """
import pytest

def test_ring():
    pytest.skip("left out: dovecot is not installed")

def test_elsewhere():
    pytest.skip("no mail to read here")
"""

RING = """
import pytest

pytest.skip("left out: chromium is not installed", allow_module_level=True)
"""


@pytest.fixture
def rings(pytester: pytest.Pytester, pytestconfig: pytest.Config) -> pytest.Pytester:
    """Tests of which some cannot run here, under the rule of the root conftest."""
    rule = (pytestconfig.rootpath / "tests/conftest.py").read_text()
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider\nasyncio_default_fixture_loop_scope = function")
    pytester.makeconftest(rule)
    pytester.makepyfile(test_letter=LETTER, test_ring=RING)
    return pytester


def test_what_is_left_out_is_only_reported(rings: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAILTICKETS_REQUIRE_ALL", raising=False)
    result = rings.runpytest_subprocess("-ra")
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(["*left out: dovecot*"])


def test_what_is_left_out_fails_where_all_is_demanded(
    rings: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILTICKETS_REQUIRE_ALL", "1")
    result = rings.runpytest_subprocess("--continue-on-collection-errors")
    result.assert_outcomes(errors=1, failed=1, skipped=1)
    result.stdout.fnmatch_lines(["*left out: chromium*", "*left out: dovecot*"])
