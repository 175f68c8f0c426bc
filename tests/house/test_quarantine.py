"""What the operator does about letters that were put aside, while the desk goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dovecot import Dovecot
from tests.house.house import KIM, LEE, House
from tests.loopback import wait_until
from tests.postfix import Postfix

TRAP = """{% extends "_frame.txt" %}{% block body %}
{% if "Stumble" in ticket.subject %}{{ 1 // (ticket.subject | length - ticket.subject | length) }}{% endif %}
{% endblock %}
"""


def _outcomes(house: House) -> list[str]:
    return sorted(row["outcome"] for row in house.rows("ledger"))


@pytest.mark.timeout(300)
def test_a_letter_that_broke_the_desk_is_listed_shown_and_taken_in_once_that_is_mended(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    own = tmp_path / "own" / "en"
    own.mkdir(parents=True)
    (own / "opened.txt").write_text(TRAP)
    with House(tmp_path, server, relay, desk=f'templates_dir = "{own.parent}"') as house:
        house.start()
        house.write(LEE, "Stumble here", "Blank pages.")
        house.write(KIM, "Another matter", "Blank pages.")
        house.read(KIM)  # the next one is not held up
        (row,) = house.rows("quarantine", "list")
        assert row["subject"] == "" or "Stumble" in row["subject"]
        shown = house.run("quarantine", "show", str(row["id"])).stdout.decode()
        assert "stumbled" in shown
        assert "Traceback" in shown
        assert "ZeroDivisionError" in shown
        raw = house.run("quarantine", "show", "--raw", str(row["id"])).stdout
        assert b"Subject: Stumble here" in raw
        # Tried again before anything is mended: it is put aside again, and no worse for it.
        assert house.run("quarantine", "retry").returncode == 0
        wait_until(lambda: house.log.count("mail quarantined") == 2, "the second stumble", 60)
        assert house.stop() == 0
        (own / "opened.txt").unlink()
        house.start()
        assert house.run("quarantine", "retry", str(row["id"])).returncode == 0
        house.read(LEE)
        assert house.rows("quarantine", "list") == []
        assert _outcomes(house) == ["opened", "opened"]
        assert house.run("quarantine", "retry", str(row["id"])).returncode == 1
        assert house.stop() == 0


@pytest.mark.timeout(300)
def test_held_letters_are_listed_and_let_go_one_by_one(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    with House(tmp_path, server, relay, more='[limits]\ntickets_per_sender = "1/10m"\n') as house:
        house.start()
        for number in range(3):
            house.write(LEE, f"Matter {number}", f"This is matter {number}.")
        house.wait_for_ledger(3)
        first, second = house.rows("held", "list")
        assert "tickets_per_sender" in first["reason"]
        assert house.run("held", "release", str(first["id"])).returncode == 0
        wait_until(lambda: len(house.rows("ticket", "list")) == 2, "one of them to go on", 60)
        assert [row["id"] for row in house.rows("held", "list")] == [second["id"]]
        assert house.run("held", "release", str(first["id"])).returncode == 1
        assert house.stop() == 0
