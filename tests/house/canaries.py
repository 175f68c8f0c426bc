"""Secrets that nobody can mistake, servers that say them aloud, and a search of all that a desk leaves behind."""

from __future__ import annotations

import base64
import json
import socketserver
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg

from tests.loopback import HOST


def forms(secret: str) -> frozenset[bytes]:
    """A secret as it may stand somewhere: plain, quoted by a program, in base64 behind anything, in a URL, in hex."""
    plain = secret.encode()
    quoted = {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe="")}
    quoted |= {json.dumps(one)[1:-1] for one in quoted}
    found = {one.encode() for one in quoted} | {plain.hex().encode()}
    for lead in range(3):
        # What stands before it moves it by up to two octets; the ends depend on the neighbours.
        whole = base64.b64encode(b"x" * lead + plain)
        found.add(whole[4 if lead else 0 : len(whole) - 4])
    return frozenset(found)


def leaks(secrets: Mapping[str, str], places: Iterable[tuple[str, bytes]]) -> list[str]:
    """ "what in where" for each secret in each place."""
    wanted = {name: forms(secret) for name, secret in secrets.items()}
    return [
        f"{name} in {where}"
        for where, octets in places
        for name, shapes in wanted.items()
        if any(shape in octets for shape in shapes)
    ]


def files(folder: Path, *, but: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Everything below a folder but what is there to hold a secret."""
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not name.startswith(tuple(but)):
            yield name, path.read_bytes()


def tables(url: str) -> Iterator[tuple[str, bytes]]:
    """Every row of a PostgreSQL database, octets as they are."""
    with psycopg.connect(url) as link:
        names = link.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (name,) in names:
            with link.cursor().copy(f'COPY "{name}" TO STDOUT (FORMAT binary)'.encode()) as rows:
                yield f"table {name}", b"".join(bytes(row) for row in rows)


def processes(pid: int) -> Iterator[tuple[str, bytes]]:
    """What anybody may see of a daemon and its children: command lines of all; environments of the children."""
    for child in (pid, *_children(pid)):
        try:
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            environment = Path(f"/proc/{child}/environ").read_bytes() if child != pid else b""
        except OSError:
            continue  # it has ended
        yield f"command line of {command[-60:]!r}", command
        yield f"environment of {command[-60:]!r}", environment


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(one) for one in (task / "children").read_text().split()]
    return [*found, *(below for one in found for below in _children(one) if Path(f"/proc/{one}").exists())]


class Parrot:
    """An IMAP server that lets nobody in and repeats what it was told, as it is and decoded."""

    def __enter__(self) -> Self:
        self._server = socketserver.ThreadingTCPServer((HOST, 0), _Parrot)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.heard: list[str] = []
        self._server.heard = self.heard  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Parrot(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"* OK IMAP4rev1 ready\r\n")
        for line in self.rfile:
            said = line.decode("utf-8", "replace").strip()
            tag, _, words = said.partition(" ")
            if words.upper().startswith("CAPABILITY"):
                self.wfile.write(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR IDLE\r\n")
                self.wfile.write(f"{tag} OK done\r\n".encode())
                continue
            self.server.heard.append(said)  # type: ignore[attr-defined]
            last = words.rpartition(" ")[2]
            try:
                decoded = base64.b64decode(last, validate=True).decode("utf-8", "replace")
            except ValueError:
                decoded = ""
            told = f"{words} {decoded}".replace("\x01", " ").replace("\0", " ")
            self.wfile.write(f"{tag} NO [AUTHENTICATIONFAILED] refused: {told}\r\n".encode())
