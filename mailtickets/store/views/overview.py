"""The desk at a glance: how much there is, who waits for us, what did not arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select, true, union

from mailtickets.core.case import Listed, Outcome, ReplyKind
from mailtickets.core.person import Person
from mailtickets.core.workflow import ACTIVE, Meaning, Workflow
from mailtickets.store import people
from mailtickets.store import tickets as rows
from mailtickets.store.engine import Tx
from mailtickets.store.schema import IS_UNSENT, MailState, inbound, outbox, shelf, ticket
from mailtickets.store.views import kinds, streams
from mailtickets.store.views.kinds import Source

ROWS = 10
RECENTLY = timedelta(days=7)
COUNTED = 1_000  # beyond it a count says no more than that there are many
FOR_US = frozenset({Meaning.NEW, Meaning.OPEN})


@dataclass(frozen=True, slots=True)
class StatusCount:
    status: str  # id
    count: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket that waits for us, and since when: the first words that nobody has answered, or else our answer."""

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
    unassigned_new: int  # of these, opened within a day; COUNTED + 1 if there are more
    quiet: int  # waiting for the customer for a week and more; COUNTED + 1 if there are more
    undelivered: tuple[Undelivered, ...]  # the latest first
    held_mails: int
    held_letters: int
    quarantined: int


def overview(tx: Tx, viewer: Person | None, workflow: Workflow, now: datetime) -> Overview:
    """What somebody may see of it; None is the operator. The last three figures are the whole desk's."""
    found = kinds.sources(tx, viewer, {"assignee"})
    every = [kind for source in found for kind in source.kinds]
    meanings = {status: workflow.meaning(status) for status in kinds.statuses(found)}
    active = [k for k in every if meanings[k.status] in ACTIVE]
    counts = Counter[str]()
    for kind in every:
        counts[kind.status] += kind.count
    letters = _letters(tx)
    return Overview(
        statuses=tuple(StatusCount(status, count) for status, count in sorted(counts.items())),
        waiting=_waiting(tx, found, workflow),
        unassigned=sum(kind.count for kind in active if kind.assignee is None),
        unassigned_new=_count(
            tx,
            found,
            {status for status, meaning in meanings.items() if meaning in ACTIVE},
            _NEW_WITH_NOBODY,
            now - timedelta(days=1),
        ),
        quiet=_count(
            tx,
            found,
            {status for status, meaning in meanings.items() if meaning is Meaning.WAITING},
            _QUIET,
            now - RECENTLY,
        ),
        undelivered=_undelivered(tx, rows.seen_by(viewer), now),
        held_mails=tx.scalar(select(func.count()).where(IS_UNSENT, outbox.c.state == MailState.HELD)) or 0,
        held_letters=letters.get(Outcome.HELD, 0),
        quarantined=letters.get(Outcome.QUARANTINED, 0),
    )


# Each by an index: only what is young, or old, is counted, and no more than `COUNTED`.
_NEW_WITH_NOBODY = shelf.c.created_at > bindparam("since"), shelf.c.assignee.is_(None)
_QUIET = (shelf.c.updated_at < bindparam("since"),)
_OF_STATUS = shelf.c.status == bindparam("status")


@cache
def _counting(which: tuple[ColumnElement[bool], ...], has_limits: bool) -> Select[Any]:
    some = select(shelf.c.ticket).where(_OF_STATUS, *which, streams.within() if has_limits else true())
    return select(func.count()).select_from(some.limit(COUNTED + 1).subquery())


@cache
def _oldest(has_limits: bool) -> Select[Any]:
    oldest = select(shelf.c.since_at, shelf.c.ticket)
    oldest = oldest.where(_OF_STATUS, streams.within() if has_limits else true())
    return oldest.order_by(shelf.c.since_at, shelf.c.ticket).limit(ROWS)


def _limits(found: Sequence[Source]) -> dict[str, list[Any]]:
    projects = [source.project for source in found if source.project is not None]
    own = [source.requester for source in found if source.requester is not None]
    return {"projects": projects, "own": own} if projects or own else {}


def _count(
    tx: Tx,
    found: Sequence[Source],
    statuses: Set[str],
    which: tuple[ColumnElement[bool], ...],
    since: datetime,
) -> int:
    limits = _limits(found)
    statement = _counting(which, bool(limits))
    values = [{"status": status, "since": since, **limits} for status in sorted(statuses)]
    return min(sum(tx.scalar(statement, one) or 0 for one in values), COUNTED + 1)


def _waiting(tx: Tx, found: Sequence[Source], workflow: Workflow) -> tuple[Waiting, ...]:
    """The oldest of each status that means it is our turn, out of its index, and the oldest of these."""
    limits = _limits(found)
    oldest = _oldest(bool(limits))
    every = [
        tuple(row)
        for status in sorted(kinds.statuses(found))
        if workflow.meaning(status) in FOR_US
        for row in tx.execute(oldest, {"status": status, **limits}).all()
    ]
    first = sorted(every)[:ROWS]
    since = {id: at for at, id in first}
    return tuple(
        Waiting(one, since[one.ticket.id]) for one in rows.listed_by_ids(tx, [id for _, id in first])
    )


def _letters(tx: Tx) -> dict[Outcome | None, int]:
    stopped = inbound.c.outcome.in_([Outcome.HELD, Outcome.QUARANTINED])
    found = select(inbound.c.outcome, func.count()).where(stopped).group_by(inbound.c.outcome)
    return dict(tx.execute(found).all())


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
