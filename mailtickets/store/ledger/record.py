"""A decision becomes rows. The law: a ticket is the fold of its history, and both change in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Insert, bindparam, update

from mailtickets.core.case import Outcome
from mailtickets.core.decision import Decision, Join, Message
from mailtickets.core.mail import InboundMail
from mailtickets.core.person import Participant, Person
from mailtickets.core.ticket import Opened, Ticket, evolve, opened
from mailtickets.store import outbox
from mailtickets.store.columns import OPENED, Told
from mailtickets.store.connect import insert
from mailtickets.store.ledger import message_ids, pictures
from mailtickets.store.ledger.batch import Batch
from mailtickets.store.schema import history, message, participant, ticket


@dataclass(frozen=True, slots=True)
class Cause:
    """What made the desk decide: a letter (its inbound id), or something else. `text` is the outbox's key of it."""

    inbound: int | None
    text: str  # "in:4711"


def record(
    batch: Batch,
    cause: Cause,
    on: Ticket | None,
    decision: Decision,
    actor: Person | None,
    mail: InboundMail | None,
) -> Ticket | None:
    """Have a decision written; gives its ticket, after all changes. ValueError if it changes another state."""
    by = actor.id if actor else None
    before = _open(batch, decision.opened, cause, by) if decision.opened else on
    after = before and _change(batch, before, decision, cause, by)
    if after:
        if decision.message:
            _post(batch, after.id, decision.message, cause, mail)
            for also in decision.more:
                # The letter is the first message; a second one of the same octets would be a copy.
                _post(batch, after.id, also, cause, None)
        _join(batch, after.id, decision.joins)
        if mail and decision.outcome is not Outcome.IGNORED:
            named = (*reversed(mail.references), *mail.in_reply_to)
            if decision.opened and decision.opened.origin_id != mail.message_id:
                named += (decision.opened.origin_id,)  # of the letter that it hands on
            batch.remember(mail, named, after)
            pictures.remember(batch.sheet, mail)
    for aside in decision.asides:
        _post(batch, aside.ticket, aside.message, cause, None)
        if other := batch.ticket((aside.ticket,)):
            _moved(batch, other, by)
    if decision.undelivered:
        outbox.bounced(batch.sheet.tx, decision.undelivered, decision.why_lost, batch.now)
    if decision.marks:
        batch.mark(decision.marks)
    if actor and decision.heard:
        batch.hear(actor, decision.heard)
    return after


# A new ticket.

_NEW = ticket.insert()
_NEW_HISTORY = history.insert()
_COLUMNS = tuple(c.name for c in ticket.c)


def _open(batch: Batch, opening: Opened, cause: Cause, by: int | None) -> Ticket:
    new = opened(batch.sheet.new_id(ticket), batch.numbers.next(), opening, batch.now)
    batch.begin(new)
    batch.sheet.put(_NEW, {name: getattr(new, name) for name in _COLUMNS})
    batch.sheet.put(_NEW_HISTORY, _history(new.id, OPENED, None, opening, cause, by, batch.now))
    return new


# Changes.

_FIXED = frozenset({"id", "number", "desk", "created_at", "origin_id"})
_CHANGING = tuple(name for name in _COLUMNS if name not in _FIXED)
_UPDATE = (
    update(ticket)
    .where(ticket.c.id == bindparam("row"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)


def _change(batch: Batch, before: Ticket, decision: Decision, cause: Cause, by: int | None) -> Ticket:
    if not decision.changes and (decision.message is None or decision.opened):
        return before
    after = before
    for change in decision.changes:
        after = evolve(after, change)
    for change in decision.changes:
        row = _history(after.id, change.field.value, change.old, change.new, cause, by, batch.now)
        batch.sheet.put(_NEW_HISTORY, row)
    return _moved(batch, after, by)


def _moved(batch: Batch, after: Ticket, by: int | None) -> Ticket:
    """The ticket as it is from now on."""
    after = replace(after, updated_at=batch.now, updated_by=by)
    batch.keep(after)
    columns = {f"new_{name}": getattr(after, name) for name in _CHANGING}
    batch.sheet.put(_UPDATE, {"row": after.id, **columns})
    return after


def _history(
    id: int, field: str, old: Told, new: Told, cause: Cause, by: int | None, now: datetime
) -> dict[str, Any]:
    return {
        "ticket": id,
        "field": field,
        "old": old,
        "new": new,
        "person": by,
        "at": now,
        "cause": cause.text,
    }


# What was said, and by whom it will be heard.

_NEW_MESSAGE = message.insert()


def _post(batch: Batch, id: int, said: Message, cause: Cause, mail: InboundMail | None) -> None:
    row = {
        "ticket": id,
        "inbound": cause.inbound if mail else None,
        "cause": cause.text,
        "message_id": message_ids.key(mail.message_id) if mail else "",
        "kind": said.kind,
        "author": said.author,
        "written_at": batch.now,
        "text": said.text,
        "segments": said.segments,
        "attachments": said.attachments,
        "unverified": said.unverified,
    }
    batch.sheet.put(_NEW_MESSAGE, row)


def _join(batch: Batch, id: int, joins: Sequence[Join]) -> None:
    if not joins:
        return
    batch.people.meet(join.who for join in joins)
    joining = [Participant(batch.people.of(join.who), join.part) for join in joins]
    for new in batch.join(id, joining):
        row = {"ticket": id, "person": new.person.id, "part": new.part, "joined_at": batch.now}
        batch.sheet.put(_joining(batch.sheet.dialect), row)


@cache
def _joining(dialect: str) -> Insert:
    return insert(dialect, participant).on_conflict_do_nothing()
