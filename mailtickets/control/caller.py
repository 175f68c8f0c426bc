"""The clerk who asks the daemon, by its socket. Imports nothing that only the daemon needs."""

from __future__ import annotations

from pathlib import Path

from mailtickets.control.questions import Answer, DaemonGone, Question, short

ANSWER_WITHIN = 30.0  # seconds


class SocketClerk:
    """Asks the daemon. Each method raises `DaemonGone` if it does not answer."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _ask(self, what: str, question: Question) -> Answer:
        import httpx  # here, since the window is asked to sign somebody in now and then, and httpx takes 4 MB

        try:
            with (
                short(self._path) as name,
                httpx.HTTPTransport(uds=name) as way,
                httpx.Client(transport=way, base_url="http://control", timeout=ANSWER_WITHIN) as client,
            ):
                reply = client.post(f"/{what}", json=question.model_dump(mode="json"))
                if reply.status_code == 503:
                    raise DaemonGone(Answer.model_validate(reply.json()).text)
                reply.raise_for_status()
        except DaemonGone:
            raise
        except (httpx.HTTPError, OSError) as error:
            raise DaemonGone(
                f"The daemon does not answer on {self._path} ({error}). See its log, or restart it."
            ) from error
        return Answer.model_validate(reply.json())

    def link(self, address: str) -> str | None:
        return self._ask("link", Question(address=address)).text

    def sign_in(self, address: str) -> None:
        self._ask("sign-in", Question(address=address))

    def use_link(self, token: str) -> str | None:
        return self._ask("use-link", Question(token=token)).text

    def sign_out(self, session: str, everywhere: bool = False) -> None:
        self._ask("sign-out", Question(token=session, everywhere=everywhere))

    def note_session(self, session: str) -> None:
        self._ask("note-session", Question(token=session))

    def revoke_sessions(self, ids: tuple[int, ...], addresses: tuple[str, ...]) -> int:
        return self._ask("revoke-sessions", Question(ids=ids, addresses=addresses)).count

    def retry_quarantined(self, ids: tuple[int, ...]) -> int:
        return self._ask("retry-quarantined", Question(ids=ids)).count

    def release_held(self, ids: tuple[int, ...]) -> int:
        return self._ask("release-held", Question(ids=ids)).count

    def accept(self, mailbox: str) -> int:
        return self._ask("accept", Question(address=mailbox)).count

    def retry_outbox(self, ids: tuple[int, ...]) -> int:
        return self._ask("retry-outbox", Question(ids=ids)).count

    def lift_paused(self, addresses: tuple[str, ...]) -> int:
        return self._ask("lift-paused", Question(addresses=addresses)).count
