"""The way out: mails as frozen octets, one recipient a row.

The law: (cause, kind, recipient) is unique, so whoever decides twice mails once; and an attempt is
counted, with the next one set, before anybody dials.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, assert_never

from sqlalchemy import ColumnElement, Insert, Select, bindparam, func, select, update

from mailtickets.core.case import ReplyKind
from mailtickets.core.compose import Outgoing
from mailtickets.core.mail import Address
from mailtickets.core.retry import Again, Done, GiveUp, Result, Step
from mailtickets.failpoints import Point, reach
from mailtickets.store.connect import insert
from mailtickets.store.engine import Tx
from mailtickets.store.schema import IS_UNSENT, MailState, outbox, ticket
from mailtickets.store.sheet import Sheet

# A claim is for one conversation with the relay. One that is not settled by then has lost its
# owner without a sign; longer than the longest conversation that the courier allows.
CLAIM_FOR = timedelta(minutes=20)
CLAIM_OCTETS = 16 * 2**20  # in memory at a time


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that this owner, and nobody else, sends now."""

    id: int
    kind: ReplyKind
    recipient: Address
    envelope_from: str
    message_id: str
    octets: bytes = field(repr=False)
    owner: str
    attempts: int  # this one included
    created_at: datetime  # when trying began: 5 days count from here
    ticket: int | None  # number
    ticket_id: int | None
    person: int


def put(sheet: Sheet, mail: Outgoing, cause: str, is_held: bool, now: datetime) -> None:
    """Have a mail queued, unless this cause has queued it before."""
    row = {
        "cause": cause,
        "kind": mail.kind,
        "recipient": mail.recipient.key,
        "spec": mail.recipient.spec,
        "domain": mail.recipient.domain,
        "person": mail.person,
        "ticket": mail.ticket or None,
        "envelope_from": mail.envelope_from,
        "message_id": mail.message_id,
        "is_automatic": mail.is_automatic,
        "is_unproven": mail.is_unproven,
        "size": len(mail.octets),
        "state": MailState.HELD if is_held else MailState.DUE,
        "attempts": 0,
        "created_at": now,
        "since_at": mail.due_at,
        "next_at": None if is_held else mail.due_at,
        "claim": "",
        "code": 0,
        "answer": "",
        "bounce": "",
        "octets": mail.octets,
    }
    sheet.put(_new(sheet.dialect), row)


@cache
def _new(dialect: str) -> Insert:
    return insert(dialect, outbox).on_conflict_do_nothing()


_DUE = (
    select(outbox.c.id, outbox.c.size)
    .where(outbox.c.next_at <= bindparam("now"))
    .order_by(outbox.c.next_at, outbox.c.id)
    .limit(bindparam("n"))
    .with_for_update(skip_locked=True)
)
_DUE_ALARMS = _DUE.where(outbox.c.kind == ReplyKind.ALARM)
_CLAIM = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        state=MailState.CLAIMED,
        claim=bindparam("owner"),
        attempts=outbox.c.attempts + 1,
        next_at=bindparam("again_at"),
    )
)
_CLAIMED = (
    select(
        outbox.c.id,
        outbox.c.kind,
        outbox.c.spec,
        outbox.c.envelope_from,
        outbox.c.message_id,
        outbox.c.octets,
        outbox.c.attempts,
        outbox.c.since_at,
        outbox.c.person,
        outbox.c.ticket,
        ticket.c.number,
    )
    .select_from(outbox.outerjoin(ticket))
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(outbox.c.id)
)


def claim(tx: Tx, owner: str, n: int, now: datetime) -> tuple[Claimed, ...]:
    """Up to `n` mails that are due, the attempt counted; fewer if they are big, oldest first.

    What another owner claimed and never settled is due again after `CLAIM_FOR`.
    """
    return _claim(tx, _DUE, owner, n, now)


def claim_alarms(tx: Tx, owner: str, n: int, now: datetime) -> tuple[Claimed, ...]:
    """As `claim`, but only what tells the operators that something is wrong."""
    return _claim(tx, _DUE_ALARMS, owner, n, now)


def _claim(tx: Tx, due: Select[Any], owner: str, n: int, now: datetime) -> tuple[Claimed, ...]:
    ids = _that_fit(tx.execute(due, {"now": now, "n": n}).all())
    if not ids:
        return ()
    tx.execute(_CLAIM, {"ids": ids, "owner": owner, "again_at": now + CLAIM_FOR})
    reach(Point.CLAIMING)
    return tuple(
        Claimed(
            id=row.id,
            kind=row.kind,
            recipient=Address(row.spec),
            envelope_from=row.envelope_from,
            message_id=row.message_id,
            octets=row.octets,
            owner=owner,
            attempts=row.attempts,
            created_at=row.since_at,
            ticket=row.number,
            ticket_id=row.ticket,
            person=row.person,
        )
        for row in tx.execute(_CLAIMED, {"ids": ids})
    )


