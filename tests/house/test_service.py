"""What systemd and an operator see of the daemon: ready, alive, stopping; one at a time; children that do not stay."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import time
from pathlib import Path

from mailtickets.daemon import BEAT_WITHIN, Pulse
from tests.dovecot import Dovecot
from tests.house.house import LEE, House
from tests.loopback import HOST, listens, wait_until
from tests.postfix import Postfix


def _listener(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(path))
    sock.settimeout(20)
    return sock


def _until(sock: socket.socket, word: str) -> list[str]:
    said: list[str] = []
    while not said or word not in said[-1]:
        said.append(sock.recv(4096).decode())
    return said


def test_systemd_hears_ready_then_the_watchdog_then_stopping(house: House, tmp_path: Path) -> None:
    with _listener(tmp_path / "notify") as sock:
        house.start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="600000")
        _until(sock, "READY=1")
        _until(sock, "WATCHDOG=1")
        assert house.stop() == 0
        _until(sock, "STOPPING=1")


def test_systemd_is_asked_for_time_before_the_ledger_is_ready(house: House, tmp_path: Path) -> None:
    with _listener(tmp_path / "notify") as sock:
        house.start(NOTIFY_SOCKET=str(tmp_path / "notify"))
        said = _until(sock, "READY=1")
        assert any("EXTEND_TIMEOUT_USEC=" in line for line in said[:-1])
        assert not any("EXTEND_TIMEOUT_USEC=" in line for line in said[-1:])
        assert house.stop() == 0


def test_a_daemon_that_was_late_does_not_feed_the_watchdog(house: House, tmp_path: Path) -> None:
    with _listener(tmp_path / "notify") as sock:
        house.start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="3000000")
        _until(sock, "WATCHDOG=1")
        os.kill(house.pid, signal.SIGSTOP)
        time.sleep(7)
        os.kill(house.pid, signal.SIGCONT)
        wait_until(lambda: "unwell" in house.log, "the log to say so", 20)
        _until(sock, "WATCHDOG=1")  # and then it is well again
        assert house.stop() == 0


async def test_a_loop_without_a_sign_of_life_is_named() -> None:
    pulse = Pulse()
    pulse.beat("delivery")
    beat = pulse.beat("inbox support@example.org")
    now = asyncio.get_running_loop().time()
    assert pulse.silent(now) == ()
    pulse.beats["inbox support@example.org"] = now - BEAT_WITHIN - 1
    assert pulse.silent(now) == ("inbox support@example.org",)
    beat()
    assert pulse.silent(now) == ()


def test_a_listener_that_goes_away_does_not_stop_the_mail(house: House, tmp_path: Path) -> None:
    with _listener(tmp_path / "notify") as sock:
        house.start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="300000")
        _until(sock, "WATCHDOG=1")
    time.sleep(1)  # several pings that nobody hears
    house.write(LEE, "Printer", "Blank pages.")
    assert house.read(LEE)
    assert house.stop() == 0


def test_ready_does_not_wait_for_the_mail_server(house: House, server: Dovecot) -> None:
    server.kill()
    began = time.monotonic()
    house.start()
    assert time.monotonic() - began < 20
    assert house.stop() == 0


def test_a_second_daemon_is_refused(house: House) -> None:
    house.start()
    second = house.run("run")
    assert second.returncode == 78
    assert b"Stop it first" in second.stderr


def _refused(house: House) -> str:
    """What `run` says when it will not start."""
    done = house.run("run")
    assert done.returncode == 78, done.stderr
    assert b"Traceback" not in done.stderr
    return done.stderr.decode()


def test_a_database_newer_than_the_program_is_refused(house: House) -> None:
    house.start()
    assert house.stop() == 0
    with sqlite3.connect(house.folder / "state" / "mailtickets.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    assert "newer" in _refused(house)


def test_a_template_with_a_typo_is_refused(tmp_path: Path, server: Dovecot, relay: Postfix) -> None:
    own = tmp_path / "own" / "en"
    own.mkdir(parents=True)
    (own / "answer.txt").write_text("{{ reply.txet }}\n")
    with House(tmp_path, server, relay, desk=f'templates_dir = "{tmp_path / "own"}"') as house:
        said = _refused(house)
    assert "answer.txt" in said
    assert "txet" in said


def test_an_unknown_key_is_refused_and_the_nearest_one_named(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    with House(tmp_path, server, relay, desk='ticket_tga = "[#{number}]"') as house:
        said = _refused(house)
    assert "desk.ticket_tga" in said
    assert "ticket_tag" in said


def test_a_wrong_password_is_said_plainly_and_not_hammered(house: House, server: Dovecot) -> None:
    (house.folder / "imap-password").write_text("wrong")
    house.start()
    wait_until(lambda: "mailbox down" in house.log, "the log to say why", 20)
    time.sleep(3)
    assert house.log.count("mailbox down") == 1
    assert "password" in house.log


def test_no_child_outlives_a_daemon_that_was_killed(tmp_path: Path, server: Dovecot, relay: Postfix) -> None:
    with House(tmp_path, server, relay, page=True) as house:
        house.start()
        house.write(LEE, "Printer", "Blank pages.")
        house.read(LEE)
        wait_until(lambda: listens(house.page), "the page to be up", 20)
        children = _children(house.pid)
        assert len(children) >= 3  # two readers and the window
        house.kill()
        wait_until(lambda: not any(map(_lives, children)), "the children to end", 20)
        assert not listens(house.page)
        house.start()
        wait_until(lambda: listens(house.page), "the page to be up again", 20)


def test_a_window_that_falls_shut_is_opened_again(tmp_path: Path, server: Dovecot, relay: Postfix) -> None:
    with House(tmp_path, server, relay, page=True) as house:
        house.start()
        wait_until(lambda: listens(house.page), "the page to be up", 20)
        window = next(pid for pid in _children(house.pid) if b"window" in _command(pid))
        os.kill(window, signal.SIGKILL)
        wait_until(lambda: "window restarted" in house.log, "the log to say so", 20)
        wait_until(lambda: listens(house.page), "the page to be up again", 20)
        assert HOST in house.log


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _lives(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    try:
        return "State:\tZ" not in status.read_text()
    except FileNotFoundError:
        return False
