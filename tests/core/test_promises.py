"""The pages that promise something name tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("security.md",)
_NAMED = re.compile(r"`([a-z_/]+\.py)::(test_\w+)`")


def named(page: str) -> list[tuple[str, str]]:
    """File and name of each test that a page names."""
    return _NAMED.findall((ROOT / "docs" / page).read_text("utf-8"))


def claims_in(file: Path) -> set[str]:
    """Names of the tests in a file."""
    if not file.is_file():
        return set()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, kinds)}


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_is_there(page: str) -> None:
    found = named(page)
    assert len(found) > 50
    assert [f"{file}::{name}" for file, name in found if name not in claims_in(ROOT / "tests" / file)] == []


def rows(page: str) -> list[str]:
    """Those of the tables that show their promises by tests."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    found = re.findall(r"^\|[^\n]*\| shown by \|\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [row for table in found for row in table.splitlines()]


@pytest.mark.parametrize("page", PAGES)
def test_no_promise_in_a_table_goes_without_a_test(page: str) -> None:
    found = rows(page)
    assert len(found) > 40
    assert [row for row in found if "::test_" not in row and not row.endswith(" the same |")] == []


def test_a_test_that_is_not_there_would_be_missed() -> None:
    assert "test_every_test_that_a_page_names_is_there" in claims_in(Path(__file__))
    assert "test_that_nobody_wrote" not in claims_in(Path(__file__))
    assert claims_in(Path("nowhere.py")) == set()
