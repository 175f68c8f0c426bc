"""A ticket is the fold of its history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.core.ticket import (
    Change,
    Changed,
    Field,
    Opened,
    Ticket,
    Value,
    changed,
    evolve,
    fold,
    opened,
    value,
)
from tests.core.cases import DESK, NOW

OPENED = Opened("Blank pages", "new", "normal", "question", "support", 1, DESK.key, "first@birch.example")
VALUES: dict[Field, st.SearchStrategy[Value]] = {
    Field.SUBJECT: st.text(max_size=9),
    Field.STATUS: st.sampled_from(["new", "open", "closed"]),
    Field.RESOLUTION: st.sampled_from(["", "fixed"]),
    Field.PRIORITY: st.sampled_from(["low", "high"]),
    Field.TYPE: st.sampled_from(["question", "task"]),
    Field.PROJECT: st.sampled_from(["support", "garden"]),
    Field.REQUESTER: st.integers(1, 5),
    Field.ASSIGNEE: st.none() | st.integers(1, 5),
    Field.TAGS: st.lists(st.sampled_from("abc"), unique=True).map(lambda tags: tuple(sorted(tags))),
    Field.FIRST_ANSWERED: st.none() | st.just(NOW),
    Field.RESOLVED: st.none() | st.just(NOW),
    Field.CLOSED: st.none() | st.just(NOW),
    Field.REOPENED: st.integers(0, 3),
}


def fresh() -> Ticket:
    return opened(7, 12, OPENED, NOW)


def test_every_field_has_values_to_try() -> None:
    assert set(VALUES) == set(Field)


@pytest.mark.parametrize("field", list(Field))
@given(st.data())
def test_a_change_sets_its_field_and_no_other(field: Field, data: st.DataObject) -> None:
    before, new = fresh(), data.draw(VALUES[field])
    after = before
    for change in changed(before, field, new):
        after = evolve(after, change)
    assert value(after, field) == new
    assert all(value(after, other) == value(before, other) for other in Field if other is not field)


@given(
    st.lists(st.sampled_from(list(Field)).flatmap(lambda f: st.tuples(st.just(f), VALUES[f])), max_size=12)
)
def test_the_history_tells_the_ticket(steps: list[tuple[Field, Value]]) -> None:
    ticket = fresh()
    history: list[Change] = [OPENED]
    for field, new in steps:
        for change in changed(ticket, field, new):
            ticket = evolve(ticket, change)
            history.append(change)
    told = fold(7, 12, [(change, NOW + timedelta(minutes=i)) for i, change in enumerate(history)])
    assert told == ticket


def test_a_change_from_another_state_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot become 'closed'"):
        evolve(fresh(), Changed(Field.STATUS, "open", "closed"))


def test_a_ticket_opens_once() -> None:
    with pytest.raises(ValueError, match="open already"):
        evolve(fresh(), OPENED)


@pytest.mark.parametrize("history", [[], [(Changed(Field.STATUS, "new", "open"), NOW)]])
def test_a_history_begins_with_the_opening(history: list[tuple[Change, object]]) -> None:
    with pytest.raises(ValueError, match="does not begin"):
        fold(7, 12, history)  # type: ignore[arg-type]


def test_what_holds_already_is_no_change() -> None:
    assert changed(fresh(), Field.STATUS, "new") == ()
    assert changed(replace(fresh(), assignee=3), Field.ASSIGNEE, None) == (Changed(Field.ASSIGNEE, 3, None),)
