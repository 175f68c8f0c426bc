"""Questions about letters, and their answers. The law: a question is answered once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Insert, Row, bindparam, select, update

from mailtickets.core.case import Outcome, Question
from mailtickets.core.decision import Ends
from mailtickets.core.mail import RawMail
from mailtickets.core.questions import Signs
from mailtickets.core.ticket import Ticket
from mailtickets.core.tokens import Token
from mailtickets.store.blobs import Blobs
from mailtickets.store.connect import insert
from mailtickets.store.engine import Tx
from mailtickets.store.ledger.batch import Batch
from mailtickets.store.ledger.intake import Stored
from mailtickets.store.schema import inbound, question, raw

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_BY_NONCE = select(question.c.letter).where(question.c.nonce == bindparam("nonce"))
_BY_CODES = (
    select(question.c.letter)
    .where(question.c.code.in_(bindparam("codes", expanding=True)))
    .order_by(question.c.letter.desc())
)
_QUESTION = (
    select(question, inbound.c.outcome)
    .join(inbound, question.c.letter == inbound.c.id)
    .where(question.c.letter == bindparam("letter"))
    .with_for_update(of=question)
)
_LETTER = select(*inbound.c, raw.c.sha256, raw.c.octets).join(raw).where(inbound.c.id == bindparam("letter"))
_ANSWER = (
    update(question)
    .where(question.c.letter == bindparam("about"), question.c.answer.is_(None))
    .values(answer=bindparam("came_to"), answered_at=bindparam("at"), answered_by=bindparam("by"))
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a mail of ours asks."""

    letter: int  # in doubt: inbound id
    ticket: Ticket | None
    person: int  # who is asked
    nonce: str  # of that mail
    code: str  # as it is kept
    bond: str
    until: datetime


def ask(batch: Batch, asked: Asked) -> None:
    """Remember a question, unless the letter has one."""
    row = {
        "letter": asked.letter,
        "person": asked.person,
        "ticket": asked.ticket.id if asked.ticket else None,
        "nonce": asked.nonce,
        "code": asked.code,
        "bond": asked.bond,
        "made_at": batch.now,
        "until_at": asked.until,
    }
    batch.sheet.put(_asking(batch.sheet.dialect), row)


def find(batch: Batch, signs: Signs, tokens: Sequence[Token]) -> tuple[Question, int | None] | None:
    """The question that a letter answers, and the ticket that it is about (Ticket.id). `tokens`: those of the letter.

    A question that is gone is one that was over long ago: its answer is no word for anybody either.
    """
    if not signs:
        return None
    tx = batch.sheet.tx
    letter = _letter(tx, signs)
    row = tx.execute(_QUESTION, {"letter": letter}).first() if letter is not None else None
    if row is not None:
        return _read(row), row.ticket
    if not signs.nonce:
        return None
    return Question(0, tokens[0].person, _LONG_AGO, signs.nonce, "", ""), tokens[0].ticket or None


def answer(batch: Batch, ends: Ends, by: int) -> None:
    """A letter (inbound id) has ended a question."""
    row = {"about": ends.letter, "came_to": ends.answer, "at": batch.now, "by": by}
    batch.sheet.put(_ANSWER, row)


def doubted(tx: Tx, blobs: Blobs, signs: Signs) -> Stored | None:
    """The letter that a question was about, to be read again; None if there is none, or its octets are gone."""
    letter = _letter(tx, signs)
    row = tx.execute(_LETTER, {"letter": letter}).first() if letter is not None else None
    if row is None:
        return None
    try:
        octets = blobs.get(row.sha256) if row.octets is None else row.octets
    except FileNotFoundError:
        return None
    mail = RawMail(row.mailbox, row.uidvalidity, row.uid, row.received_at, octets, row.size, row.is_oversize)
    return Stored(row.id, mail, row.attempts, is_released=True)


def _letter(tx: Tx, signs: Signs) -> int | None:
    """The letter in doubt (inbound id): of the mail that is answered, else of a code that is shown."""
    found: int | None = tx.scalar(_BY_NONCE, {"nonce": signs.nonce}) if signs.nonce else None
    if found is None and signs.codes:
        found = tx.scalar(_BY_CODES, {"codes": list(signs.codes)})
    return found


def _read(row: Row[Any]) -> Question:
    return Question(
        letter=row.letter,
        person=row.person,
        until=row.until_at,
        nonce=row.nonce,
        code=row.code,
        bond=row.bond,
        answer=row.answer,
        opened=row.outcome is Outcome.OPENED,
    )


@cache
def _asking(dialect: str) -> Insert:
    return insert(dialect, question).on_conflict_do_nothing()
