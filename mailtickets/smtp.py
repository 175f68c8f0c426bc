"""The back door: the relay to which finished mails are handed by SMTP.

The law: what the world does is a value (Sent, Deferred, Failed), never an exception; a connection on which
anything unexpected happened, cancellation included, carries no other mail.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from aiosmtplib import SMTP, SMTPDataError, SMTPException, SMTPResponse, SMTPResponseException

from mailtickets import oauth, strike, wire
from mailtickets.config import SmtpSettings
from mailtickets.core.mail import Address
from mailtickets.core.retry import Deferred, Failed, Result, Sent
from mailtickets.failpoints import Point, reach
from mailtickets.oauth import NoToken, Tokens
from mailtickets.wire import Finding, State


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds until silence is taken for a dead connection."""

    connect: float = 30.0  # with TLS and login
    command: float = 60.0
    # After the final dot, RFC 5321 section 4.5.3.2.6 would wait for ten minutes: who gives up too soon sends
    # a mail twice. The relay that one has an account with is quicker than the world.
    data: float = 300.0
    octets_a_second: float = 64 * 1024.0
    kept: float = 30.0  # an unused connection is closed


class Refused(Exception):
    """The relay takes nothing now, from this desk at least."""

    def __init__(self, code: int, reason: str, is_refusal: bool = False) -> None:
        super().__init__(reason)
        self.code = code  # 0: no answer
        self.reason = reason  # whole sentences
        self.is_refusal = is_refusal  # password, token, certificate: only the operator can mend it


class _Lost(Exception):
    """The connection did not survive; the cause says why."""

    def __init__(self, stage: str) -> None:
        super().__init__(stage)
        self.stage = stage


@dataclass(frozen=True, slots=True)
class _Letter:
    sender: bytes  # b"" is the null path
    recipient: bytes
    octets: bytes
    needs_utf8: bool  # RFC 6531


class Courier:
    """Owns up to `connections` connections to the relay. Safe to use from several tasks at once."""

    def __init__(
        self, settings: SmtpSettings, deadlines: Deadlines | None = None, tokens: Tokens | None = None
    ) -> None:
        self._settings = settings
        self._tokens = tokens  # for a relay that wants no password
        self._deadlines = deadlines or Deadlines()
        self._slots = asyncio.Semaphore(settings.connections)
        self._kept: dict[SMTP, asyncio.TimerHandle] = {}  # the freshest last

    async def send(self, recipient: Address, envelope_from: str, octets: bytes) -> Result:
        """Hand over one mail. `envelope_from`: "" is the null path."""
        try:
            letter = _letter(envelope_from, recipient.spec, octets)
        except ValueError as error:
            return Failed(0, str(error))
        async with self._slots:
            try:
                return await self._over_kept(letter) or await self._over_new(letter)
            except Refused as refused:
                return Deferred(refused.code, refused.reason, relay_down=True, is_refusal=refused.is_refusal)
            except _Lost as lost:
                return self._lost(lost)

    async def close(self) -> None:
        """End the connections that nobody uses."""
        while client := self._take():
            _hang_up(client)

    async def _over_kept(self, letter: _Letter) -> Result | None:
        """None: there was none, or it had ended before it heard enough of this mail to matter."""
        while client := self._take():
            try:
                result = await self._hand_over(client, letter)
            except _Lost as lost:
                if lost.stage == "DATA":
                    raise
                continue
            if not (isinstance(result, Deferred) and result.code == 421 and result.relay_down):
                return result
        return None

    async def _over_new(self, letter: _Letter) -> Result:
        return await self._hand_over(await _connect(self._settings, self._deadlines, self._tokens), letter)

    async def _hand_over(self, client: SMTP, letter: _Letter) -> Result:
        """One mail over an open connection, which is kept if it is still in step."""
        is_in_step = False
        try:
            result = await _transaction(client, letter, self._deadlines)
            is_in_step = isinstance(result, Sent) or await _reset(client, self._deadlines)
            return result
        finally:
            # A cancelled DATA leaves a client that takes the next MAIL FROM for text of this mail.
            if is_in_step and client.is_connected:
                self._keep(client)
            else:
                client.close()

    def _lost(self, lost: _Lost) -> Deferred:
        """Before DATA it says nothing about the mail. From then on it may be this mail that kills the link."""
        reason = wire.trouble(lost, self._settings.host, self._settings.port).reason
        return Deferred(0, reason, relay_down=lost.stage != "DATA")

    def _take(self) -> SMTP | None:
        while self._kept:
            client, timer = self._kept.popitem()
            timer.cancel()
            if client.is_connected:
                return client
        return None

    def _keep(self, client: SMTP) -> None:
        self._kept[client] = asyncio.get_running_loop().call_later(self._deadlines.kept, self._drop, client)

    def _drop(self, client: SMTP) -> None:
        del self._kept[client]
        _hang_up(client)


