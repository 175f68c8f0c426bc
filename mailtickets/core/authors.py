"""Who wrote a letter that bears another's address, and where its writer wants to be answered.

The law: From is who writes, but where it cannot be answered: a form that nobody reads, a mailing list that put its own
address there. Whoever is found so is proven by nothing. An answer goes to Reply-To too where that is as safe as From.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from mailtickets.core.classify import Judgement, Kind, nobody_reads
from mailtickets.core.identity import Evidence
from mailtickets.core.mail import Address, InboundMail

# "Ann Smith via Dev", "'Ann Smith' via Dev List": what lists make of a name under DMARC.
_VIA = re.compile(r"['\"]?(.{1,200}?)['\"]?\s+(?:via|über|par|por|tramite|через)\s+\S", re.IGNORECASE)


def author(mail: InboundMail, judgement: Judgement, own: Collection[str]) -> Address | None:
    """Who wrote it, if that is not whom From names. `own`: keys of the desk's addresses."""
    sender = mail.sender
    if sender is None or mail.from_defects:
        return None
    found: Address | None = None
    if judgement.kind is Kind.LIST and (via := _VIA.match(sender.name)):
        found = mail.original_from or _only(mail.reply_to)
        found = Address(found.spec, found.name or via[1].strip()) if found else None
    elif judgement.is_person and nobody_reads(sender.key) and not (mail.in_reply_to or mail.references):
        found = _only(mail.reply_to)
    if found is None or found == sender or found.key in own or nobody_reads(found.key):
        return None
    return found


def answered_too(mail: InboundMail, evidence: Evidence, own: Collection[str]) -> tuple[Address, ...]:
    """The addresses of Reply-To that are as safe as From: of the same domain, or the sender's server vouches for From."""
    return tuple(a for a in _asked(mail, own) if _is_safe(a, mail, evidence))


def not_answered(mail: InboundMail, evidence: Evidence, own: Collection[str]) -> tuple[Address, ...]:
    """Those that are not: somebody else's letter could be answered there."""
    return tuple(a for a in _asked(mail, own) if not _is_safe(a, mail, evidence))


def _asked(mail: InboundMail, own: Collection[str]) -> tuple[Address, ...]:
    return tuple(
        a for a in mail.reply_to if a != mail.sender and a.key not in own and not nobody_reads(a.key)
    )


def _is_safe(address: Address, mail: InboundMail, evidence: Evidence) -> bool:
    if mail.sender is None or evidence.is_contrary:
        return False
    one, two = address.domain, mail.sender.domain
    return bool(evidence.authenticated) or one == two or one.endswith(f".{two}") or two.endswith(f".{one}")


def _only(addresses: tuple[Address, ...]) -> Address | None:
    return addresses[0] if len(addresses) == 1 else None
