"""What is typed into the search field is understood, or answered with what would be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.web.asking import Asked, Unclear, Whose, understand, written
from mailtickets.web.search import Search
from tests.core.cases import ANN, BEN, MARIA, SIMPLE, STAFF

OPEN = frozenset({"new", "open", "in-progress", "waiting"})


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("", Asked()),
        ("  ", Asked()),
        ("printer", Asked(words=("printer",))),
        ('"blank pages" printer', Asked(words=("blank pages", "printer"))),
        ("status:open", Asked(statuses=frozenset({"open"}))),
        ("STATUS:Open", Asked(statuses=frozenset({"open"}))),
        ('status:"In progress"', Asked(statuses=frozenset({"in-progress"}))),
        ("status:closed", Asked(statuses=frozenset({"closed"}))),
        ("is:open", Asked(statuses=OPEN)),
        ("is:done", Asked(statuses=frozenset({"resolved", "closed"}))),
        ("waiting:us", Asked(statuses=frozenset({"new", "open", "in-progress"}))),
        ("waiting:customer", Asked(statuses=frozenset({"waiting"}))),
        ("is:open status:closed", Asked(statuses=frozenset())),
        ("assignee:me", Asked(whose=Whose.PERSON, assignee=ANN.id)),
        ("owner:ben", Asked(whose=Whose.PERSON, assignee=BEN.id)),
        ("assignee:ben@example.org", Asked(whose=Whose.PERSON, assignee=BEN.id)),
        ('assignee:"ben jones"', Asked(whose=Whose.PERSON, assignee=BEN.id)),
        ("assignee:nobody", Asked(whose=Whose.NOBODY)),
        ('"status:open"', Asked(words=("status:open",))),
        ("https://example.org/x", Asked(words=("https://example.org/x",))),
        ("Re: printer", Asked(words=("Re:", "printer"))),
        ('"unfinished', Asked(words=("unfinished",))),
    ],
)
def test_words_narrow(typed: str, asked: Asked) -> None:
    found = understand(typed, SIMPLE, STAFF, ANN)
    assert isinstance(found, Asked)
    assert (found.statuses, found.whose, found.assignee, found.words) == (
        asked.statuses,
        asked.whose,
        asked.assignee,
        asked.words,
    )


@pytest.mark.parametrize(
    ("typed", "sentence", "meant"),
    [
        ("statsu:open printer", "The desk does not know statsu:.", "status:open printer"),
        ("printer asignee:me", "The desk does not know asignee:.", "printer assignee:me"),
        (
            "status:opne",
            "There is no status:opne. There are, for status: new, open, in-progress, waiting, resolved, closed.",
            "status:open",
        ),
        ("is:late", "There is no is:late. There are, for is: open, done, closed, resolved.", ""),
        (
            "assignee:bne",
            "There is no assignee:bne. There are, for assignee: me, nobody, ann, ben, gus.",
            "assignee:ben",
        ),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(typed: str, sentence: str, meant: str) -> None:
    found = understand(typed, SIMPLE, STAFF, ANN)
    assert isinstance(found, Unclear)
    assert (found.sentence, found.meant) == (sentence, meant)


def test_a_customer_is_suggested_no_names_of_staff() -> None:
    found = understand("assignee:bne", SIMPLE, (), MARIA)
    assert isinstance(found, Unclear)
    assert "ben" not in found.sentence + found.meant


@given(st.text(max_size=60))
def test_whatever_is_typed_is_understood_or_said_to_be_unclear(typed: str) -> None:
    found = understand(typed, SIMPLE, STAFF, ANN)
    if isinstance(found, Asked):
        again = understand(written(found), SIMPLE, STAFF, ANN)
        assert isinstance(again, Asked)
        assert (again.statuses, again.whose, again.words) == (found.statuses, found.whose, found.words)
    else:
        assert found.sentence


@given(
    st.dictionaries(
        st.sampled_from(["q", "status", "assignee", "text", "sort", "page"]),
        st.text(max_size=700),
        max_size=6,
    )
)
def test_no_address_breaks_the_list(fields: dict[str, str]) -> None:
    search = Search.of(fields)
    assert len(search.q) <= 500
    assert search.q.isprintable()
    assert search.page >= 1
