"""Tickets read back: the values of the core from their rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, false, or_, select, union

from mailtickets.core.case import HistoryRow, Listed, Post, Story
from mailtickets.core.person import Part, Participant, Person
from mailtickets.core.ticket import Change, Changed, Field, Opened, Ticket
from mailtickets.core.workflow import Meaning, Workflow
from mailtickets.store import people
from mailtickets.store.columns import Told
from mailtickets.store.connect import as_rows
from mailtickets.store.engine import Tx
from mailtickets.store.schema import address, history, message, participant, person, ticket

WIDTH = len(ticket.c)

# FOR UPDATE: on PostgreSQL two letters about one ticket are decided one after the other; SQLite knows
# no other way. By id, so that two that lock several never wait for each other.
_BY_IDS = (
    select(ticket)
    .where(ticket.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(ticket.c.id)
    .with_for_update()
)
_BY_NUMBER = select(ticket).where(ticket.c.number == bindparam("number")).with_for_update()
_SHOWN = select(ticket).where(ticket.c.id.in_(bindparam("ids", expanding=True)))
_PARTICIPANTS = (
    select(participant.c.ticket, participant.c.part, *people.COLUMNS)
    .select_from(participant.join(person).outerjoin(address))
    .where(participant.c.ticket.in_(bindparam("tickets", expanding=True)))
    .order_by(participant.c.ticket, participant.c.id, address.c.key)
)


def of(row: Sequence[Any]) -> Ticket:
    """The ticket whose columns come first in a row."""
    return Ticket(*row[:WIDTH])


def to_change(tx: Tx, ids: Collection[int]) -> dict[int, Ticket]:
    """Tickets by their id, locked until the transaction ends; ids that no ticket has are left out."""
    return {row.id: of(row) for row in tx.execute(_BY_IDS, {"ids": list(ids)})} if ids else {}


def to_change_by_number(tx: Tx, number: int) -> Ticket | None:
    """The ticket of that number, locked until the transaction ends."""
    row = tx.execute(_BY_NUMBER, {"number": number}).first()
    return of(row) if row else None


def by_id(tx: Tx, id: int) -> Ticket | None:
    row = tx.execute(select(ticket).where(ticket.c.id == id)).first()
    return of(row) if row else None


def by_number(tx: Tx, number: int) -> Ticket | None:
    row = tx.execute(select(ticket).where(ticket.c.number == number)).first()
    return of(row) if row else None


def participants(tx: Tx, id: int) -> tuple[Participant, ...]:
    """Who is on a ticket: the requester first, then as they joined."""
    return participants_of(tx, (id,)).get(id, ())


def participants_of(tx: Tx, ids: Collection[int]) -> dict[int, tuple[Participant, ...]]:
    """Who is on tickets, by the ticket's id; one with nobody on it is left out."""
    found: dict[int, list[Participant]] = {}
    for row, who in people.read_rows(tx.execute(_PARTICIPANTS, {"tickets": list(ids)}), skip=2):
        found.setdefault(row.ticket, []).append(Participant(who, row.part))
    return {id: requester_first(here) for id, here in found.items()}


def requester_first(here: Iterable[Participant]) -> tuple[Participant, ...]:
    """The requester, then the others in their order."""
    return tuple(sorted(here, key=lambda p: p.part is not Part.REQUESTER))


def change_of(field: str, old: Told, new: Told) -> Change:
    """The change that a row of history tells."""
    if isinstance(new, Opened):
        return new
    if isinstance(old, Opened):
        raise ValueError("a ticket is opened only once")
    return Changed(Field(field), old, new)


def story(tx: Tx, told: Ticket) -> Story:
    """A ticket with everything that was said and done."""
    messages = tx.execute(
        select(message.c.kind, message.c.author, message.c.written_at, message.c.text)
        .where(message.c.ticket == told.id)
        .order_by(message.c.id)
    ).all()
    changes = tx.execute(
        select(history.c.field, history.c.old, history.c.new, history.c.at, history.c.person)
        .where(history.c.ticket == told.id)
        .order_by(history.c.id)
    ).all()
    ids = {told.requester, told.assignee, *(m.author for m in messages), *(c.person for c in changes)}
    known = people.by_ids(tx, ids - {None})
    return Story(
        told,
        known[told.requester],
        known.get(told.assignee) if told.assignee else None,
        tuple(Post(m.kind, known.get(m.author), m.written_at, m.text) for m in messages),
        tuple(HistoryRow(change_of(c.field, c.old, c.new), c.at, known.get(c.person)) for c in changes),
    )


def listed(tx: Tx, rows: Iterable[Row[Any]]) -> tuple[Listed, ...]:
    """Rows of tickets with their people, in the same order."""
    found = [of(row) for row in rows]
    known = people.by_ids(tx, {id for t in found for id in (t.requester, t.assignee) if id is not None})
    return tuple(Listed(t, known[t.requester], known.get(t.assignee) if t.assignee else None) for t in found)


def listed_by_ids(tx: Tx, ids: Sequence[int]) -> tuple[Listed, ...]:
    """Tickets with their people, in the order of their ids (Ticket.id); ids that none has are left out."""
    if not ids:
        return ()
    found = {row.id: row for row in tx.execute(_SHOWN, {"ids": list(ids)})}
    return listed(tx, [found[id] for id in ids if id in found])


def subjects(tx: Tx, ids: Collection[int]) -> dict[int, str]:
    """The subjects of tickets, by id."""
    some = select(ticket.c.id, ticket.c.subject).where(ticket.c.id.in_(as_rows(ids, tx.dialect.name)))
    return {row.id: row.subject for row in tx.execute(some)}


def seen_by(viewer: Person | None, parts: Collection[Part] = ()) -> ColumnElement[bool]:
    """The tickets that somebody may see: staff what they work on, everybody the own ones.

    `parts`: being that on a ticket is enough too. None is the operator, who sees all.
    """
    if viewer is None or (viewer.is_staff and not viewer.projects):
        return ticket.c.id.is_not(None)
    here = select(participant.c.ticket).where(
        participant.c.person == viewer.id, participant.c.part.in_(list(parts))
    )
    if viewer.shares:
        colleagues = select(person.c.id).where(person.c.domain.in_(viewer.shares))
        return or_(ticket.c.requester.in_(colleagues), ticket.c.requester == viewer.id)
    if parts and not viewer.is_staff:
        # Each half by its index; PostgreSQL reads the whole table for an OR of them.
        own = ticket.alias("own")
        return ticket.c.id.in_(union(select(own.c.id).where(own.c.requester == viewer.id), here))
    return or_(
        ticket.c.requester == viewer.id,
        ticket.c.project.in_(viewer.projects) if viewer.is_staff else false(),
        ticket.c.id.in_(here) if parts else false(),
    )


def means(workflow: Workflow, meanings: Collection[Meaning]) -> ColumnElement[bool]:
    """Tickets whose status means one of these. One that the workflow has no more means open, as in the core."""
    inside = [s.id for s in workflow.statuses if s.meaning in meanings]
    outside = [s.id for s in workflow.statuses if s.meaning not in meanings]
    status = ticket.c.status
    chosen: ColumnElement[bool] = status.not_in(outside) if Meaning.OPEN in meanings else status.in_(inside)
    return chosen
