"""The desk's own check of a sender's signature: asks the DNS for the key, does the sum. The only door to dkimpy and dnspython.

The law: an answer that does not come proves nothing, for or against; a letter waits for all of them only so long.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

import dkim
import dkim.asn1
import dkim.canonicalization
import dkim.crypto
import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver

from mailtickets.core import dmarc, signatures
from mailtickets.core.mail import InboundMail
from mailtickets.core.signatures import Signature, worth_checking

DEADLINE = 5.0  # seconds for one answer, all name servers together
LONGEST = 8.0  # seconds for one letter
KEYS = 1_000  # answers remembered for as long as their owners allow
WISHES = 1_000  # domains of which it is remembered what they ask for
WISH_LASTS = 3600.0  # seconds
WISH_DEADLINE = 2.0  # seconds for one of them: nearly every letter's sender is asked about
SILENCE = 300.0  # seconds without a question for wishes, once no name server answers
MIN_KEY = 1024  # bits; RFC 8301 section 3.2
_UNREADABLE = (
    dkim.DKIMException,
    dkim.asn1.ASN1FormatError,
    dkim.canonicalization.InvalidCanonicalizationPolicyError,
    dkim.crypto.DigestTooLargeError,
    dkim.crypto.UnparsableKeyError,
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found out about a letter's sender."""

    signer: str = ""  # the domain whose valid signature proves From
    disowned: str = ""  # what the sender's domain asks for about such mail, and that this is such a mail


class Checker:
    """Owns the questions to the DNS and remembers the answers."""

    def __init__(self, nameservers: Sequence[tuple[str, int]] = ()) -> None:
        """`nameservers`: addresses and ports; none: those of this machine."""
        self._resolver = dns.asyncresolver.Resolver(configure=not nameservers)
        self._wishes: dict[str, tuple[str, float]] = {}  # and until when they are remembered
        self._silent_until = 0.0
        self._resolver.cache = dns.resolver.LRUCache(KEYS)
        if nameservers:
            self._resolver.nameservers = [
                dns.nameserver.Do53Nameserver(host, port) for host, port in nameservers
            ]

    async def check(self, mail: InboundMail, octets: bytes, *, may_disown: bool) -> Checked:
        """Who has signed the letter; else, if it may be, whether its sender's domain does not want it for its own."""
        try:
            async with asyncio.timeout(LONGEST):
                signer = await self.signer(mail, octets)
                if signer or not may_disown:
                    return Checked(signer)
                return Checked(disowned=await self._disowned(mail, octets))
        except TimeoutError:
            return Checked()

    async def signer(self, mail: InboundMail, octets: bytes) -> str:
        """The domain whose valid signature proves From, "" if none does."""
        for signature in worth_checking(mail):
            if await self._holds(signature, octets):
                return signature.domain
        return ""

    async def _disowned(self, mail: InboundMail, octets: bytes) -> str:
        """RFC 7489 section 6.6.2 as far as the desk can see: what it cannot see speaks for the sender."""
        domain = mail.sender.domain if mail.sender else ""
        wish = await self._wish(domain)
        if not wish:
            return ""
        for signature in signatures.at_all(mail):
            # One that covers too little to prove anything is still a sign that the domain sent it.
            if await self._holds(signature, octets) is not False:
                return ""
        return f"{domain} asks to refuse mail that it has not signed (DMARC p={wish}), and it has not signed this"

    async def _holds(self, signature: Signature, octets: bytes) -> bool | None:
        """Whether a signature is valid; None if that cannot be known, since no answer has come."""
        record = await self._key(signature)
        if not record:
            return None if record is None else False
        return await asyncio.to_thread(_is_valid, octets, signature, record)

    async def _key(self, signature: Signature) -> bytes | None:
        """The record that holds the key; b"" if there is none to be had, None if no answer has come."""
        records = await self._texts(signature.key_name, DEADLINE)
        # RFC 6376 section 3.6.2.2: several records are an undefined result.
        if records is None:
            return None
        return records[0] if len(records) == 1 else b""

    async def _wish(self, domain: str) -> str:
        """What a domain asks for: "reject", "quarantine" or ""."""
        now = asyncio.get_running_loop().time()
        known = self._wishes.get(domain)
        if known and known[1] > now:
            return known[0]
        if now < self._silent_until:
            return ""
        found = ""
        for place, name in enumerate(dmarc.names(domain)):
            records = await self._texts(name, WISH_DEADLINE)
            if records is None:
                # Else every letter would wait for servers that are away.
                self._silent_until = now + SILENCE
                return ""
            texts = [record.decode("ascii", "replace") for record in records]
            if (wish := dmarc.wish(texts, is_above=place > 0)) is not None:
                found = wish
                break
        if len(self._wishes) >= WISHES:
            del self._wishes[next(iter(self._wishes))]
        self._wishes[domain] = (found, now + WISH_LASTS)
        return found

    async def _texts(self, name: str, deadline: float) -> tuple[bytes, ...] | None:
        """The text records of a name; None if no answer has come."""
        try:
            answer = await self._resolver.resolve(name, "TXT", lifetime=deadline, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.LabelTooLong, dns.name.NameTooLong):
            return ()
        except (dns.exception.DNSException, OSError):
            return None
        return tuple(b"".join(record.strings) for record in answer)


def _is_valid(octets: bytes, signature: Signature, record: bytes) -> bool:
    if not signatures.is_usable(record):
        return False
    try:
        checker = dkim.DKIM(octets, minkey=MIN_KEY)
        checked = checker.verify(idx=signature.index, dnsfunc=lambda name, timeout: record)
        return bool(checked) and _is_canonical(checker)
    except (*_UNREADABLE, ValueError, LookupError, TypeError):
        # What dkimpy cannot read: the letter and the key are both strangers' words.
        return False


def _is_canonical(checker: dkim.DKIM) -> bool:
    """RFC 8017 section 8.2.2: one signature has one form. dkimpy takes it with the modulus added, too: by that
    a letter could come again as another one.
    """
    if checker.ktag != b"rsa":
        return True
    made = base64.b64decode(re.sub(rb"\s+", b"", checker.signature_fields[b"b"]))
    modulus = int(checker.pk["modulus"])
    return len(made) == (modulus.bit_length() + 7) // 8 and int.from_bytes(made, "big") < modulus
