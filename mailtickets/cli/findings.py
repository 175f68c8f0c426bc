"""What `mailtickets check` tries, each setting against the real thing.

The law: it changes nothing on any server, and leaves nothing behind but an empty state directory.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from mailtickets import config, imap, smtp
from mailtickets.cli.options import now, unusable
from mailtickets.config import Settings
from mailtickets.config.values import UNIX
from mailtickets.oauth import Keyring
from mailtickets.room import free_octets, shown
from mailtickets.store import engine, lock
from mailtickets.templates import TemplateError, Templates
from mailtickets.wire import Finding, State

ADJTIMEX_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)

Check: TypeAlias = Callable[[Settings], Iterator[Finding]]


def _config(settings: Settings) -> Iterator[Finding]:
    yield Finding("settings", State.OK, f"{settings.config_file} holds no error.")
    for sentence in config.concerns(settings):
        yield Finding("settings", State.NOTE, sentence)
    trust = settings.policy.trust
    if trust.authserv_id and not trust.own_hosts:
        yield Finding(
            "trust",
            State.NOTE,
            f"What bears the name {trust.authserv_id} is believed. That your mail server takes such headers away from mail "
            "that comes from outside is for you to try, once: mailtickets check trust",
        )


def _keys(settings: Settings) -> Iterator[Finding]:
    people = len({key.fingerprint for key in settings.pinned.keys.values()})
    if people:
        signers = "one person counts" if people == 1 else f"{people} people count"
        yield Finding("openpgp", State.OK, f"The signatures of {signers} as theirs.")
    if settings.signer is not None:
        yield Finding("openpgp", State.OK, f"Mails are signed with the key {settings.signer.fingerprint}.")
    for sentence in config.key_concerns(settings, now()):
        yield Finding("openpgp", State.NOTE, sentence)


def _state(settings: Settings) -> Iterator[Finding]:
    folder = settings.state_dir
    if trouble := unusable(folder):
        yield Finding("state", State.FAIL, trouble)
        return
    free, least = free_octets(folder), settings.free_disk or 0
    if free < least:
        yield Finding(
            "state",
            State.FAIL,
            f"{folder} has {shown(free)} left. Make room, {shown(least)} at least: with less the desk takes in "
            "no letters and sends no mails.",
        )
    else:
        yield Finding("state", State.OK, f"{folder} can be written, {free / 10**9:.1f} GB are free.")
    yield from _secret(settings)


def _secret(settings: Settings) -> Iterator[Finding]:
    for path in settings.secret_files:
        if path.exists() and path.stat().st_mode & 0o077:
            yield Finding("secret", State.FAIL, f"{path} can be read by others. Run: chmod 600 {path}")


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        state = engine.revision_state(settings.database_url)
    except engine.Away as error:
        yield Finding("database", State.FAIL, f"{error} Is [database] url right, and does the server run?")
        return
    is_own = settings.database_url.startswith("sqlite")
    older = (
        (
            State.NOTE,
            "The database is older than this program. The next start copies it, then brings it up to date.",
        )
        if is_own
        else (State.FAIL, "The database is older than this program. Run “mailtickets db upgrade”.")
    )
    yield Finding(
        "database",
        *{
            "current": (State.OK, "The database is up to date."),
            "empty": (State.OK, "The database is empty. The first start makes its tables."),
            "older": older,
            "newer": (
                State.FAIL,
                "The database is newer than this program. Install the newer mailtickets again.",
            ),
        }[state],
    )


def _templates(settings: Settings) -> Iterator[Finding]:
    try:
        Templates.load(settings.templates_dir)
    except TemplateError as error:
        yield Finding("templates", State.FAIL, str(error))
    else:
        yield Finding("templates", State.OK, "Every template renders.")


def _inboxes(settings: Settings) -> Iterator[Finding]:
    keyring = Keyring(settings.state_dir)
    for box in settings.mailboxes:
        tokens = keyring.of(box.imap.oauth2)
        for finding in asyncio.run(imap.probe(box, now=now(), tokens=tokens)):
            yield replace(finding, text=f"{box.address.spec}: {finding.text}")


def _relay(settings: Settings) -> Iterator[Finding]:
    tokens = Keyring(settings.state_dir).of(settings.smtp.oauth2)
    for finding in asyncio.run(smtp.probe(settings.smtp, now=now(), tokens=tokens)):
        yield replace(finding, text=f"Outgoing mail: {finding.text}")


def _page(settings: Settings) -> Iterator[Finding]:
    if not settings.web.listen:
        yield Finding("page", State.NOTE, "The page is switched off: [web] listen is empty.")
        return
    if settings.web.listen.startswith(UNIX):
        yield _socket(settings, Path(settings.web.listen.removeprefix(UNIX)).parent)
        return
    host, _, port = settings.web.listen.rpartition(":")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
    except OSError as error:
        yield _taken(settings, error)
    else:
        yield Finding(
            "page",
            State.OK,
            f"The page can listen on {settings.web.listen}; people reach it at {settings.policy.url}.",
        )


def _socket(settings: Settings, folder: Path) -> Finding:
    """Whether the page's own socket can be put where it is wanted."""
    if os.access(folder, os.W_OK | os.X_OK):
        return Finding(
            "page",
            State.OK,
            f"The page can listen on {settings.web.listen}; people reach it at {settings.policy.url}.",
        )
    wrong = "cannot be written" if folder.is_dir() else "is not there"
    advice = "Make it, or, for a service, let systemd: RuntimeDirectory=mailtickets"
    return Finding("page", State.FAIL, f"The page cannot listen: {folder} {wrong}. {advice}.")


def _taken(settings: Settings, error: OSError) -> Finding:
    """Who has the port: our own daemon, or a stranger."""
    try:
        with lock.hold(settings.state_dir):
            return Finding(
                "page",
                State.FAIL,
                f"The page cannot listen on {settings.web.listen} ({error.strerror}). Change [web] listen.",
            )
    except lock.Held:
        return Finding("page", State.OK, f"{settings.web.listen} is in use while the daemon runs.")


def _clock(settings: Settings) -> Iterator[Finding]:
    room = ctypes.create_string_buffer(512)  # struct timex, all zero: only ask
    libc = ctypes.CDLL(None)
    answer = libc.adjtimex(room) if hasattr(libc, "adjtimex") else -1
    if answer == ADJTIMEX_UNSYNCHRONISED:
        yield Finding(
            "clock",
            State.NOTE,
            "This machine does not know whether its clock is right. Run a time service, like chrony or systemd-timesyncd.",
        )
    elif answer >= 0:
        yield Finding("clock", State.OK, "The clock is kept by a time service.")
    else:
        yield Finding("clock", State.NOTE, "Whether the clock is right cannot be told on this machine.")


CHECKS: tuple[Check, ...] = (_config, _keys, _state, _database, _templates, _inboxes, _relay, _page, _clock)