# One mail


def _letter(sender: str, recipient: str, octets: bytes) -> _Letter:
    """ValueError, a whole sentence, if SMTP cannot carry an address."""
    envelope = (_path(sender) if sender else b"", _path(recipient))
    head, _, _ = octets.partition(b"\r\n\r\n")
    return _Letter(*envelope, octets, needs_utf8=not (b"".join(envelope) + head).isascii())


# RFC 5321 section 4.1.2: dot-string or quoted-string before the @. Only what would break the command line is kept out.
_SPEC = re.compile(
    r'(?:[^\x00-\x20\x7f<>"@]+|"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*")@[^\x00-\x20\x7f<>"@]+'
)


def _path(spec: str) -> bytes:
    if not _SPEC.fullmatch(spec):
        raise ValueError(f"“{spec}” is no address that mail can be sent to.")
    local, _, domain = spec.rpartition("@")
    try:
        return local.encode() + b"@" + domain.encode("ascii" if domain.isascii() else "idna")
    except UnicodeError as error:
        raise ValueError(f"“{domain}” is no domain that mail can be sent to.") from error


async def _transaction(client: SMTP, letter: _Letter, deadlines: Deadlines) -> Result:
    """MAIL, RCPT, DATA. _Lost if the connection breaks."""
    if letter.needs_utf8 and not client.supports_extension("smtputf8"):
        to = letter.recipient.decode()
        return Failed(
            0, f"Our relay carries no addresses with letters outside ASCII ({to}). Ask for another one."
        )
    stage = ""
    try:
        for stage, line in _commands(client, letter):
            async with asyncio.timeout(deadlines.command):
                answer = await client.execute_command(*line)
            if answer.code // 100 != 2:
                return _refusal(stage, answer)
        stage = "DATA"
        reach(Point.HANDING)
        async with asyncio.timeout(deadlines.data + len(letter.octets) / deadlines.octets_a_second):
            answer = await client.data(letter.octets, timeout=deadlines.data)
        return Sent(answer.code, wire.one_line(answer.message))
    except SMTPDataError as refused:
        return _refusal(stage, SMTPResponse(refused.code, refused.message))
    except (SMTPException, OSError) as error:
        raise _Lost(stage) from error


def _commands(client: SMTP, letter: _Letter) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    options = []
    if client.supports_extension("size"):
        options.append(b"SIZE=%d" % len(letter.octets))
    if client.supports_extension("8bitmime") and not letter.octets.isascii():
        options.append(b"BODY=8BITMIME")
    if letter.needs_utf8:
        options.append(b"SMTPUTF8")
    yield "MAIL", (b"MAIL", b"FROM:<" + letter.sender + b">", *options)
    yield "RCPT", (b"RCPT", b"TO:<" + letter.recipient + b">")


# RFC 5321 section 3.8 and RFC 4954 section 6: the relay closes, or wants a login or a better one.
_ABOUT_RELAY = frozenset({421, 530, 534, 535, 538})


