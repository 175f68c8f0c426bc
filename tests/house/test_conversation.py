"""The main job, end to end: a daemon, a Dovecot, a Postfix, a customer and two agents."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.dovecot import Dovecot
from tests.house.house import ANN, BEN, KIM, LEE, SALES, SUPPORT, House
from tests.loopback import wait_until
from tests.postfix import Postfix

UNLIMITED = """
[limits]
unproven_per_address = "none"
tickets_per_sender = "none"
same_words = "none"
"""


def _opened(house: House) -> None:
    house.write(LEE, "Printer", "It prints blank pages.\n\nLee")


def test_customer_and_agent_talk_and_the_ticket_is_closed(house: House) -> None:
    house.start()
    _opened(house)
    (acknowledgement,) = house.read(LEE)
    assert "[#1]" in acknowledgement.subject
    assert acknowledgement.message["Auto-Submitted"] == "auto-replied"
    assert "1" in acknowledgement.text
    assert "It prints" not in acknowledgement.text

    (notice,) = house.read(ANN)
    assert "It prints blank pages." in notice.text
    assert house.read(BEN)
    house.answer(notice, ANN, "Please send us the status page.\n\nAnn")
    (answer,) = house.read(LEE)
    assert answer.words.strip() == "Please send us the status page.\n\nAnn"
    assert answer.message["Auto-Submitted"] is None
    assert "Ann Smith" in str(answer.message["From"])
    assert SUPPORT in str(answer.message["From"])
    assert answer.subject == "Re: [#1] Printer"
    assert set(answer.references) & set(acknowledgement.references), "one thread in the customer's client"
    house.wait_for_status(1, "waiting")

    house.answer(answer, LEE, "Here it is.")
    (reply,) = house.read(ANN)
    assert "Here it is." in reply.text
    house.wait_for_status(1, "open")

    house.answer(reply, ANN, "#status closed")
    (receipt,) = house.read(ANN)
    assert receipt.text.startswith("Done")
    (closed,) = house.read(LEE)
    assert "losed" in closed.text
    house.wait_for_status(1, "closed")
    outcomes = Counter(row["outcome"] for row in house.rows("ledger"))
    assert outcomes == {"opened": 1, "replied": 2, "commanded": 1}
    assert house.stop() == 0


def test_a_note_stays_inside(house: House) -> None:
    house.start()
    _opened(house)
    house.read(LEE)
    (notice,) = house.read(ANN)
    house.read(BEN)
    house.answer(notice, ANN, "#note\n\nThis customer has not paid.")
    (told,) = house.read(BEN)
    assert "has not paid" in told.text
    assert house.unread(LEE) == 0


def test_a_typo_goes_back_and_nothing_goes_out(house: House) -> None:
    house.start()
    _opened(house)
    house.read(LEE)
    (notice,) = house.read(ANN)
    house.answer(notice, ANN, "#statsu closed\n\nAll done, Lee.")
    (back,) = house.read(ANN)
    assert "status closed" in back.text
    assert "All done, Lee." in back.text
    assert house.unread(LEE) == 0
    assert house.ticket(1)["status"] == "new"


def test_a_forged_agent_is_not_obeyed(house: House) -> None:
    house.start()
    _opened(house)
    house.read(LEE)
    house.read(ANN)
    house.write(ANN, "[#1] Printer", "#close\n\nGo away.")
    (told,) = house.read(ANN)
    assert "othing was changed" in told.text
    assert house.unread(LEE) == 0
    assert house.ticket(1)["status"] == "new"


def test_a_reply_reopens_and_thanks_does_not(house: House) -> None:
    house.start()
    _opened(house)
    house.read(LEE)
    (notice,) = house.read(ANN)
    house.answer(notice, ANN, "#close\n\nSolved.")
    (closed,) = house.read(LEE)
    house.wait_for_status(1, "closed")
    house.answer(closed, LEE, "Thank you!")
    house.wait_for_ledger(3)
    assert house.ticket(1)["status"] == "closed"
    house.answer(closed, LEE, "It is broken again: blank pages since noon.")
    house.wait_for_status(1, "open")


def test_stopped_and_killed_in_the_middle_nothing_comes_twice(
    tmp_path: Path, server: Dovecot, relay: Postfix
) -> None:
    with House(tmp_path, server, relay, more=UNLIMITED) as house:
        house.start()
        for number in range(1, 21):
            house.write(LEE, f"Matter {number}", f"This is matter {number}.")
        house.read(LEE, 3)
        assert house.stop() == 0
        house.start()
        house.read(LEE, 4)
        house.kill()
        for number in range(21, 26):
            house.write(KIM, f"Matter {number}", f"This is matter {number}.")
        house.start()
        house.read(KIM, 5)
        house.read(LEE, 13)
        assert {row["outcome"] for row in house.wait_for_ledger(25)} == {"opened"}
        subjects = Counter(row["subject"] for row in house.rows("ticket", "list"))
        assert subjects == {f"Matter {number}": 1 for number in range(1, 26)}
        ids = Counter(letter.id for who in (LEE, KIM, ANN, BEN) for letter in house.all(who))
        # At most one a connection: the kill may come between our final dot and the relay's answer.
        assert sum(count - 1 for count in ids.values()) <= 2
        assert house.stop() == 0


def test_two_inboxes_at_once(tmp_path: Path, server: Dovecot, relay: Postfix) -> None:
    with House(tmp_path, server, relay, mailboxes=(SUPPORT, SALES)) as house:
        house.start()
        house.write(LEE, "Printer", "Blank pages.", to=SUPPORT)
        house.write(KIM, "Offer", "What does a drum cost?", to=SALES)
        (to_lee,), (to_kim,) = house.read(LEE), house.read(KIM)
        assert SUPPORT in str(to_lee.message["From"])
        assert SALES in str(to_kim.message["From"])
        assert {row["mailbox"] for row in house.wait_for_ledger(2)} == {SUPPORT, SALES}


def test_mail_waits_while_the_relay_is_down(house: House, relay: Postfix) -> None:
    relay.kill()
    house.start()
    _opened(house)
    house.wait_for_ledger(1)
    wait_until(lambda: "relay down" in house.log, "the log to say that the relay is down", 20)
    relay.start()
    assert house.read(LEE, timeout=60)


def test_the_inbox_server_may_go_and_come(house: House, server: Dovecot) -> None:
    house.start()
    server.kill()
    wait_until(lambda: "mailbox down" in house.log, "the log to say that the mailbox is down", 30)
    server.start()
    _opened(house)
    assert house.read(LEE, timeout=60)
