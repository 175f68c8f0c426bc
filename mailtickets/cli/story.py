"""One ticket in words for a terminal, and as values for a program."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from datetime import datetime

from mailtickets.cli.rows import words
from mailtickets.core.case import MessageKind
from mailtickets.core.person import Part, Person
from mailtickets.core.policy import Policy
from mailtickets.core.ticket import Changed, Field, Opened, Value
from mailtickets.store.views import Entry, Event, TicketView

WIDTH = 100
TITLES = {
    MessageKind.PUBLIC: "wrote",
    MessageKind.NOTE: "noted (staff only)",
    MessageKind.AUTOMATIC: "(a machine)",
}
PEOPLE = (Field.REQUESTER, Field.ASSIGNEE)


def values(view: TicketView) -> Mapping[str, object]:
    """Everything, as JSON takes it; people by address."""
    ticket = view.ticket
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "status": ticket.status,
        "resolution": ticket.resolution,
        "priority": ticket.priority,
        "type": ticket.type,
        "project": ticket.project,
        "requester": view.requester.address.spec,
        "assignee": _spec(view.assignee),
        "cc": _in_part(view, Part.CC),
        "followers": _in_part(view, Part.FOLLOWER),
        "tags": ticket.tags,
        "created": ticket.created_at.isoformat(),
        "updated": ticket.updated_at.isoformat(),
        "updated_by": next((p.address.spec for p in view.people if p.id == ticket.updated_by), None),
        "first_answered": _moment(ticket.first_answered_at),
        "resolved": _moment(ticket.resolved_at),
        "closed": _moment(ticket.closed_at),
        "reopened": ticket.reopened,
        "participants": [
            {
                "address": one.person.address.spec,
                "part": one.part.value,
                "language": one.person.language or one.person.heard,
                "paused": one.person.paused,
            }
            for one in view.participants
        ],
        "messages": [
            {
                "kind": entry.kind.value,
                "author": _spec(entry.author),
                "written": entry.written_at.isoformat(),
                "text": entry.text,
                "attachments": [file.name for file in entry.attachments],
            }
            for entry in view.entries
        ],
        "history": [
            {
                "field": _field(event),
                "old": _value(event.change.old, view, event) if isinstance(event.change, Changed) else None,
                "new": _value(event.change.new, view, event) if isinstance(event.change, Changed) else None,
                "at": event.at.isoformat(),
                "by": _spec(event.by),
            }
            for event in view.history
        ],
        "mails": [
            {
                "kind": mail.kind.value,
                "recipient": mail.recipient.address.spec,
                "state": mail.state.value,
                "at": mail.at.isoformat(),
                "answer": mail.answer,
            }
            for mail in view.deliveries
        ],
    }


def text(view: TicketView, policy: Policy) -> str:
    """A page of it: state, then everything in the order it happened."""
    ticket = view.ticket
    assigned = view.assignee.shown if view.assignee else "nobody"
    head = [
        words(f"{ticket.number}  {ticket.subject}"),
        words(
            f"{policy.workflow.status(ticket.status).label}, {ticket.priority} {ticket.type} in {ticket.project}, "
            f"with {assigned}. Requester: {_called(view.requester)}"
        ),
    ]
    told = [
        *((e.written_at, _said(e)) for e in view.entries),
        *((e.at, _changed(e, view)) for e in view.history),
    ]
    told += [
        (mail.at, words(f"  {mail.kind} to {mail.recipient.address.spec}: {mail.state} {mail.answer}"))
        for mail in view.deliveries
    ]
    return "\n".join([*head, *(f"\n{words(at)}  {what}" for at, what in sorted(told, key=lambda t: t[0]))])


def _said(entry: Entry) -> str:
    who = words(_called(entry.author) if entry.author else "Somebody")
    files = words(f"Files: {', '.join(file.name for file in entry.attachments)}") if entry.attachments else ""
    lines = [words(line) for line in entry.text.splitlines()]
    return "\n".join([f"{who} {TITLES[entry.kind]}", *(f"    {line}" for line in [*lines, files] if line)])


def _changed(event: Event, view: TicketView) -> str:
    by = words(event.by.shown) if event.by else "the desk"
    match event.change:
        case Opened():
            return f"opened by {by}"
        case Changed() as change:
            old, new = (_value(value, view, event) or "nothing" for value in (change.old, change.new))
            return textwrap.shorten(f"{change.field} {words(str(old))} → {words(str(new))} by {by}", WIDTH)


def _field(event: Event) -> str:
    return event.change.field.value if isinstance(event.change, Changed) else "opened"


def _value(value: Value, view: TicketView, event: Event) -> str | int | list[str] | None:
    """People by address, moments in ISO."""
    is_person = isinstance(event.change, Changed) and event.change.field in PEOPLE
    match value:
        case datetime():
            return value.isoformat()
        case tuple():
            return list(value)
        case int() if is_person:
            return next((p.address.spec for p in view.people if p.id == value), None)
        case _:
            return value


def _spec(person: Person | None) -> str | None:
    return person.address.spec if person else None


def _in_part(view: TicketView, part: Part) -> list[str]:
    return [one.person.address.spec for one in view.participants if one.part is part]


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _called(person: Person) -> str:
    spec = person.address.spec
    return spec if person.shown == spec else f"{person.shown} <{spec}>"
