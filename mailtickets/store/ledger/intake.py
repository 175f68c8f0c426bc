"""Letters from the moment they are ours to their one outcome.

The law: a letter is kept before it is read, its attempt is on disk before it is parsed, and it ends once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, case, func, select, update

from mailtickets.core.account import account
from mailtickets.core.case import Case, Outcome
from mailtickets.core.decision import Decision
from mailtickets.core.mail import RawMail
from mailtickets.core.ticket import Ticket
from mailtickets.failpoints import Point, reach
from mailtickets.store.blobs import INLINE, Blobs
from mailtickets.store.connect import insert
from mailtickets.store.engine import Tx
from mailtickets.store.ledger.batch import Batch
from mailtickets.store.schema import IS_STORED, LetterState, epoch, inbound, raw

ATTEMPTS = 3  # a letter that has brought the reader down so often is not tried again
LEFT_OCTETS = 16 * 2**20  # of letters that are given out again together; one may have more
FEW = 500  # UIDs that are asked for one by one; more are asked for as a range


@dataclass(frozen=True, slots=True)
class Stored:
    """A letter that is ours and still to be decided. The attempt is counted already."""

    inbound: int  # its id in the ledger
    mail: RawMail
    attempts: int
    is_late: bool = False  # lay in the inbox before its UIDs were given anew: gets no acknowledgement
    is_released: bool = False  # the operator let it go on


def keep(tx: Tx, blobs: Blobs, raws: Sequence[RawMail], now: datetime) -> tuple[Stored, ...]:
    """Make letters ours. Gives those to be decided; decided ones, and octets that the desk has already, are left out."""
    kept: list[Stored] = []
    for (mailbox, uidvalidity), group in groupby(raws, key=lambda r: (r.mailbox, r.uidvalidity)):
        letters = tuple(group)
        unknown = set(unknown_uids(tx, mailbox, uidvalidity, tuple(r.uid for r in letters)))
        fresh = {r.uid: r for r in letters if r.uid in unknown}
        before = _looked_before(tx, mailbox, uidvalidity)
        if len(fresh) < len(letters):
            kept += _kept_unheard(tx, mailbox, uidvalidity, {r.uid: r for r in letters if r.uid not in fresh})
        kept += _keep_fresh(tx, blobs, tuple(fresh.values()), before, now)
        _looked(tx, mailbox, uidvalidity, now)
    reach(Point.KEEPING)
    return tuple(kept)


def _keep_fresh(
    tx: Tx, blobs: Blobs, letters: Sequence[RawMail], before: datetime | None, now: datetime
) -> list[Stored]:
    if not letters:
        return []
    hashes = [hashlib.sha256(r.octets).hexdigest() for r in letters]
    ids = _keep_octets(tx, blobs, dict(zip(hashes, (r.octets for r in letters), strict=True)))
    earlier = _first_of(tx, ids.values())
    firsts: dict[int, RawMail] = {}
    again: list[tuple[RawMail, int]] = []
    for letter, sha256 in zip(letters, hashes, strict=True):
        if ids[sha256] in earlier or ids[sha256] in firsts:
            again.append((letter, ids[sha256]))
        else:
            firsts[ids[sha256]] = letter
    rows = [_row(r, id, _is_late(r, before), now) for id, r in firsts.items()]
    added = tx.execute(_NEW, rows).all() if rows else ()
    by_raw = {row.raw: row.id for row in added}
    same = [
        _row(r, id, _is_late(r, before), now)
        | {
            "state": LetterState.DONE,
            "outcome": Outcome.IGNORED,
            "reason": f"duplicate of letter {earlier.get(id) or by_raw[id]}: the same octets",
            "decided_at": now,
        }
        for r, id in again
    ]
    if same:
        tx.execute(inbound.insert(), same)
    return [Stored(by_raw[id], r, 1, _is_late(r, before)) for id, r in firsts.items()]


def _kept_unheard(tx: Tx, mailbox: str, uidvalidity: int, known: Mapping[int, RawMail]) -> list[Stored]:
    """What an earlier commit has kept whose answer was lost on the way: still to be decided."""
    columns = (inbound.c.id, inbound.c.uid, inbound.c.attempts, inbound.c.is_late, inbound.c.is_released)
    rows = tx.execute(select(*columns).where(*_in(mailbox, uidvalidity), inbound.c.uid.in_(known), IS_STORED))
    return [Stored(row.id, known[row.uid], row.attempts, row.is_late, row.is_released) for row in rows]


_NEW = inbound.insert().returning(inbound.c.id, inbound.c.raw)
_NEW_RAW = raw.insert().returning(raw.c.sha256, raw.c.id)
_RAWS = select(raw.c.sha256, raw.c.id).where(raw.c.sha256.in_(bindparam("hashes", expanding=True)))


def _keep_octets(tx: Tx, blobs: Blobs, octets: Mapping[str, bytes]) -> dict[str, int]:
    """Raw ids by SHA-256. What is too big for the database is on disk in its folder when this returns."""
    ids: dict[str, int] = dict(tx.execute(_RAWS, {"hashes": list(octets)}).all())
    rows = []
    for sha256, whole in octets.items():
        if sha256 in ids:
            continue
        is_big = len(whole) > INLINE
        if is_big:
            blobs.put(sha256, whole)
        rows.append({"sha256": sha256, "size": len(whole), "octets": None if is_big else whole})
    if rows:
        ids |= dict(tx.execute(_NEW_RAW, rows).all())
    return ids


def _first_of(tx: Tx, raws: Collection[int]) -> dict[int, int]:
    """The first letter that had these octets, by raw id."""
    first = select(inbound.c.raw, func.min(inbound.c.id)).where(inbound.c.raw.in_(list(raws)))
    return dict(tx.execute(first.group_by(inbound.c.raw)).all())


def _row(letter: RawMail, raw_id: int, is_late: bool, now: datetime) -> dict[str, Any]:
    return {
        "raw": raw_id,
        "mailbox": letter.mailbox,
        "uidvalidity": letter.uidvalidity,
        "uid": letter.uid,
        "received_at": letter.received_at,
        "size": letter.size or len(letter.octets),
        "is_oversize": letter.oversize,
        "is_late": is_late,
        "is_released": False,
        "state": LetterState.STORED,
        "attempts": 1,
        "stored_at": now,
        "reason": "",
        "why_kind": "",
        "message_id": "",
        "fingerprint": "",
        "subject": "",
        "sender": "",
        "error": "",
        "traceback": "",
    }


# UIDVALIDITY: what lay in the inbox before the UIDs were given anew.


def epochs(tx: Tx, mailbox: str) -> tuple[int, ...]:
    """All UIDVALIDITY values that an inbox has had, in the order in which they were looked at last."""
    known = select(epoch.c.uidvalidity).where(epoch.c.mailbox == mailbox).order_by(epoch.c.kept_at)
    return tuple(tx.scalars(known))


def _looked_before(tx: Tx, mailbox: str, uidvalidity: int) -> datetime | None:
    """When a letter was last kept under other UIDs; None if there never were others."""
    others = (epoch.c.mailbox == mailbox) & (epoch.c.uidvalidity != uidvalidity)
    at: datetime | None = tx.scalar(select(func.max(epoch.c.kept_at)).where(others))
    return at


def _looked(tx: Tx, mailbox: str, uidvalidity: int, now: datetime) -> None:
    row = insert(tx.dialect.name, epoch).values(mailbox=mailbox, uidvalidity=uidvalidity, kept_at=now)
    keys = [epoch.c.mailbox, epoch.c.uidvalidity]
    tx.execute(row.on_conflict_do_update(index_elements=keys, set_={"kept_at": now}))


def _is_late(letter: RawMail, before: datetime | None) -> bool:
    return before is not None and letter.received_at < before


# What is to be done, and done again.


def are_unfinished(tx: Tx) -> bool:
    """Whether there are letters without an outcome, some of which somebody may be at."""
    return tx.scalar(select(inbound.c.id).where(IS_STORED).limit(1)) is not None


def unfinished(
    tx: Tx, blobs: Blobs, now: datetime, limit: int, others: Collection[str] = ()
) -> tuple[Stored, ...]:
    """Letters that were kept but never decided, oldest first, the attempt counted. `others`: inboxes left alone.

    What was tried `ATTEMPTS` times, or has lost its octets, is put in quarantine here.
    """
    ours = (IS_STORED, inbound.c.mailbox.not_in(list(others))) if others else (IS_STORED,)
    tx.execute(
        update(inbound)
        .where(*ours, inbound.c.attempts >= ATTEMPTS)
        .values(_quarantined(f"Reading it ended {ATTEMPTS} times without a result.", "", now))
    )
    is_last_attempt = case((inbound.c.attempts >= ATTEMPTS - 1, 1), else_=0)
    found: Sequence[Any] = tx.execute(
        select(*inbound.c, raw.c.sha256, raw.c.octets)
        .join(raw)
        .where(*ours)
        .order_by(is_last_attempt, inbound.c.id)
        .limit(limit)
    ).all()
    # The last attempt is made alone: what brings the desk down must not take its neighbours into quarantine.
    found = [row for row in found if row.attempts < ATTEMPTS - 1] or found[:1]
    letters: list[Stored] = []
    room = LEFT_OCTETS
    for row in found:
        room -= row.size
        if letters and room < 0:
            break
        try:
            octets = blobs.get(row.sha256) if row.octets is None else row.octets
        except FileNotFoundError as error:
            quarantine(tx, row.id, f"Its octets are gone: {error.filename} is not there.", "", now)
            continue
        mail = RawMail(
            row.mailbox, row.uidvalidity, row.uid, row.received_at, octets, row.size, row.is_oversize
        )
        letters.append(Stored(row.id, mail, row.attempts + 1, row.is_late, row.is_released))
    ids = [letter.inbound for letter in letters]
    if ids:
        tx.execute(update(inbound).where(inbound.c.id.in_(ids)).values(attempts=inbound.c.attempts + 1))
    elif found:
        return unfinished(tx, blobs, now, limit, others)  # these are all put aside; there may be more
    return tuple(letters)


_UNDECIDED = (
    select(inbound.c.id)
    .where(inbound.c.id.in_(bindparam("ids", expanding=True)), IS_STORED)
    .with_for_update()
)


def undecided(tx: Tx, ids: Sequence[int]) -> frozenset[int]:
    """Those of the letters that have no outcome yet; nobody else can give them one before this transaction ends."""
    return frozenset(tx.scalars(_UNDECIDED, {"ids": list(ids)}))


_SETTLE = update(inbound).where(inbound.c.id == bindparam("letter"))


def settle(batch: Batch, letter: int, decision: Decision, case: Case, ticket: Ticket | None) -> None:
    """The one outcome of a letter (its inbound id)."""
    mail, sender = case.mail, case.known.sender
    batch.came(letter, mail.fingerprint, decision.outcome, case.evidence)
    batch.once.spend(decision.spends, letter)
    if decision.outcome is not Outcome.IGNORED:
        batch.once.imprint(case.known.imprints, letter)
    batch.sheet.put(
        _SETTLE,
        {
            "letter": letter,
            "state": LetterState.DONE,
            "decided_at": batch.now,
            "outcome": decision.outcome,
            "reason": decision.reason,
            "kind": case.judgement.kind,
            "why_kind": case.judgement.reason,
            "evidence": case.evidence,
            "account": account(case, decision),
            "message_id": mail.message_id,
            "fingerprint": mail.fingerprint,
            "subject": mail.subject,
            "sender": mail.sender.spec if mail.sender else "",
            "person": sender.id if sender else None,
            "ticket": ticket.id if ticket else None,
            "error": "",
            "traceback": "",
        },
    )


def quarantine(tx: Tx, letter: int, error: str, traceback: str, now: datetime) -> None:
    """A letter that could not be read or decided is kept for the operator to look at."""
    tx.execute(update(inbound).where(inbound.c.id == letter).values(_quarantined(error, traceback, now)))


def _quarantined(error: str, traceback: str, now: datetime) -> dict[str, Any]:
    return {
        "state": LetterState.DONE,
        "outcome": Outcome.QUARANTINED,
        "reason": error,
        "error": error,
        "traceback": traceback,
        "decided_at": now,
    }


def requeue_quarantined(tx: Tx, ids: Sequence[int], now: datetime) -> int:
    """Have letters of the quarantine read and decided again; how many. () is all."""
    return _requeue(tx, ids, Outcome.QUARANTINED, is_released=False)


def requeue_held(tx: Tx, ids: Sequence[int], now: datetime) -> int:
    """Let held letters go on; how many. () is all."""
    return _requeue(tx, ids, Outcome.HELD, is_released=True)


def _requeue(tx: Tx, ids: Sequence[int], outcome: Outcome, *, is_released: bool) -> int:
    chosen = update(inbound).where(inbound.c.outcome == outcome)
    if ids:
        chosen = chosen.where(inbound.c.id.in_(ids))
    again = {"state": LetterState.STORED, "attempts": 0, "outcome": None, "decided_at": None}
    return tx.execute(chosen.values(**again, is_released=inbound.c.is_released | is_released)).rowcount


# What the server and the ledger know of each other.


def cursor(tx: Tx, mailbox: str, uidvalidity: int) -> int:
    """The highest UID that is ours; 0 if none is."""
    return tx.scalar(select(func.max(inbound.c.uid)).where(*_in(mailbox, uidvalidity))) or 0


def unknown_uids(tx: Tx, mailbox: str, uidvalidity: int, uids: Sequence[int]) -> tuple[int, ...]:
    """Those of them that are not ours yet, in their order."""
    if not uids:
        return ()
    few = inbound.c.uid.in_(uids) if len(uids) <= FEW else inbound.c.uid.between(min(uids), max(uids))
    known = frozenset(tx.scalars(select(inbound.c.uid).where(*_in(mailbox, uidvalidity), few)))
    return tuple(uid for uid in uids if uid not in known)


def mark(tx: Tx, mailbox: str, uidvalidity: int, uids: Sequence[int], now: datetime) -> None:
    """The server has been told that these are done."""
    letters = update(inbound).where(*_in(mailbox, uidvalidity), inbound.c.uid.in_(uids))
    tx.execute(letters.values(marked_at=now))


def unmarked(tx: Tx, mailbox: str, uidvalidity: int, limit: int) -> tuple[int, ...]:
    """UIDs that have their outcome but not their mark, newest first. Oversize ones are never marked."""
    wanted = (
        select(inbound.c.uid)
        .where(
            *_in(mailbox, uidvalidity),
            inbound.c.marked_at.is_(None),
            inbound.c.state == LetterState.DONE,
            inbound.c.is_oversize.is_(False),
        )
        .order_by(inbound.c.uid.desc())
        .limit(limit)
    )
    return tuple(tx.scalars(wanted))


def _in(mailbox: str, uidvalidity: int) -> tuple[Any, ...]:
    return inbound.c.mailbox == mailbox, inbound.c.uidvalidity == uidvalidity
