"""The desk at a glance: how much there is, who waits for us, what did not arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, union

from mailtickets.core.case import Listed, MessageKind, Outcome, ReplyKind
from mailtickets.core.person import Person, Role
from mailtickets.core.workflow import ACTIVE, Meaning, Workflow
from mailtickets.store import people
from mailtickets.store import tickets as rows
from mailtickets.store.engine import Tx
from mailtickets.store.schema import IS_UNSENT, MailState, inbound, message, outbox, person, ticket

ROWS = 10
RECENTLY = timedelta(days=7)
FOR_US = frozenset({Meaning.NEW, Meaning.OPEN})


@dataclass(frozen=True, slots=True)
class StatusCount:
    status: str  # id
    count: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket that waits for us, and since when: the first words of the requester that nobody has answered."""

    listed: Listed
    since_at: datetime


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A mail of ours that did not arrive, of the last week."""

    ticket: int  # number
    kind: ReplyKind
    recipient: Person
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Overview:
    statuses: tuple[StatusCount, ...]  # of all that are used
    waiting: tuple[Waiting, ...]  # the longest first
    unassigned: int  # open, with nobody
    unassigned_new: int  # of these, opened within a day
    quiet: int  # waiting for the customer for a week and more
    undelivered: tuple[Undelivered, ...]  # the latest first
    held_mails: int
    held_letters: int
    quarantined: int


def overview(tx: Tx, viewer: Person | None, workflow: Workflow, now: datetime) -> Overview:
    """What somebody may see of it; None is the operator. The last three figures are the whole desk's."""
    seen = rows.seen_by(viewer)
    nobody = and_(seen, rows.means(workflow, ACTIVE), ticket.c.assignee.is_(None))
    quiet = and_(seen, rows.means(workflow, {Meaning.WAITING}), ticket.c.updated_at < now - RECENTLY)
    letters = _letters(tx)
    return Overview(
        statuses=_statuses(tx, seen),
        waiting=_waiting(tx, and_(seen, rows.means(workflow, FOR_US))),
        unassigned=_count(tx, nobody),
        unassigned_new=_count(tx, and_(nobody, ticket.c.created_at > now - timedelta(days=1))),
        quiet=_count(tx, quiet),
        undelivered=_undelivered(tx, seen, now),
        held_mails=tx.scalar(select(func.count()).where(IS_UNSENT, outbox.c.state == MailState.HELD)) or 0,
        held_letters=letters.get(Outcome.HELD, 0),
        quarantined=letters.get(Outcome.QUARANTINED, 0),
    )


def _statuses(tx: Tx, seen: ColumnElement[bool]) -> tuple[StatusCount, ...]:
    found = (
        select(ticket.c.status, func.count()).where(seen).group_by(ticket.c.status).order_by(ticket.c.status)
    )
    return tuple(StatusCount(status, count) for status, count in tx.execute(found))


def _count(tx: Tx, which: ColumnElement[bool]) -> int:
    return tx.scalar(select(func.count()).select_from(ticket).where(which)) or 0


def _letters(tx: Tx) -> dict[Outcome | None, int]:
    stopped = inbound.c.outcome.in_([Outcome.HELD, Outcome.QUARANTINED])
    found = select(inbound.c.outcome, func.count()).where(stopped).group_by(inbound.c.outcome)
    return dict(tx.execute(found).all())


def _waiting(tx: Tx, which: ColumnElement[bool]) -> tuple[Waiting, ...]:
    said = and_(message.c.ticket == ticket.c.id, message.c.kind == MessageKind.PUBLIC)
    ours = and_(
        message.c.author == person.c.id, person.c.role != Role.REQUESTER, person.c.id != ticket.c.requester
    )
    last_answer = select(func.max(message.c.id)).where(said, ours).correlate(ticket).scalar_subquery()
    unanswered = (
        select(func.min(message.c.written_at))
        .where(said, message.c.id > func.coalesce(last_answer, 0))
        .correlate(ticket)
        .scalar_subquery()
    )
    since = func.coalesce(unanswered, ticket.c.updated_at, type_=ticket.c.updated_at.type).label("since")
    found: Sequence[Any] = tx.execute(
        select(*ticket.c, since).where(which).order_by(since, ticket.c.id).limit(ROWS)
    ).all()
    listed = rows.listed(tx, found)
    return tuple(Waiting(one, row.since) for one, row in zip(listed, found, strict=True))


def _undelivered(tx: Tx, seen: ColumnElement[bool], now: datetime) -> tuple[Undelivered, ...]:
    since = now - RECENTLY
    # Each half by its own index: the outbox is long, and its rows are fat.
    failed = select(outbox.c.id).where(
        IS_UNSENT, outbox.c.state == MailState.FAILED, outbox.c.settled_at > since
    )
    bounced = select(outbox.c.id).where(outbox.c.bounced_at > since)
    found = tx.execute(
        select(
            ticket.c.number,
            outbox.c.kind,
            outbox.c.person,
            outbox.c.answer,
            outbox.c.bounce,
            outbox.c.settled_at,
            outbox.c.bounced_at,
        )
        .join(ticket)
        .where(
            seen,
            outbox.c.id.in_(union(failed, bounced)),
        )
        .order_by(outbox.c.id.desc())
        .limit(ROWS)
    ).all()
    known = people.by_ids(tx, {row.person for row in found})
    return tuple(
        Undelivered(
            row.number,
            row.kind,
            known[row.person],
            row.bounce or row.answer,
            row.bounced_at or row.settled_at,
        )
        for row in found
    )
