"""One connection to an IMAP server, logged in and with its folder selected.

The law: one command is in flight, each await has a deadline and is raced against the loss of the link;
after anything unexpected, cancellation included, the link is thrown away.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from aioimaplib import IMAP4, Command, CommandTimeout, Response
from aioimaplib.aioimaplib import SELECTED

from mailtickets import oauth, strike, wire
from mailtickets.config import ImapSettings
from mailtickets.imap import syntax
from mailtickets.imap.fetch import Fetch, receive
from mailtickets.oauth import NoToken, Tokens

T = TypeVar("T")


class LinkDown(Exception):
    """The server cannot be used now, and this link never again: take a new one."""

    def __init__(self, reason: str, is_refusal: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason  # whole sentences
        self.is_refusal = is_refusal  # password, folder, certificate: only the operator can mend it


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds until silence is taken for a dead link."""

    connect: float = 30.0
    command: float = 60.0
    octets_a_second: float = 64 * 1024.0  # an answer that is slower comes from a dead link, too
    logout: float = 2.0


@dataclass(frozen=True, slots=True)
class Folder:
    """What SELECT says (RFC 3501 section 6.3.1)."""

    uidvalidity: int
    exists: int  # mails in it
    permanent: frozenset[str]  # flags and keywords that are kept; "\\*": any

    def keeps(self, flag: str) -> bool:
        return not {"\\*", flag}.isdisjoint(self.permanent)


