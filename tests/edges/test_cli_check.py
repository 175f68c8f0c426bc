"""`check` tries everything against real servers, and names each thing that is wrong."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailtickets import config
from mailtickets.cli.app import app
from mailtickets.store import engine, lock
from tests.authority_ca import Authority
from tests.dovecot import PASSWORD, Dovecot
from tests.loopback import HOST, free_port
from tests.postfix import Postfix
from tests.sink import Sink


@pytest.fixture
def folder(tmp_path: Path, dovecot: Dovecot, sink: Sink) -> Path:
    """A config that is right, beside servers that are up."""
    done = CliRunner().invoke(
        app,
        [
            *("init", "--config", str(tmp_path / "config.toml"), "--address", "support@example.org"),
            *("--imap-host", HOST, "--imap-port", str(dovecot.port), "--imap-tls", "none"),
            *("--smtp-host", HOST, "--smtp-port", str(sink.port), "--smtp-tls", "none"),
            *("--listen", f"{HOST}:{free_port()}", "--admin", "ann@example.org"),
            *("--authserv-id", "mx.example.org"),
        ],
    )
    assert done.exit_code == 0, done.output
    (tmp_path / "imap-password").write_text(PASSWORD)
    return tmp_path


def _check(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["check", *words, "--config", str(folder / "config.toml")])


def _findings(folder: Path) -> dict[str, str]:
    """By subject: the worst that was found."""
    rows = json.loads(_check(folder, "--json").stdout)
    return {row["subject"]: f"{row['state']}: {row['text']}" for row in sorted(rows, key=_rank)}


def _rank(row: dict[str, str]) -> int:
    return ["ok", "note", "FAIL"].index(row["state"])


def test_what_init_wrote_is_accepted(folder: Path) -> None:
    done = _check(folder)
    assert done.exit_code == 0, done.output
    assert "The desk can start." in done.stdout
    assert "FAIL" not in done.stdout


def test_every_setting_is_tried(folder: Path) -> None:
    tried = set(_findings(folder))
    assert tried >= {"settings", "state", "database", "templates", "login", "folder", "idle", "page", "clock"}


def test_it_leaves_nothing_behind_but_an_empty_state_folder(folder: Path) -> None:
    before = set(folder.iterdir())
    _check(folder)
    assert set(folder.iterdir()) - before <= {folder / "state"}
    assert list((folder / "state").iterdir()) == []


def _changed(old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "config.toml"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    return change


def _wrong_password(folder: Path) -> None:
    (folder / "imap-password").write_text("wrong")


def _open_secret(folder: Path) -> None:
    (folder / "state").mkdir()
    (folder / "state/secret").write_text("x" * 64)
    (folder / "state/secret").chmod(0o644)


def _broken_template(folder: Path) -> None:
    (folder / "words/en").mkdir(parents=True)
    (folder / "words/en/acknowledgement.txt").write_text("{{ tikcet.number }}")
    _changed("[desk]", '[desk]\ntemplates_dir = "words"')(folder)


def _state_is_a_file(folder: Path) -> None:
    (folder / "state").write_text("")


def _no_database(folder: Path) -> None:
    _changed("[desk]", '[database]\nurl = "postgresql://desk@127.0.0.1:1/x"\n[desk]')(folder)


@pytest.mark.parametrize(
    ("break_it", "subject", "said"),
    [
        (_wrong_password, "login", "password"),
        (_changed("[mailbox.imap]", '[mailbox.imap]\nfolder = "Nowhere"'), "folder", "Nowhere"),
        (_changed('tls = "none"', "", ), "connect", "TLS"),
        (_open_secret, "secret", "chmod 600"),
        (_broken_template, "templates", "acknowledgement.txt"),
        (_state_is_a_file, "state", "cannot be made"),
        (_no_database, "database", "cannot be reached"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_the_exit_code_is_1(
    folder: Path, break_it: Callable[[Path], None], subject: str, said: str
) -> None:
    break_it(folder)
    done = _check(folder)
    assert done.exit_code == 1
    assert "mending." in done.stdout
    found = _findings(folder)[subject]
    assert found.startswith("FAIL: ")
    assert said in found


def test_a_host_without_an_address_is_named(folder: Path) -> None:
    _changed(f'host = "{HOST}"\n', 'host = "imap.invalid"\n')(folder)
    _changed('tls = "none"\n', "")(folder)
    assert "imap.invalid has no address" in _check(folder).stdout


def test_a_relay_that_is_down_is_named(folder: Path, sink: Sink) -> None:
    sink.stop()
    done = _check(folder)
    assert done.exit_code == 1
    assert f"Nothing listens at {HOST}:{sink.port}" in done.stdout


def test_a_page_port_that_somebody_else_has_is_named(folder: Path) -> None:
    host, _, port = config.load(folder / "config.toml").web.listen.rpartition(":")
    with socket.create_server((host, int(port))):
        assert "Change [web] listen" in _findings(folder)["page"]
        with lock.hold(folder / "state"):
            assert "while the daemon runs" in _findings(folder)["page"]


def test_no_evidence_is_a_note_and_no_failure(folder: Path) -> None:
    _changed('authserv_id = "mx.example.org"', 'authserv_id = ""')(folder)
    done = _check(folder)
    assert done.exit_code == 0
    assert "authserv_id is empty" in done.stdout


def test_a_newer_database_is_refused(folder: Path) -> None:
    settings = config.load(folder / "config.toml")
    engine.make_current(settings.database_url, settings.state_dir)
    _pretend_newer(settings.state_dir / "mailtickets.db")
    assert "newer than this program" in _findings(folder)["database"]


def _pretend_newer(database: Path) -> None:
    with sqlite3.connect(database) as tx:
        tx.execute("UPDATE alembic_version SET version_num = '9999'")


def test_certificates_that_end_within_two_weeks_are_a_note(tmp_path: Path) -> None:
    ending = Authority.create(tmp_path)
    identity = ending.issue(HOST, days=10)
    with (
        Dovecot("support@example.org", identity=identity) as inbox,
        Postfix(inbox, identity=identity) as relay,
    ):
        done = CliRunner().invoke(
            app,
            [
                *("init", "--config", str(tmp_path / "config.toml"), "--address", "support@example.org"),
                *("--imap-host", HOST, "--imap-port", str(inbox.tls_port), "--imap-tls", "implicit"),
                *("--smtp-host", HOST, "--smtp-port", str(relay.port), "--smtp-tls", "starttls"),
                *("--smtp-password-file", "imap-password", "--admin", "ann@example.org"),
                *("--listen", f"{HOST}:{free_port()}"),
            ],
        )
        assert done.exit_code == 0, done.output
        (tmp_path / "imap-password").write_text(PASSWORD)
        file = tmp_path / "config.toml"
        file.write_text(re.sub(r"(?m)^tls = .*", rf'\g<0>\nca_file = "{ending.file}"', file.read_text()))
        found = [
            row for row in json.loads(_check(tmp_path, "--json").stdout) if row["subject"] == "certificate"
        ]
    assert [row["state"] for row in found] == ["note", "note"]
    assert all("Renew it" in row["text"] for row in found)


def test_run_refuses_a_state_directory_that_cannot_be_in_the_words_of_check(folder: Path) -> None:
    (folder / "state").write_text("a file is in its place")
    done = CliRunner().invoke(app, ["run", "--config", str(folder / "config.toml")])
    assert done.exit_code == 78
    assert "state cannot be made" in done.output
    assert "Traceback" not in done.output
    assert "state cannot be made" in _findings(folder)["state"]
