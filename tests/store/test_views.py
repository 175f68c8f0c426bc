"""Whoever looks is shown what is theirs, and the figures are true."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailtickets.core.case import MessageKind, Outcome, ReplyKind
from mailtickets.core.decide import Decision, Join
from mailtickets.core.mail import Address
from mailtickets.core.person import Part, Person
from mailtickets.core.retry import Done, Failed, GiveUp, Sent
from mailtickets.core.ticket import Changed, Field, Opened, Ticket
from mailtickets.store import audit, ledger, outbox, search, views
from mailtickets.store.schema import MailState
from mailtickets.store.views import Sort, TicketFilter, TicketView
from tests.store.asking import asked
from tests.store.desk import Desk, outgoing
from tests.store.letters import ANN, DESK, LEE, NOW, WORKFLOW, letter, raw

EVE = Address("eve@elsewhere.example", "Eve")
BOB = Address("bob@customer.example", "Bob")
BEN = Address("ben@example.org", "Ben Okafor")


def numbers(desk: Desk, viewer: Person | None = None, **fields: object) -> list[int]:
    words: Any = fields.pop("words", ())
    one = asked(*words, **fields)  # type: ignore[arg-type]
    desk.store.write_sync(search.write_cards, 1000)
    return [row.ticket.number for row in desk.store.read_sync(views.tickets, viewer, one).rows]


def talk(desk: Desk) -> Ticket:
    """A ticket with everything on it that there can be."""
    ticket = desk.opens(letter(), Join(BOB, Part.CC), Join(EVE, Part.THIRD), Join(ANN, Part.FOLLOWER))
    desk.later()
    desk.says(ticket, letter("n@x", "secret", sender=ANN), kind=MessageKind.NOTE)
    desk.says(ticket, letter("v@x", "out of office"), kind=MessageKind.AUTOMATIC)
    desk.says(ticket, letter("e@x", "overheard", sender=EVE))
    desk.says(ticket, letter("b@x", sender=BOB))
    desk.later()
    return desk.says(ticket, letter("a@x", sender=ANN), Changed(Field.STATUS, "new", "waiting"))


def authors(view: TicketView | None) -> list[str]:
    return [e.author.address.spec for e in view.entries if e.author] if view else []


# One ticket


def test_the_operator_is_shown_all_of_a_ticket(desk: Desk) -> None:
    desk.hire()
    view = desk.view(talk(desk))
    assert authors(view) == [LEE.spec, ANN.spec, LEE.spec, EVE.spec, BOB.spec, ANN.spec]
    assert isinstance(view.history[0].change, Opened)
    assert view.history[1].change == Changed(Field.STATUS, "new", "waiting")
    assert {p.address for p in view.people} == {LEE, ANN, BOB, EVE}


def test_a_requester_is_shown_the_talk_and_nothing_else(desk: Desk) -> None:
    desk.hire()
    ticket = talk(desk)
    desk.mails(outgoing(desk.person(LEE), ticket=ticket.id), "in:6")
    view = desk.store.read_sync(views.ticket, ticket.number, desk.person(LEE))
    assert authors(view) == [LEE.spec, BOB.spec, ANN.spec]
    assert view
    assert (view.history, view.deliveries, [e.deliveries for e in view.entries]) == ((), (), [(), (), ()])
    assert {p.person.address for p in view.participants} == {LEE, BOB}
    assert {p.address for p in view.people} == {LEE, BOB, ANN}


@pytest.mark.parametrize("who", [BOB, EVE, Address("nobody@elsewhere.example")])
def test_a_ticket_of_another_is_as_one_that_is_not_there(desk: Desk, who: Address) -> None:
    desk.hire()
    ticket = talk(desk)
    assert desk.store.read_sync(views.ticket, ticket.number, desk.person(who)) is None
    assert desk.store.read_sync(views.ticket, 4711, desk.person(who)) is None


def test_an_agent_is_shown_what_they_work_on(desk: Desk) -> None:
    ann = desk.hire(ANN, "sales")
    ticket = desk.opens()
    assert desk.store.read_sync(views.ticket, ticket.number, ann) is None
    assert numbers(desk, ann) == []
    ann = desk.hire(ANN, "sales", "support")
    assert desk.store.read_sync(views.ticket, ticket.number, ann) is not None
    assert numbers(desk, ann) == [ticket.number]


def test_a_message_says_what_became_of_it(desk: Desk) -> None:
    ticket = desk.opens()
    for address in (LEE, BOB):
        desk.mails(outgoing(desk.person(address), ticket=ticket.id), "in:1")
    desk.mails(outgoing(desk.person(LEE), ReplyKind.ACKNOWLEDGEMENT, ticket=ticket.id), "in:1")
    first, second, _ = desk.store.write_sync(outbox.claim, "one", 9, NOW)
    desk.store.write_sync(outbox.settle, first, Sent(250, "queued"), Done(), desk.now)
    desk.store.write_sync(
        outbox.settle, second, Failed(550, "no"), GiveUp("There is no such address."), desk.now
    )
    view = desk.view(ticket)
    told = [(d.recipient.address, d.state, d.answer) for d in view.entries[0].deliveries]
    assert told == [(LEE, MailState.SENT, "queued"), (BOB, MailState.FAILED, "There is no such address.")]
    assert [d.kind for d in view.deliveries] == [
        ReplyKind.ANSWER,
        ReplyKind.ANSWER,
        ReplyKind.ACKNOWLEDGEMENT,
    ]
    desk.store.write_sync(outbox.bounced, (first.id,), "The mailbox is full.", desk.now)
    bounced = desk.view(ticket).entries[0].deliveries[0]
    assert (bounced.state, bounced.answer) == (MailState.FAILED, "The mailbox is full.")


def test_the_octets_of_a_message_are_those_of_its_letter(desk: Desk) -> None:
    ticket = desk.opens()
    (entry,) = desk.view(ticket).entries
    assert desk.store.read_sync(views.attached_to, desk.store.blobs, entry.id) == raw(1).octets
    assert desk.store.read_sync(views.attached_to, desk.store.blobs, 4711) is None


# Lists


def test_a_list_is_narrowed_by_all_that_is_asked(desk: Desk) -> None:
    ann = desk.hire()
    one, two = desk.opens(), desk.opens(letter("two@x", sender=BOB))
    desk.says(two, letter("w@x", "The DRUM is worn"), Changed(Field.ASSIGNEE, None, ann.id))
    desk.says(two, letter("c@x"), Changed(Field.STATUS, "new", "closed"))
    assert numbers(desk, assignee=ann.id) == [two.number]
    assert numbers(desk, is_unassigned=True) == [one.number]
    assert numbers(desk, statuses=frozenset({"new", "open"})) == [one.number]
    assert numbers(desk, statuses=frozenset()) == []
    assert numbers(desk, words=(f"#{one.number}",)) == [one.number]
    assert numbers(desk, words=("bob",)) == [two.number]
    assert numbers(desk, words=("LEE", "printer")) == [one.number]
    assert numbers(desk, words=("%",)) == []


def test_a_word_is_found_in_what_was_said(desk: Desk) -> None:
    one = desk.opens()
    desk.opens(letter("two@x"))
    desk.says(one, letter("w@x", "Die Trommel ist MÜDE"))
    assert numbers(desk, words=("müde",)) == [one.number]


def test_no_requester_finds_a_ticket_by_what_they_may_not_read(desk: Desk) -> None:
    ann = desk.hire()
    ticket = talk(desk)
    lee = desk.person(LEE)
    assert numbers(desk, lee, words=("blank",)) == [ticket.number]
    for hidden in ("secret", "office", "overheard"):
        assert numbers(desk, ann, words=(hidden,)) == [ticket.number]
        assert numbers(desk, lee, words=(hidden,)) == []


# The second was changed last, the first before it, the third not at all.
SORTED = [
    (Sort.NUMBER, (), [3, 2, 1]),
    (Sort.CREATED, (), [3, 2, 1]),
    (Sort.UPDATED, (), [2, 1, 3]),
    (Sort.SUBJECT, (), [2, 3, 1]),
    (Sort.STATUS, ("closed", "open", "new"), [3, 2, 1]),
    (Sort.PRIORITY, ("low", "standard", "high"), [2, 3, 1]),
    (Sort.ASSIGNEE, (), [3, 2, 1]),
]


@pytest.mark.parametrize(("sort", "order", "expected"), SORTED)
def test_a_list_is_sorted_either_way(
    desk: Desk, sort: Sort, order: tuple[str, ...], expected: list[int]
) -> None:
    ann, ben = desk.hire(), desk.person(BEN)
    tickets = []
    for k in "123":
        desk.later()
        tickets.append(desk.opens(letter(f"{k}@x")))
    changes = (
        (tickets[0], ("Apfel", "low", "closed", ann.id)),
        (tickets[1], ("zebra", "high", "open", ben.id)),
    )
    for ticket, (subject, priority, status, assignee) in changes:
        desk.later()
        desk.says(
            ticket,
            letter(f"{subject}@x"),
            Changed(Field.SUBJECT, "Printer", subject),
            Changed(Field.PRIORITY, "standard", priority),
            Changed(Field.STATUS, "new", status),
            Changed(Field.ASSIGNEE, None, assignee),
        )
    assert numbers(desk, sort=sort, order=order) == expected
    assert numbers(desk, sort=sort, order=order, descending=False) == expected[::-1]


def test_pages_share_no_row(desk: Desk) -> None:
    for k in range(5):
        desk.opens(letter(f"{k}@x"))
    lists = [TicketFilter(sort=Sort.STATUS, page=page, size=2) for page in (1, 2, 3, 4)]
    pages = [desk.store.read_sync(views.tickets, None, one) for one in lists]
    assert [[row.ticket.number for row in page.rows] for page in pages] == [[5, 4], [3, 2], [1], []]
    assert {page.total for page in pages} == {5}


# Figures


def test_the_overview_counts_what_its_viewer_may_see(desk: Desk) -> None:
    ann = desk.hire(ANN, "support")
    desk.opens()
    mine = desk.opens(letter("two@x"))
    desk.says(
        mine, letter("m@x"), Changed(Field.ASSIGNEE, None, ann.id), Changed(Field.STATUS, "new", "waiting")
    )
    seen = desk.store.read_sync(views.overview, ann, WORKFLOW, desk.now)
    assert {s.status: s.count for s in seen.statuses} == {"new": 1, "waiting": 1}
    assert (seen.unassigned, seen.unassigned_new, seen.quiet) == (1, 1, 0)
    later = desk.store.read_sync(views.overview, ann, WORKFLOW, desk.now + timedelta(days=8))
    assert (later.unassigned, later.unassigned_new, later.quiet) == (1, 0, 1)
    other = desk.hire(BEN, "sales")
    assert desk.store.read_sync(views.overview, other, WORKFLOW, desk.now).statuses == ()


def test_who_waits_longest_for_an_answer_stands_first(desk: Desk) -> None:
    desk.hire()
    first = desk.opens()
    desk.later()
    second = desk.opens(letter("two@x"))
    desk.later()
    desk.says(first, letter("a@x", sender=ANN))
    desk.says(first, letter("n@x", sender=LEE), kind=MessageKind.NOTE)
    desk.later()
    asked_again = desk.now
    desk.says(first, letter("r@x"))
    desk.later()
    desk.says(first, letter("s@x"))
    closed = desk.opens(letter("three@x"))
    desk.says(closed, letter("c@x"), Changed(Field.STATUS, "new", "closed"))
    waiting = desk.store.read_sync(views.overview, None, WORKFLOW, desk.now).waiting
    assert [(w.listed.ticket.number, w.since_at) for w in waiting] == [
        (second.number, NOW + timedelta(minutes=1)),
        (first.number, asked_again),
    ]


def test_the_overview_tells_what_did_not_arrive_for_a_week(desk: Desk) -> None:
    ticket = desk.opens()
    desk.mails(outgoing(desk.person(LEE), ticket=ticket.id))
    (claimed,) = desk.store.write_sync(outbox.claim, "one", 1, NOW)
    desk.store.write_sync(outbox.settle, claimed, Failed(550, "no"), GiveUp("The mailbox is full."), NOW)
    (lost,) = desk.store.read_sync(views.overview, None, WORKFLOW, NOW).undelivered
    assert (lost.ticket, lost.recipient.address, lost.reason) == (ticket.number, LEE, "The mailbox is full.")
    assert desk.store.read_sync(views.overview, None, WORKFLOW, NOW + timedelta(days=8)).undelivered == ()


def test_letters_that_wait_for_the_operator_are_counted_and_listed(desk: Desk) -> None:
    desk.take(letter(), Decision(Outcome.HELD, "storm"))
    desk.store.write_sync(ledger.quarantine, desk.stored().inbound, "It is broken.", "", NOW)
    seen = desk.store.read_sync(views.overview, None, WORKFLOW, NOW)
    assert (seen.held_letters, seen.quarantined) == (1, 1)
    assert [r.reason for r in desk.store.read_sync(views.held_rows)] == ["storm"]
    assert [r.reason for r in desk.store.read_sync(views.quarantine_rows)] == ["It is broken."]


def test_the_ledger_is_read_by_mailbox_and_by_outcome(desk: Desk) -> None:
    desk.opens()
    desk.take(letter("two@x"), Decision(Outcome.FILED, "no ticket"))
    rows = desk.store.read_sync
    assert [r.uid for r in rows(views.ledger_rows)] == [2, 1]
    assert [r.uid for r in rows(views.ledger_rows, DESK.key, Outcome.OPENED)] == [1]
    assert rows(views.ledger_rows, "other@example.org") == ()
    assert [r.uid for r in rows(views.ledger_rows, limit=1)] == [2]


def test_the_digest_says_what_came_and_what_waits(desk: Desk) -> None:
    desk.opens()
    desk.take(letter("two@x"), Decision(Outcome.HELD, "storm"))
    desk.stored()
    desk.mails(outgoing(desk.person(LEE)), is_held=True)
    assert dict(desk.store.read_sync(audit.counts, NOW - timedelta(days=1), NOW)) == {
        "Letters taken in": 3,
        "New tickets": 1,
        "Held, waiting for your word": 1,
        "Letters still to be decided": 1,
        "Mails held, waiting for your word": 1,
    }


# A company that shares


def test_colleagues_read_each_others_tickets_and_nobody_elses(desk: Desk) -> None:
    bobs = desk.opens(letter("b@x", "The drum is worn out.", sender=BOB))
    lees = desk.opens(letter("l@x", "The drum is new.", sender=LEE))
    eves = desk.opens(letter("e@x", "My drum, too.", sender=EVE))
    desk.says(lees, letter("n@x", "a spare drum is in cupboard three", sender=ANN), kind=MessageKind.NOTE)
    bob = replace(desk.person(BOB), shares=("customer.example",))
    assert sorted(numbers(desk, bob)) == [bobs.number, lees.number]
    assert numbers(desk, bob, sort=Sort.NUMBER, descending=False) == [bobs.number, lees.number]
    assert sorted(numbers(desk, bob, words=("drum",))) == [bobs.number, lees.number]
    assert numbers(desk, bob, words=("cupboard",)) == []
    assert numbers(desk, replace(bob, shares=("elsewhere.example",)), words=("drum",)) == [
        eves.number,
        bobs.number,
    ]
    assert numbers(desk, desk.person(BOB)) == [bobs.number]
    view = desk.store.read_sync(views.ticket, lees.number, bob)
    assert authors(view) == [LEE.spec]
    assert desk.store.read_sync(views.ticket, eves.number, bob) is None
    glance = desk.store.read_sync(views.overview, bob, WORKFLOW, NOW)
    assert [(one.status, one.count) for one in glance.statuses] == [("new", 2)]
