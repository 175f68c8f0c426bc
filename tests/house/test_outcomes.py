"""The house in other places and on worse days: on PostgreSQL, with a bounce, with a letter released by the operator."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import postgres
from tests.dovecot import Dovecot
from tests.house.house import ANN, BEN, KIM, LEE, House
from tests.loopback import wait_until
from tests.postfix import Postfix
from tests.postgres import Postgres


def test_the_conversation_on_postgresql(tmp_path: Path, server: Dovecot, relay: Postfix) -> None:
    if why := postgres.missing():
        pytest.skip(why)
    with Postgres() as cluster:
        url = cluster.database().replace("+psycopg", "")  # as an operator writes it
        with House(tmp_path, server, relay, database=url) as house:
            _talk(house)


def _talk(house: House) -> None:
    house.start()
    house.write(LEE, "Printer", "It prints blank pages.")
    house.read(LEE)
    (notice,) = house.read(ANN)
    house.answer(notice, ANN, "#close\n\nThe drum is new.\n\nAnn")
    (answer,) = house.read(LEE)
    assert "The drum is new." in answer.words
    house.wait_for_status(1, "closed")
    assert house.stop() == 0


def test_an_answer_that_bounces_is_told_to_the_agents_and_the_ticket_comes_back(house: House) -> None:
    house.start()
    house.write("gone@customer.example", "Printer", "It prints blank pages.")
    (notice,) = house.read(ANN)
    house.read(BEN)
    house.answer(notice, ANN, "#close\n\nThe drum is new.")
    # The relay takes it, Dovecot knows no such mailbox, Postfix reports that to the envelope sender.
    (told,) = [
        letter for letter in house.read(ANN, 2) if "ot delivered" in letter.text or "ot arrive" in letter.text
    ]
    assert "gone@customer.example" in told.text
    wait_until(lambda: house.ticket(1)["status"] != "closed", "the ticket to come back", 25)


def test_a_storm_is_held_and_let_go_by_the_operator(tmp_path: Path, server: Dovecot, relay: Postfix) -> None:
    with House(tmp_path, server, relay, more='[limits]\ntickets_per_sender = "2/10m"\n') as house:
        house.start()
        for number in range(4):
            house.write(LEE, f"Matter {number}", f"This is matter {number}.")
        ledger = house.wait_for_ledger(4)
        assert sorted(row["outcome"] for row in ledger) == ["held", "held", "opened", "opened"]
        assert house.run("held", "release").returncode == 0
        wait_until(lambda: len(house.rows("ticket", "list")) == 4, "the held letters to open tickets", 25)


def test_the_operator_gives_a_link_that_signs_in(tmp_path: Path, server: Dovecot, relay: Postfix) -> None:
    with House(tmp_path, server, relay, page=True) as house:
        house.start()
        house.write(KIM, "Printer", "Blank pages.")
        house.read(KIM)
        given = house.run("link", KIM)
        assert given.returncode == 0, given.stderr
        assert b"/sign-in/" in given.stdout
        assert house.run("link", "nobody@nowhere.example").returncode == 1
