"""Who is it, and what proves it. Evidence is a value: it is kept with the letter."""

from __future__ import annotations

from dataclasses import dataclass

from mailtickets.core.tokens import Token


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose Authentication-Results count (RFC 8601)."""

    authserv_id: str = ""  # "": none
    own_hosts: tuple[str, ...] = ()
    subaddress: str = ""  # "+" if desk+token@ reaches the inbox too


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against the sender being who From says.

    `tokens` are ours by signature; whether one was minted for *this* sender is for the desk to say.
    """

    tokens: tuple[Token, ...] = ()
    authenticated: str = ""  # "dmarc=pass", "dkim=pass header.d=…": what the operator's server vouches for
    contrary: str = ""  # "dmarc=fail", "two From headers": nobody is believed

    @property
    def is_contrary(self) -> bool:
        return bool(self.contrary)
