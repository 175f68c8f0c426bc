"""The speed of light: the least that any program can do for intake and acknowledgement, durably, on the same mails.

One process; ticket, message and outbox row are on disk (WAL, synchronous=FULL) before the acknowledgement leaves, and
the mails are marked after that. It threads by In-Reply-To, renders nothing, checks nothing, forgets who wrote.
"""

from __future__ import annotations

import asyncio
import email
import re
import socket
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiosmtplib

from tests.dovecot import PASSWORD
from tests.loopback import HOST

_SCHEMA = """
create table ticket(id integer primary key, subject, sender, state);
create table message(id integer primary key, ticket, msgid unique, body, raw);
create table outbox(id integer primary key, ticket, recipient, state);
"""
_ACKNOWLEDGEMENT = (
    "From: support@example.org\r\nTo: {sender}\r\nSubject: [#{ticket}] {subject}\r\nIn-Reply-To: {id}\r\n"
    "Auto-Submitted: auto-replied\r\n\r\n" + "We have received your request.\r\n" * 25
)
_BATCH = 100
_QUOTED = PASSWORD.replace("\\", "\\\\").replace('"', '\\"')
_LITERAL = re.compile(rb"\{(\d+)\}\r\n$")


@dataclass(frozen=True, slots=True)
class _Acknowledgement:
    sender: str
    octets: bytes


def seconds(imap_port: int, user: str, smtp_port: int, database: Path, count: int) -> tuple[float, float]:
    """How long it takes for so many waiting mails, by the clock and of the processor."""
    return asyncio.run(_run(imap_port, user, smtp_port, database, count))


async def _run(imap_port: int, user: str, smtp_port: int, database: Path, count: int) -> tuple[float, float]:
    ledger = sqlite3.connect(database, isolation_level=None)
    ledger.execute("pragma journal_mode=wal")
    ledger.execute("pragma synchronous=full")
    ledger.executescript(_SCHEMA)
    begun, worked = time.perf_counter(), time.process_time()
    reader, writer = await asyncio.open_connection(HOST, imap_port, limit=2**22)
    await reader.readline()
    await _ask(reader, writer, f'LOGIN "{user}" "{_QUOTED}"')
    await _ask(reader, writer, "SELECT INBOX")
    free: asyncio.Queue[aiosmtplib.SMTP] = asyncio.Queue()
    for _ in range(4):
        client = aiosmtplib.SMTP(hostname=HOST, port=smtp_port, use_tls=False, start_tls=False)
        await client.connect()
        free.put_nowait(client)
    for first in range(1, count + 1, _BATCH):
        span = f"{first}:{min(count, first + _BATCH - 1)}"
        mails = await _ask(reader, writer, f"FETCH {span} (UID BODY.PEEK[])")
        due = _file(ledger, mails)
        await asyncio.gather(*(_send(free, one) for one in due))
        ledger.execute("update outbox set state = 'sent' where state = 'due'")
        await _ask(reader, writer, f"STORE {span} +FLAGS.SILENT (\\Seen)")
    taken = time.perf_counter() - begun, time.process_time() - worked
    while not free.empty():
        await free.get_nowait().quit()
    writer.close()
    ledger.close()
    return taken


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: str) -> list[bytes]:
    """The literals of the answer."""
    writer.write(f"x {command}\r\n".encode())
    literals = []
    while not (line := await reader.readline()).startswith(b"x OK"):
        if not line or line.startswith((b"x NO", b"x BAD")):
            raise ConnectionError(f"{command}: {line!r}")
        if found := _LITERAL.search(line):
            literals.append(await reader.readexactly(int(found[1])))
    return literals


def _file(ledger: sqlite3.Connection, mails: list[bytes]) -> list[_Acknowledgement]:
    """Ticket, message, outbox row of each mail, in one commit."""
    due = []
    ledger.execute("begin immediate")
    for raw in mails:
        mail = email.message_from_bytes(raw)
        part = next(p for p in mail.walk() if p.get_content_type() == "text/plain")
        payload = part.get_payload(decode=True)
        body = payload.decode(errors="replace") if isinstance(payload, bytes) else ""
        parent = ledger.execute(
            "select ticket from message where msgid = ?", (mail["In-Reply-To"],)
        ).fetchone()
        sender = email.utils.parseaddr(mail["From"])[1]
        row = (mail["Subject"], sender)
        ticket = (
            parent[0]
            if parent
            else ledger.execute("insert into ticket values(null,?,?,'new')", row).lastrowid
        )
        ledger.execute("insert into message values(null,?,?,?,?)", (ticket, mail["Message-ID"], body, raw))
        if parent is None:
            ledger.execute("insert into outbox values(null,?,?,'due')", (ticket, sender))
            text = _ACKNOWLEDGEMENT.format(
                sender=sender, ticket=ticket, subject=mail["Subject"], id=mail["Message-ID"]
            )
            due.append(_Acknowledgement(sender, text.encode()))
    ledger.execute("commit")
    return due


class BareIdle:
    """An IMAP client that does nothing but wait for the next mail (RFC 2177) and fetch it."""

    def __init__(self, port: int, user: str) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=60)
        self._lines = self._socket.makefile("rb")
        self._lines.readline()
        self._ask(f'LOGIN "{user}" "{_QUOTED}"')
        self._ask("SELECT INBOX")
        self._seen = 0

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def next_mail(self) -> bytes:
        """The octets of the mail that comes next."""
        while b"EXISTS" not in self._lines.readline():
            pass
        self._socket.sendall(b"DONE\r\n")
        self._until_ok()
        self._seen += 1
        (octets,) = self._ask(f"FETCH {self._seen} BODY.PEEK[]")
        self._begin()
        return octets

    def _begin(self) -> None:
        self._socket.sendall(b"x IDLE\r\n")
        self._lines.readline()

    def _ask(self, command: str) -> list[bytes]:
        self._socket.sendall(f"x {command}\r\n".encode())
        return self._until_ok()

    def _until_ok(self) -> list[bytes]:
        literals = []
        while not (line := self._lines.readline()).startswith(b"x OK"):
            if not line or line.startswith((b"x NO", b"x BAD")):
                raise ConnectionError(repr(line))
            if found := _LITERAL.search(line):
                literals.append(self._lines.read(int(found[1])))
        return literals


async def _send(free: asyncio.Queue[aiosmtplib.SMTP], one: _Acknowledgement) -> None:
    client = await free.get()
    await client.sendmail("support@example.org", [one.sender], one.octets)
    free.put_nowait(client)
