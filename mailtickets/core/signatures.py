"""Which of a letter's DKIM signatures could prove who wrote it (RFC 6376), before anybody asks the DNS for a key.

The law: a signature counts only if it is the From domain's own and covers all that a reader goes by. One that leaves
out the end of the text or a header leaves room for a stranger's words.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from mailtickets.core.mail import Address, InboundMail

# Each has to be signed as often as it stands there: what is signed is the lowest (RFC 6376 section 5.4.2),
# what a reader is shown may be the highest.
COVERED = ("from", "subject", "date", "to", "message-id")
MOST = 5  # signatures looked at: each may cost a question to a stranger's name server
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_\-.]{0,250}[a-z0-9_])?")


@dataclass(frozen=True, slots=True)
class Signature:
    """One that is worth a question."""

    index: int  # among the letter's DKIM-Signature fields, top first
    domain: str  # d=
    selector: str  # s=

    @property
    def key_name(self) -> str:
        """Where its key is published (RFC 6376 section 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"


def is_aligned(signed: str, domain: str) -> bool:
    """RFC 7489 section 3.1.1, without a list of public suffixes: the signer is the domain, or above it."""
    return signed == domain or ("." in signed and domain.endswith(f".{signed}"))


def are_related(one: str, two: str) -> bool:
    """Whether one of two domains is the other, or below it."""
    return is_aligned(one, two) or is_aligned(two, one)


def is_partial(mail: InboundMail) -> bool:
    """Whether a signature of the sender's domain ends before the text does: the rest may be anybody's.

    One that covers all, beside it, is no comfort: it may be put there by whoever wrote the rest.
    """
    signed = (tags for value in mail.header("dkim-signature") if _by(tags := _tags(value), mail.sender))
    return any("l" in tags for tags in signed)


def worth_checking(mail: InboundMail) -> tuple[Signature, ...]:
    """The signatures that would prove the sender if they are valid; none if nobody is to be believed anyway."""
    if mail.sender is None or mail.from_defects or mail.ambiguity:
        return ()
    there = Counter(name for name, _ in mail.headers)
    domain = mail.sender.domain
    return tuple(one for one, tags in _all(mail) if is_aligned(one.domain, domain) and _is_whole(tags, there))


def at_all(mail: InboundMail) -> tuple[Signature, ...]:
    """The signatures that the sender's domain may have made, whatever they cover."""
    return tuple(one for one, _ in _all(mail) if mail.sender and _are_kin(one.domain, mail.sender.domain))


def is_usable(record: bytes) -> bool:
    """Whether the record of a key (RFC 6376 section 3.6.1) lets it prove anything. The key itself is not looked at."""
    tags = _tags(record.decode("ascii", "replace"))
    # A signer that only tries (t=y) asks to be treated as one that does not sign.
    is_trying = "y" in tags.get("t", "").lower().split(":")
    hashes = tags.get("h", "sha256").lower().split(":")
    return bool(tags.get("p")) and not is_trying and "sha256" in hashes


def imprints(mail: InboundMail) -> tuple[str, ...]:
    """What every copy of a signed letter has, whatever else was changed on the way: each signature (b=) as the SHA-256
    of its octets. Another one that holds can only be made by the signer."""
    # All of them: whoever adds some on top must not hide the one below.
    found = (_tags(value).get("b", "") for value in mail.header("dkim-signature"))
    return tuple(dict.fromkeys(_imprint(signature) for signature in found if signature))


def _imprint(signature: str) -> str:
    """Of the octets, not of how they are written: base64 has more than one way to say the same."""
    try:
        octets = base64.b64decode(signature, validate=False)
    except (binascii.Error, ValueError):
        octets = signature.encode("utf-8", "replace")
    return hashlib.sha256(octets).hexdigest()


def _all(mail: InboundMail) -> Iterator[tuple[Signature, dict[str, str]]]:
    for index, value in enumerate(mail.header("dkim-signature")[:MOST]):
        tags = _tags(value)
        domain, selector = tags.get("d", "").lower().rstrip("."), tags.get("s", "").lower()
        if _NAME.fullmatch(domain) and _NAME.fullmatch(selector):
            yield Signature(index, domain, selector), tags


def _is_whole(tags: dict[str, str], there: Counter[str]) -> bool:
    signed = Counter(name.strip().lower() for name in tags.get("h", "").split(":"))
    covers_all = "l" not in tags and all(signed[name] >= max(there[name], 1) for name in COVERED)
    # RFC 8301 section 3.1: what was signed with SHA-1 is not signed.
    return covers_all and tags.get("a", "").lower() in ("rsa-sha256", "ed25519-sha256")


def _are_kin(one: str, two: str) -> bool:
    """Whether two domains may have one owner, for DMARC's relaxed alignment; without a list of public suffixes."""
    return are_related(one, two) or one.split(".")[-2:] == two.split(".")[-2:]


def _by(tags: dict[str, str], sender: Address | None) -> bool:
    return sender is not None and are_related(tags.get("d", "").lower().rstrip("."), sender.domain)


def _tags(value: str) -> dict[str, str]:
    """RFC 6376 section 3.2. White space means nothing in any tag that is read here."""
    pairs = (part.partition("=") for part in "".join(value.split()).split(";"))
    return {name: content for name, _, content in pairs if name}
