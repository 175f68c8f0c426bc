"""A post office on loopback: IMAP by pymap and SMTP by aiosmtpd, on one folder of Maildirs.

The law: whoever is written to has a mailbox; every mail that passes is delivered before it is told of.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import smtplib
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from mailbox import Maildir
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.maildir import Config, Login
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pysasl.hashing import Cleartext

from mailtickets.core.mail import Address
from mailtickets.demo.letters import Letter

HOST = "127.0.0.1"
PASSWORD = "demo"  # of every mailbox: all of it is on loopback and gone at the end  # noqa: S105
AUTHSERV_ID = "post.example.org"

# What may name a Maildir: an address without quotes, slashes and leading dots.
_ADDRESS = re.compile(r"[a-z0-9_+-][a-z0-9._+-]*@[a-z0-9][a-z0-9.-]*")


@dataclass(frozen=True, slots=True)
class Ports:
    imap: int
    smtp: int


class PostOffice:
    """Owns the two servers and the Maildirs in `folder`; calls `passed` for each mail it delivered."""

    def __init__(self, folder: Path, passed: Callable[[Letter], None]) -> None:
        self._folder = folder
        self._passed = passed
        self._servers: list[asyncio.Server] = []
        self._arrivals: dict[Address, asyncio.Queue[Letter]] = {}

    async def open(self) -> Ports:
        """Listen on free ports."""
        self._folder.mkdir()
        self._servers = [await self._imap(), await self._smtp()]
        imap, smtp = (server.sockets[0].getsockname()[1] for server in self._servers)
        return Ports(imap, smtp)

    async def close(self) -> None:
        for server in self._servers:
            server.close()

    def admit(self, address: Address) -> None:
        """Give an address a mailbox, unless it has one."""
        if address in self._arrivals:
            return
        self._arrivals[address] = asyncio.Queue()
        Maildir(maildir(self._folder, address))
        # pymap reads both files at each login; a line is user:password:…, as in passwd(5) and shadow(5).
        keys = sorted(a.key for a in self._arrivals)
        _write(self._folder / "pymap-etc-shadow", [f"{key}:{PASSWORD}:::::::" for key in keys])
        _write(self._folder / "pymap-etc-passwd", [f"{key}:x::::{key}:" for key in keys])

    async def next(self, to: Address) -> Letter:
        """The next letter that this address gets, in order of arrival; waits for it."""
        return await self._arrivals[to].get()

    def waiting(self, to: Address) -> int:
        """How many letters have come that nobody asked for by `next`."""
        return self._arrivals[to].qsize()

    def deliver(self, letter: Letter) -> None:
        self.admit(letter.recipient)
        Maildir(maildir(self._folder, letter.recipient)).add(letter.octets)
        self._arrivals[letter.recipient].put_nowait(letter)
        self._passed(letter)

    async def _imap(self) -> asyncio.Server:
        # pymap asks DNS for this machine's name at each greeting unless it finds one here.
        os.environ.setdefault("FQDN", "localhost")
        config = Config(
            Namespace(passlib_cfg=None, proxy_protocol=None),
            base_dir=str(self._folder),
            layout="++",
            colon=None,
            host=HOST,
            port=0,
            tls_enabled=False,
            hash_context=Cleartext(),
            subsystem=Subsystem.for_asyncio(),
        )
        config.apply_context()
        answer = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(Login(config), config))
        return await asyncio.start_server(answer, HOST, 0)

    async def _smtp(self) -> asyncio.Server:
        # At each login it warns of an attribute that it sets itself.
        logging.getLogger("mail.log").setLevel(logging.ERROR)

        def connection() -> SMTP:
            return SMTP(
                _Handler(self.deliver),
                hostname="localhost",
                ident="mailtickets demo",
                authenticator=_authenticate,
                auth_require_tls=False,
            )

        return await asyncio.get_running_loop().create_server(connection, HOST, 0)


class _Handler:
    """aiosmtpd's hooks; the names are its own."""

    def __init__(self, deliver: Callable[[Letter], None]) -> None:
        self._deliver = deliver

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not _ADDRESS.fullmatch(address.casefold()):
            return "553 5.1.3 The demo has no mailbox of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        octets = _vouched(envelope.content, session)
        for recipient in envelope.rcpt_tos:
            self._deliver(Letter(Address(recipient), octets))
        return "250 2.0.0 Delivered"


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth_data: object
) -> AuthResult:
    if isinstance(auth_data, LoginPassword) and auth_data.password == PASSWORD.encode():
        return AuthResult(success=True, auth_data=auth_data.login.decode())
    return AuthResult(success=False, handled=False)


def _vouched(octets: bytes, session: Session) -> bytes:
    """The letter, with what a mail server that checks its senders writes on top of it (RFC 8601)."""
    spec = parseaddr(str(Letter(Address(""), octets).message["From"]))[1]
    if not session.authenticated or str(session.auth_data).casefold() != spec.casefold():
        return octets
    verdict = f"Authentication-Results: {AUTHSERV_ID}; dmarc=pass header.from={Address(spec).domain}\r\n"
    return verdict.encode() + octets


def maildir(folder: Path, address: Address) -> Path:
    """Where an address keeps its letters."""
    return folder / address.key


def last(folder: Path, address: Address) -> Letter | None:
    """The newest letter that an address got; None if it has none."""
    place = maildir(folder, address)
    files = [file for sub in ("new", "cur") for file in (place / sub).glob("*")]
    newest = max(files, key=lambda file: file.stat().st_mtime_ns, default=None)
    return Letter(address, newest.read_bytes()) if newest else None


def post(smtp_port: int, sender: Address, message: EmailMessage) -> None:
    """Hand a letter in as the sender's mail client would: logged in, to whom `To` names. smtplib.SMTPException, OSError."""
    with smtplib.SMTP(HOST, smtp_port, timeout=20) as smtp:
        smtp.login(sender.key, PASSWORD)
        smtp.send_message(message)


def _write(file: Path, lines: list[str]) -> None:
    """Whole or not at all: pymap may be reading."""
    fresh = file.with_suffix(".new")
    fresh.write_text("".join(f"{line}\n" for line in lines))
    fresh.replace(file)
