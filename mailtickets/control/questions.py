"""What can be asked, and of whom: the one list that all ends share."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel


class Clerk(Protocol):
    """Everything that somebody outside the daemon may ask to be written."""

    def link(self, address: str) -> str | None:
        """URL of a sign-in link for a known person; None if nobody has that address."""

    def sign_in(self, address: str) -> None:
        """Mail a sign-in link to the registered address, if there is one; tell nobody if not."""

    def use_link(self, token: str) -> str | None:
        """Spend a link: the token of a new session, None if the link is spent, old or wrong."""

    def sign_out(self, session: str, everywhere: bool = False) -> None:
        """End a session, or all of that person's."""

    def note_session(self, session: str) -> None:
        """Write down that a session is in use."""

    def revoke_sessions(self, ids: tuple[int, ...], addresses: tuple[str, ...]) -> int:
        """End sessions, and all of whoever has these addresses; how many there were. () and () is everybody."""

    def retry_quarantined(self, ids: tuple[int, ...]) -> int:
        """Have letters of the quarantine read again; how many were there. () is all."""

    def release_held(self, ids: tuple[int, ...]) -> int:
        """Let held letters go on; how many were held. () is all."""

    def accept(self, mailbox: str) -> int:
        """Have letters taken in that wait since the server numbered them anew; how many wait."""

    def retry_outbox(self, ids: tuple[int, ...]) -> int:
        """Make failed, held and waiting rows due now; how many there were. () is all."""

    def lift_paused(self, addresses: tuple[str, ...]) -> int:
        """Mail to these addresses by itself again; how many were paused. () is all."""


class DaemonGone(ConnectionError):
    """The daemon's socket is there but nobody answers; `str()` says what to do."""


class Question(BaseModel):
    """What is asked: an address, a token, row ids, or addresses; each question reads its own."""

    address: str = ""
    token: str = ""
    everywhere: bool = False
    ids: tuple[int, ...] = ()
    addresses: tuple[str, ...] = ()


class Answer(BaseModel):
    text: str | None = None
    count: int = 0


def socket_path(state_dir: Path) -> Path:
    return state_dir / "control.sock"


@contextlib.contextmanager
def short(path: Path) -> Iterator[str]:
    """A name of at most 108 octets for a socket in whatever folder: sockaddr_un holds no more (unix(7))."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
