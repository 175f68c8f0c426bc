"""An SMTP server in a thread that keeps every mail with its envelope, and misbehaves on demand.

    with Sink() as sink:
        sink.port
        sink.wait_for(1)                    # → tuple of Kept(sender, recipients, octets, options, login)
        sink.script("RCPT", "450 4.2.0 Later.", "250 OK")   # the next two RCPT; then it behaves again
        sink.script("DATA", DROP)           # the connection is cut at DATA
        sink.script("END", SILENCE)         # not a word after the final dot: the mail is kept all the same
        sink.script("RCPT", *["550 5.1.1 Nobody."] * 3)
        sink.stop(); sink.start()           # gone, and back on the same port with what it had kept
        sink.sessions                       # connections so far

Stages: CONNECT, EHLO, AUTH, MAIL, RCPT, DATA (the command), END (the final dot), RSET, QUIT.
An answer is a whole reply line, DROP or SILENCE; lines with a code of 4 or 5 refuse.
`identity` offers STARTTLS, with `is_implicit=True` speaks TLS from the start; `users` offers and demands a login;
`size` is the limit that EHLO tells; `utf8=False` takes SMTPUTF8 away.
`tokens(user, token)` offers and demands a login by `mechanism`, XOAUTH2 or OAUTHBEARER, and says who is let in.
With `client_authority` a TLS client must show a certificate of that authority.
"""

from __future__ import annotations

import asyncio
import re
import threading
from base64 import b64decode
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.authority_ca import Identity
from tests.loopback import HOST, free_port, wait_until

DROP = "drop"
SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Kept:
    """One mail that was taken."""

    sender: str  # "" is the null path
    recipients: tuple[str, ...]
    octets: bytes = field(repr=False)  # as they came: CRLF, dots unstuffed
    options: tuple[str, ...]  # of MAIL FROM
    login: str  # "" if nobody logged in


