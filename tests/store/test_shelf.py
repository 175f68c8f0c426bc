"""What lists and counts are read from is the same as the tickets, whatever was done to them and by whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text

from mailtickets.core.case import MessageKind
from mailtickets.core.ticket import Changed, Field, fold
from mailtickets.store import people, search, tickets, views
from mailtickets.store.engine import Store, Tx
from mailtickets.store.schema import history, message, shelf, tally, ticket
from mailtickets.store.views import Sort, TicketFilter, listing, streams
from tests.bench import seed
from tests.store.asking import asked
from tests.store.desk import Desk
from tests.store.letters import ANN, LEE, NOW, letter

COPIED = ("number", "status", "priority", "project", "requester", "assignee", "created_at", "updated_at")
KIND = ("project", "status", "priority", "assignee")


def test_the_shelf_and_the_tally_follow_every_change(desk: Desk) -> None:
    ann = desk.hire()
    one, two = desk.opens(), desk.opens(letter("two@x"))
    desk.later()
    one = desk.says(
        one, letter("c@x"), Changed(Field.STATUS, "new", "open"), Changed(Field.ASSIGNEE, None, ann.id)
    )
    one = desk.says(
        one, letter("d@x"), Changed(Field.ASSIGNEE, ann.id, None), Changed(Field.PRIORITY, "standard", "high")
    )
    desk.says(
        two,
        letter("e@x"),
        Changed(Field.PROJECT, "support", "sales"),
        Changed(Field.SUBJECT, "Printer", "DRUM Ü"),
    )
    desk.says(two, letter("f@x"), Changed(Field.REQUESTER, two.requester, ann.id))
    desk.store.read_sync(_agrees)
    assert desk.store.read_sync(_of, two.id, "subject") == "drum ü" or desk.store.dialect == "postgresql"


def test_whoever_waits_is_known_since_their_first_words_without_an_answer(desk: Desk) -> None:
    desk.hire()
    ticket = desk.opens()
    steps: list[tuple[Any, MessageKind, bool]] = [
        (LEE, MessageKind.PUBLIC, False),  # asks again: waits since the opening
        (ANN, MessageKind.NOTE, False),
        (ANN, MessageKind.PUBLIC, True),
        (LEE, MessageKind.AUTOMATIC, False),
        (LEE, MessageKind.PUBLIC, True),
        (LEE, MessageKind.PUBLIC, False),
    ]
    since: datetime = NOW
    for k, (who, kind, moves) in enumerate(steps):
        desk.later()
        desk.says(ticket, letter(f"{k}@x", sender=who), kind=kind)
        since = desk.now if moves else since
        assert desk.store.read_sync(_of, ticket.id, "since_at") == since, k


def test_a_ticket_that_is_taken_out_leaves_the_shelf_and_the_tally(store: Store) -> None:
    desk = Desk(store)
    one = desk.opens()
    store.write_sync(_take_out, one.id)
    store.read_sync(_agrees)
    assert store.read_sync(views.tickets, None, TicketFilter()).total == 0


def test_the_tally_is_added_up_and_says_the_same(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(6):
        ticket = desk.opens(letter(f"{k}@x"))
        desk.says(ticket, letter(f"c{k}@x"), Changed(Field.STATUS, "new", "closed"))
    assert desk.store.write_sync(search.tidy) == 0
    monkeypatch.setattr("mailtickets.store.search.cards.TIDY_AFTER", 5)
    assert desk.store.write_sync(search.tidy) == 17
    desk.store.read_sync(_agrees)
    assert desk.store.write_sync(search.tidy) == 0


# A database that was filled at its first form, and brought up to date.


@pytest.fixture
def seeded(empty_url: str, tmp_path: Any) -> Any:
    seed.seed(empty_url, 400, NOW)
    store = Store.open(empty_url, tmp_path / "blobs")
    yield store
    store.close_sync()


def test_a_migration_puts_on_the_shelf_what_is_there(seeded: Store) -> None:
    seeded.read_sync(_agrees)
    seeded.read_sync(_histories_fold)
    fresh = seeded.read_sync(_waits)
    seeded.write_sync(_say_again)
    assert seeded.read_sync(_waits) == fresh
    while seeded.write_sync(search.write_cards, 500):
        pass
    assert seeded.read_sync(views.tickets, None, asked("printer")).total > 50


LISTS = [
    (statuses, assignee, nobody, asked(statuses=statuses, assignee=assignee, is_unassigned=nobody, sort=sort, descending=descending, page=page))
    for statuses in (None, frozenset({"new", "open"}), frozenset({"closed"}))
    for assignee, nobody in ((None, False), (3, False), (None, True))
    for sort in (Sort.NUMBER, Sort.SUBJECT, Sort.STATUS, Sort.PRIORITY, Sort.ASSIGNEE, Sort.UPDATED, Sort.CREATED)
    for descending, page in ((True, 1), (False, 2))
]  # fmt: skip
VIEWERS = [None, (5, ()), (5, ("support",)), (5, ("sales",)), (25, ())]


@pytest.mark.parametrize("short", [streams.SHORT, 0])
def test_a_list_is_what_a_plain_question_finds(
    seeded: Store, short: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it is put together: of streams out of the indexes, or sorted at the end."""
    monkeypatch.setattr(streams, "SHORT", short)
    seeded.write_sync(_divide)
    for who in VIEWERS:
        viewer = seeded.read_sync(_viewer, who) if who else None
        every = seeded.read_sync(_everything, viewer)
        for statuses, assignee, nobody, one in LISTS:
            page = seeded.read_sync(views.tickets, viewer, one)
            chosen = [
                row
                for row in every
                if (statuses is None or row.ticket.status in statuses)
                and (assignee is None or row.ticket.assignee == assignee)
                and not (nobody and row.ticket.assignee is not None)
            ]
            wanted = _plainly(chosen, one)
            first = (one.page - 1) * one.size
            shown = [row.ticket.number for row in page.rows]
            assert (page.total, shown) == (len(wanted), wanted[first : first + one.size]), (who, one)


