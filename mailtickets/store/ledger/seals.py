"""OpenPGP signatures that have been counted: each counts for one letter, and not for long.

The law: what was signed once and is handed in again, however it is wrapped, is nobody's word.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Insert, delete, select

from mailtickets.core.identity import Evidence
from mailtickets.core.mail import InboundMail
from mailtickets.store.connect import insert
from mailtickets.store.engine import Tx
from mailtickets.store.ledger.batch import Batch
from mailtickets.store.schema import seal

FRESH = timedelta(days=7)
AHEAD = timedelta(hours=1)  # of our clock, at most
TOO_OLD = f"it was signed more than {FRESH.days} days before it came"
TOO_NEW = "by its own word it was signed in the future"


def counted(batch: Batch, letter: int, mail: InboundMail, evidence: Evidence, *, again: bool) -> Evidence:
    """The evidence with what is left of a signature. `again`: it may have been counted before."""
    if not evidence.signed or mail.seal is None or mail.seal.made_at is None:
        return evidence
    age = batch.now - mail.seal.made_at
    if age > FRESH or age < -AHEAD:
        return replace(evidence, signed="", is_bound=False, doubt=TOO_OLD if age > FRESH else TOO_NEW)
    first = batch.sheet.tx.scalar(select(seal.c.letter).where(seal.c.digest == mail.seal.digest))
    if first is not None and first != letter and not again:
        why = f"its OpenPGP signature has come before, with letter {first}"
        return replace(evidence, signed="", is_bound=False, contrary=why)
    if first is None:
        row = {"digest": mail.seal.digest, "letter": letter, "made_at": mail.seal.made_at}
        batch.sheet.put(_counting(batch.sheet.dialect), row)
    return evidence


def purge(tx: Tx, now: datetime) -> int:
    """Forget those that are too old to count; how many."""
    return tx.execute(delete(seal).where(seal.c.made_at < now - FRESH - AHEAD)).rowcount


@cache
def _counting(dialect: str) -> Insert:
    return insert(dialect, seal).on_conflict_do_nothing()
