"""The house in trouble: no room, no database, no inbox, no relay, a rival. It waits, says so, and goes on by itself."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import postgres
from tests.dovecot import Dovecot
from tests.house.house import ANN, LEE, House
from tests.loopback import wait_until
from tests.postfix import Postfix
from tests.postgres import Postgres

LIFTED = (
    '[limits]\nunproven_per_address = "none"\nunproven_per_domain = "none"\nunproven_in_all = "none"\n'
    'tickets_per_sender = "none"\nsame_words = "none"\n'
)
SOON = 'alarm_after = "2s"'


@pytest.fixture
def cluster() -> Iterator[Postgres]:
    if why := postgres.missing():
        pytest.skip(why)
    with Postgres() as server:
        yield server


@contextmanager
def _small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own; fixture of the tests is root, as Dovecot wants it too."""
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True, timeout=20
    )
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, timeout=20)


def _url(cluster: Postgres) -> str:
    """As an operator writes it."""
    return cluster.database().replace("+psycopg", "")


def _alarms(house: House, words: str) -> list[str]:
    """The mails that say so, their lines joined."""
    texts = [" ".join(letter.text.split()) for letter in house.all(ANN)]
    return [text for text in texts if words in text]


def _subjects(house: House, who: str) -> Counter[str]:
    """How many mails of each ticket somebody got: copies of one Message-ID count once."""
    ids = {letter.message["Message-ID"]: str(letter.message["Subject"]) for letter in house.all(who)}
    return Counter(ids.values())


# No room


