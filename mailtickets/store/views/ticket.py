"""One ticket, whole: what was said, what was changed, what was mailed, and who is on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, func, select

from mailtickets.core.account import Account
from mailtickets.core.case import Answer, MessageKind, ReplyKind
from mailtickets.core.classify import Kind
from mailtickets.core.identity import Evidence
from mailtickets.core.mail import Attachment, Segment
from mailtickets.core.person import Part, Participant, Person
from mailtickets.core.ticket import Change, Ticket
from mailtickets.store import people, tickets
from mailtickets.store.blobs import Blobs
from mailtickets.store.engine import Tx
from mailtickets.store.schema import MailState, history, inbound, message, outbox, question, raw


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one mail of ours. A mail that bounced has failed, whatever the first server said."""

    id: int
    cause: str
    kind: ReplyKind
    recipient: Person
    state: MailState
    at: datetime  # when it was handed over or given up; of one that waits, when it is tried next, or was written
    attempts: int
    answer: str  # the last one of a server, or ours
    is_automatic: bool
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of the ticket."""

    id: int
    cause: str  # what mails and changes came with it have the same
    kind: MessageKind
    author: Person | None
    written_at: datetime
    text: str
    segments: tuple[Segment, ...]
    attachments: tuple[Attachment, ...]  # without octets: `attached_to` has them
    unverified: bool
    deliveries: tuple[Delivery, ...] = ()  # mails that carried it outside
    wrote: Kind | None = None  # what wrote the letter that it was
    why: str = ""  # what told so
    account: Account | None = None  # of that letter; None: there was none, or the viewer may not know
    evidence: Evidence | None = None  # of whoever sent it, likewise
    sender: Person | None = None  # whom the letter came from: not the author of one that was handed on


@dataclass(frozen=True, slots=True)
class Event:
    """A row of history."""

    cause: str
    change: Change
    at: datetime
    by: Person | None


@dataclass(frozen=True, slots=True)
class TicketView:
    ticket: Ticket
    requester: Person
    assignee: Person | None
    participants: tuple[Participant, ...]  # the requester first
    entries: tuple[Entry, ...]  # oldest first
    history: tuple[Event, ...]  # oldest first
    deliveries: tuple[Delivery, ...]  # every mail about the ticket, oldest first
    people: tuple[Person, ...]  # everybody whom any row names
    last_to_viewer: str = ""  # Message-ID of our latest mail to the viewer: who answers it proves to be them


def ticket(tx: Tx, number: int, viewer: Person | None = None) -> TicketView | None:
    """A ticket as its viewer may see it (None: the operator); None if there is none, or not for them.

    A requester is shown the talk: no notes, no machines, no history, nobody who is not part of it.
    """
    found = tickets.by_number(tx, number)
    if found is None:
        return None
    whole = _whole(tx, found)
    if viewer is None:
        return whole
    # Whoever answers a question says nothing else.
    talk = (d for d in whole.deliveries if d.kind is not ReplyKind.CONFIRM)
    to_viewer = [d.message_id for d in talk if d.recipient.id == viewer.id]
    whole = replace(whole, last_to_viewer=to_viewer[-1] if to_viewer else "")
    if viewer.works_on(found.project):
        return whole
    return _for_requester(whole) if viewer.reads_of(whole.requester) else None


def attached_to(tx: Tx, blobs: Blobs, entry: int) -> bytes | None:
    """The octets of the letter that a message was (Entry.id); None if no letter was, or they are gone."""
    # What an agent's yes lets out is the letter that was asked about.
    confirmed = and_(question.c.answered_by == message.c.inbound, question.c.answer == Answer.CONFIRMED)
    letter = func.coalesce(question.c.letter, message.c.inbound)
    wanted = (
        select(raw.c.sha256, raw.c.octets)
        .select_from(message.outerjoin(question, confirmed).join(inbound, inbound.c.id == letter).join(raw))
        .where(message.c.id == entry)
    )
    row = tx.execute(wanted).first()
    if row is None:
        return None
    try:
        octets: bytes = blobs.get(row.sha256) if row.octets is None else row.octets
    except FileNotFoundError:
        return None
    return octets


_SAID: Select[Any] = (
    select(
        *message.c,
        inbound.c.kind.label("wrote"),
        inbound.c.why_kind,
        inbound.c.account,
        inbound.c.evidence,
        inbound.c.person.label("sender"),
    )
    .select_from(message.outerjoin(inbound, message.c.inbound == inbound.c.id))
    .where(message.c.ticket == bindparam("ticket"))
    .order_by(message.c.id)
)
_SENT = [column for column in outbox.c if column.name != "octets"]


def _whole(tx: Tx, found: Ticket) -> TicketView:
    said = tx.execute(_SAID, {"ticket": found.id}).all()
    done = tx.execute(select(history).where(history.c.ticket == found.id).order_by(history.c.id)).all()
    sent = tx.execute(select(*_SENT).where(outbox.c.ticket == found.id).order_by(outbox.c.id)).all()
    here = tickets.participants(tx, found.id)
    named = {found.requester, found.assignee, found.updated_by}
    named |= (
        {m.author for m in said}
        | {m.sender for m in said}
        | {h.person for h in done}
        | {d.person for d in sent}
    )
    named |= {id for h in done if h.field in ("requester", "assignee") for id in (h.old, h.new)}
    accounts = [m.account for m in said if m.account]
    named |= {one.person for a in accounts for one in a.mailed} | {
        one.person for a in accounts for one in a.unmailed
    }
    named |= {token.person for m in said if m.evidence for token in m.evidence.tokens}
    known = dict(people.by_ids(tx, {id for id in named if id is not None}))
    known |= {p.person.id: p.person for p in here}
    mails = tuple(_delivery(row, known) for row in sent)
    return TicketView(
        ticket=found,
        requester=known[found.requester],
        assignee=known.get(found.assignee) if found.assignee else None,
        participants=here,
        entries=tuple(_entry(row, known, mails) for row in said),
        history=tuple(
            Event(row.cause, tickets.change_of(row.field, row.old, row.new), row.at, known.get(row.person))
            for row in done
        ),
        deliveries=mails,
        people=tuple(known.values()),
    )


def _entry(row: Row[Any], known: Mapping[int, Person], mails: Sequence[Delivery]) -> Entry:
    return Entry(
        id=row.id,
        cause=row.cause,
        kind=row.kind,
        author=known.get(row.author),
        written_at=row.written_at,
        text=row.text,
        segments=row.segments,
        attachments=row.attachments,
        unverified=row.unverified,
        deliveries=tuple(d for d in mails if d.cause == row.cause and d.kind is ReplyKind.ANSWER),
        wrote=row.wrote,
        why=row.why_kind or "",
        account=row.account,
        evidence=row.evidence,
        sender=known.get(row.sender),
    )


def _delivery(row: Row[Any], known: Mapping[int, Person]) -> Delivery:
    return Delivery(
        id=row.id,
        cause=row.cause,
        kind=row.kind,
        recipient=known[row.person],
        state=MailState.FAILED if row.bounced_at else row.state,
        at=row.bounced_at or row.settled_at or row.next_at or row.created_at,
        attempts=row.attempts,
        answer=row.bounce or row.answer,
        is_automatic=row.is_automatic,
        message_id=row.message_id,
    )


def _for_requester(view: TicketView) -> TicketView:
    """The talk between the requester, those whom the requester brought in, and the desk."""
    inside = tuple(p for p in view.participants if p.part in (Part.REQUESTER, Part.CC))
    heard = {p.person.id for p in inside} | {view.ticket.requester}
    entries = tuple(
        replace(entry, deliveries=(), account=None, evidence=None, sender=None)
        for entry in view.entries
        if entry.kind is MessageKind.PUBLIC
        and entry.author is not None
        and (entry.author.is_staff or entry.author.id in heard)
    )
    seen = {p.person.id: p.person for p in inside} | {e.author.id: e.author for e in entries if e.author}
    return replace(
        view, participants=inside, entries=entries, history=(), deliveries=(), people=tuple(seen.values())
    )
