"""What became of a delivery, and when to try again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Sent:
    """The server took it (2yz after the final dot)."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now. `relay_down` if it says nothing about this message: connection, TLS, AUTH, 421."""

    code: int  # 0: no answer
    text: str
    relay_down: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """Never (5yz, or an address that SMTP cannot carry)."""

    code: int
    text: str


Result: TypeAlias = Sent | Deferred | Failed