class Link:
    """Owns the connection. Whatever raises has also closed it."""

    def __init__(self, settings: ImapSettings, deadlines: Deadlines, tokens: Tokens | None = None) -> None:
        """Begins to connect; needs a running loop. LinkDown if a certificate of ours cannot be used."""
        # Its DEBUG lines hold passwords with a quote or a backslash in them, and XOAUTH2 tokens.
        logging.getLogger("aioimaplib").setLevel(logging.WARNING)
        self.where = f"{settings.host}:{settings.port}"
        self.deadlines = deadlines
        self.capabilities: frozenset[str] = frozenset()
        self.has_news = False  # the server may have told of new mail since somebody set this
        self._settings = settings
        self._tokens = tokens
        self._turn = asyncio.Lock()
        # aioimaplib fails no pending command when the connection is lost: this future tells.
        self._lost: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self.client = IMAP4(
            settings.host,
            settings.port,
            timeout=deadlines.command,
            conn_lost_cb=lambda error: self._lose(error or ConnectionResetError()),
            ssl_context=_tls(settings),
        )
        # The library greets in a task that nobody awaits: an exception would go unseen.
        self._welcome = self.client.protocol.welcome
        self.client.protocol.welcome = self._greeted
        self.client.protocol.data_received = self._received

    def _received(self, octets: bytes) -> None:
        # The library drops an EXISTS that comes with the answer to a command that does not ask for it.
        self.has_news = self.has_news or b" EXISTS" in self.client.protocol.incomplete_line + octets
        receive(self.client.protocol, octets)

    # Getting in

    async def greet(self) -> None:
        """Connected, and the server has said its first line."""
        await self.ask(self.client.wait_hello_from_server(), self.deadlines.connect)
        wire.keep_alive(self.client.protocol.transport.get_extra_info("socket"))

    async def log_in(self) -> None:
        """Logged in, and what the server can do is in `capabilities`."""
        settings = self._settings
        if self._tokens is not None:
            await self._log_in_with(self._tokens)
        else:
            login = self.client.login(syntax.quoted(settings.user), settings.password)
            answer = await self.ask(login, self.deadlines.command)
            if answer.result != "OK":
                self._refuse(
                    f"{self.where} refuses the login of {settings.user}", answer, "Check user and password."
                )
        # What comes along with the answer to LOGIN is parsed wrongly: ask.
        await self.ask(self.client.protocol.capability(), self.deadlines.command)
        self.capabilities = frozenset(self.client.protocol.capabilities)

    async def _log_in_with(self, tokens: Tokens) -> None:
        await self.ask(self.client.protocol.capability(), self.deadlines.command)
        offered = self.client.protocol.capabilities
        mechanism = next((m for m in oauth.MECHANISMS if f"AUTH={m}" in offered), None)
        if mechanism is None:
            self.abort()
            told = f"{self.where} takes no access tokens (OAuth2). Log in with a password, or look at host and port."
            raise LinkDown(told, is_refusal=True)
        try:
            token = await tokens.access()
        except NoToken as no:
            self.abort()
            raise LinkDown(no.reason, no.is_refusal) from no
        shown = oauth.initial_response(
            mechanism, self._settings.user, token, self._settings.host, self._settings.port
        ).decode()
        strike.hide(shown)
        answer = await self.ask(self._authenticate(mechanism, shown), self.deadlines.command)
        if answer.result != "OK":
            self._refuse(
                f"{self.where} refuses the access token of {self._settings.user}",
                answer,
                "Check that user is the mailbox that the token was made for, that scope allows IMAP, and that "
                "IMAP is switched on for it.",
                passes=tokens.refused(token),
            )

    async def _authenticate(self, mechanism: str, shown: str) -> Response:
        """RFC 3501 section 6.2.2. aioimaplib's own `xoauth2` never answers a challenge: a refusal would be silence."""
        protocol = self.client.protocol
        waiting = [shown, oauth.REFUSED[mechanism].decode()]
        first = [waiting.pop(0)] if "SASL-IR" in protocol.capabilities else []  # RFC 4959
        command = Command(
            "AUTHENTICATE", protocol.new_tag(), " ".join((mechanism, *first)), loop=protocol.loop
        )

        def challenged(line: bytes) -> None:
            protocol.transport.write((waiting.pop(0) if waiting else "*").encode() + b"\r\n")

        protocol._continuation = challenged
        answer: Response = await protocol.execute(command)
        del protocol._continuation
        if answer.result == "OK":
            protocol.state = "AUTH"
        return answer

    async def select(self, *, read_only: bool = False) -> Folder:
        folder = self._settings.folder
        name = syntax.folder(folder)
        opening = self.client.examine(name) if read_only else self.client.select(name)
        answer = await self.ask(opening, self.deadlines.command)
        if answer.result != "OK":
            self._refuse(
                f"The folder {folder} of {self._settings.user} cannot be opened", answer, "Check folder."
            )
        said = b"\n".join(answer.lines)
        self.client.protocol.state = SELECTED  # of which the library knows nothing after EXAMINE
        validity = re.search(rb"\[UIDVALIDITY (\d+)\]", said)
        if validity is None:
            self.abort()
            raise LinkDown(f"{self.where} does not number its mail (UIDVALIDITY).", is_refusal=True)
        exists = re.search(rb"^(\d+) EXISTS", said, re.MULTILINE)
        permanent = re.search(rb"\[PERMANENTFLAGS \(([^)]*)\)\]", said)
        return Folder(
            int(validity[1]),
            int(exists[1]) if exists else 0,
            # RFC 3501 section 7.1: without the code, all flags can be changed for good.
            frozenset(permanent[1].decode("ascii", "replace").split()) if permanent else frozenset({"\\*"}),
        )

    # Using it

    async def command(
        self, name: str, command: Coroutine[Any, Any, Response], *, octets: int = 0, must: bool = False
    ) -> Response:
        """The answer, OK or NO. LinkDown for BAD, and for NO if it `must` be OK. `octets`: to be expected."""
        deadline = self.deadlines.command + octets / self.deadlines.octets_a_second
        answer = await self.ask(command, deadline)
        if answer.result == "OK" or (answer.result == "NO" and not must):
            return answer
        self.abort()
        raise LinkDown(f"{self.where} answers {name} with {answer.result}: {said(answer)}.")

    async def fetch(self, uids: Sequence[int], parts: str, *, octets: int = 0) -> Response:
        """The answer to UID FETCH, OK or NO. LinkDown for BAD. `octets`: to be expected."""
        protocol = self.client.protocol
        command = Fetch(protocol, syntax.uid_set(uids), parts, self.deadlines.command)
        return await self.command("FETCH", protocol.execute(command), octets=octets)

    async def ask(self, command: Coroutine[Any, Any, T], deadline: float) -> T:
        """Race something that the library does against the loss of the link and the clock."""
        async with self._turn:
            task = asyncio.ensure_future(command)
            try:
                async with asyncio.timeout(deadline):
                    await self._either(task)
                return task.result()
            except LinkDown:
                raise
            except Exception as error:
                # Whatever an answer did to the library: nothing is certain of the next one.
                raise self._down(TimeoutError() if isinstance(error, CommandTimeout) else error) from error
            finally:
                if not _went_well(task):
                    self.abort()
                task.cancel()

    async def _either(self, task: asyncio.Task[T]) -> None:
        if not self._lost.done():
            await asyncio.wait((task, self._lost), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise self._lost.result()

    async def pause(self, at_most: timedelta, wake: asyncio.Event) -> None:
        """Do nothing, but notice if the link is lost meanwhile, or somebody calls."""
        called = asyncio.ensure_future(wake.wait())
        either: set[asyncio.Future[Any]] = {called, self._lost}
        try:
            await asyncio.wait(either, timeout=at_most.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            called.cancel()
        if self._lost.done():
            raise self._down(self._lost.result())

    async def idle(self, at_most: timedelta, wake: asyncio.Event) -> bool:
        """RFC 2177: until the server tells of mail, somebody calls, or for so long. False if it knows no IDLE."""
        return await self.ask(self._idle(at_most, wake), at_most.total_seconds() + 3 * self.deadlines.command)

    async def _idle(self, at_most: timedelta, wake: asyncio.Event) -> bool:
        protocol = self.client.protocol
        ended = asyncio.ensure_future(protocol.idle())
        begun = asyncio.ensure_future(protocol.wait_for_idle_response())
        try:
            async with asyncio.timeout(self.deadlines.command):
                await asyncio.wait({ended, begun}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return False
            with suppress(TimeoutError):
                async with asyncio.timeout(at_most.total_seconds()):
                    await self._told_of_mail(wake)
            protocol.idle_done()
            async with asyncio.timeout(self.deadlines.command):
                return bool((await ended).result == "OK")
        finally:
            ended.cancel()
            begun.cancel()

    async def _told_of_mail(self, wake: asyncio.Event) -> None:
        """Until the server says EXISTS, or somebody calls."""
        called = asyncio.ensure_future(wake.wait())
        try:
            while not called.done():
                said = asyncio.ensure_future(self.client.protocol.idle_queue.get())
                await asyncio.wait({called, said}, return_when=asyncio.FIRST_COMPLETED)
                if said.done() and any(b"EXISTS" in line for line in said.result()):
                    return
                said.cancel()
        finally:
            called.cancel()

    # Getting out

    async def close(self) -> None:
        """Say goodbye if there is still somebody to say it to. Never raises."""
        if not self._lost.done() and not self._turn.locked():
            with suppress(LinkDown):
                await self.ask(self.client.logout(), self.deadlines.logout)
        self.abort()

    def abort(self) -> None:
        """Cut the connection, and end all that waits for it."""
        self._lose(ConnectionAbortedError())
        protocol = self.client.protocol
        if protocol.transport is not None:
            protocol.transport.abort()
        for task in (*protocol.tasks, *self.client.tasks, self.client._client_task):
            task.cancel()

    def _lose(self, error: Exception) -> None:
        if not self._lost.done():
            self._lost.set_result(error)

    def _down(self, error: Exception) -> LinkDown:
        trouble = wire.trouble(error, self._settings.host, self._settings.port)
        return LinkDown(trouble.reason, trouble.is_refusal)

    def _refuse(self, what: str, answer: Response, todo: str, passes: bool = False) -> None:
        self.abort()
        # RFC 5530: codes that say "not now" rather than "never".
        passes |= any(code in said(answer) for code in ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"))
        raise LinkDown(f"{what}: “{said(answer)}”. {todo}", is_refusal=not passes)

    async def _greeted(self, greeting: bytes) -> None:
        try:
            # PREAUTH would be a login that nobody asked for, BYE is a refusal, and the rest is not IMAP.
            if not re.match(rb"\* OK\b", greeting):
                words = syntax.one_line(greeting.removeprefix(b"* "))
                raise LinkDown(f"{self.where} does not ask for a login. It greets with “{words}”.")
            await self._welcome(greeting)
        except Exception as error:
            self._lose(error)


def _tls(settings: ImapSettings) -> Any:
    try:
        return (
            wire.context(settings.ca_file, settings.cert_file, settings.key_file)
            if settings.tls == "implicit"
            else None
        )
    except wire.BadFile as error:
        raise LinkDown(str(error), is_refusal=True) from error


def _went_well(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def said(answer: Response) -> str:
    """The server's own words at the end of an answer."""
    return syntax.one_line(answer.lines[-1]) if answer.lines else ""
