"""Values are found as people write them, and a status brings with it what it must."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.core.ticket import Field, changed, evolve
from mailtickets.core.workflow import DONE, Choice, Meaning, find, find_longest, moved
from tests.core.cases import NOW, SIMPLE, ticket

IDS = [status.id for status in SIMPLE.statuses]


@pytest.mark.parametrize(
    ("word", "id"),
    [
        ("closed", "closed"),
        ("CLOSED", "closed"),
        ("close", "closed"),
        ("resolve", "resolved"),
        ("in progress", "in-progress"),
        ("In_Progress", "in-progress"),
        ("inprogress", "in-progress"),
        ("Waiting for customer", "waiting"),
        ("opened", "open"),
        ("clsd", None),
        ("", None),
        ("done", None),
    ],
)
def test_a_status_is_found_as_people_write_it(word: str, id: str | None) -> None:
    assert find(word, SIMPLE.statuses) == id


@pytest.mark.parametrize("word", ["won't fix", "wont-fix", "WONT_FIX", "won’t fix", "wontfix"])
def test_apostrophes_and_hyphens_do_not_matter(word: str) -> None:
    assert find(word, SIMPLE.resolutions) == "wont-fix"


def test_the_exact_name_wins_over_a_similar_one() -> None:
    choices = (Choice("fixed", "Fixed"), Choice("fix", "Fix"))
    assert [find(w, choices) for w in ("fix", "fixed")] == ["fix", "fixed"]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("closed", ("closed", "")),
        ("closed won't fix", ("closed", "won't fix")),
        ("in progress", ("in-progress", "")),
        ("waiting for customer fixed", ("waiting", "fixed")),
        ("nowhere", (None, "nowhere")),
    ],
)
def test_the_longest_name_that_fits_is_meant(said: str, found: tuple[str | None, str]) -> None:
    assert find_longest(said, SIMPLE.statuses) == found


@given(st.lists(st.sampled_from(IDS), max_size=8))
def test_the_dates_always_agree_with_the_status(way: list[str]) -> None:
    found = ticket("new")
    for status in way:
        for change in moved(found, status, SIMPLE, NOW):
            found = evolve(found, change)
        meaning = SIMPLE.meaning(found.status)
        assert found.status == status
        assert (found.resolved_at is not None) == (meaning in DONE)
        assert (found.closed_at is not None) == (meaning is Meaning.CLOSED)


def test_the_same_status_changes_nothing() -> None:
    assert moved(ticket("closed"), "closed", SIMPLE, NOW) == ()


def test_coming_back_is_counted_and_takes_the_resolution_away() -> None:
    [resolved] = changed(ticket("closed"), Field.RESOLUTION, "fixed")
    found = evolve(ticket("closed"), resolved)
    changes = moved(found, "open", SIMPLE, NOW)
    assert {c.field: c.new for c in changes} == {
        Field.STATUS: "open",
        Field.RESOLUTION: "",
        Field.RESOLVED: None,
        Field.CLOSED: None,
        Field.REOPENED: 1,
    }


def test_a_status_that_the_preset_no_longer_has_means_open() -> None:
    assert SIMPLE.meaning("gone") is Meaning.OPEN
