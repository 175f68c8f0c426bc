"""The desk's own check of a sender's signature: asks the DNS for the key, does the sum. The only door to dkimpy and dnspython.

The law: an answer that does not come proves nothing, for or against; a letter waits for it only so long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import dkim
import dkim.asn1
import dkim.canonicalization
import dkim.crypto
import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.resolver

from mailtickets.core.mail import InboundMail
from mailtickets.core.signatures import Signature, worth_checking

DEADLINE = 5.0  # seconds for one key, all name servers together
KEYS = 1_000  # remembered for as long as their owners allow
MIN_KEY = 1024  # bits; RFC 8301 section 3.2
_UNREADABLE = (
    dkim.DKIMException,
    dkim.asn1.ASN1FormatError,
    dkim.canonicalization.InvalidCanonicalizationPolicyError,
    dkim.crypto.DigestTooLargeError,
    dkim.crypto.UnparsableKeyError,
)


class Checker:
    """Owns the questions to the DNS and remembers the answers."""

    def __init__(self, nameservers: Sequence[tuple[str, int]] = ()) -> None:
        """`nameservers`: addresses and ports; none: those of this machine."""
        self._resolver = dns.asyncresolver.Resolver(configure=not nameservers)
        self._resolver.cache = dns.resolver.LRUCache(KEYS)
        if nameservers:
            self._resolver.nameservers = [
                dns.nameserver.Do53Nameserver(host, port) for host, port in nameservers
            ]

    async def signer(self, mail: InboundMail, octets: bytes) -> str:
        """The domain whose valid signature proves From, "" if none does."""
        for signature in worth_checking(mail):
            key = await self._key(signature)
            is_valid = bool(key) and await asyncio.to_thread(_is_valid, octets, signature, key)
            if is_valid:
                return signature.domain
        return ""

    async def _key(self, signature: Signature) -> bytes:
        """The record that holds the key, b"" if there is none to be had."""
        try:
            answer = await self._resolver.resolve(signature.key_name, "TXT", lifetime=DEADLINE, search=False)
        except (dns.exception.DNSException, OSError):
            return b""
        # RFC 6376 section 3.6.2.2: several records are an undefined result.
        records = [b"".join(record.strings) for record in answer]
        return records[0] if len(records) == 1 else b""


def _is_valid(octets: bytes, signature: Signature, key: bytes) -> bool:
    try:
        checker = dkim.DKIM(octets, minkey=MIN_KEY)
        checked = checker.verify(idx=signature.index, dnsfunc=lambda name, timeout: key)
    except (*_UNREADABLE, ValueError, LookupError, TypeError):
        # What dkimpy cannot read: the letter and the key are both strangers' words.
        return False
    return bool(checked)
