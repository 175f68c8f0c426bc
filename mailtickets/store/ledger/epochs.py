"""Epochs of an inbox: what is known when its server has numbered all mail anew (UIDVALIDITY, RFC 3501 section 2.3.1.1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from mailtickets.store.connect import insert
from mailtickets.store.engine import Tx
from mailtickets.store.ledger.intake import unknown_uids
from mailtickets.store.schema import HAS_FINGERPRINT, epoch, inbound, raw


@dataclass(frozen=True, slots=True)
class Withheld:
    """Letters of an inbox that wait for the operator's word."""

    mailbox: str
    count: int
    since: datetime


def is_to_be_surveyed(tx: Tx, mailbox: str, uidvalidity: int) -> bool:
    """Whether an inbox has had other numbers before, and these have not been compared with them yet."""
    known = select(epoch.c.uidvalidity, epoch.c.surveyed_at).where(epoch.c.mailbox == mailbox)
    surveyed = {row.uidvalidity: row.surveyed_at for row in tx.execute(known)}
    return bool(surveyed.keys() - {uidvalidity}) and surveyed.get(uidvalidity) is None


def known_hashes(tx: Tx, hashes: Sequence[str]) -> frozenset[str]:
    """Those of the SHA-256 of octets that a letter of the desk has."""
    found = select(raw.c.sha256).where(raw.c.sha256.in_(list(hashes)), raw.c.id == inbound.c.raw).distinct()
    return frozenset(tx.scalars(found))


def known_fingerprints(tx: Tx, fingerprints: Sequence[str]) -> frozenset[str]:
    """Those that a letter of the desk has."""
    found = select(inbound.c.fingerprint).where(
        inbound.c.fingerprint.in_([f for f in fingerprints if f]), HAS_FINGERPRINT
    )
    return frozenset(tx.scalars(found.distinct()))


def surveyed(tx: Tx, mailbox: str, uidvalidity: int, waiting: Collection[int], now: datetime) -> None:
    """All that lies in the inbox has been compared; `waiting`: UIDs that are left alone until the operator's word."""
    values = {
        "surveyed_at": now,
        "waits_up_to": max(waiting, default=None),
        "waiting": len(waiting) or None,
    }
    row = insert(tx.dialect.name, epoch).values(
        mailbox=mailbox, uidvalidity=uidvalidity, kept_at=now, **values
    )
    tx.execute(row.on_conflict_do_update(index_elements=[epoch.c.mailbox, epoch.c.uidvalidity], set_=values))


def wanted_uids(tx: Tx, mailbox: str, uidvalidity: int, uids: Sequence[int]) -> tuple[int, ...]:
    """Those that are not ours yet and do not wait for the operator, in their order."""
    these = (epoch.c.mailbox == mailbox) & (epoch.c.uidvalidity == uidvalidity)
    waits_up_to = tx.scalar(select(epoch.c.waits_up_to).where(these)) or 0
    return unknown_uids(tx, mailbox, uidvalidity, [uid for uid in uids if uid > waits_up_to])


def withheld(tx: Tx, mailbox: str = "") -> tuple[Withheld, ...]:
    """Inboxes of which letters wait; of one, or of all."""
    rows = select(epoch).where(epoch.c.waits_up_to.is_not(None)).order_by(epoch.c.mailbox)
    if mailbox:
        rows = rows.where(epoch.c.mailbox == mailbox)
    return tuple(Withheld(row.mailbox, row.waiting, row.surveyed_at) for row in tx.execute(rows))


def accept(tx: Tx, mailbox: str) -> int:
    """The operator's word: what waits is taken in, without acknowledgements; how many letters, 0 if none wait."""
    waiting = (epoch.c.mailbox == mailbox) & epoch.c.waits_up_to.is_not(None)
    count = tx.scalar(select(func.sum(epoch.c.waiting)).where(waiting)) or 0
    tx.execute(update(epoch).where(waiting).values(waits_up_to=None, waiting=None))
    return int(count)
