"""A decision becomes rows. The law: a ticket is the fold of its history, and both change in one transaction."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Executable, bindparam, case, select, update
from sqlalchemy.sql.dml import ReturningInsert

from mailtickets.core.case import Outcome
from mailtickets.core.decision import Decision, Join, Message
from mailtickets.core.mail import InboundMail
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.ticket import Changed, Opened, Ticket, evolve, opened
from mailtickets.store import outbox, people
from mailtickets.store.columns import OPENED
from mailtickets.store.connect import insert
from mailtickets.store.engine import Tx
from mailtickets.store.ledger import message_ids
from mailtickets.store.schema import counter, history, message, participant, ticket

LEAST_RANDOM = 1_000_000  # seven digits
TRIES = 50  # for a random number that no ticket has


@dataclass(frozen=True, slots=True)
class Cause:
    """What made the desk decide: a letter (its inbound id), or something else. `text` is the outbox's key of it."""

    inbound: int | None
    text: str  # "in:4711"


@dataclass(frozen=True, slots=True)
class Recorded:
    ticket: Ticket | None  # after all changes
    message: int | None  # its id


def record(
    tx: Tx,
    cause: Cause,
    on: Ticket | None,
    decision: Decision,
    actor: Person | None,
    mail: InboundMail | None,
    policy: Policy,
    now: datetime,
    around: Iterable[Person] = (),
) -> Recorded:
    """Write a decision about a ticket down, or open the one that it opens. ValueError if it changes another state.

    `around`: people of the case, who need not be looked up again to join the ticket.
    """
    by = actor.id if actor else None
    before = _open(tx, decision.opened, cause, by, policy, now) if decision.opened else on
    after = before and _change(tx, before, decision, cause, by, now)
    posted = None
    if after:
        if decision.message:
            posted = _post(tx, after.id, decision.message, cause, mail, now)
        _join(tx, after.id, decision.joins, people.by_key(around), now)
        if mail and decision.outcome is not Outcome.IGNORED:
            message_ids.remember(tx, mail, (*reversed(mail.references), *mail.in_reply_to), after)
    for aside in decision.asides:
        _post(tx, aside.ticket, aside.message, cause, None, now)
        tx.execute(update(ticket).where(ticket.c.id == aside.ticket).values(updated_at=now, updated_by=by))
    why = mail.bounce.diagnostic if mail and mail.bounce else ""
    outbox.bounced(tx, decision.undelivered, why, now)
    return Recorded(after, posted)


# A new ticket.

_NEW = ticket.insert().returning(ticket.c.id)
_NEW_HISTORY = history.insert()


def _open(tx: Tx, opening: Opened, cause: Cause, by: int | None, policy: Policy, now: datetime) -> Ticket:
    new = opened(0, _number(tx, policy), opening, now)
    columns = {c.name: getattr(new, c.name) for c in ticket.c if c.name != "id"}
    new = replace(new, id=tx.execute(_NEW, columns).scalar_one())
    tx.execute(
        _NEW_HISTORY,
        {
            "ticket": new.id,
            "field": OPENED,
            "old": None,
            "new": opening,
            "person": by,
            "at": now,
            "cause": cause.text,
        },
    )
    return new


def _number(tx: Tx, policy: Policy) -> int:
    return _random_number(tx) if policy.number_style == "random7" else _next_number(tx, policy.number_start)


def _next_number(tx: Tx, start: int) -> int:
    """One more than the last; the row is locked until the transaction ends, so none is left out."""
    while True:
        number: int = tx.execute(_counting(tx.dialect.name), {"start": start}).scalar_one()
        # Taken only if the numbers were random once.
        if number < LEAST_RANDOM or tx.scalar(_TAKEN, {"number": number}) is None:
            return number


@cache
def _counting(dialect: str) -> ReturningInsert[Any]:
    start: BindParameter[int] = bindparam("start")
    following = counter.c.value + 1
    return (
        insert(dialect, counter)
        .values(name="ticket", value=start)
        .on_conflict_do_update(
            index_elements=[counter.c.name],
            set_={"value": case((following < start, start), else_=following)},
        )
        .returning(counter.c.value)
    )


def _random_number(tx: Tx) -> int:
    """Seven digits that tell nothing of how many tickets there are."""
    for _ in range(TRIES):
        number = LEAST_RANDOM + secrets.randbelow(9 * LEAST_RANDOM)
        if tx.scalar(_TAKEN, {"number": number}) is None:
            return number
    raise RuntimeError("All ticket numbers of seven digits are taken. Set number_style to sequence.")


_TAKEN = select(ticket.c.id).where(ticket.c.number == bindparam("number"))


# Changes.

_FIXED = frozenset({"id", "number", "desk", "created_at", "origin_id"})
_UPDATE = (
    update(ticket)
    .where(ticket.c.id == bindparam("row"))
    .values({c.name: bindparam(f"new_{c.name}") for c in ticket.c if c.name not in _FIXED})
)


def _change(
    tx: Tx, before: Ticket, decision: Decision, cause: Cause, by: int | None, now: datetime
) -> Ticket:
    if not decision.changes and (decision.message is None or decision.opened):
        return before
    after = before
    for change in decision.changes:
        after = evolve(after, change)
    after = replace(after, updated_at=now, updated_by=by)
    columns = {f"new_{c.name}": getattr(after, c.name) for c in ticket.c if c.name not in _FIXED}
    tx.execute(_UPDATE, {"row": before.id, **columns})
    if decision.changes:
        tx.execute(_NEW_HISTORY, [_history(after.id, c, cause, by, now) for c in decision.changes])
    return after


def _history(id: int, change: Changed, cause: Cause, by: int | None, now: datetime) -> dict[str, Any]:
    return {
        "ticket": id,
        "field": change.field.value,
        "old": change.old,
        "new": change.new,
        "person": by,
        "at": now,
        "cause": cause.text,
    }


# What was said, and by whom it will be heard.

_NEW_MESSAGE = message.insert().returning(message.c.id)


def _post(tx: Tx, id: int, said: Message, cause: Cause, mail: InboundMail | None, now: datetime) -> int:
    row = {
        "ticket": id,
        "inbound": cause.inbound if mail else None,
        "cause": cause.text,
        "message_id": message_ids.key(mail.message_id) if mail else "",
        "kind": said.kind,
        "author": said.author,
        "written_at": now,
        "text": said.text,
        "segments": said.segments,
        "attachments": said.attachments,
        "unverified": said.unverified,
    }
    posted: int = tx.execute(_NEW_MESSAGE, row).scalar_one()
    return posted


def _join(tx: Tx, id: int, joins: Sequence[Join], around: Mapping[str, Person], now: datetime) -> None:
    if not joins:
        return
    unknown = (join.who for join in joins if join.who.key not in around)
    known = {**around, **people.ensure_all(tx, unknown, now)}
    rows = [
        {"ticket": id, "person": known[join.who.key].id, "part": join.part, "joined_at": now}
        for join in joins
    ]
    tx.execute(_joining(tx.dialect.name), rows)


@cache
def _joining(dialect: str) -> Executable:
    return insert(dialect, participant).on_conflict_do_nothing()
