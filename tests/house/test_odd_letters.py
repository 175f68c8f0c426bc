"""Letters that break others: each is kept, each has one outcome, and the daemon goes on."""

from __future__ import annotations

import json

import pytest

from tests.house.house import KIM, LEE, House

BASE = (
    b"From: Lee <lee@customer.example>\r\nTo: support@example.org\r\n"
    b"Date: Sat, 21 Nov 2026 09:00:00 +0000\r\n"
)
ODD = {
    "no From": b"To: support@example.org\r\nSubject: x\r\nMessage-ID: <a@customer.example>\r\n\r\nHello\r\n",
    "two Froms": BASE
    + b"From: Ann <ann@example.org>\r\nSubject: two\r\nMessage-ID: <b@c.example>\r\n\r\n#close\r\n",
    "no Message-ID": BASE + b"Subject: no id\r\n\r\nHello\r\n",
    "unknown charset": BASE
    + b"Subject: charset\r\nMessage-ID: <c@c.example>\r\nContent-Type: text/plain; charset=klingon\r\n\r\n\xe9t\xe9\r\n",
    "a NUL": BASE + b"Subject: nul\x00here\r\nMessage-ID: <d@c.example>\r\n\r\na\x00b\r\n",
    "a subject of 10 kB": BASE
    + b"Subject: "
    + b"long " * 2000
    + b"\r\nMessage-ID: <e@c.example>\r\n\r\nHello\r\n",
    "nothing but a colon": b":\r\n\r\n",
    "empty": b"\r\n",
    "nested messages": BASE
    + b"Subject: nested\r\nMessage-ID: <f@c.example>\r\nMIME-Version: 1.0\r\n"
    + b"".join(b"Content-Type: message/rfc822\r\n\r\n" for _ in range(40))
    + b"Subject: inner\r\n\r\n#close\r\n",
    "a path for a file name": BASE
    + b"Subject: path\r\nMessage-ID: <g@c.example>\r\nMIME-Version: 1.0\r\n"
    + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n'
    + b'--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="../../x"\r\n\r\ny\r\n--b--\r\n',
}

LIFTED = '[limits]\nunproven_per_address = "none"\nsame_words = "none"\ntickets_per_sender = "none"\nmail_size = "1 MiB"\n'


@pytest.fixture
def desk(tmp_path, server, relay):  # type: ignore[no-untyped-def]
    with House(tmp_path, server, relay, more=LIFTED) as built:
        built.start()
        yield built


def test_each_odd_letter_has_one_outcome_and_the_next_one_is_answered(desk: House) -> None:
    for octets in ODD.values():
        desk.deliver(octets, LEE)
    desk.write(KIM, "After them", "Is anybody there?")
    assert desk.read(KIM, timeout=40)
    ledger = desk.wait_for_ledger(len(ODD) + 1)
    assert len(ledger) == len(ODD) + 1
    assert all(row["outcome"] for row in ledger), json.dumps(ledger, indent=1)


def test_the_same_letter_twice_is_one_message(desk: House) -> None:
    octets = BASE + b"Subject: twice\r\nMessage-ID: <twice@c.example>\r\n\r\nHello\r\n"
    desk.deliver(octets, LEE)
    desk.deliver(octets, LEE)
    outcomes = sorted(row["outcome"] for row in desk.wait_for_ledger(2))
    assert outcomes == ["ignored", "opened"]


def test_a_used_message_id_does_not_make_another_letter_vanish(desk: House) -> None:
    for text in (b"The first.\r\n", b"A different one.\r\n"):
        desk.deliver(BASE + b"Subject: same id\r\nMessage-ID: <same@c.example>\r\n\r\n" + text, LEE)
    outcomes = sorted(row["outcome"] for row in desk.wait_for_ledger(2))
    assert "ignored" not in outcomes


def test_an_oversize_letter_is_kept_back_and_its_sender_told_once(desk: House) -> None:
    big = (
        BASE
        + b"Subject: big\r\nMessage-ID: <big@c.example>\r\n\r\n"
        + b"x" * 76
        + b"\r\n" * 1
        + (b"y" * 76 + b"\r\n") * 20_000
    )
    desk.deliver(big, LEE)
    (told,) = desk.read(LEE)
    assert "1 MiB" in told.text
    (row,) = desk.wait_for_ledger(1)
    assert row["outcome"] == "quarantined"
    assert "oversize" in row["reason"]


def test_a_robot_is_never_answered(desk: House) -> None:
    desk.write(LEE, "Out of office", "I am away.", Auto_Submitted="auto-replied")
    desk.write(LEE, "Disk is full", "on host a", Auto_Submitted="auto-generated")
    desk.wait_for_ledger(2)
    desk.write(KIM, "A person", "Hello")
    assert desk.read(KIM)
    assert desk.unread(LEE) == 0
