"""Who is it, and what proves it. Evidence is a value: it is kept with the letter.

The law: SPF and ARC prove nothing about From; of several verdicts of the operator's server the worst counts;
what cannot be read counts as if it had said no. The only door to authres.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import authres
import authres.dmarc

from mailtickets.core.mail import Address, InboundMail
from mailtickets.core.tokens import Token


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

    @property
    def is_contrary(self) -> bool:
        return bool(self.contrary)


OLDEST = timedelta(days=7)  # that the Date of a letter which orders something may be away from when it came


def evidence(mail: InboundMail, trust: Trust, tokens: tuple[Token, ...]) -> Evidence:
    """All that is known about the sender. `tokens`: those of ours that the letter carries."""
    verdicts = tuple(_verdicts(mail, trust))
    contrary = "; ".join(mail.from_defects)
    seal = mail.seal
    if not contrary and seal and seal.is_broken:
        contrary = seal.doubt
    if not contrary and any(v is not None and "fail" in v.dmarc for v in verdicts):
        contrary = "dmarc=fail"
    authenticated = "" if contrary or mail.sender is None else _authenticated(mail.sender, verdicts)
    if mail.signer and not (contrary or authenticated):
        authenticated = f"dkim=pass header.d={mail.signer}, checked by the desk"
    if contrary or seal is None:
        return Evidence(tokens, authenticated, contrary)
    if seal.doubt:
        return Evidence(tokens, authenticated, doubt=seal.doubt)
    return Evidence(tokens, authenticated, signed=seal.fingerprint, is_bound=seal.is_bound)


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
    return trust.dkim and not any(v is None or v.dmarc or v.checks_dkim for v in _verdicts(mail, trust))


@dataclass(frozen=True, slots=True)
class _Verdict:
    """One Authentication-Results field of the operator's own server (RFC 8601 section 2.2)."""

    dmarc: tuple[str, ...]  # results, in lower case
    dmarc_from: tuple[str, ...]  # header.from of those that passed
    checks_dkim: bool
    dkim_domains: tuple[str, ...]  # of signatures that are valid


def _authenticated(sender: Address, verdicts: tuple[_Verdict | None, ...]) -> str:
    """What vouches for the From domain, "" if nothing does. None among the verdicts: one that cannot be read."""
    known = [verdict for verdict in verdicts if verdict is not None]
    if len(known) < len(verdicts):
        return ""
    dmarc = [verdict for verdict in known if verdict.dmarc]
    if dmarc and all(set(v.dmarc) == {"pass"} and set(v.dmarc_from) <= {sender.domain} for v in dmarc):
        return "dmarc=pass"
    dkim = [verdict for verdict in known if verdict.checks_dkim]
    aligned = [next((d for d in v.dkim_domains if is_aligned(d, sender.domain)), "") for v in dkim]
    return f"dkim=pass header.d={aligned[0]}" if aligned and all(aligned) else ""


def is_aligned(signed: str, domain: str) -> bool:
    """RFC 7489 section 3.1.1, without a list of public suffixes: the signer is the domain, or above it."""
    return signed == domain or ("." in signed and domain.endswith(f".{signed}"))


def _verdicts(mail: InboundMail, trust: Trust) -> Iterator[_Verdict | None]:
    """What the operator's server wrote, top first; None where it is its name but cannot be read."""
    if not trust.authserv_id:
        return
    wanted = trust.authserv_id.casefold()
    own_hosts = frozenset(host.casefold() for host in trust.own_hosts)
    for name, value in mail.headers:
        # RFC 8601 section 5: what stands below a foreign hop, a foreigner may have written.
        if name == "received" and own_hosts and not _is_own_hop(value, own_hosts):
            return
        if name == "authentication-results" and _authserv_id(value) == wanted:
            yield _verdict(value)


def _authserv_id(value: str) -> str:
    """The id at the start of a value; comments may stand before it (RFC 8601 section 2.2)."""
    found = _AUTHSERV_ID.match(value)
    return (found[1] or found[2]).casefold() if found else ""


_AUTHSERV_ID = re.compile(r"(?:\s|\([^()]*\))*(?:\"([^\"]*)\"|([^\s;()\"]+))")
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.IGNORECASE)
_LOCAL_HOPS = frozenset({"localhost", "localhost.localdomain", "127.0.0.1", "[127.0.0.1]", "::1", "[::1]"})


def _is_own_hop(received: str, own_hosts: frozenset[str]) -> bool:
    found = _BY.search(received)
    host = found[1].casefold().rstrip(".") if found else ""
    return host in own_hosts or host in _LOCAL_HOPS


def _verdict(value: str) -> _Verdict | None:
    try:
        parsed = _FEATURES.parse(f"Authentication-Results: {value}")
    except authres.AuthResError:
        return None
    dmarc = [result for result in parsed.results if result.method.lower() == "dmarc"]
    dkim = [result for result in parsed.results if result.method.lower() == "dkim"]
    return _Verdict(
        dmarc=tuple(result.result.lower() for result in dmarc),
        dmarc_from=tuple(d for r in dmarc if r.result.lower() == "pass" for d in _domains(r, "from")),
        checks_dkim=bool(dkim),
        dkim_domains=tuple(d for r in dkim if r.result.lower() == "pass" for d in _domains(r, "d", "i")),
    )


_FEATURES = authres.FeatureContext(authres.dmarc)


def _domains(result: authres.AuthenticationResult, *names: str) -> Iterator[str]:
    """The domains in header properties of a result: "@example.org", "ann@example.org" and "example.org" alike."""
    for field in result.properties:
        if field.type.lower() == "header" and field.name.lower() in names:
            yield str(field.value).rpartition("@")[2].casefold().rstrip(".")
