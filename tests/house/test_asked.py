"""Asked by mail, answered by mail: a forged agent's letter between a real Dovecot and a real Postfix."""

from __future__ import annotations

import sqlite3

from mailtickets.demo.letters import Letter
from tests.house.house import ANN, BEN, LEE, House
from tests.loopback import wait_until


def _forge(house: House, text: str) -> Letter:
    """Somebody writes in Ann's name; what Ann gets of it."""
    house.write(ANN, "[#1] Printer", text)
    (asked,) = house.read(ANN)
    assert asked.subject == "Re: [#1] Was this you?"
    return asked


def test_a_forged_agents_letter_waits_for_the_agents_yes(house: House) -> None:
    house.start()
    house.write(LEE, "Printer", "It prints blank pages.")
    house.read(LEE)
    house.read(ANN)
    house.read(BEN)

    asked = _forge(house, "#close\n\nThe drum is new.")
    assert "> The drum is new." in asked.text
    assert "Sender not verified" in house.read(BEN)[0].text
    assert (house.ticket(1)["status"], house.unread(LEE)) == ("new", 0)
    house.answer(asked, ANN, "yes")
    (answer,) = house.read(LEE)
    assert answer.words.strip() == "The drum is new."
    house.wait_for_status(1, "closed")
    (receipt,) = house.read(ANN)
    assert receipt.text.startswith("Done")
    house.read(BEN)

    house.answer(asked, ANN, "Yes!")
    ledger = house.wait_for_ledger(4)
    assert [row["outcome"] for row in ledger].count("replied") == 1

    refused = _forge(house, "#reopen")
    house.answer(refused, ANN, "no thanks")
    subjects = sorted(letter.subject for letter in house.read(ANN, 2))
    assert subjects == ["Example Support needs a look", "Re: [#1] Printer"]
    house.answer(refused, ANN, "yes")
    (told,) = house.read(ANN)
    assert "was cancelled before" in " ".join(told.text.split())

    late = _forge(house, "#reopen\n\nSend the money to Eve.")
    with sqlite3.connect(house.folder / "state" / "mailtickets.db", timeout=20) as ledger_itself:
        ledger_itself.execute("UPDATE question SET until_at = '2000-01-01 00:00:00.000000'")
    house.answer(late, ANN, "yes")
    wait_until(
        lambda: any("came too late" in " ".join(letter.text.split()) for letter in house.all(ANN)),
        "to be told",
        30,
    )
    house.wait_for_ledger(9)
    assert (house.ticket(1)["status"], house.unread(LEE)) == ("closed", 0)
    for letter in (asked, refused, late):
        # Whoever reads the log must not be able to answer.
        assert letter.id.strip("<>") not in house.log
        assert letter.text.partition("#yes ")[2][:14] not in house.log
    assert house.run("audit").returncode == 0
    assert house.stop() == 0
