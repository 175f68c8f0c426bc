"""Ids that only this desk can make: Message-IDs that prove who was written to about which ticket."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """What one of our Message-IDs says, its signature checked."""

    ticket: int  # Ticket.id; 0: about no ticket
    person: int  # Person.id it was minted for
    nonce: str  # which message; "root" for the head of a thread


@dataclass(frozen=True, slots=True)
class Secret:
    """The desk's keys: the first one signs, all of them verify. At least 32 octets each."""

    keys: tuple[bytes, ...]

    def __repr__(self) -> str:
        return "Secret(…)"
