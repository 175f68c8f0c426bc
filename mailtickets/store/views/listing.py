"""Lists of tickets: narrowed, sorted, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, assert_never

from sqlalchemy import ColumnElement, String, and_, case, cast, exists, func, or_, select

from mailtickets.core.case import Listed, MessageKind
from mailtickets.core.person import Person, Role
from mailtickets.store import tickets as rows
from mailtickets.store.connect import contains
from mailtickets.store.engine import Tx
from mailtickets.store.schema import message, person, ticket

_SIZE = 25


class Sort(StrEnum):
    NUMBER = "number"
    SUBJECT = "subject"
    STATUS = "status"
    PRIORITY = "priority"
    ASSIGNEE = "assignee"
    UPDATED = "updated"
    CREATED = "created"


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Tickets that match all of it; what is left out does not narrow."""

    statuses: frozenset[str] | None = None  # ids
    assignee: int | None = None  # Person.id
    is_unassigned: bool = False
    words: tuple[
        str, ...
    ] = ()  # each stands in number, subject, requester or what was said, whatever its case
    sort: Sort = Sort.UPDATED
    descending: bool = True
    order: tuple[str, ...] = ()  # ids from first to last, to sort statuses or priorities by
    page: int = 1
    size: int = _SIZE


@dataclass(frozen=True, slots=True)
class TicketPage:
    rows: tuple[Listed, ...]
    total: int  # on all pages


def tickets(tx: Tx, viewer: Person | None, asked: TicketFilter) -> TicketPage:
    """A page of the tickets that somebody may see; None is the operator, who sees all."""
    which = and_(rows.seen_by(viewer), *_narrowed(asked, viewer))
    total = tx.scalar(select(func.count()).select_from(ticket).where(which)) or 0
    found = (
        select(ticket)
        .where(which)
        .order_by(*_sorted(asked))
        .limit(asked.size)
        .offset((max(asked.page, 1) - 1) * asked.size)
    )
    return TicketPage(rows.listed(tx, tx.execute(found)), total)


def _narrowed(asked: TicketFilter, viewer: Person | None) -> Sequence[ColumnElement[bool]]:
    which: list[ColumnElement[bool]] = [_says(word, viewer) for word in asked.words]
    if asked.statuses is not None:
        which.append(ticket.c.status.in_(sorted(asked.statuses)))
    if asked.assignee is not None:
        which.append(ticket.c.assignee == asked.assignee)
    if asked.is_unassigned:
        which.append(ticket.c.assignee.is_(None))
    return which


def _says(word: str, viewer: Person | None) -> ColumnElement[bool]:
    """Whether a word stands where this viewer may read it: no customer finds a ticket by a note on it."""
    said = and_(message.c.ticket == ticket.c.id, contains(message.c.text, word))
    if viewer is not None and not viewer.is_staff:
        said = and_(said, message.c.kind == MessageKind.PUBLIC, _is_heard())
    by = and_(
        person.c.id == ticket.c.requester,
        or_(contains(person.c.name, word), contains(person.c.called, word), contains(person.c.spec, word)),
    )
    return or_(
        contains(ticket.c.subject, word),
        cast(ticket.c.number, String) == word.lstrip("#"),
        exists().where(by),
        exists().where(said),
    )


def _is_heard() -> ColumnElement[bool]:
    """Said by the requester or by staff."""
    by_staff = exists().where(person.c.id == message.c.author, person.c.role != Role.REQUESTER)
    return or_(message.c.author == ticket.c.requester, by_staff)


def _sorted(asked: TicketFilter) -> tuple[ColumnElement[Any], ...]:
    key = _key(asked)
    # The number last, so that pages do not share a row.
    return (key.desc(), ticket.c.number.desc()) if asked.descending else (key.asc(), ticket.c.number.asc())


def _key(asked: TicketFilter) -> ColumnElement[Any]:
    match asked.sort:
        case Sort.NUMBER:
            return ticket.c.number
        case Sort.SUBJECT:
            return func.lower(ticket.c.subject)
        case Sort.STATUS:
            return _ranked(ticket.c.status, asked.order)
        case Sort.PRIORITY:
            return _ranked(ticket.c.priority, asked.order)
        case Sort.ASSIGNEE:
            return _name_of_assignee()
        case Sort.UPDATED:
            return ticket.c.updated_at
        case Sort.CREATED:
            return ticket.c.created_at
        case _:
            assert_never(asked.sort)


def _ranked(column: ColumnElement[str], order: Sequence[str]) -> ColumnElement[Any]:
    ranks = {id: rank for rank, id in enumerate(order)}
    return case(ranks, value=column, else_=len(order)) if ranks else column


def _name_of_assignee() -> ColumnElement[Any]:
    name = case(
        (person.c.name != "", person.c.name), (person.c.called != "", person.c.called), else_=person.c.spec
    )
    # With nobody: last, in either database.
    found = select(func.lower(name)).where(person.c.id == ticket.c.assignee).scalar_subquery()
    return func.coalesce(found, "\uffff")
