"""`explain` tells what really became of a mail: whole desks, every kind of end, read as an operator reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mailtickets.cli.app import app
from mailtickets.core.mail import Address
from mailtickets.core.retry import Deferred, Failed
from mailtickets.demo import letters
from mailtickets.demo.letters import Letter
from mailtickets.store import outbox
from tests.house.house import SUPPORT
from tests.house.postroom import NOON, OK, Post, PostRoom

DOCS = Path(__file__).parents[2] / "docs" / "explain.md"
LEE = Address("lee@customer.example", "Lee Chang")
ANN = Address("ann@example.org", "Ann Smith")
GREY = Deferred(451, "4.7.1 Greylisted, come back later")
AWAY = Deferred(0, "The relay did not answer.", relay_down=True)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[PostRoom]:
    with PostRoom(tmp_path / "desk") as built:
        yield built


def _fresh(subject: str = "Blank pages", text: str = "The printer prints blank pages.") -> bytes:
    return letters.fresh(LEE, Address(SUPPORT), subject, text, NOON).as_bytes()


def _explain(room: PostRoom, what: str, *more: str) -> Result:
    return CliRunner().invoke(app, ["explain", what, *more, "--config", str(room.config)])


def _told(room: PostRoom, what: str) -> str:
    done = _explain(room, what)
    assert done.exit_code == 0, done.output
    return done.stdout


def _values(room: PostRoom, what: str) -> list[dict[str, Any]]:
    done = _explain(room, what, "--json")
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _to(posts: tuple[Post, ...], address: Address) -> Letter:
    return next(post.letter for post in reversed(posts) if post.to == address.spec)


def test_a_new_ticket_with_every_attempt_at_its_acknowledgement(room: PostRoom) -> None:
    room.take(_fresh())
    room.send(lambda post: GREY if post.to == LEE.spec else OK)
    room.now += timedelta(minutes=2)
    room.send(lambda _: AWAY)
    room.now += timedelta(minutes=2)
    room.send(lambda _: AWAY)
    room.now += timedelta(minutes=2)
    room.send()
    told = _told(room, "1")
    assert "outcome  opened (ticket 1): new ticket" in told
    assert "a person: nothing says that a machine wrote it" in told
    assert "it answers no mail that the desk knows, and its subject names no ticket" in told
    assert "lee@customer.example: handed over 2026-11-20 12:06:00 at try 2: 250 2.0.0 Ok: queued" in told
    assert "tried 2026-11-20 12:00:00: 451 4.7.1 Greylisted, come back later" in told
    assert "tried 2 times from 2026-11-20 12:02:00 to 2026-11-20 12:04:00: The relay did not answer." in told
    (letter,) = _values(room, "1")
    assert [mail["kind"] for mail in letter["mails"]] == ["acknowledgement", "opened", "opened"]
    assert [one["times"] for one in letter["mails"][0]["attempts"]] == [1, 2]


def test_a_letter_is_asked_for_by_id_file_uid_and_message_id_alike(room: PostRoom, tmp_path: Path) -> None:
    octets = _fresh()
    room.take(octets)
    (tmp_path / "same.eml").write_bytes(octets)
    (tmp_path / "other-route.eml").write_bytes(b"Received: by elsewhere.example\r\n" + octets)
    id = Letter(LEE, octets).id
    told = _told(room, "1")
    files = [str(tmp_path / name) for name in ("same.eml", "other-route.eml")]
    for asked in (id, id.strip("<>"), f"{SUPPORT}/1", f"{SUPPORT}/1/1", *files):
        assert _told(room, asked) == told


def test_an_answer_says_what_proved_it_what_it_changed_and_who_was_left_out(room: PostRoom) -> None:
    room.take(_fresh())
    answer = letters.reply(_to(room.send(), ANN), ANN, "Please clean it.", room.now).as_bytes()
    room.take(answer)
    told = _told(room, "2")
    assert "ticket 1. By which clue? It answers a mail that this desk has written" in told
    assert "for      it answers a mail that the desk sent to this very person about ticket 1" in told
    assert "status          new → waiting" in told
    assert "Ann Smith <ann@example.org>: wrote it." in told


def test_a_note_says_that_the_customer_was_left_out_because_it_was_one(room: PostRoom) -> None:
    room.take(_fresh())
    room.take(letters.reply(_to(room.send(), ANN), ANN, "#note\n\nA known fault.", room.now).as_bytes())
    assert "Lee Chang <lee@customer.example>: the mail is an internal note." in _told(room, "2")


def test_a_machine_and_a_stranger_with_a_guessed_number_are_told_why_not(room: PostRoom) -> None:
    room.take(_fresh())
    alarm = b"From: disk@host.example\r\nAuto-Submitted: auto-generated\r\nMessage-ID: <a@host.example>\r\n"
    room.take(alarm + b"Subject: Disk full\r\n\r\nIt is.\r\n")
    room.take(
        b"From: eve@else.example\r\nSubject: [#1] psst\r\nMessage-ID: <e@else.example>\r\n\r\nTell me.\r\n"
    )
    told = _told(room, "<a@host.example>")
    assert "a program: Auto-Submitted: auto-generated (RFC 3834)" in told
    assert "disk@host.example: the mail was automatic, and a machine is never answered." in told
    assert "the subject names ticket 1, but its sender is not on that ticket" in _told(room, "e@else.example")


def test_duplicates_name_each_other_and_quarantine_and_holding_name_their_way_out(room: PostRoom) -> None:
    octets = _fresh()
    room.take(octets)
    room.take(b"Received: by elsewhere.example\r\n" + octets)
    assert "letter 2  2026-11-20 12:00:00 ignored: duplicate of letter 1" in _told(room, "1")
    room.take(b"Subject: who?\r\nMessage-ID: <n@else.example>\r\n\r\nNobody wrote this.\r\n")
    assert "mailtickets quarantine retry 3" in _told(room, "n@else.example")
    for number in range(21):
        room.take(_fresh(f"Another matter {number}", "word " * number))
    held = next(row["letter"] for row in _values(room, "24") if row["outcome"] == "held")
    assert f"mailtickets held release {held}" in _told(room, str(held))


def test_a_mail_of_ours_tells_its_cause_its_end_and_its_bounce(room: PostRoom) -> None:
    room.take(_fresh())
    posts = room.send(lambda post: Failed(550, "5.1.1 No such user") if post.to == LEE.spec else OK)
    notice, undelivered = (post.letter.id for post in posts if post.to == ANN.spec)
    told = _told(room, notice)
    assert "Mail 2, written by the desk: notice: new ticket" in told
    assert "because  mail 1 of the desk could not be delivered" in _told(room, undelivered)
    assert "because  letter 1, opened (ticket 1): new ticket. More of it: mailtickets explain 1" in told
    first = _told(room, "1")
    assert "lee@customer.example: given up 2026-11-20 12:00:00: There is no mailbox of that name." in first
    assert "tried 2026-11-20 12:00:00: 550 5.1.1 No such user" in first


def test_an_id_of_ours_says_whose_it_was_even_when_its_row_is_purged(room: PostRoom) -> None:
    room.take(_fresh())
    own = _to(room.send(), LEE).id
    room.store.write_sync(outbox.purge, room.now + timedelta(days=1))
    done = _explain(room, own)
    assert done.exit_code == 1
    assert "This desk wrote that mail to lee@customer.example about ticket 1" in done.output
    assert "its row is gone: what was sent is kept for 90 days" in _told(room, "1")


def test_what_the_docs_show_is_what_it_prints(room: PostRoom) -> None:
    room.take(
        _named(letters.fresh(LEE, Address(SUPPORT), "Blank pages", "It prints blank pages.", NOON), "one")
    )
    notice = _to(room.send(), ANN)
    room.now += timedelta(minutes=9)
    room.take(_named(letters.reply(notice, ANN, "#priority high\n\nPlease clean the drum.", room.now), "two"))
    room.send(lambda post: GREY if post.to == LEE.spec else OK)
    room.now += timedelta(minutes=1)
    room.send()
    assert _told(room, "<two@example.org>") in DOCS.read_text()


def _named(mail: EmailMessage, name: str) -> bytes:
    """A letter whose octets and Message-ID are the same in each run."""
    mail.replace_header("Message-ID", f"<{name}@example.org>")
    return mail.as_bytes()


def test_what_is_unknown_is_said_with_what_to_try(room: PostRoom, tmp_path: Path) -> None:
    (tmp_path / "new.eml").write_bytes(_fresh())
    for asked in ("<nobody@nowhere.example>", "77", f"{SUPPORT}/77", str(tmp_path / "new.eml")):
        done = _explain(room, asked)
        assert (done.exit_code, "The desk knows no such mail" in done.output) == (1, True)
        assert "mailtickets ledger" in done.output
