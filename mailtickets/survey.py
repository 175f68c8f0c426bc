"""An inbox whose mail has been numbered anew: what lies there is compared with what the desk has.

The law: what the desk has is not taken in twice. What matches nothing is taken in without acknowledgements; if that
is more than FEW, not before the operator's word, since it may be somebody else's mail, or twenty years of it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

from mailtickets.core.mail import InboundMail, RawMail
from mailtickets.reader.pool import Reader
from mailtickets.store import ledger
from mailtickets.store.engine import Store

FEW = 500


async def known(store: Store, reader: Reader, raws: Sequence[RawMail]) -> frozenset[int]:
    """UIDs of letters that the desk has already: the same octets, or else the same fingerprint."""
    hashes = {raw.uid: hashlib.sha256(raw.octets).hexdigest() for raw in raws}
    same = await store.read(ledger.known_hashes, tuple(hashes.values()))
    others = [raw for raw in raws if hashes[raw.uid] not in same]
    mails = await asyncio.gather(*(reader.read(raw.octets) for raw in others))
    prints = {
        raw.uid: mail.fingerprint
        for raw, mail in zip(others, mails, strict=True)
        if isinstance(mail, InboundMail)
    }
    alike = await store.read(ledger.known_fingerprints, tuple(prints.values()))
    return frozenset(
        raw.uid for raw in raws if hashes[raw.uid] in same or (prints.get(raw.uid) or None) in alike
    )


def told(mailbox: str, matched: int, unmatched: int) -> str:
    """What the operators are told when all has been compared."""
    begin = (
        f"The mail server has numbered all mail of {mailbox} anew (UIDVALIDITY). "
        f"{_letters(matched)} there were known to the desk."
    )
    if unmatched <= FEW:
        return (
            f"{begin} {_letters(unmatched)} were not: they have been taken in, and whoever wrote them before that "
            "gets no acknowledgement. Look at them with “mailtickets ledger”."
        )
    return (
        f"{begin} {_letters(unmatched)} were not, which is more than {FEW}: they wait for your word, while new mail goes on. "
        f"See whether they are the desk's. “mailtickets ledger accept {mailbox}” takes them in, without acknowledgements."
    )


def waits(mailbox: str, count: int) -> str:
    """What is wrong as long as they wait."""
    return (
        f"{_letters(count)} of {mailbox} are not taken in, since the mail server has numbered all mail there anew and the "
        f"desk knows none of them. “mailtickets ledger accept {mailbox}” takes them in, without acknowledgements."
    )


def _letters(count: int) -> str:
    return f"{count} letter" if count == 1 else f"{count} letters"
