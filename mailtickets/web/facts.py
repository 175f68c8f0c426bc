"""What the API says of tickets: typed answers, ids instead of labels, people by their address."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from pydantic import BaseModel, Field

from mailtickets.core import ticket as core
from mailtickets.core.case import Listed, MessageKind
from mailtickets.core.person import Part, Person
from mailtickets.core.ticket import Changed, Opened, Value
from mailtickets.store.views import Entry, Event, TicketView
from mailtickets.web.access import Sight

Plain: TypeAlias = str | int | datetime | list[str] | None
_PEOPLE = frozenset({core.Field.REQUESTER, core.Field.ASSIGNEE})


class Brief(BaseModel):
    """A ticket as it stands in a list."""

    number: int
    subject: str
    status: str = Field(description="Id of a status of the workflow.")
    resolution: str
    priority: str
    type: str
    project: str
    requester: str = Field(description="Mail address.")
    assignee: str | None = Field(description="Mail address, to requesters the name; null is nobody.")
    tags: list[str]
    created: datetime
    updated: datetime
    first_answered: datetime | None
    resolved: datetime | None
    closed: datetime | None
    reopened: int = Field(description="How often.")
    url: str = Field(description="The page of the ticket.")


class Tickets(BaseModel):
    """One page of a list."""

    total: int = Field(description="Tickets on all pages, or the first of them that were counted.")
    is_counted: bool = Field(description="False: there are more than the total says.")
    page: int
    pages: int
    next: str | None = Field(description="Address of the next page.")
    tickets: list[Brief]


class File(BaseModel):
    name: str
    content_type: str
    size: int = Field(description="Octets.")
    sha256: str
    url: str


class Said(BaseModel):
    """A message."""

    id: int
    kind: MessageKind
    author: str | None = Field(
        description="Mail address, of staff to requesters the name; null if the mail names nobody."
    )
    is_verified: bool = Field(description="False if the author could not be proven.")
    written: datetime
    text: str
    attachments: list[File]


class Done(BaseModel):
    """A change. The first row of every history has field "opened" and no values."""

    field: str
    old: Plain
    new: Plain
    at: datetime
    by: str | None


class Participant(BaseModel):
    address: str
    name: str
    part: Part


class Whole(Brief):
    """A ticket with all that the asker may see of it: requesters see no notes and no history."""

    participants: list[Participant]
    messages: list[Said]
    history: list[Done]


def brief(listed: Listed, url: str, seen: Sight) -> Brief:
    """`url` is the ticket's page. To requesters staff has names and no addresses, and tags are staff's own words."""
    ticket = listed.ticket
    return Brief(
        number=ticket.number,
        subject=ticket.subject,
        status=ticket.status,
        resolution=ticket.resolution,
        priority=ticket.priority,
        type=ticket.type,
        project=ticket.project,
        requester=listed.requester.address.spec,
        assignee=_called(listed.assignee, seen),
        tags=list(ticket.tags) if seen is Sight.ALL else [],
        created=ticket.created_at,
        updated=ticket.updated_at,
        first_answered=ticket.first_answered_at,
        resolved=ticket.resolved_at,
        closed=ticket.closed_at,
        reopened=ticket.reopened,
        url=url,
    )


def whole(view: TicketView, url: str, seen: Sight) -> Whole:
    """`url` is the ticket's page; its files lie below it."""
    short = brief(Listed(view.ticket, view.requester, view.assignee), url, seen)
    return Whole(
        **short.model_dump(),
        participants=[
            Participant(address=p.person.address.spec, name=p.person.shown, part=p.part)
            for p in view.participants
        ],
        messages=[_said(entry, url, seen) for entry in view.entries],
        history=[_done(event, view) for event in view.history],
    )


def _said(entry: Entry, url: str, seen: Sight) -> Said:
    files = [
        File(
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            sha256=file.sha256,
            url=f"{url}/attachment/{entry.id}/{index}",
        )
        for index, file in enumerate(entry.attachments)
    ]
    return Said(
        id=entry.id,
        kind=entry.kind,
        author=_called(entry.author, seen),
        is_verified=not entry.unverified,
        written=entry.written_at,
        text=entry.text,
        attachments=files,
    )


def _done(event: Event, view: TicketView) -> Done:
    by = _spec(event.by)
    match event.change:
        case Opened():
            return Done(field="opened", old=None, new=None, at=event.at, by=by)
        case Changed(field=field, old=old, new=new):
            values = (_plain(field, value, view) for value in (old, new))
            return Done(field=field, old=next(values), new=next(values), at=event.at, by=by)


def _plain(field: core.Field, value: Value, view: TicketView) -> Plain:
    match value:
        case int(id) if field in _PEOPLE:
            return next((person.address.spec for person in view.people if person.id == id), None)
        case tuple():
            return list(value)
        case _:
            return value


def _called(person: Person | None, seen: Sight) -> str | None:
    """The address; of staff to a requester the name, since the desk writes from its own address for them."""
    if person is None or not person.is_staff or seen is Sight.ALL:
        return _spec(person)
    return "" if person.shown == person.address.spec else person.shown


def _spec(person: Person | None) -> str | None:
    return person.address.spec if person else None
