"""Everything that is kept about one mail, in or out: what `explain` tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select

from mailtickets.core.account import Account
from mailtickets.core.case import Answer, Outcome
from mailtickets.core.identity import Evidence
from mailtickets.core.person import Person
from mailtickets.store import attempts, people, tickets
from mailtickets.store.attempts import Attempt
from mailtickets.store.engine import Tx
from mailtickets.store.ledger import message_ids
from mailtickets.store.schema import (
    ENDED_WITHOUT_TICKET,
    history,
    inbound,
    outbox,
    participant,
    question,
    raw,
    seen_id,
    ticket,
)
from mailtickets.store.views.rows import LETTERS, MAILS, LetterRow, MailRow, letter_of
from mailtickets.store.views.ticket import Event

MOST = 20  # mails that one question may mean


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail of ours with each attempt to deliver it."""

    row: MailRow
    recipient: Person
    bounce: str  # what the report said, once it came back
    attempts: tuple[Attempt, ...]  # those that did not deliver it, oldest first


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question of ours: whether a letter came from whom it names."""

    letter: int  # LetterRow.id of the letter in doubt
    person: int  # who was asked
    asked_at: datetime
    until_at: datetime
    answer: Answer | None = None
    answered_at: datetime | None = None
    answered_by: int | None = None  # LetterRow.id


@dataclass(frozen=True, slots=True)
class LetterTrail:
    """A letter from the inbox to its end, and what followed from it."""

    row: LetterRow
    why_kind: str
    evidence: Evidence | None  # None: it was not judged
    account: Account | None  # None: not judged, or before accounts were kept
    error: str
    is_released: bool  # it was held, and the operator let it go on
    sender: Person | None
    ticket_id: int | None
    changes: tuple[Event, ...]
    joined: tuple[Person, ...]  # who came onto the ticket by it
    mails: tuple[SentMail, ...]
    copies: tuple[LetterRow, ...]  # the same mail, come in another time
    numbers: Mapping[int, int]  # ticket numbers by Ticket.id, of its clues
    known_ids: Mapping[str, int]  # ticket numbers that other senders' Message-IDs lead to
    people: Mapping[int, Person]
    doubt: Doubt | None = None  # what was asked about this letter
    answers: int | None = None  # LetterRow.id of the one that this letter answers a question about


@dataclass(frozen=True, slots=True)
class MailTrail:
    """A mail of ours and what it came from."""

    mail: SentMail
    letter: LetterRow | None  # whose cause it was; None: something else made the desk write


# What is meant?


def letters_by_octets(tx: Tx, sha256: str) -> tuple[int, ...]:
    """Letters (LetterRow.id) with these very octets."""
    return _ids(tx, inbound.c.raw == select(raw.c.id).where(raw.c.sha256 == sha256).scalar_subquery())


def letters_by_fingerprint(tx: Tx, fingerprint: str) -> tuple[int, ...]:
    """Letters that are the same mail, whatever route they took."""
    return (
        _ids(tx, (inbound.c.fingerprint == fingerprint) & (inbound.c.fingerprint != ""))
        if fingerprint
        else ()
    )


def letters_by_message_id(tx: Tx, message_id: str) -> tuple[int, ...]:
    """Letters that bear a Message-ID. The index leads to them by their ticket; if it does not, all are looked at."""
    here = select(seen_id.c.ticket).where(seen_id.c.message_id == message_ids.key(message_id))
    same = inbound.c.message_id == message_id
    on_ticket = _ids(tx, same & inbound.c.ticket.in_(here))
    return tuple(sorted({*on_ticket, *_ids(tx, same & ENDED_WITHOUT_TICKET)})) or _ids(tx, same)


def letters_by_uid(tx: Tx, mailbox: str, uid: int, uidvalidity: int | None = None) -> tuple[int, ...]:
    """Letters with that UID in an inbox (Address.key); of every UIDVALIDITY that it had, unless one is named."""
    epoch = (
        inbound.c.uidvalidity == uidvalidity
        if uidvalidity is not None
        else inbound.c.uidvalidity.is_not(None)
    )
    return _ids(tx, (inbound.c.mailbox == mailbox) & (inbound.c.uid == uid) & epoch)


def mails_by_message_id(tx: Tx, message_id: str) -> tuple[int, ...]:
    """Our own mails (MailRow.id) with that Message-ID. Systems on the way fold its case."""
    found = select(outbox.c.id).where(outbox.c.message_id == message_id.lower()).order_by(outbox.c.id)
    return tuple(tx.scalars(found.limit(MOST)))


def _ids(tx: Tx, which: ColumnElement[bool]) -> tuple[int, ...]:
    return tuple(tx.scalars(select(inbound.c.id).where(which).order_by(inbound.c.id).limit(MOST)))


# What became of it?

_MORE = (
    inbound.c.why_kind,
    inbound.c.evidence,
    inbound.c.account,
    inbound.c.error,
    inbound.c.is_released,
    inbound.c.raw,
    inbound.c.fingerprint,
    inbound.c.person,
    inbound.c.ticket.label("ticket_id"),
)


def letter_trail(tx: Tx, id: int) -> LetterTrail | None:
    """A letter (LetterRow.id) with all that is kept about it; None if there is none."""
    row = tx.execute(LETTERS.add_columns(*_MORE).where(inbound.c.id == id)).first()
    if row is None:
        return None
    cause = f"in:{id}"
    changed = tx.execute(
        select(history).where(history.c.cause == cause, history.c.ticket == row.ticket_id)
    ).all()
    joined = _joined(tx, row)
    sent = tx.execute(_SENT.where(outbox.c.cause == cause).order_by(outbox.c.id)).all()
    account: Account | None = row.account
    doubt = tx.execute(_DOUBT.where(question.c.letter == id)).first()
    named = {row.person, *joined, *(c.person for c in changed), *(m.person for m in sent)}
    named |= {id for c in changed if c.field in ("requester", "assignee") for id in (c.old, c.new)}
    if account:
        named |= {m.person for m in account.mailed} | {u.person for u in account.unmailed}
    if row.evidence:
        named |= {t.person for t in row.evidence.tokens}
    known = people.by_ids(tx, {id for id in named if isinstance(id, int)})
    return LetterTrail(
        row=letter_of(row),
        why_kind=row.why_kind,
        evidence=row.evidence,
        account=account,
        error=row.error,
        is_released=row.is_released,
        sender=known.get(row.person),
        ticket_id=row.ticket_id,
        changes=tuple(
            Event(c.cause, tickets.change_of(c.field, c.old, c.new), c.at, known.get(c.person))
            for c in changed
        ),
        joined=tuple(known[id] for id in joined if id in known),
        mails=_with_attempts(tx, sent, known),
        copies=_copies(tx, row),
        numbers=_numbers(tx, (*account.own, *_ticket_ids(row.evidence)) if account else ()),
        known_ids=_known(tx, account.ids if account else ()),
        people=known,
        doubt=Doubt(*doubt) if doubt else None,
        answers=tx.scalar(select(question.c.letter).where(question.c.answered_by == id)),
    )


def mail_trail(tx: Tx, id: int) -> MailTrail | None:
    """A mail of ours (MailRow.id) with all that is kept about it; None if there is none."""
    row = tx.execute(_SENT.where(outbox.c.id == id)).first()
    if row is None:
        return None
    [mail] = _with_attempts(tx, [row], people.by_ids(tx, [row.person]))
    kind, _, number = row.cause.partition(":")
    found = tx.execute(LETTERS.where(inbound.c.id == int(number))).first() if kind == "in" else None
    return MailTrail(mail, letter_of(found) if found else None)


_DOUBT = select(
    question.c.letter,
    question.c.person,
    question.c.made_at,
    question.c.until_at,
    question.c.answer,
    question.c.answered_at,
    question.c.answered_by,
)
_SENT = MAILS.add_columns(outbox.c.person, outbox.c.bounce)


def _with_attempts(tx: Tx, rows: Sequence[Row[Any]], known: Mapping[int, Person]) -> tuple[SentMail, ...]:
    tried = attempts.of(tx, [row.id for row in rows])
    width = len(MailRow.__slots__)
    return tuple(
        SentMail(MailRow(*row[:width]), known[row.person], row.bounce, tried.get(row.id, ())) for row in rows
    )


def _joined(tx: Tx, row: Row[Any]) -> tuple[int, ...]:
    """Ids of those who came onto the ticket in the moment when the letter was decided."""
    if row.ticket_id is None or row.decided_at is None:
        return ()
    here = (participant.c.ticket == row.ticket_id) & (participant.c.joined_at == row.decided_at)
    if row.outcome is not Outcome.OPENED:
        # Letters of one batch share their moment: whoever came with the ticket itself came by the first of them.
        here &= participant.c.ticket.in_(select(ticket.c.id).where(ticket.c.created_at < row.decided_at))
    return tuple(tx.scalars(select(participant.c.person).where(here).order_by(participant.c.id)))


def _copies(tx: Tx, row: Row[Any]) -> tuple[LetterRow, ...]:
    """What is, octet by octet or by its fingerprint, the same mail; oldest first."""
    same = inbound.c.raw == row.raw
    if row.fingerprint:
        same = or_(same, inbound.c.fingerprint == row.fingerprint)
    found = LETTERS.where(same, inbound.c.id != row.id).order_by(inbound.c.id).limit(MOST)
    return tuple(letter_of(one) for one in tx.execute(found))


def _ticket_ids(evidence: Evidence | None) -> tuple[int, ...]:
    return tuple(t.ticket for t in evidence.tokens) if evidence else ()


def _numbers(tx: Tx, ids: Iterable[int]) -> dict[int, int]:
    wanted = set(ids)
    found = select(ticket.c.id, ticket.c.number).where(ticket.c.id.in_(wanted))
    return dict(tx.execute(found).all()) if wanted else {}


def _known(tx: Tx, ids: Iterable[str]) -> dict[str, int]:
    keys = {message_ids.key(id): id for id in ids}
    found = select(seen_id.c.message_id, ticket.c.number).join(ticket).where(seen_id.c.message_id.in_(keys))
    return {keys[key]: number for key, number in tx.execute(found)} if keys else {}
