"""The real servers of the doors' tests: one of each for the whole run, or the ring is left out with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailtickets.config import ImapSettings, MailboxSettings, SmtpSettings
from mailtickets.core.mail import Address
from tests import dovecot as dovecot_server
from tests import postfix as postfix_server
from tests.authority_ca import Authority
from tests.dovecot import PASSWORD, Dovecot
from tests.loopback import HOST
from tests.postfix import Postfix
from tests.sink import Sink

USERS = tuple(f"desk{n}@example.org" for n in range(80))


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Shared: take an inbox of your own with `user`. Who kills or restarts one makes an own one."""
    if reason := dovecot_server.missing():
        pytest.skip(reason)
    with Dovecot(*USERS, "ann@example.org", "support@example.org") as server:
        yield server


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot) -> Iterator[Postfix]:
    """Shared: hands everything to the shared Dovecot."""
    if reason := postfix_server.missing():
        pytest.skip(reason)
    with Postfix(dovecot) as relay:
        yield relay


_unused = iter(USERS)


@pytest.fixture
def user() -> str:
    """An address of the shared Dovecot that no other test uses."""
    return next(_unused)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        yield server


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("ca"))


def inbox_of(user: str, port: int, ca_file: Path | None = None, **others: object) -> MailboxSettings:
    """The settings of one inbox: TLS if there is a `ca_file`."""
    settings = ImapSettings(
        host=HOST,
        port=port,
        tls="implicit" if ca_file else "none",
        ca_file=ca_file,
        user=user,
        password=PASSWORD,
        folder="INBOX",
        after="seen",
        poll=timedelta(seconds=1),
    )
    return MailboxSettings(Address(user), replace(settings, **others))  # type: ignore[arg-type]


def relay_at(port: int, **others: object) -> SmtpSettings:
    """The settings of a relay on loopback, in the clear and without login."""
    settings = SmtpSettings(HOST, port, "none", None, "", "", connections=2, hello="desk.example.org")
    return replace(settings, **others)  # type: ignore[arg-type]
