"""`init` writes a config that the desk accepts, and never harms one that is there."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailtickets import config
from mailtickets.cli.app import app


def _init(*words: str) -> Result:
    return CliRunner().invoke(app, ["init", *words])


def test_without_a_terminal_it_asks_nothing_and_the_result_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    done = _init("--preset", "simple", "--config", str(path))
    assert done.exit_code == 0, done.output
    assert "Put your own addresses" in done.output
    settings = config.load(path, with_secrets=False)
    assert settings.mailboxes[0].address.spec == "support@example.org"


def test_what_is_given_stands_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    words = {
        "--name": 'Ann\'s "Desk" – Ünder',
        "--address": "help@desk.example",
        "--admin": "ann@desk.example",
        "--admin-name": "Ann Smith",
        "--imap-host": "127.0.0.1",
        "--imap-port": "1143",
        "--imap-tls": "none",
        "--imap-user": "help",
        "--smtp-host": "localhost",
        "--smtp-port": "1025",
        "--smtp-tls": "none",
        "--url": "https://desk.example/",
        "--listen": "127.0.0.1:9999",
        "--authserv-id": "mx.desk.example",
        "--timezone": "Europe/Oslo",
    }
    done = _init("--config", str(path), *[word for pair in words.items() for word in pair])
    assert done.exit_code == 0, done.output
    settings = config.load(path, with_secrets=False)
    policy, imap, smtp = settings.policy, settings.mailboxes[0].imap, settings.smtp
    assert (policy.name, policy.url, policy.timezone) == (
        words["--name"],
        "https://desk.example",
        "Europe/Oslo",
    )
    assert (imap.host, imap.port, imap.tls, imap.user) == ("127.0.0.1", 1143, "none", "help")
    assert (smtp.host, smtp.port, smtp.tls, smtp.user) == ("localhost", 1025, "none", "")
    assert settings.web.listen == "127.0.0.1:9999"
    assert policy.trust.authserv_id == "mx.desk.example"
    assert [s.address.spec for s in settings.staff] == ["ann@desk.example"]
    assert config.concerns(settings) == ()
    assert "Put your own" not in done.output


def test_the_servers_follow_from_the_address(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    assert _init("--address", "help@desk.example", "--config", str(path)).exit_code == 0
    settings = config.load(path, with_secrets=False)
    assert (settings.mailboxes[0].imap.host, settings.smtp.host) == ("imap.desk.example", "smtp.desk.example")


def test_it_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("mine")
    done = _init("--config", str(path))
    assert done.exit_code == 1
    assert path.read_text() == "mine"
    assert "stays as it is" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--preset", "trac"], "desk.preset"),
        (["--address", "nobody"], "mailbox[0].address"),
        (["--imap-tls", "none", "--imap-host", "imap.example.org"], "another machine"),
        (["--timezone", "Mars"], "desk.timezone"),
    ],
)
def test_an_answer_that_cannot_be_is_said_and_nothing_is_written(
    tmp_path: Path, words: list[str], said: str
) -> None:
    done = _init(*words, "--config", str(tmp_path / "config.toml"))
    assert done.exit_code == 2
    assert said in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_service_keeps_its_state_where_services_do() -> None:
    from mailtickets.cli import init

    answers = init._filled(
        init.Answers("simple", "", "", "", "", "", "", "", "", *[init.Server("", 0, "", "", "")] * 2)
    )
    assert 'state_dir = "/var/lib/mailtickets"' in init.text(answers, Path("/etc/mailtickets/config.toml"))


def test_on_a_terminal_it_asks_and_keeps_the_passwords_to_the_owner(tmp_path: Path) -> None:
    answers = ["help@desk.example", "", "", "", "", "", "ann@desk.example", "Ann", "imap pass", "smtp pass"]
    code, said = _talk(tmp_path, answers)
    assert code == 0, said
    settings = config.load(tmp_path / "config.toml")
    assert settings.mailboxes[0].imap.password == "imap pass"
    assert settings.smtp.password == "smtp pass"
    assert stat.S_IMODE((tmp_path / "imap-password").stat().st_mode) == 0o600
    assert settings.staff[0].address.spec == "ann@desk.example"
    assert "pass\r" not in said


def _talk(folder: Path, answers: list[str]) -> tuple[int, str]:
    """Run `init` on a terminal of its own; each answer is typed when a question stands there."""
    outer, inner = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "mailtickets", "init"],
        cwd=folder,
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
    ) as process:
        os.close(inner)
        said = ""
        try:
            while octets := os.read(outer, 4096):
                said += octets.decode()
                if said.endswith(": ") and answers:
                    os.write(outer, f"{answers.pop(0)}\n".encode())
        except OSError:  # EIO: the other end is gone
            pass
        finally:
            os.close(outer)
        return process.wait(10), said
