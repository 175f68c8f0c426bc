"""A ticket, and the one way to change it.

The law: a ticket is the fold of its history, `fold(changes) == ticket` in every field but
`updated_at` and `updated_by`, which any message moves too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, assert_never


class Field(StrEnum):
    """What of a ticket can change: query key, JSON name and history column are this one word."""

    SUBJECT = "subject"
    STATUS = "status"
    RESOLUTION = "resolution"
    PRIORITY = "priority"
    TYPE = "type"
    PROJECT = "project"
    REQUESTER = "requester"
    ASSIGNEE = "assignee"
    TAGS = "tags"
    FIRST_ANSWERED = "first_answered"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"


# Ids of people are int, moments are aware UTC datetimes, lists are sorted tuples, nothing is None.
Value: TypeAlias = str | int | datetime | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Ticket:
    """One matter. `id` is the ledger's own; `number` is what people say."""

    id: int
    number: int
    subject: str
    status: str  # id of a status of the workflow
    priority: str
    type: str
    project: str
    requester: int  # Person.id
    desk: str  # Address.key of the desk address that was written to: answers come from there
    created_at: datetime
    updated_at: datetime
    updated_by: int | None = None
    resolution: str = ""
    assignee: int | None = None
    tags: tuple[str, ...] = ()
    first_answered_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    reopened: int = 0
    origin_id: str = ""  # Message-ID of the letter that opened it, for References


@dataclass(frozen=True, slots=True)
class Opened:
    """The first row of every history."""

    subject: str
    status: str
    priority: str
    type: str
    project: str
    requester: int
    desk: str
    origin_id: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """One field, from what to what."""

    field: Field
    old: Value
    new: Value


Change: TypeAlias = Opened | Changed


def value(ticket: Ticket, field: Field) -> Value:
    """What a field holds now, in the form that history keeps."""
    match field:
        case Field.FIRST_ANSWERED:
            return ticket.first_answered_at
        case Field.RESOLVED:
            return ticket.resolved_at
        case Field.CLOSED:
            return ticket.closed_at
        case _:
            found: Value = getattr(ticket, field.value)
            return found


def changed(ticket: Ticket, field: Field, new: Value) -> tuple[Changed, ...]:
    """The change that sets a field; none if it holds that value already."""
    old = value(ticket, field)
    return () if old == new else (Changed(field, old, new),)


_COLUMN = {
    Field.FIRST_ANSWERED: "first_answered_at",
    Field.RESOLVED: "resolved_at",
    Field.CLOSED: "closed_at",
}


def evolve(ticket: Ticket, change: Change) -> Ticket:
    """The ticket after a change. ValueError if the change starts from another state than the ticket is in."""
    match change:
        case Opened():
            raise ValueError(f"ticket {ticket.number} is open already")
        case Changed():
            if value(ticket, change.field) != change.old:
                raise ValueError(
                    f"ticket {ticket.number}: {change.field} is not {change.old!r}, it cannot become {change.new!r}"
                )
            return replace(ticket, **{_COLUMN.get(change.field, change.field.value): change.new})  # type: ignore[arg-type]
        case _:
            assert_never(change)


def opened(id: int, number: int, change: Opened, at: datetime) -> Ticket:
    """The ticket that an `Opened` begins."""
    return Ticket(
        id=id,
        number=number,
        subject=change.subject,
        status=change.status,
        priority=change.priority,
        type=change.type,
        project=change.project,
        requester=change.requester,
        desk=change.desk,
        origin_id=change.origin_id,
        created_at=at,
        updated_at=at,
        updated_by=change.requester,
    )


def fold(id: int, number: int, history: Iterable[tuple[Change, datetime]]) -> Ticket:
    """The ticket that its history tells. ValueError if it does not begin with `Opened`."""
    rows = iter(history)
    first, at = next(rows, (None, None))
    if not isinstance(first, Opened) or at is None:
        raise ValueError(f"the history of ticket {number} does not begin with its opening")
    ticket = opened(id, number, first, at)
    for change, _ in rows:
        ticket = evolve(ticket, change)
    return ticket