class Sink:
    """Owns a listening socket and its thread."""

    def __init__(
        self,
        port: int = 0,
        *,
        identity: Identity | None = None,
        is_implicit: bool = False,
        users: Mapping[str, str] | None = None,
        size: int = 33554432,
        utf8: bool = True,
        client_authority: Path | None = None,
        tokens: Callable[[str, str], bool] | None = None,
        mechanism: str = "XOAUTH2",
    ) -> None:
        self.port = port or free_port()
        self.users = dict(users or {})
        self.size = size
        self.utf8 = utf8
        self.is_implicit = is_implicit
        self.tls = identity.context(client_authority) if identity else None
        self.tokens = tokens
        self.mechanism = mechanism
        self.sessions = 0
        self._kept: list[Kept] = []
        self._script: defaultdict[str, deque[str]] = defaultdict(deque)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # What a test says

    def script(self, stage: str, *answers: str) -> None:
        """The next answers at this stage, one each; afterwards the sink behaves."""
        self._script[stage].extend(answers)

    def forget_script(self) -> None:
        """From now on it behaves."""
        self._script.clear()

    @property
    def mails(self) -> tuple[Kept, ...]:
        return tuple(self._kept)

    def wait_for(self, count: int, timeout: float = 20.0) -> tuple[Kept, ...]:
        """All mails as soon as there are `count`."""
        wait_until(lambda: len(self._kept) >= count, f"{count} mails in the sink", timeout)
        return self.mails

    def clear(self) -> None:
        self._kept.clear()

    # The thread

    def start(self) -> None:
        """Listening when this returns."""
        is_up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(is_up)), daemon=True)
        self._thread.start()
        if not is_up.wait(10):
            raise TimeoutError("the sink did not start")

    def stop(self) -> None:
        """The port is closed and every connection cut when this returns."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join(10)
            self._loop = None

    async def _serve(self, is_up: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._open: set[_Session] = set()
        server = await self._loop.create_server(
            lambda: _Session(self), HOST, self.port, ssl=self.tls if self.is_implicit else None
        )
        is_up.set()
        await self._stopped.wait()
        server.close()
        for session in tuple(self._open):
            session.cut()

    # What a session asks

    def next_answer(self, stage: str) -> str:
        waiting = self._script[stage]
        return waiting.popleft() if waiting else ""

    def keep(self, mail: Kept) -> None:
        self._kept.append(mail)

    def opened(self, session: _Session) -> None:
        self.sessions += 1
        self._open.add(session)

    def closed(self, session: _Session) -> None:
        self._open.discard(session)


class _Hooks:
    """aiosmtpd's handler: where a transaction's stages are answered."""

    def __init__(self, sink: Sink, session: _Session) -> None:
        self._sink = sink
        self._session = session

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        hidden = (
            *([] if self._sink.utf8 else ["SMTPUTF8"]),
            *([] if self._sink.users or self._sink.tokens else ["AUTH"]),
        )
        offered = [r for r in responses if not r[4:].startswith(hidden)]
        return [answer] if (answer := await self._session.scripted("EHLO")) else offered

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := await self._session.scripted("MAIL"):
            return answer
        if (self._sink.users or self._sink.tokens) and not session.authenticated:
            return "530 5.7.0 Log in first."
        envelope.mail_from, envelope.mail_options = address, options
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := await self._session.scripted("RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        return await self._auth(server, args)

    async def auth_OAUTHBEARER(self, server: SMTP, args: list[str]) -> AuthResult:
        return await self._auth(server, args)

    async def _auth(self, server: SMTP, args: list[str]) -> AuthResult:
        """RFC 7628 section 3.2.3: the reasons of a refusal are a challenge, which the client answers."""
        shown = b64decode(args[1]).decode()
        user = re.search(r"\Auser=([^\x01]*)|\An,a=([^\x01]*),\x01", shown)
        token = re.search(r"\x01auth=Bearer ([^\x01]*)\x01\x01\Z", shown)
        assert user is not None, shown
        assert token is not None, shown
        name = user[1] or user[2]
        if self._sink.tokens is not None and self._sink.tokens(name, token[1]):
            return AuthResult(success=True, auth_data=LoginPassword(name.encode(), b""))
        await server.challenge_auth('{"status":"401","schemes":"bearer"}')
        return AuthResult(success=False, handled=False)

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return await self._session.scripted("RSET") or "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return await self._session.scripted("QUIT") or "221 Bye"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self._sink.next_answer("END")
        if not answer.startswith(("4", "5")):
            login = session.auth_data.login.decode() if session.auth_data else ""
            self._sink.keep(
                Kept(
                    (envelope.mail_from or "").removeprefix("<>"),
                    tuple(envelope.rcpt_tos),
                    envelope.original_content or b"",
                    tuple(envelope.mail_options),
                    login,
                )
            )
        return await self._session.play(answer) or "250 2.0.0 Kept."


def _excluded(sink: Sink) -> set[str]:
    by_token = {"XOAUTH2", "OAUTHBEARER"}
    return {"LOGIN", "PLAIN"} | by_token - {sink.mechanism} if sink.tokens else by_token


class _Session(SMTP):
    """aiosmtpd's protocol, which can fall silent or hang up."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        super().__init__(
            _Hooks(sink, self),
            data_size_limit=sink.size,
            enable_SMTPUTF8=True,
            hostname="sink.example.org",
            tls_context=None if sink.is_implicit else sink.tls,
            auth_require_tls=False,
            authenticator=self._check,
            auth_exclude_mechanism=_excluded(sink),
        )

    def _check(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        known = (
            isinstance(data, LoginPassword)
            and self._sink.users.get(data.login.decode()) == data.password.decode()
        )
        return AuthResult(success=known, handled=False, auth_data=data if known else None)

    async def scripted(self, stage: str) -> str:
        """The answer that the test wants here, "" for the usual one."""
        return await self.play(self._sink.next_answer(stage))

    async def play(self, answer: str) -> str:
        if answer == DROP:
            self.cut()
        if answer in (DROP, SILENCE):
            await asyncio.Event().wait()  # until the connection is gone, which cancels this
        return answer

    def cut(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._sink.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._sink.closed(self)

    async def _handle_client(self) -> None:
        if answer := await self.scripted("CONNECT"):
            await self.push(answer)
            self.cut_softly()
            return
        await super()._handle_client()

    def cut_softly(self) -> None:
        """Close after what was written has gone out."""
        if self.transport is not None:
            self.transport.close()

    async def smtp_DATA(self, arg: str) -> None:
        if answer := await self.scripted("DATA"):
            await self.push(answer)
            return
        await super().smtp_DATA(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if answer := await self.scripted("AUTH"):
            await self.push(answer)
            return
        await super().smtp_AUTH(arg)
