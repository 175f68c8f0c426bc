"""`audit` holds the ledger against a real inbox, changes nothing there, and says what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from mailtickets import config
from mailtickets.cli.app import app
from mailtickets.store import engine, ledger
from mailtickets.store.engine import Store
from tests.dovecot import Dovecot
from tests.house.house import write_config
from tests.store.desk import Desk
from tests.store.letters import LEE, NOW, letter, raw


@pytest.fixture
def box(user: str, dovecot: Dovecot, tmp_path: Path) -> str:
    """The address of an inbox with two mails, whose desk has a config."""
    write_config(tmp_path, imap_port=dovecot.port, smtp_port=1, mailboxes=(user,))
    for k in range(2):
        dovecot.deliver(b"From: lee@customer.example\r\nSubject: %d\r\n\r\nHello\r\n" % k, user)
    return user


@pytest.fixture
def desk(box: str, tmp_path: Path) -> Iterator[Desk]:
    settings = config.load(tmp_path / "config.toml")
    engine.make_current(settings.database_url, settings.state_dir)
    store = Store.open(settings.database_url, settings.blobs)
    yield Desk(store, settings.policy)
    store.close_sync()


def _audit(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["audit", *words, "--config", str(folder / "config.toml")])


def _keep(desk: Desk, box: str, dovecot: Dovecot, uid: int) -> None:
    with dovecot.imap(box) as client:
        (said,) = client.response("UIDVALIDITY")[1]
        validity = int(said or b"0")
    mail = replace(raw(uid), mailbox=box, uidvalidity=validity)
    (stored,) = desk.store.write_sync(ledger.keep, desk.store.blobs, (mail,), NOW)
    desk.store.write_sync(ledger.quarantine, stored.inbound, "odd", "", NOW)


def _by_law(done: Result) -> dict[str, Any]:
    return {row["law"]: row for row in json.loads(done.stdout)}


def test_mail_that_has_just_come_may_wait(desk: Desk, box: str, tmp_path: Path, dovecot: Dovecot) -> None:
    done = _audit(tmp_path)
    assert done.exit_code == 0, done.output
    assert f"{box}: 2 mails lie in the inbox." in done.stdout
    assert "Every promise is kept." in done.stdout
    assert dovecot.flags(box) == {1: set(), 2: set()}


def test_a_mail_that_was_passed_over_is_found(desk: Desk, box: str, tmp_path: Path, dovecot: Dovecot) -> None:
    _keep(desk, box, dovecot, 2)
    done = _audit(tmp_path, "--json")
    assert done.exit_code == 1
    found = _by_law(done)
    assert [law for law, row in found.items() if not row["holds"]] == ["I1"]
    assert (found["I1"]["broken"], found["I1"]["rows"][0][:6]) == (1, "UID 1 ")
    assert "See “mailtickets ledger”" in found["I1"]["text"]


def test_a_ticket_changed_by_hand_is_found(desk: Desk, tmp_path: Path) -> None:
    desk.opens(letter(sender=LEE))
    desk.store.write_sync(lambda tx: tx.execute(text("UPDATE ticket SET status = 'closed'")))
    done = _audit(tmp_path)
    assert done.exit_code == 1
    assert "FAIL  I10" in done.stdout
    assert "Ticket 1 and its history disagree about status." in done.stdout
    assert "1 of 12 promises are broken." in done.stdout


def test_the_passwords_are_looked_for_and_never_told(desk: Desk, tmp_path: Path) -> None:
    (secret,) = {box.imap.password for box in config.load(tmp_path / "config.toml").mailboxes}
    desk.opens(letter(says=f"My password is {secret}, is it not?"))
    done = _audit(tmp_path)
    assert done.exit_code == 1
    assert "FAIL  I11" in done.stdout
    assert secret not in done.output


def test_an_inbox_that_nobody_can_look_into_is_said_to_be_so(tmp_path: Path) -> None:
    write_config(tmp_path, imap_port=1, smtp_port=1)
    settings = config.load(tmp_path / "config.toml")
    engine.make_current(settings.database_url, settings.state_dir)
    done = _audit(tmp_path)
    assert done.exit_code == 1
    assert "The inbox of support@example.org was not looked at:" in done.stdout
