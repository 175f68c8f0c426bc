"""A decision becomes rows, whole; the history tells every ticket."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailtickets.core import workflow
from mailtickets.core.case import MessageKind, Outcome
from mailtickets.core.decide import Aside, Decision
from mailtickets.core.mail import Attachment, Segment, SegmentKind
from mailtickets.core.person import Person
from mailtickets.core.thread import Clues
from mailtickets.core.ticket import Changed, Field, Opened, Ticket, Value, changed, evolve, fold
from mailtickets.store import ledger
from mailtickets.store.engine import Tx
from mailtickets.store.ledger import Batch, Cause
from tests.store.desk import Desk, said
from tests.store.letters import ANN, DESK, LEE, NOW, WORKFLOW, letter

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just(Field.SUBJECT), WORDS),
        st.tuples(st.just(Field.STATUS), st.sampled_from([s.id for s in WORKFLOW.statuses])),
        st.tuples(st.just(Field.PRIORITY), st.sampled_from(["low", "high"])),
        st.tuples(st.just(Field.RESOLUTION), st.sampled_from(["", "fixed"])),
        st.tuples(st.just(Field.ASSIGNEE), st.sampled_from([None, 1])),
        st.tuples(st.just(Field.TAGS), st.lists(WORDS, unique=True).map(lambda tags: tuple(sorted(tags)))),
        st.tuples(st.just(Field.FIRST_ANSWERED), st.just(NOW)),
        st.tuples(st.just(Field.REOPENED), st.integers(0, 9)),
    ),
    max_size=6,
)


def _changes(ticket: Ticket, wanted: list[tuple[Field, Value]]) -> tuple[Changed, ...]:
    done: list[Changed] = []
    for field, new in wanted:
        is_status = field is Field.STATUS and isinstance(new, str)
        step = workflow.moved(ticket, str(new), WORKFLOW, NOW) if is_status else changed(ticket, field, new)
        for change in step:
            ticket = evolve(ticket, change)
        done += step
    return tuple(done)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(letters=st.lists(CHANGES, max_size=4))
def test_every_ticket_is_the_fold_of_its_history(
    desk: Desk, letters: list[list[tuple[Field, Value]]]
) -> None:
    ticket = desk.opens(letter(f"{desk.uid}@x"))
    for wanted in letters:
        desk.later()
        ticket = desk.says(ticket, letter(f"{desk.uid}@x"), *_changes(ticket, wanted))
    view = desk.view(ticket)
    assert view.ticket == ticket
    told = fold(ticket.id, ticket.number, ((e.change, e.at) for e in view.history))
    assert _lasting(told) == _lasting(ticket)


def _lasting(ticket: Ticket) -> tuple[object, ...]:
    return tuple(
        getattr(ticket, name) for name in Ticket.__slots__ if name not in ("updated_at", "updated_by")
    )


def test_a_change_from_another_state_is_refused_and_nothing_is_written(desk: Desk) -> None:
    ticket = desk.opens()
    with pytest.raises(ValueError, match="is not 'open'"):
        desk.says(ticket, letter("two@x"), Changed(Field.STATUS, "open", "closed"))
    view = desk.view(ticket)
    assert len(view.entries) == 1


def test_numbers_follow_each_other_from_where_they_start(desk: Desk) -> None:

    assert [desk.opens(letter(f"{k}@x")).number for k in "ab"] == [1, 2]
    desk.policy = replace(desk.policy, number_start=1000)
    assert [desk.opens(letter(f"{k}@x")).number for k in "cd"] == [1000, 1001]
    desk.policy = replace(desk.policy, number_start=5)
    assert desk.opens(letter("e@x")).number == 1002


def test_a_number_is_not_spent_by_a_letter_that_broke(desk: Desk) -> None:
    with pytest.raises(ZeroDivisionError):
        desk.store.write_sync(_open_and_break, desk, desk.person(LEE))
    assert desk.opens(letter("two@x")).number == 1


def _open_and_break(tx: Tx, desk: Desk, lee: Person) -> None:
    opening = Opened("Printer", "new", "standard", "question", "support", lee.id, DESK.key)
    decision = Decision(Outcome.OPENED, "new", opened=opening)
    batch = Batch(tx, desk.policy, NOW)
    ledger.record(batch, Cause(None, "test"), None, decision, lee, None)
    batch.write()
    raise ZeroDivisionError


def test_random_numbers_have_seven_digits_and_sequences_step_over_them(desk: Desk) -> None:

    desk.policy = replace(desk.policy, number_style="random7")
    numbers = [desk.opens(letter(f"{k}@x")).number for k in range(5)]
    assert len(set(numbers)) == 5
    assert all(1_000_000 <= number <= 9_999_999 for number in numbers)
    desk.policy = replace(desk.policy, number_style="sequence", number_start=numbers[0])
    assert desk.opens(letter("last@x")).number > numbers[0]


def test_a_message_stands_as_it_was_said(desk: Desk) -> None:
    segments = (Segment(SegmentKind.TYPED, "Hello"), Segment(SegmentKind.QUOTE, "> Bye"))
    file = Attachment("../../x.pdf", "application/pdf", 4, "0" * 64, False, "", b"%PDF")
    ticket = desk.opens()

    decision = Decision(
        Outcome.REPLIED,
        "found",
        message=replace(
            said(desk.person(LEE), "Hello"), segments=segments, attachments=(file,), unverified=True
        ),
    )
    desk.take(letter("two@x"), decision, by_ids("one@customer.example"))
    view = desk.view(ticket)
    entry = view.entries[1]
    assert (entry.segments, entry.unverified) == (segments, True)
    assert entry.attachments == (replace(file, octets=b""),)


def by_ids(*ids: str) -> Clues:

    return Clues((), ids, None)


def test_a_letter_without_words_moves_no_ticket(desk: Desk) -> None:
    ticket = desk.opens()
    desk.later()
    desk.take(letter("two@x"), Decision(Outcome.FILED, "sent back"), by_ids("one@customer.example"))
    view = desk.view(ticket)
    assert view.ticket.updated_at == ticket.updated_at


def test_a_note_on_another_ticket_stands_there(desk: Desk) -> None:
    first = desk.opens()
    desk.later()
    desk.opens(letter("two@x"))
    aside = Aside(first.id, said(None, "Somebody wrote with your number.", MessageKind.NOTE))
    desk.take(letter("three@x"), Decision(Outcome.FILED, "x", asides=(aside,)), by_ids("two@x"))
    view = desk.view(first)
    assert [e.text for e in view.entries][1:] == ["Somebody wrote with your number."]
    assert view.ticket.updated_at == desk.now


def test_what_a_command_changes_is_told_with_who_and_why(desk: Desk) -> None:
    ann = desk.hire()
    ticket = desk.opens()
    decision = Decision(Outcome.COMMANDED, "#mine", changes=(Changed(Field.ASSIGNEE, None, ann.id),))
    after = desk.take(letter("two@x", sender=ANN), decision, by_ids("one@customer.example"))
    assert after
    assert (after.assignee, after.updated_by) == (ann.id, ann.id)
    view = desk.view(ticket)
    assert (view.history[1].by, view.history[1].cause) == (ann, "in:2")
    assert view.assignee == ann
