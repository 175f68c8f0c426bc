"""What the window asks of the daemon: signing in and out. Everything else here only reads."""

from __future__ import annotations

from typing import Protocol


class Clerk(Protocol):
    """Whoever may write. Each method blocks, and raises `ConnectionError` if the daemon does not answer."""

    def sign_in(self, address: str) -> None:
        """Mail a sign-in link to the registered address, if there is one; tell nobody if not."""

    def use_link(self, token: str) -> str | None:
        """Spend a link: the token of a new session, None if the link is spent, old or wrong."""

    def note_session(self, session: str) -> None:
        """Write down that a session is in use."""

    def sign_out(self, session: str, everywhere: bool = False) -> None:
        """End a session, or all of that person's."""