def _refusal(stage: str, answer: SMTPResponse) -> Deferred | Failed:
    """What an answer that is not 2yz means for the mail."""
    text = wire.one_line(answer.message)
    if stage != "DATA" and answer.code in _ABOUT_RELAY:
        return Deferred(answer.code, text, relay_down=True)
    return Failed(answer.code, text) if answer.code // 100 == 5 else Deferred(answer.code, text)


async def _reset(client: SMTP, deadlines: Deadlines) -> bool:
    """Ready for another mail after a refusal?"""
    with suppress(SMTPException, OSError):
        async with asyncio.timeout(deadlines.command):
            return client.is_connected and (await client.execute_command(b"RSET")).code == 250
    return False


# The connection


async def _connect(settings: SmtpSettings, deadlines: Deadlines, tokens: Tokens | None) -> SMTP:
    """Open, encrypted, logged in."""
    if tokens is not None:
        await _token(tokens)  # before the clock of the connection runs
    client = _client(settings, deadlines)
    try:
        async with asyncio.timeout(deadlines.connect):
            await _greet(client, settings)
            await _log_in(client, settings, tokens)
    except BaseException as error:
        client.close()
        if isinstance(error, (SMTPException, OSError, ValueError)):
            raise _refused(error, settings) from error
        raise
    return client


def _client(settings: SmtpSettings, deadlines: Deadlines) -> SMTP:
    try:
        tls = (
            None
            if settings.tls == "none"
            else wire.context(settings.ca_file, settings.cert_file, settings.key_file)
        )
    except wire.BadFile as error:
        raise Refused(0, str(error), is_refusal=True) from error
    return SMTP(
        hostname=settings.host,
        port=settings.port,
        local_hostname=settings.hello or None,
        timeout=deadlines.command,
        use_tls=settings.tls == "implicit",
        start_tls=False,  # None would be content without: it is demanded below
        tls_context=tls,
    )


async def _greet(client: SMTP, settings: SmtpSettings) -> None:
    await client.connect()
    await client.ehlo()
    if settings.tls == "starttls":
        if not client.supports_extension("starttls"):
            told = f"{settings.host}:{settings.port} offers no STARTTLS. Check port and tls."
            raise Refused(0, told, is_refusal=True)
        await client.starttls()
        # RFC 3207 section 4.2: what was said in the clear is forgotten.
        await client.ehlo()