def test_without_room_nothing_is_begun_and_with_room_all_goes_on(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    small = LIFTED + 'free_disk = "20 MiB"\n'
    with (
        _small_disk(tmp_path / "state", 48) as disk,
        House(tmp_path, server, relay, more=small) as house,
    ):
        house.start()
        house.write(LEE, "Before", "There is room.")
        house.read(LEE)
        (disk / "ballast").write_bytes(bytes(30 * 2**20))
        wait_until(lambda: "disk full" in house.log, "the log to say so", 60)
        # The operator hears of it at once, by the way that is still open.
        wait_until(lambda: bool(_alarms(house, "nearly full")), "the alarm", 60)
        for number in range(5):
            house.write(LEE, f"Matter {number}", "There is none.")
        time.sleep(8)
        assert house.unread(LEE) == 0
        assert house.log.count("mail done") == 1
        (disk / "ballast").unlink()
        house.read(LEE, 5, timeout=90)
        assert Counter(row["outcome"] for row in house.wait_for_ledger(6)) == {"opened": 6}
        assert house.log.count('"event":"disk full"') == 1
        wait_until(lambda: bool(_alarms(house, "It is over")), "the end of the alarm", 60)
        assert house.stop() == 0


def test_a_disk_that_is_full_to_the_last_octet_quarantines_nothing(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    """The limit lifted: the database itself finds no room in the middle of its work."""
    lifted = LIFTED + 'free_disk = "none"\n'
    with _small_disk(tmp_path / "state", 16) as disk, House(tmp_path, server, relay, more=lifted) as house:
        house.start()
        house.write(LEE, "Before", "There is room.")
        house.read(LEE)
        pid = house.pid
        with pytest.raises(OSError, match="No space"):
            (disk / "ballast").write_bytes(bytes(20 * 2**20))
        for number in range(5):
            house.write(LEE, f"Matter {number}", "There is none. " * 2000)
        wait_until(lambda: "database unavailable" in house.log, "the log to say so", 60)
        time.sleep(3)
        (disk / "ballast").unlink()
        house.read(LEE, 5, timeout=90)
        assert house.pid == pid
        assert Counter(row["outcome"] for row in house.wait_for_ledger(6)) == {"opened": 6}
        assert all(count == 1 for count in _subjects(house, LEE).values())
        assert house.stop() == 0


# No database


def test_a_database_that_restarts_under_load_stops_nobody(
    tmp_path: Path, server: Dovecot, relay: Postfix, cluster: Postgres
) -> None:
    with House(tmp_path, server, relay, database=_url(cluster), more=LIFTED) as house:
        house.start()
        pid = house.pid
        for number in range(30):
            house.write(LEE, f"Matter {number}", "Blank pages.")
            if number in (8, 20):
                cluster.stop()
                time.sleep(1)
                cluster.start()
        house.read(LEE, 30, timeout=90)
        assert house.pid == pid
        assert Counter(row["outcome"] for row in house.wait_for_ledger(30)) == {"opened": 30}
        assert sorted(_subjects(house, LEE).values()) == [1] * 30
        assert house.stop() == 0


def test_a_daemon_that_starts_before_its_database_waits_for_it(
    tmp_path: Path, server: Dovecot, relay: Postfix, cluster: Postgres
) -> None:
    url = _url(cluster)
    cluster.stop()
    with House(tmp_path, server, relay, database=url) as house:
        starting = house.launch()
        wait_until(lambda: "database unavailable" in house.log, "the log to say so", 60)
        assert starting.poll() is None
        cluster.start()
        house.wait_until_ready()
        house.write(LEE, "Printer", "Blank pages.")
        assert house.read(LEE)
        assert house.stop() == 0


def test_a_daemon_that_waits_for_its_database_can_be_stopped(
    tmp_path: Path, server: Dovecot, relay: Postfix, cluster: Postgres
) -> None:
    url = _url(cluster)
    cluster.stop()
    with House(tmp_path, server, relay, database=url) as house:
        house.launch()
        wait_until(lambda: "database unavailable" in house.log, "the log to say so", 60)
        assert house.stop() == 0


def test_a_database_that_does_not_exist_ends_the_daemon_with_a_sentence(
    tmp_path: Path, server: Dovecot, relay: Postfix, cluster: Postgres
) -> None:
    with House(tmp_path, server, relay, database=f"{_url(cluster)}x") as house:
        ended = house.run("run")
    assert ended.returncode == 1
    assert b"does not exist" in ended.stderr
    assert b"Traceback" not in ended.stderr


# A rival


def _rivals(folder: Path, server: Dovecot, relay: Postfix, url: str) -> tuple[House, House]:
    """Two desks on one database, with one secret, as an operator sets them up."""
    houses = []
    for name in ("one", "two"):
        (folder / name / "state").mkdir(parents=True)
        houses.append(House(folder / name, server, relay, database=url, more=LIFTED))
        (folder / name / "state" / "secret").write_text("a secret of the desk that both of them know\n")
        (folder / name / "state" / "secret").chmod(0o600)
    return houses[0], houses[1]


def test_of_two_daemons_one_works_and_the_other_goes_on_when_it_is_killed(
    tmp_path: Path, server: Dovecot, relay: Postfix, cluster: Postgres
) -> None:
    one, two = _rivals(tmp_path, server, relay, _url(cluster))
    with one, two:
        one.start()
        one.write(LEE, "First", "Blank pages.")
        one.read(LEE)
        two.start()
        assert "standing by" in two.log
        for number in range(40):
            one.write(LEE, f"Matter {number}", "Blank pages.")
            if number == 15:
                one.kill()
        began = time.monotonic()
        two.dovecot.wait_for(LEE, 41, timeout=90)
        assert time.monotonic() - began < 45
        assert "inbox is ours" in two.log
        assert Counter(row["outcome"] for row in two.wait_for_ledger(41)) == {"opened": 41}
        wait_until(lambda: not two.rows("outbox", "list"), "the outbox to be empty", 60)
        assert sorted(_subjects(two, LEE).values()) == [1] * 41
        # At a kill each connection may have been between the last dot and the answer (RFC 1047).
        assert len(two.all(LEE)) <= 41 + 2
        assert two.stop() == 0


def test_two_daemons_on_one_sqlite_file_are_refused(tmp_path: Path, server: Dovecot, relay: Postfix) -> None:
    one, two = _rivals(tmp_path, server, relay, f"sqlite:///{tmp_path / 'shared.db'}")
    with one, two:
        one.start()
        refused = two.run("run")
        assert refused.returncode == 78
        assert b"Stop it first" in refused.stderr
        assert one.stop() == 0


# No inbox, no relay


def test_an_inbox_that_nobody_can_log_in_to_is_told_to_the_operators(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    with House(tmp_path, server, relay, desk=SOON) as house:
        password = (house.folder / "imap-password").read_text()
        (house.folder / "imap-password").write_text("wrong")
        house.start()
        wait_until(lambda: bool(_alarms(house, "cannot be read")), "the alarm", 60)
        (told,) = _alarms(house, "cannot be read")
        assert "password" in told
        assert house.stop() == 0
        (house.folder / "imap-password").write_text(password)
        house.start()
        house.write(LEE, "Printer", "Blank pages.")
        assert house.read(LEE)
        assert house.stop() == 0


def test_a_server_that_was_away_for_long_is_told_when_it_goes_and_when_it_comes(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    with House(tmp_path, server, relay, desk=SOON) as house:
        house.start()
        server.kill()
        wait_until(lambda: "mailbox down" in house.log, "the log to say so", 60)
        time.sleep(9)
        server.start()
        wait_until(lambda: bool(_alarms(house, "cannot be read")), "the alarm", 60)
        wait_until(lambda: bool(_alarms(house, "It is over")), "its end", 60)
        assert house.log.count('"event":"mailbox down"') <= 2  # once for each reason
        assert house.stop() == 0


def test_a_relay_that_was_away_for_long_is_told_once_it_is_back(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    with House(tmp_path, server, relay, desk=SOON) as house:
        house.start()
        relay.kill()
        house.write(LEE, "Printer", "Blank pages.")
        wait_until(lambda: "relay down" in house.log, "the log to say so", 60)
        time.sleep(8)
        relay.start()
        (answer,) = house.read(LEE, timeout=90)
        assert "Printer" in str(answer.message["Subject"]) or "number" in answer.text
        wait_until(lambda: bool(_alarms(house, "takes no mail")), "the operator's mail", 60)
        wait_until(lambda: bool(_alarms(house, "It is over")), "its end", 60)
        assert house.log.count('"event":"relay down"') <= 2
        assert house.stop() == 0
