"""`check trust`: what the servers around the desk let through, tried with two mails and told in plain words."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailtickets.cli import probes
from mailtickets.cli.app import app
from mailtickets.cli.probes import Probe
from mailtickets.core import reading
from mailtickets.core.identity import Trust
from mailtickets.core.mail import Address
from mailtickets.core.tokens import Secret
from mailtickets.wire import State
from tests.dovecot import PASSWORD, Dovecot
from tests.house.house import write_config
from tests.postfix import Postfix

SECRET = Secret((b"x" * 32,))
DESK = Address("support@example.org")
PROBE = Probe("abc123", datetime(2026, 11, 25, 9, 0, tzinfo=UTC), Address("me@elsewhere.example"))
OURS = Trust(authserv_id="mx.example.org", dkim=True)
FORGED = "Authentication-Results: mx.example.org; dmarc=pass"
RECEIVED = (
    "Received: from mx.example.org by imap.example.org with LMTP; x\r\n"
    "Received: from relay.elsewhere.example by mx.example.org with ESMTP; x\r\n"
    "Received: from home by relay.elsewhere.example; x\r\n"
)


def arrived(*above: str, forged: bool, name: str = "mx.example.org", received: str = RECEIVED) -> bytes:
    """The mail from outside, with what the servers on its way have done to it."""
    octets = probes.outside(PROBE, SECRET, DESK, name).decode()
    kept = octets if forged else octets.partition("\r\n")[2]
    return "".join((*(f"{line}\r\n" for line in above), received, kept)).encode()


SAYS = "Authentication-Results: mx.example.org; spf=none; dmarc=none header.from=elsewhere.example"
OTHER = "Authentication-Results: filter.example.org; dkim=none"
SPF = "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=elsewhere.example"
DKIM = "Authentication-Results: mx.example.org; dkim=none"
NAMELESS = "Authentication-Results: spf=none smtp.mailfrom=x.example; dkim=none;dmarc=none action=none"
SPOILT = "Authentication-Results: mx.example.org; what is this"
HOSTS = Trust(authserv_id="mx.example.org", own_hosts=("mx.example.org", "imap.example.org"))
ALL_WELL = {"server": State.OK, "verdict": State.OK, "forgery": State.OK}

CASES = {
    "as it should be": (arrived(SAYS, forged=False), OURS, ALL_WELL, "takes away"),
    "let through": (
        arrived(SAYS, forged=True),
        OURS,
        ALL_WELL | {"forgery": State.FAIL},
        'own_hosts = ["imap.example.org", "mx.example.org"]',
    ),
    "let through, and that counts for nothing": (
        arrived(SAYS, forged=True),
        HOSTS,
        ALL_WELL,
        "below the first foreign server",
    ),
    "let through without a foreign hop": (
        arrived(SAYS, forged=True, received="Received: from home by mx.example.org; x\r\n"),
        HOSTS,
        ALL_WELL | {"forgery": State.FAIL},
        "own_hosts is no help",
    ),
    "let through without a foreign hop, hops not known": (
        arrived(SAYS, forged=True, received="Received: from home by mx.example.org; x\r\n"),
        OURS,
        ALL_WELL | {"forgery": State.FAIL},
        "own_hosts is no help",
    ),
    "without a name": (
        arrived(NAMELESS, forged=False),
        Trust(dkim=True),
        {"server": State.NOTE, "forgery": State.NOTE},
        "as Microsoft 365 does",
    ),
    "without a name where one is set": (
        arrived(NAMELESS, forged=False),
        OURS,
        {"server": State.FAIL, "forgery": State.OK},
        "has written no Authentication-Results",
    ),
    "another name": (
        arrived(OTHER, forged=False),
        OURS,
        {"server": State.FAIL, "forgery": State.OK},
        'Put [trust] authserv_id = "filter.example.org"',
    ),
    "no name set": (
        arrived(SAYS, forged=True, name="imap.example.org"),
        Trust(dkim=True),
        {"server": State.NOTE, "forgery": State.NOTE},
        'Put [trust] authserv_id = "mx.example.org"',
    ),
    "no name set, none written": (
        arrived(forged=False),
        Trust(dkim=True),
        {"server": State.OK, "forgery": State.NOTE},
        "leave [trust] authserv_id empty",
    ),
    "no name set, none written, nothing checked": (
        arrived(forged=False),
        Trust(),
        {"server": State.NOTE, "forgery": State.NOTE},
        "leave [trust] authserv_id empty",
    ),
    "a name set, none written": (
        arrived(forged=False),
        OURS,
        {"server": State.FAIL, "forgery": State.OK},
        "no Authentication-Results of that name",
    ),
    "spf alone": (arrived(SPF, forged=False), OURS, ALL_WELL, "SPF alone proves nothing"),
    "dkim alone": (arrived(DKIM, forged=False), OURS, ALL_WELL, "nothing of DMARC, but of DKIM"),
    "what cannot be read": (
        arrived(SPOILT, forged=False),
        OURS,
        ALL_WELL | {"verdict": State.NOTE},
        "cannot be read",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_came_of_the_mail_from_outside_is_told_plainly(case: str) -> None:
    octets, trust, states, words = CASES[case]
    found = tuple(probes.of_outside(PROBE, reading.read(octets), trust))
    assert {one.subject: one.state for one in found} == states
    assert words in " ".join(one.text for one in found)


RELAYS: dict[str, tuple[Callable[[str], tuple[str, str]], State]] = {
    "kept": (lambda id: (id, id), State.OK),
    "in capitals": (lambda id: (id.upper(), id.upper()), State.OK),
    "changed": (lambda id: ("other@relay.example", id), State.NOTE),
    "both changed": (lambda id: ("other@relay.example", "other@relay.example"), State.FAIL),
}


@pytest.mark.parametrize("case", RELAYS)
def test_what_the_relay_does_to_ids_is_told_plainly(case: str) -> None:
    change, state = RELAYS[case]
    id = probes.message_id(PROBE, probes.INSIDE, SECRET, DESK)
    message_id, references = change(id)
    mail = reading.read(
        f"From: {DESK.spec}\r\nMessage-ID: <{message_id}>\r\nReferences: <{references}>\r\n\r\nx".encode()
    )
    assert probes.of_inside(PROBE, mail, SECRET, DESK).state is state


# Against real servers.


@pytest.fixture
def folder(tmp_path: Path, dovecot: Dovecot, postfix: Postfix, user: str) -> Path:
    return _desk(tmp_path, dovecot, postfix, user, 'authserv_id = "mx.example.org"')


def _desk(folder: Path, dovecot: Dovecot, relay: Postfix, user: str, trust: str) -> Path:
    write_config(folder, imap_port=dovecot.port, smtp_port=relay.port, mailboxes=(user,), trust=trust)
    (folder / "imap-password").write_text(PASSWORD)
    (folder / "state").mkdir(exist_ok=True)
    (folder / "state" / "secret").write_text("s" * 64)
    (folder / "state" / "secret").chmod(0o600)
    return folder


def _ask(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["check", "trust", *words, "--config", str(folder / "config.toml")])


def _begun(folder: Path) -> bytes:
    """The mail that is to be sent from outside."""
    begun = json.loads(_ask(folder, "--from", "me@elsewhere.example", "--json").stdout)
    return Path(begun["file"]).read_bytes()


def _found(folder: Path) -> dict[str, str]:
    done = _ask(folder, "--json", "--wait", "1")
    return {row["subject"]: row["state"] for row in json.loads(done.stdout)}


def test_the_first_call_says_what_to_send_and_the_next_one_that_it_has_not_come(
    folder: Path, dovecot: Dovecot, user: str
) -> None:
    done = _ask(folder, "--from", "me@elsewhere.example")
    assert done.exit_code == 0, done.output
    assert f"--mail-from me@elsewhere.example --mail-rcpt {user}" in done.stdout
    dovecot.wait_for(user, 1)
    again = _ask(folder)
    assert again.exit_code == 1
    assert "The relay keeps the Message-ID of what the desk sends." in again.stdout
    assert "The mail from outside has not come yet." in " ".join(again.stdout.split())


@pytest.mark.parametrize("sender", ["", "me", "me@example.org", "mé@elsewhere.example"])
def test_the_mail_from_outside_needs_an_address_outside(folder: Path, sender: str) -> None:
    done = _ask(folder, *(["--from", sender] if sender else []))
    assert done.exit_code == 2
    assert "--from you@elsewhere.example" in done.stderr
    assert not list((folder / "state").glob("probe-*"))


def test_a_server_that_lets_forgeries_through_is_found_out(
    folder: Path, dovecot: Dovecot, postfix: Postfix, user: str
) -> None:
    postfix.send(_begun(folder), "me@elsewhere.example", user)
    dovecot.wait_for(user, 2)
    found = _found(folder)
    assert (found["forgery"], found["relay"]) == ("FAIL", "ok")
    assert not (folder / "state" / "trust-probe.json").exists(), "the next call begins again"


def test_a_server_that_takes_them_away_and_a_relay_that_changes_ids_are_found_out(
    tmp_path: Path, dovecot: Dovecot, user: str
) -> None:
    checks = (
        r"/^Authentication-Results:[[:space:]]*mx\.example\.org/ IGNORE",
        "/^Message-ID:/ REPLACE Message-ID: <changed@relay.example>",
    )
    with Postfix(dovecot, header_checks=checks) as relay:
        folder = _desk(tmp_path, dovecot, relay, user, 'authserv_id = "mx.example.org"')
        relay.send(_begun(folder), "me@elsewhere.example", user)
        dovecot.wait_for(user, 2)
        assert _found(folder) == {"relay": "note", "server": "FAIL", "forgery": "ok"}


def test_a_relay_that_is_away_is_said_at_once(tmp_path: Path, dovecot: Dovecot, user: str) -> None:
    write_config(tmp_path, imap_port=dovecot.port, smtp_port=1, mailboxes=(user,))
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "secret").write_text("s" * 64)
    (tmp_path / "state" / "secret").chmod(0o600)
    done = _ask(tmp_path, "--from", "me@elsewhere.example")
    assert done.exit_code == 1
    assert "The relay does not take the desk's mail to itself." in done.stderr