async def _log_in(client: SMTP, settings: SmtpSettings, tokens: Tokens | None) -> None:
    """By one way only: a wrong password that is tried by three ways is three wrong passwords."""
    if tokens is not None:
        await _log_in_with(tokens, client, settings)
        return
    if not settings.user:
        return
    where, offered = f"{settings.host}:{settings.port}", client.server_auth_methods
    try:
        if "plain" in offered:
            await client.auth_plain(settings.user, settings.password)
        elif "login" in offered:
            await client.auth_login(settings.user, settings.password)
        elif "cram-md5" in offered:
            await client.auth_crammd5(settings.user, settings.password)
        else:
            told = f"{where} offers no login with a password. Check port and tls, or leave user empty."
            raise Refused(0, told, is_refusal=True)
    except SMTPResponseException as refused:
        said = f"{refused.code} {wire.one_line(refused.message)}"
        reason = f"{where} refuses the login of {settings.user}: “{said}”. Check user and password."
        raise Refused(refused.code, reason, is_refusal=refused.code // 100 == 5) from refused


async def _log_in_with(tokens: Tokens, client: SMTP, settings: SmtpSettings) -> None:
    """RFC 4954 section 4: AUTH with an initial response; a challenge to it holds the reasons of a refusal."""
    where, offered = f"{settings.host}:{settings.port}", client.server_auth_methods
    mechanism = next((m for m in oauth.MECHANISMS if m.lower() in offered), None)
    if mechanism is None:
        told = f"{where} takes no access tokens (OAuth2). Log in with a password, or look at host and port."
        raise Refused(0, told, is_refusal=True)
    token = await _token(tokens)
    shown = oauth.initial_response(mechanism, settings.user, token, settings.host, settings.port)
    strike.hide(shown.decode())
    answer = await client.execute_command(b"AUTH", mechanism.encode(), shown)
    if answer.code == 334:
        answer = await client.execute_command(oauth.REFUSED[mechanism])
    if answer.code != 235:
        reason = (
            f"{where} refuses the access token of {settings.user}: “{answer.code} {wire.one_line(answer.message)}”. "
            "Check that user is the mailbox that the token was made for, that scope allows SMTP, and that sending "
            "with a login (SMTP AUTH) is switched on for it."
        )
        is_refusal = answer.code // 100 == 5 and not tokens.refused(token)
        raise Refused(answer.code, reason, is_refusal)


async def _token(tokens: Tokens) -> str:
    try:
        return await tokens.access()
    except NoToken as no:
        raise Refused(0, no.reason, no.is_refusal) from no


def _refused(error: BaseException, settings: SmtpSettings) -> Refused:
    if isinstance(error, SMTPResponseException) and error.code > 0:
        said = f"{error.code} {wire.one_line(error.message)}"
        return Refused(error.code, f"{settings.host}:{settings.port} takes no mail now: “{said}”.")
    trouble = wire.trouble(error, settings.host, settings.port)
    return Refused(0, trouble.reason, trouble.is_refusal)


def _hang_up(client: SMTP) -> None:
    """QUIT, without waiting for what the relay says to it."""
    if client.protocol is not None:
        with suppress(SMTPException):
            client.protocol.write(b"QUIT\r\n")
    client.close()


# The check


async def probe(
    settings: SmtpSettings,
    deadlines: Deadlines | None = None,
    now: datetime | None = None,
    tokens: Tokens | None = None,
) -> tuple[Finding, ...]:
    """What works, in order, up to the first thing that does not. Sends no mail. `now`: to tell what ends soon."""
    return tuple([finding async for finding in _steps(settings, deadlines or Deadlines(), now, tokens)])


async def _steps(
    settings: SmtpSettings, deadlines: Deadlines, now: datetime | None, tokens: Tokens | None
) -> AsyncIterator[Finding]:
    subject, client = "connect", None
    try:
        client = _client(settings, deadlines)
        async with asyncio.timeout(deadlines.connect):
            await _greet(client, settings)
        yield Finding(subject, State.OK, f"{settings.host}:{settings.port} answers.")
        if settings.tls != "none":
            yield wire.certificate(client.get_transport_info("peercert"), now)
        if tokens is not None:
            subject = "token"
            yield await oauth.tried(tokens)
        subject = "login"
        async with asyncio.timeout(deadlines.connect):
            await _log_in(client, settings, tokens)
        if settings.user:
            yield Finding(subject, State.OK, f"{settings.user} is let in.")
        async with asyncio.timeout(deadlines.command):
            yield await _welcome(client)
        yield _size(client)
    except (Refused, NoToken) as trouble:
        yield Finding(subject, State.FAIL, trouble.reason)
    except (SMTPException, OSError, ValueError) as error:
        yield Finding(subject, State.FAIL, _refused(error, settings).reason)
    finally:
        if client is not None:
            _hang_up(client)


async def _welcome(client: SMTP) -> Finding:
    """Whether a mail may be begun: a relay that wants a login, or will have nothing of us, says so here."""
    answer = await client.execute_command(b"MAIL", b"FROM:<>")
    if answer.code // 100 == 2:
        return Finding("sender", State.OK, "The relay takes mail from this machine.")
    said = f"{answer.code} {wire.one_line(answer.message)}"
    return Finding(
        "sender", State.FAIL, f"The relay takes no mail from this machine: “{said}”. Check user and tls."
    )


def _size(client: SMTP) -> Finding:
    """RFC 1870: 0 or nothing is no fixed limit."""
    limit = int(client.esmtp_extensions.get("size", "") or 0)
    if limit == 0:
        return Finding("size", State.OK, "The relay names no limit to a mail's size.")
    shown = f"{limit / 2**20:.0f} MiB" if limit >= 2**20 else f"{limit} octets"
    return Finding("size", State.OK, f"The relay takes mails of up to {shown}.")