def _that_fit(due: Sequence[tuple[int, int]]) -> list[int]:
    """The first rows that memory has room for; always one."""
    ids: list[int] = []
    room = CLAIM_OCTETS
    for id, size in due:
        room -= size
        if ids and room < 0:
            break
        ids.append(id)
    return ids


_SETTLE = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("row"),
        # The fence: whoever lost the claim meanwhile says nothing any more.
        outbox.c.state == MailState.CLAIMED,
        outbox.c.claim == bindparam("owner"),
        outbox.c.attempts == bindparam("attempt"),
    )
    .values(
        state=bindparam("to_state"),
        claim="",
        attempts=bindparam("counted"),
        next_at=bindparam("again_at"),
        code=bindparam("last_code"),
        answer=bindparam("last_answer"),
        settled_at=bindparam("done_at"),
    )
)


def settle(tx: Tx, row: Claimed, result: Result, step: Step, now: datetime) -> bool:
    """Write down how an attempt ended; False if the claim was lost meanwhile, and then nothing is."""
    state, again_at, counted, answer = MailState.DUE, None, row.attempts, result.text
    match step:
        case Done():
            state = MailState.SENT
        case Again(at=at, counts=counts):
            again_at, counted = at, row.attempts if counts else row.attempts - 1
        case GiveUp(reason=reason):
            state, answer = MailState.FAILED, reason
        case _:
            assert_never(step)
    done = tx.execute(
        _SETTLE,
        {
            "row": row.id,
            "owner": row.owner,
            "attempt": row.attempts,
            "to_state": state,
            "counted": counted,
            "again_at": again_at,
            "last_code": result.code,
            "last_answer": answer,
            "done_at": None if state is MailState.DUE else now,
        },
    )
    return done.rowcount == 1


def unclaim(tx: Tx, rows: Sequence[Claimed], now: datetime) -> None:
    """Give back what was never dialled: due now, the attempt not counted."""
    for row in rows:
        tx.execute(
            _SETTLE,
            {
                "row": row.id,
                "owner": row.owner,
                "attempt": row.attempts,
                "to_state": MailState.DUE,
                "counted": row.attempts - 1,
                "again_at": now,
                "last_code": 0,
                "last_answer": "",
                "done_at": None,
            },
        )


def claimants(tx: Tx) -> frozenset[str]:
    """Who is at something, or was when it died."""
    claimed = select(outbox.c.claim).where(IS_UNSENT, outbox.c.state == MailState.CLAIMED)
    return frozenset(tx.scalars(claimed.distinct()))


def release_claims(tx: Tx, owners: Collection[str], now: datetime) -> int:
    """What these were at falls due at once; how many. `Presence.release_dead` knows who is dead."""
    if not owners:
        return 0
    theirs = (IS_UNSENT, outbox.c.state == MailState.CLAIMED, outbox.c.claim.in_(list(owners)))
    again = {"state": MailState.DUE, "claim": "", "next_at": now}
    return tx.execute(update(outbox).where(*theirs).values(again)).rowcount


def next_due(tx: Tx) -> datetime | None:
    """When the next mail is to be sent; None if there is none."""
    at: datetime | None = tx.scalar(select(func.min(outbox.c.next_at)).where(outbox.c.next_at.is_not(None)))
    return at


def retry(tx: Tx, ids: Sequence[int], now: datetime) -> int:
    """Make failed, held and waiting mails due now, as if they had never been tried; how many. () is all."""
    states = IS_UNSENT & outbox.c.state.in_([MailState.FAILED, MailState.HELD, MailState.DUE])
    chosen: ColumnElement[bool] = states & outbox.c.id.in_(ids) if ids else states
    again = {"state": MailState.DUE, "attempts": 0, "since_at": now, "next_at": now, "settled_at": None}
    return tx.execute(update(outbox).where(chosen).values(again)).rowcount


def bounced(tx: Tx, ids: Sequence[int], why: str, now: datetime) -> None:
    """A report has come: these did not arrive."""
    if ids:
        tx.execute(update(outbox).where(outbox.c.id.in_(ids)).values(bounced_at=now, bounce=why))


def purge(tx: Tx, before: datetime) -> int:
    """Forget mails that were sent or given up before then; how many. What a ticket's talk lacks stays told there."""
    is_done = outbox.c.state.in_([MailState.SENT, MailState.FAILED]) & (outbox.c.settled_at < before)
    is_lost = (outbox.c.state == MailState.FAILED) | outbox.c.bounced_at.is_not(None)
    old = is_done & ~(is_lost & outbox.c.ticket.is_not(None))
    return tx.execute(outbox.delete().where(old)).rowcount