def test_nobody_leafs_deeper_than_is_cheap(seeded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "DEEPEST", 50)
    page = seeded.read_sync(views.tickets, None, TicketFilter(page=3))
    assert (page.rows, page.total) == ((), 400)


def _agrees(tx: Tx) -> None:
    """The shelf and the tally say what the tickets say."""
    copied = tx.execute(
        select(shelf.c.ticket, *(shelf.c[name] for name in COPIED)).order_by(shelf.c.ticket)
    ).all()
    true = tx.execute(select(ticket.c.id, *(ticket.c[name] for name in COPIED)).order_by(ticket.c.id)).all()
    assert copied == true
    counted = select(*(tally.c[n] for n in KIND), func.sum(tally.c.count)).group_by(
        *(tally.c[n] for n in KIND)
    )
    counts = select(*(ticket.c[n] for n in KIND), func.count()).group_by(*(ticket.c[n] for n in KIND))
    assert {tuple(r) for r in tx.execute(counted) if r[-1]} == {tuple(r) for r in tx.execute(counts)}


def _of(tx: Tx, id: int, column: str) -> Any:
    return tx.scalar(select(shelf.c[column]).where(shelf.c.ticket == id))


def _take_out(tx: Tx, id: int) -> None:
    for name in ("message", "history", "participant", "seen_id", "inbound"):
        tx.execute(text(f"DELETE FROM {name} WHERE ticket = {id}"))
    tx.execute(delete(ticket).where(ticket.c.id == id))


def _histories_fold(tx: Tx) -> None:
    for row in tx.execute(select(ticket)).all():
        told = tickets.of(row)
        rows = tx.execute(select(history).where(history.c.ticket == told.id).order_by(history.c.id))
        folded = fold(told.id, told.number, ((tickets.change_of(r.field, r.old, r.new), r.at) for r in rows))
        for name in (f.name for f in ticket.c if f.name not in ("updated_at", "updated_by")):
            assert getattr(folded, name) == getattr(told, name), (told.number, name)


def _waits(tx: Tx) -> dict[int, Any]:
    rows = tx.execute(select(shelf.c.ticket, shelf.c.since_at, shelf.c.is_answered))
    return {row.ticket: (row.since_at, row.is_answered) for row in rows}


def _say_again(tx: Tx) -> None:
    """What the triggers would have made of it, had they been there from the beginning."""
    tx.execute(text("UPDATE shelf SET since_at = created_at, is_answered = :no"), {"no": False})
    rows = tx.execute(select(message).order_by(message.c.id)).mappings().all()
    tx.execute(delete(message))
    tx.execute(message.insert(), [dict(row) for row in rows])


def _divide(tx: Tx) -> None:
    """Another project, and an agent who is a requester too."""
    tx.execute(text("UPDATE ticket SET project = 'sales' WHERE id % 3 = 0"))
    tx.execute(text("UPDATE ticket SET requester = 5 WHERE id % 40 = 7"))


def _viewer(tx: Tx, who: tuple[int, tuple[str, ...]]) -> Any:
    found = people.by_id(tx, who[0])
    assert found
    return replace(found, projects=who[1])


def _everything(tx: Tx, viewer: Any) -> list[Any]:
    found = tx.execute(select(ticket).where(tickets.seen_by(viewer))).all()
    return list(tickets.listed(tx, found))


def _plainly(every: list[Any], asked: TicketFilter) -> list[int]:
    def key(one: Any) -> tuple[Any, ...]:
        t = one.ticket
        match asked.sort:
            case Sort.ASSIGNEE:
                name = one.assignee.name.lower() if one.assignee else ""
                return (one.assignee is None, name, t.number)
            case Sort.SUBJECT:
                return (t.subject[:80].lower(), t.id)
            case Sort.UPDATED:
                return (t.updated_at, t.id)
            case Sort.CREATED:
                return (t.created_at, t.id)
            case _:
                return (getattr(t, asked.sort.value), t.number)

    return [one.ticket.number for one in sorted(every, key=key, reverse=asked.descending)]
