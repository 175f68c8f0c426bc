"""Who is it, and what proves it. Evidence is a value: it is kept with the letter.

The law: SPF and ARC prove nothing about From; of several verdicts of the operator's server the worst counts; and what
somebody vouches for is a letter as they have read it, and the address that stood in From.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailtickets.core.mail import Address, InboundMail
from mailtickets.core.signatures import are_related, is_aligned, is_partial
from mailtickets.core.tokens import Token
from mailtickets.core.verdicts import Verdict, verdicts


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose Authentication-Results count (RFC 8601)."""

    authserv_id: str = ""  # "": none
    own_hosts: tuple[str, ...] = ()
    subaddress: str = ""  # "+" if desk+token@ reaches the inbox too
    dkim: bool = False  # the desk checks signatures itself where that server did not


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against the sender being who From says.

    `tokens` are ours by signature; whether one was minted for *this* sender is for the desk to say.
    """

    tokens: tuple[Token, ...] = ()
    authenticated: str = (
        ""  # "dmarc=pass", "dkim=pass header.d=…": what the operator's server or the desk vouches for
    )
    contrary: str = ""  # "dmarc=fail", "two From headers": nobody is believed
    signed: str = ""  # fingerprint of the sender's own OpenPGP key, which the letter is signed with
    is_bound: bool = False  # what leads it to its ticket is signed too
    doubt: str = ""  # why a signature that is there proves nothing
    spent: tuple[Token, ...] = ()  # ours too, but somebody outside has seen them: they prove nothing any more
    stale: str = ""  # why it may be an old letter that somebody sends again: it orders nothing
    confirmed: str = ""  # how the registered address has said that it was they: "letter 17"
    disregarded: str = ""  # why what a server vouches for does not count: this may be another letter

    @property
    def is_contrary(self) -> bool:
        return bool(self.contrary)


CHECKED = ", checked by the desk"
OLDEST = timedelta(days=7)  # that the Date of a letter which orders something may be away from when it came


def evidence(mail: InboundMail, trust: Trust, tokens: tuple[Token, ...]) -> Evidence:
    """All that is known about whoever stands in From. `tokens`: those of ours that the letter carries."""
    found, seal = tuple(verdicts(mail, trust.authserv_id, trust.own_hosts)), mail.seal
    contrary = "; ".join(mail.from_defects)
    if not contrary and seal and seal.is_broken:
        contrary = seal.doubt
    if not contrary and any("fail" in verdict.dmarc for verdict in found):
        contrary = "dmarc=fail"
    contrary = contrary or mail.disowned
    if contrary or mail.sender is None:
        return Evidence(tokens, "", contrary)
    known = _vouched(mail, mail.sender, found, tokens)
    if seal is None:
        return known
    if seal.doubt:
        return replace(known, doubt=seal.doubt)
    return replace(known, signed=seal.fingerprint, is_bound=seal.is_bound)


def of_another(evidence: Evidence) -> Evidence:
    """What is left of it where the writer is not who stood in From: nothing speaks for them."""
    vouched = evidence.authenticated
    why = f"{vouched}, but for the address in From, and its writer is another" if vouched else ""
    return Evidence(contrary=evidence.contrary, disregarded=why or evidence.disregarded)


def elsewhere(found: Evidence) -> Evidence:
    """The evidence of an agent's letter that does not name the desk as its recipient.

    A server vouches for who wrote it, not for whom it was written to: whoever else has got it could send it here.
    """
    if not found.authenticated:
        return found
    why = f"{found.authenticated}, but the mail was written to others, and somebody may have sent it on"
    return replace(found, authenticated="", disregarded=why)


def aged(found: Evidence, sent_at: datetime | None, came_at: datetime) -> Evidence:
    """The evidence of a letter by its Date and the time at which it came (IMAP INTERNALDATE).

    Whoever sends a genuine letter again has to leave its Date as it was signed.
    """
    if sent_at is None:
        return replace(found, stale="it has no Date")
    if abs(came_at - sent_at) <= OLDEST:
        return found
    return replace(found, stale=f"its Date, {sent_at:%Y-%m-%d}, is more than {OLDEST.days} days off")


def without(found: Evidence, spent: Container[Token]) -> Evidence:
    """The evidence without the tokens that prove nothing any more."""
    gone = tuple(token for token in found.tokens if token in spent)
    return (
        replace(found, tokens=tuple(t for t in found.tokens if t not in gone), spent=gone) if gone else found
    )


def wants_check(mail: InboundMail, trust: Trust) -> bool:
    """Whether the desk should check signatures itself: it may, and the operator's server has not judged the letter."""
    found = verdicts(mail, trust.authserv_id, trust.own_hosts)
    return trust.dkim and not any(not v.is_readable or v.dmarc or v.checks_dkim for v in found)


def may_be_disowned(mail: InboundMail, trust: Trust, own: Iterable[str]) -> bool:
    """Whether it may be held against a letter that its sender's domain has not signed it. `own`: as of Policy.

    Not where the operator's server has seen it come from a server of that domain's. Nor where the domain is one of the
    desk's: a letter from next door may never have passed the server that signs.
    """
    sender = mail.sender
    if sender is None or mail.from_defects or mail.ambiguity or not sender.domain.isascii():
        return False
    if any(are_related(key.rpartition("@")[2], sender.domain) for key in own):
        return False
    found = verdicts(mail, trust.authserv_id, trust.own_hosts)
    return not any(verdict.knows_path(sender.domain) for verdict in found)


def _vouched(
    mail: InboundMail, sender: Address, found: tuple[Verdict, ...], tokens: tuple[Token, ...]
) -> Evidence:
    authenticated = _authenticated(sender, found)
    if mail.signer and not authenticated:
        authenticated = f"dkim=pass header.d={mail.signer}{CHECKED}"
    if authenticated and (why := _why_not(mail, sender, found)):
        return Evidence(tokens, disregarded=f"{authenticated}, but {why}")
    return Evidence(tokens, authenticated)


def _authenticated(sender: Address, found: tuple[Verdict, ...]) -> str:
    """What vouches for the From domain, "" if nothing does."""
    if not all(verdict.is_readable for verdict in found):
        return ""
    dmarc = [verdict for verdict in found if verdict.dmarc]
    if dmarc and all(set(v.dmarc) == {"pass"} and set(v.dmarc_from) <= {sender.domain} for v in dmarc):
        return "dmarc=pass"
    dkim = [verdict for verdict in found if verdict.checks_dkim]
    aligned = [next((d for d in v.dkim_domains if is_aligned(d, sender.domain)), "") for v in dkim]
    return f"dkim=pass header.d={aligned[0]}" if aligned and all(aligned) else ""


def _why_not(mail: InboundMail, sender: Address, found: tuple[Verdict, ...]) -> str:
    """Why a letter that somebody vouches for may not be the one that is read here; "" if it is."""
    if mail.ambiguity:
        return f"it can be read in two ways: {mail.ambiguity}"
    if is_partial(mail) and not any(verdict.knows_path(sender.domain) for verdict in found):
        return "the signature covers only the beginning of the text (l=)"
    return ""
