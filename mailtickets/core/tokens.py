"""Ids that only this desk can make: Message-IDs that prove who was written to about which ticket.

The law: what `read` gives was minted with one of the desk's keys, for that person and that ticket.
An id is lower-case and names no address, so that systems which fold case do it no harm.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

_NONCE = re.compile(r"[a-z0-9]{1,24}")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ID = re.compile(r"mt\.([0-9a-z]{1,13})\.([0-9a-z]{1,13})\.([a-z0-9]{1,24})\.([a-z2-7]{26})@[^@\s]+")
_BEGIN = "mt."
_IDS = re.compile(r"mt\.[0-9a-z]{1,13}\.[0-9a-z]{1,13}\.[a-z0-9]{1,24}\.[a-z2-7]{26}@[A-Za-z0-9.-]{1,255}")
_RAW_IDS = re.compile(_IDS.pattern.encode())
# RFC 5321 section 4.5.3.1.1: a local part has at most 64 octets, so this mac is shorter: 100 bits.
_EXTENSION = re.compile(r"([0-9a-z]{1,13})-([0-9a-z]{1,13})-([a-z2-7]{20})")
_ADDRESS_NONCE = "address"
# No nonce that is a hash holds this letter.
_QUESTION = "9"


@dataclass(frozen=True, slots=True)
class Token:
    """What one of our Message-IDs says, its signature checked."""

    ticket: int  # Ticket.id; 0: about no ticket
    person: int  # Person.id it was minted for
    nonce: str  # which message; "root" for the head of a thread

    @property
    def is_probe(self) -> bool:
        """Whether it was minted for nobody, about no ticket: for a mail by which the operator tries the servers."""
        return self.ticket == 0 and self.person == 0

    @property
    def is_of_address(self) -> bool:
        """Whether it stood in an address: whoever is told the address can write there without having got a mail."""
        return self.nonce == _ADDRESS_NONCE

    @property
    def key(self) -> str:
        """All of it in one word."""
        return f"{self.ticket}.{self.person}.{self.nonce}"

    @property
    def is_question(self) -> bool:
        """Whether it is of a mail that asks for a yes."""
        return self.nonce.startswith(_QUESTION)


@dataclass(frozen=True, slots=True)
class Secret:
    """The desk's keys: the first one signs, all of them verify. At least 32 octets each."""

    keys: tuple[bytes, ...]

    def __repr__(self) -> str:
        return "Secret(…)"


def mint(secret: Secret, ticket: int, person: int, nonce: str, domain: str) -> str:
    """A Message-ID without angle brackets. A nonce that an id cannot hold stands in it as its hash."""
    token = Token(ticket, person, nonce if _NONCE.fullmatch(nonce) else _letters(_digest(nonce.encode()), 24))
    fields = ".".join((_base36(ticket), _base36(person), token.nonce))
    return f"mt.{fields}.{_mac(secret.keys[0], 'id', token, 26)}@{domain.lower()}"


def question(nonce: str) -> str:
    """The nonce of a mail that asks for a yes: who answers it says nothing else, as long as there is such a mail."""
    return _QUESTION + _letters(_digest(nonce.encode()), 23)


def read(secret: Secret, message_id: str) -> Token | None:
    """What an id of ours says; None if it is not ours, or not as we made it."""
    found = _ID.fullmatch(message_id.strip(" \t<>").lower())
    if found is None:
        return None
    ticket, person, nonce, mac = found.groups()
    return _verified(secret, "id", Token(int(ticket, 36), int(person, 36), nonce), mac)


def subaddress(secret: Secret, ticket: int, person: int) -> str:
    """What stands between `desk+` and `@` in a Reply-To that leads back to one ticket."""
    mac = _mac(secret.keys[0], "address", Token(ticket, person, _ADDRESS_NONCE), 20)
    return f"{_base36(ticket)}-{_base36(person)}-{mac}"


def read_subaddress(secret: Secret, extension: str) -> Token | None:
    """What the extension of an address of ours says; None if it is not ours."""
    found = _EXTENSION.fullmatch(extension.lower())
    if found is None:
        return None
    ticket, person, mac = found.groups()
    return _verified(secret, "address", Token(int(ticket, 36), int(person, 36), _ADDRESS_NONCE), mac)


def struck(secret: Secret, text: str, person: int) -> str:
    """A text without the ids of ours that were made for anybody else than that person (Person.id)."""
    if _BEGIN not in text:
        return text
    return _IDS.sub(lambda found: found[0] if _is_for(secret, found[0], person) else "…", text)


def holds_foreign(secret: Secret, octets: bytes, person: int) -> bool:
    """Whether a file holds an id of ours that was made for somebody else: a mail of ours that was attached to another."""
    at = octets.find(_BEGIN.encode())
    while at >= 0:  # files are big, and such an id is rare
        found = _RAW_IDS.match(octets, at)
        if found and not _is_for(secret, found[0].decode("ascii"), person):
            return True
        at = octets.find(_BEGIN.encode(), at + 1)
    return False


def _is_for(secret: Secret, message_id: str, person: int) -> bool:
    token = read(secret, message_id)
    return token is None or token.person == person


def _verified(secret: Secret, use: str, token: Token, mac: str) -> Token | None:
    # All keys are tried, in constant time each: how long it takes tells nothing of a mac.
    fits = [hmac.compare_digest(_mac(key, use, token, len(mac)), mac) for key in secret.keys]
    return token if any(fits) else None


def _mac(key: bytes, use: str, token: Token, length: int) -> str:
    """A keyed hash (RFC 2104, SHA-256) of the token. `use` keeps ids and addresses apart."""
    said = f"{use}\0{token.ticket}\0{token.person}\0{token.nonce}".encode()
    return _letters(hmac.new(key, said, hashlib.sha256).digest(), length)


def _digest(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


def _letters(digest: bytes, length: int) -> str:
    """Five bits a letter, a to z and 2 to 7 (RFC 4648 section 6)."""
    return base64.b32encode(digest).decode("ascii").lower()[:length]


def _base36(number: int) -> str:
    """Digits that `int(…, 36)` reads. ValueError for a number below 0."""
    if number < 0:
        raise ValueError(f"an id is never below 0: {number}")
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
        if not number:
            return digits
