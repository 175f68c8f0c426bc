"""What is written about the language of questions is what it can do."""

from __future__ import annotations

import re
from pathlib import Path

from mailtickets.core.query import KEYS, Question
from mailtickets.core.query.grammar import DEEPEST, LONGEST, MOST
from mailtickets.core.query.keys import GROUPS, SORTS
from tests.core.questions import asked

DOC = (Path(__file__).parents[2] / "docs/queries.md").read_text()


def table() -> str:
    """The rows of the keys, as they stand in the page."""
    rows = (
        f"| `{key.name}`{' *' if key.is_for_staff else ''} | {' '.join(f'`{one}`' for one in key.aliases)} "
        f"| `{key.example}` | {key.help} |"
        for key in KEYS
    )
    return "\n".join(rows).replace("|  |", "| |")


def test_the_page_has_every_key() -> None:
    assert table() in DOC


def test_what_the_page_shows_can_be_asked() -> None:
    shown = [
        one for one in re.findall(r"`([^`\n]+)`", DOC) if re.match(r"-?[a-z(][^ ]*[:<>]\S|[a-z(].* or ", one)
    ]
    shown = [one for one in shown if not one.startswith(("key:", "(a ")) and "@" not in one]
    assert len(shown) > 40
    for text in shown:
        if "vpn" not in text and "ann" not in text:
            assert isinstance(asked(text), Question), text


def test_the_page_names_every_order_and_limit() -> None:
    for name in (*SORTS, *GROUPS):
        assert f"`{name}`" in DOC
    assert f"{LONGEST:,} characters, {MOST} words and values, and {DEEPEST} brackets" in DOC
