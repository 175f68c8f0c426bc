"""Attempts to deliver a mail, beside the last one, which stands with the mail itself.

The law: a mail that is taken at the first try costs nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update

from mailtickets.core.retry import Again, Done, Result, Step
from mailtickets.store.engine import Tx
from mailtickets.store.outbox import Claimed
from mailtickets.store.schema import attempt


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that did not deliver the mail, or several in a row that ended alike."""

    at: datetime
    until_at: datetime
    times: int
    counts: bool  # False: the relay was away, so that it said nothing about this mail
    code: int  # 0: no server spoke
    answer: str


_LAST = select(attempt).where(attempt.c.outbox == bindparam("row")).order_by(attempt.c.id.desc()).limit(1)
_AGAIN = (
    update(attempt)
    .where(attempt.c.id == bindparam("known"))
    .values(times=attempt.c.times + 1, until_at=bindparam("now"))
)


def note(tx: Tx, row: Claimed, result: Result, step: Step, now: datetime) -> None:
    """Keep an answer that did not end in delivery. While the relay is away, one row holds all tries."""
    if isinstance(step, Done):
        return
    counts = not isinstance(step, Again) or step.counts
    if not counts:
        last = tx.execute(_LAST, {"row": row.id}).first()
        if last and not last.counts and (last.code, last.answer) == (result.code, result.text):
            tx.execute(_AGAIN, {"known": last.id, "now": now})
            return
    told = {"outbox": row.id, "at": now, "until_at": now, "times": 1, "counts": counts}
    tx.execute(attempt.insert(), told | {"code": result.code, "answer": result.text})


def of(tx: Tx, mails: Sequence[int]) -> dict[int, tuple[Attempt, ...]]:
    """The attempts of mails by outbox id, oldest first; those without any are left out."""
    found: dict[int, tuple[Attempt, ...]] = {}
    rows = select(attempt).where(attempt.c.outbox.in_(mails)).order_by(attempt.c.id)
    for row in tx.execute(rows) if mails else ():
        one = Attempt(row.at, row.until_at, row.times, row.counts, row.code, row.answer)
        found[row.outbox] = (*found.get(row.outbox, ()), one)
    return found
