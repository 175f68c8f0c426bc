"""Whoever is not believed is asked at the registered address: one yes, once, in time, for that very letter."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from mailtickets.cli.app import app
from mailtickets.core.case import Answer, Outcome
from mailtickets.core.mail import Address
from mailtickets.demo import letters
from mailtickets.demo.letters import Letter
from mailtickets.desk import Ending
from mailtickets.store import audit, ledger, schema, views
from mailtickets.store.audit import Law, Witness
from mailtickets.store.engine import Tx
from tests import postgres
from tests.house.house import SUPPORT
from tests.house.postroom import NOON, Post, PostRoom
from tests.postgres import Postgres

LEE = Address("lee@customer.example", "Lee Chang")
EVE = Address("eve@else.example", "Eve")
ANN = Address("ann@example.org", "Ann Smith")
BEN = Address("ben@example.org", "Ben Okafor")
CODE = re.compile(r"#yes ([a-z2-7]{4}-[a-z2-7]{4}-[a-z2-7]{4})")
JUDGED = 'authserv_id = "mx.example.org"\ndkim = false'


@pytest.fixture
def room(tmp_path: Path) -> Iterator[PostRoom]:
    """A desk with one ticket of Lee's, about which all mails have gone out."""
    with PostRoom(tmp_path / "desk", trust=JUDGED) as built:
        built.take(letters.fresh(LEE, Address(SUPPORT), "Printer", "It prints blank pages.", NOON).as_bytes())
        built.send()
        yield built


def _forged(room: PostRoom, text: str, subject: str = "[#1]", sender: Address = ANN) -> Letter:
    """A mail in somebody's name that nothing proves; the mail that asks about it."""
    room.take(letters.fresh(sender, Address(SUPPORT), subject, text, room.now).as_bytes())
    return _asked(room.send(), sender)


def _asked(posts: tuple[Post, ...], who: Address = ANN) -> Letter:
    [asked] = [post.letter for post in posts if "Was this you?" in post.letter.subject]
    assert asked.recipient == who
    return asked


def _answer(room: PostRoom, to: Letter, text: str, sender: Address = ANN, header: str = "") -> Ending:
    message = letters.reply(to, sender, text, room.now)
    name, _, value = header.partition(": ")
    if name:
        message[name] = value
    return _take(room, message)


def _take(room: PostRoom, message: EmailMessage) -> Ending:
    (ending,) = room.take(message.as_bytes())
    return ending


def _status(room: PostRoom) -> str:
    return _ticket(room).ticket.status


def _ticket(room: PostRoom, number: int = 1) -> views.TicketView:
    found = room.store.read_sync(views.ticket, number)
    assert found is not None
    return found


def _answers(room: PostRoom) -> list[Answer | None]:
    def rows(tx: Tx) -> list[Answer | None]:
        return list(tx.scalars(select(schema.question.c.answer).order_by(schema.question.c.letter)))

    return room.store.read_sync(rows)


def _sound(room: PostRoom) -> None:
    """The auditor has nothing to say."""
    named = frozenset({ANN.key, BEN.key})
    found = room.store.read_sync(audit.check, room.store.blobs, Witness(room.now, named=named))
    assert [finding.sentence for finding in found if not finding.holds] == []


def _kinds(posts: tuple[Post, ...]) -> list[str]:
    """Whom the desk wrote to, and with which first words."""
    return sorted(f"{post.to.partition('@')[0]}: {post.letter.words.splitlines()[0]}" for post in posts)


# Yes


def test_yes_does_what_the_letter_ordered_once(room: PostRoom) -> None:
    asked = _forged(room, "#status waiting\n#priority high")
    assert _status(room) == "new"
    assert "Status    New -> Waiting for customer" in asked.text
    room.now += timedelta(minutes=3)
    done = _answer(room, asked, "Yes.")
    assert (done.outcome, done.ticket) == (Outcome.COMMANDED, 1)
    assert done.reason.startswith("confirmed letter 2: ")
    ticket = _ticket(room).ticket
    assert (ticket.status, ticket.priority) == ("waiting", "high")
    assert "ann: Done: 2 changes to ticket 1." in _kinds(room.send())
    _take(room, letters.fresh(LEE, Address(SUPPORT), "[#1]", "Any news?", room.now))
    room.send()
    again = _answer(room, asked, "yes")
    assert (again.outcome, again.reason) == (Outcome.FILED, "letter 2 was confirmed before")
    assert room.send() == ()
    assert _status(room) == "open"
    assert _answers(room) == [Answer.CONFIRMED]
    _sound(room)


def test_an_agents_words_go_out_when_the_agent_says_yes_and_stand_there_as_the_agents(room: PostRoom) -> None:
    asked = _forged(room, "Please clean the drum.\n\nAnn")
    assert "Mailed  Lee Chang (lee@customer.example)" in asked.text
    assert not [mail for mail in room.mails() if mail.kind == "answer"]
    done = _answer(room, asked, "oui\n\nAnn Smith")
    assert done.outcome is Outcome.REPLIED
    [answer] = [post.letter for post in room.send() if post.to == LEE.spec]
    assert answer.words.strip() == "Please clean the drum.\n\nAnn"
    assert _status(room) == "waiting"
    said = [(entry.kind.value, entry.unverified) for entry in _ticket(room).entries]
    assert said == [("public", False), ("note", True), ("public", False)]
    _sound(room)


@pytest.mark.parametrize(
    "text", ["yes", "YES!", "Oui", "#yes", "#yes {}", "yes {}", "yes\n\nAnn", "Yes.\n-- \nAnn Smith\nExample"]
)
def test_these_are_a_plain_yes(room: PostRoom, text: str) -> None:
    asked = _forged(room, "#close")
    done = _answer(room, asked, text.format(CODE.findall(asked.text)[0]))
    assert done.outcome is Outcome.COMMANDED
    assert _status(room) == "closed"


def test_the_code_alone_is_enough_in_a_new_mail_of_the_same_person(room: PostRoom) -> None:
    asked = _forged(room, "#close")
    [code] = CODE.findall(asked.text)
    stranger = _take(room, letters.fresh(LEE, Address(SUPPORT), "Hi", "#yes abcd-efgh-2345", room.now))
    assert stranger.outcome is Outcome.FILED
    done = _take(room, letters.fresh(ANN, Address(SUPPORT), "", f"#yes {code.upper()}", room.now))
    assert (done.outcome, done.ticket) == (Outcome.COMMANDED, 1)
    assert _status(room) == "closed"
    _sound(room)


def test_a_relay_that_gives_our_mails_other_ids_does_no_harm_since_the_quoted_code_tells(
    room: PostRoom,
) -> None:
    asked = _forged(room, "#close")
    octets = re.sub(rb"(?im)^message-id: .*$", b"Message-ID: <0100@relay.example>", asked.octets)
    done = _answer(room, Letter(ANN, octets), "yes")
    assert done.outcome is Outcome.COMMANDED


def test_a_customers_order_is_asked_for_in_fixed_words_and_done(room: PostRoom) -> None:
    asked = _forged(room, "#close\n#title CHEAP PILLS", sender=LEE)
    assert "CHEAP" not in asked.octets.decode()
    assert "another subject, which this mail does not repeat" in asked.text.replace("\n", " ")
    assert "In progress -> Closed" in asked.text or "Received -> Closed" in asked.text
    assert _answer(room, asked, "yes", LEE).outcome is Outcome.COMMANDED
    ticket = _ticket(room).ticket
    assert (ticket.status, ticket.subject) == ("closed", "CHEAP PILLS")
    _sound(room)


def test_a_new_mail_opens_its_ticket_at_once_and_its_orders_wait(room: PostRoom) -> None:
    asked = _forged(room, "#priority high\n\nThe door is stuck.", "Door")
    assert _ticket(room, 2).ticket.priority == "normal"
    done = _answer(room, asked, "yes")
    assert (done.outcome, done.ticket) == (Outcome.COMMANDED, 2)
    assert _ticket(room, 2).ticket.priority == "high"
    assert len(_ticket(room, 2).entries) == 1
    assert len(room.store.read_sync(views.ledger_rows, limit=None)) == 3
    _sound(room)


def test_strict_asks_where_one_proof_is_too_little(room: PostRoom) -> None:
    room.desk = replace(room.desk, policy=replace(room.desk.policy, strict=True))
    room.take(letters.fresh(LEE, Address(SUPPORT), "Scanner", "It scans nothing.", NOON).as_bytes())
    [notice] = [post.letter for post in room.send() if post.to == ANN.spec]
    room.take(letters.reply(notice, ANN, "#close", NOON).as_bytes())
    asked = _asked(room.send())
    assert "two proofs" in asked.text
    assert _answer(room, asked, "yes").outcome is Outcome.COMMANDED
    assert _ticket(room, 2).ticket.status == "closed"


def test_a_letter_that_was_believed_by_another_route_is_not_done_a_second_time(room: PostRoom) -> None:
    order = letters.fresh(ANN, Address(SUPPORT), "[#1]", "Please clean the drum.", room.now)
    room.take(order.as_bytes())
    asked = _asked(room.send())
    order["Authentication-Results"] = "mx.example.org; dmarc=pass header.from=example.org"
    assert _take(room, order).outcome is Outcome.REPLIED
    assert _answer(room, asked, "yes").outcome is Outcome.FILED
    assert len([mail for mail in room.mails() if mail.kind == "answer"]) == 1
    assert _answers(room) == [Answer.OVERTAKEN]
    _sound(room)


def test_two_yes_in_one_batch_are_one(room: PostRoom) -> None:
    asked = _forged(room, "Please clean the drum.")
    both = [letters.reply(asked, ANN, text, room.now).as_bytes() for text in ("yes", "Yes.")]
    assert [ending.outcome for ending in room.take(*both)] == [Outcome.REPLIED, Outcome.FILED]
    assert len([mail for mail in room.mails() if mail.kind == "answer"]) == 1


def test_it_is_the_same_on_postgresql(tmp_path: Path) -> None:
    if reason := postgres.missing():
        pytest.skip(reason)
    with (
        Postgres() as server,
        PostRoom(tmp_path / "desk", trust=JUDGED, url=server.database().replace("+psycopg", "", 1)) as room,
    ):
        room.take(letters.fresh(LEE, Address(SUPPORT), "Printer", "It prints blank pages.", NOON).as_bytes())
        room.send()
        asked = _forged(room, "#close\n\nThe drum is new.")
        assert _answer(room, asked, "yes").outcome is Outcome.REPLIED
        assert _answer(room, asked, "yes").outcome is Outcome.FILED
        assert _answer(room, _forged(room, "#reopen"), "no").outcome is Outcome.FILED
        assert (_status(room), _answers(room)) == ("closed", [Answer.CONFIRMED, Answer.CANCELLED])
        assert "confirmed 2026-11-20 12:00:00 by letter 3" in _cli(room, "explain", "2")
        _sound(room)


# Anything else


@pytest.mark.parametrize(
    "text",
    ["no thanks", "Yes, please", "yes\nno", "#yes abcd-efgh-2345", "What is this?", "#close", "yes\n\nBob"],
)
def test_anything_else_cancels_and_the_operators_are_told(room: PostRoom, text: str) -> None:
    asked = _forged(room, "#close")
    done = _answer(room, asked, text)
    assert done.outcome is Outcome.FILED
    posts = room.send()
    assert [
        post.to for post in posts if "no plain yes. Nothing was done." in post.letter.text.replace("\n", " ")
    ] == [ANN.spec]
    assert [
        post.to for post in posts if "no plain yes, so what you were" in post.letter.text.replace("\n", " ")
    ] == [ANN.spec]
    after = _answer(room, asked, "yes")
    assert after.outcome is Outcome.FILED
    assert _status(room) == "new"
    assert _answers(room) == [Answer.CANCELLED]
    assert len(_ticket(room).entries) == 2, "no word of it is on the ticket"
    assert LEE.spec not in [post.to for post in posts]
    assert not [post for post in room.send() if "needs a look" in post.letter.subject], "once"


def test_too_late_is_told_and_the_letter_can_be_sent_again(room: PostRoom) -> None:
    asked = _forged(room, "#close")
    room.now += timedelta(minutes=15, seconds=1)
    assert _answer(room, asked, "yes").reason == "too late to confirm letter 2"
    [told] = room.send()
    assert (told.to, "send the mail again" in told.letter.text.replace("\n", " ")) == (ANN.spec, True)
    assert _status(room) == "new"
    room.now += timedelta(hours=1)
    assert _answer(room, _forged(room, "#close"), "yes").outcome is Outcome.COMMANDED


def test_a_yes_that_came_in_time_counts_though_the_desk_was_down(room: PostRoom) -> None:
    asked = _forged(room, "#close")
    room.now += timedelta(minutes=14)
    yes = room._raw(letters.reply(asked, ANN, "yes", room.now).as_bytes())
    stored = room.store.write_sync(ledger.keep, room.store.blobs, [yes], room.now)
    room.now += timedelta(hours=5)
    (done,) = room._decide(stored)
    assert done.outcome is Outcome.COMMANDED


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: auto-replied", "X-Autoreply: yes", "Precedence: bulk", "List-Id: <x>"]
)
@pytest.mark.parametrize("text", ["yes", "I am away until Monday."])
def test_a_machine_neither_confirms_nor_cancels_and_its_quote_is_shown_to_nobody(
    room: PostRoom, header: str, text: str
) -> None:
    asked = _forged(room, "#close")
    for _ in range(3):
        assert _answer(room, asked, text, header=header).outcome is Outcome.FILED
    assert room.send() == ()
    assert len(_ticket(room).entries) == 2
    assert _answers(room) == [None]
    assert _answer(room, asked, "yes").outcome is Outcome.COMMANDED


def test_a_question_that_comes_back_is_over(room: PostRoom) -> None:
    asked = _forged(room, "#close")
    bounce = (
        f"From: MAILER-DAEMON@mx.example\r\nTo: {SUPPORT}\r\nReturn-Path: <>\r\nMessage-ID: <b@mx.example>\r\n"
        f"Subject: Undelivered\r\nIn-Reply-To: {asked.id}\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nNo such user.\r\n--b\r\n"
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {ANN.spec}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
    )
    room.take(bounce.encode())
    assert _answers(room) == [Answer.LOST]
    assert _answer(room, asked, "yes").outcome is Outcome.FILED
    assert _status(room) == "new"


# Nobody else


def test_the_forger_cannot_say_yes(room: PostRoom) -> None:
    asked = _forged(room, "#close")
    for text in ("yes", "#yes", "#yes aaaa-bbbb-cccc"):
        room.now += timedelta(seconds=30)
        _take(room, letters.fresh(ANN, Address(SUPPORT), asked.subject, text, room.now))
    assert _status(room) == "new"
    assert _answers(room)[0] is None


def test_an_older_token_of_the_same_person_is_no_yes(room: PostRoom) -> None:
    room.take(letters.fresh(LEE, Address(SUPPORT), "[#1]", "More.", NOON).as_bytes())
    notice = next(post.letter for post in room.send() if post.to == ANN.spec)
    asked = _forged(room, "#close")
    done = _answer(room, notice, "#note\n\nyes")
    assert done.outcome is Outcome.REPLIED
    assert (_status(room), _answers(room)) == ("new", [None])
    assert _answer(room, asked, "yes").outcome is Outcome.COMMANDED


@pytest.mark.parametrize("sender", [LEE, BEN, EVE])
def test_a_yes_of_somebody_else_ends_the_question(room: PostRoom, sender: Address) -> None:
    asked = _forged(room, "#close")
    assert _answer(room, asked, "yes", sender).outcome is Outcome.FILED
    posts = room.send()
    assert [post.to for post in posts] == [ANN.spec], "the operators, and not even whoever wrote"
    assert _answer(room, asked, "yes").outcome is Outcome.FILED
    assert (_status(room), _answers(room)) == ("new", [Answer.CANCELLED])


def test_a_yes_that_fails_the_check_of_its_sender_ends_the_question(room: PostRoom) -> None:
    asked = _forged(room, "#close")
    failed = "Authentication-Results: mx.example.org; dmarc=fail header.from=example.org"
    assert _answer(room, asked, "yes", header=failed).outcome is Outcome.FILED
    assert (_status(room), _answers(room)) == ("new", [Answer.CANCELLED])


def test_an_id_that_somebody_outside_has_seen_confirms_nothing(room: PostRoom) -> None:
    room.take(letters.fresh(LEE, Address(SUPPORT), "[#1]", "More.", NOON).as_bytes())
    notice = next(post.letter for post in room.send() if post.to == ANN.spec)
    asked = _forged(room, "#close")
    # An answer to another mail, of which the one that asks is only an ancestor.
    other = letters.reply(notice, ANN, "#note\n\nSee Eve.", room.now)
    other.replace_header("References", f"{asked.id} {notice.id}")
    other["Cc"] = EVE.spec
    assert _take(room, other).outcome is Outcome.REPLIED
    forged = letters.fresh(ANN, Address(SUPPORT), asked.subject, "yes", room.now)
    forged["In-Reply-To"] = asked.id
    assert _take(room, forged).outcome is Outcome.FILED
    assert (_status(room), _answers(room)) == ("new", [Answer.CANCELLED])


def test_a_yes_to_one_letter_is_no_yes_to_another(room: PostRoom) -> None:
    asked = _forged(room, "#status waiting")
    other = _forged(room, "#close\n\nGo away.")
    assert _answer(room, asked, f"#yes {CODE.findall(other.text)[0]}").outcome is Outcome.FILED
    assert (_status(room), _answers(room)) == ("new", [Answer.CANCELLED, None])
    assert _answer(room, other, "yes").outcome is Outcome.REPLIED
    assert _status(room) == "closed"


def test_what_would_go_to_somebody_else_by_now_is_not_sent(room: PostRoom) -> None:
    asked = _forged(room, "The password is in the safe.")
    [lee] = [mail for mail in room.mails() if mail.recipient == LEE.spec]
    joined = letters.fresh(LEE, Address(SUPPORT), "[#1]", "Kim is my colleague.", room.now)
    joined["Cc"] = "kim@customer.example"
    joined["In-Reply-To"] = f"<{lee.message_id}>"
    room.take(joined.as_bytes())
    assert _answer(room, asked, "yes").outcome is Outcome.FILED
    assert _answers(room) == [Answer.OVERTAKEN]
    assert not [mail for mail in room.mails() if mail.kind == "answer"]


# Bombs


def test_in_the_agents_name_nobody_fills_the_agents_inbox(room: PostRoom) -> None:
    for n in range(20):
        room.take(letters.fresh(ANN, Address(SUPPORT), "[#1]", f"#title Subject {n}", room.now).as_bytes())
    to_ann = [post for post in room.send() if post.to == ANN.spec and "Was this you?" in post.letter.subject]
    assert len(to_ann) == 3
    assert len([mail for mail in room.mails() if mail.kind == "confirm" and mail.state == "held"]) == 17


# Its secret


def test_the_code_and_the_id_are_in_that_one_mail_only(room: PostRoom) -> None:
    asked = _forged(room, "Please clean the drum.")
    [code] = CODE.findall(asked.text)
    _answer(room, asked, "yes")
    for post in room.send():
        assert code not in post.letter.octets.decode()
        assert asked.id not in post.letter.octets.decode()
    assert code not in repr(_ticket(room))
    ann = next(p.person for p in _ticket(room).participants if p.person.address == ANN)
    seen = room.store.read_sync(views.ticket, 1, ann)
    assert seen is not None
    assert seen.last_to_viewer
    assert seen.last_to_viewer not in asked.id


# What the operator reads of it


def _cli(room: PostRoom, *words: str) -> str:
    done = CliRunner().invoke(app, [*words, "--config", str(room.config)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_explain_tells_what_was_asked_and_what_came_of_it(room: PostRoom) -> None:
    asked = _forged(room, "#close")
    waiting = _cli(room, "explain", "2")
    assert "Was anybody asked?" in waiting
    assert (
        "ann@example.org was asked for a yes 2026-11-20 12:00:00, which counted until 2026-11-20 12:15:00"
        in waiting
    )
    assert "no yes came in that time" in waiting
    _answer(room, asked, "yes")
    assert "confirmed 2026-11-20 12:00:00 by letter 3: mailtickets explain 3" in _cli(room, "explain", "2")
    done = _cli(room, "explain", "3")
    assert "It answers the question about letter 2: mailtickets explain 2" in done
    assert "the registered address has said yes: letter 2" in done
    assert "status" in done
    assert json.loads(_cli(room, "explain", "2", "--json"))[0]["question"]["answer"] == "confirmed"
    other = _forged(room, "#reopen")
    _answer(room, other, "no")
    assert "cancelled 2026-11-20 12:00:00, since the answer was no plain yes by letter 5" in _cli(
        room, "explain", "4"
    )


def test_simulate_foretells_what_a_yes_would_do_and_asks_nobody(room: PostRoom, tmp_path: Path) -> None:
    file, at = tmp_path / "a.eml", ("--as-of", room.now.isoformat())
    file.write_bytes(letters.fresh(ANN, Address(SUPPORT), "[#1]", "#close", NOON).as_bytes())
    foretold = _cli(room, "simulate", str(file), "--mails", *at)
    assert "ann@example.org was asked for a yes" in foretold
    assert not CODE.search(foretold)
    assert _answers(room) == []
    asked = _forged(room, "#close")
    file.write_bytes(letters.reply(asked, ANN, "yes", NOON).as_bytes())
    foretold = _cli(room, "simulate", str(file), *at)
    assert "commanded (ticket 1): confirmed letter 2: found by question; #close" in foretold
    assert "new → closed" in foretold
    assert (_status(room), _answers(room)) == ("new", [None])


def test_the_auditor_misses_a_yes_that_nobody_said(room: PostRoom) -> None:
    _answer(room, _forged(room, "#close"), "yes")
    _sound(room)

    def forget(tx: Tx) -> None:
        tx.execute(schema.question.delete())

    room.store.write_sync(forget)
    found = room.store.read_sync(
        audit.check, room.store.blobs, Witness(room.now, named=frozenset({ANN.key, BEN.key}))
    )
    assert [finding.law for finding in found if not finding.holds] == [Law.EVIDENCE]


def test_the_files_of_a_confirmed_letter_are_found(room: PostRoom) -> None:
    message = letters.fresh(ANN, Address(SUPPORT), "[#1]", "Here it is.", NOON)
    message.add_attachment(b"how to clean it", maintype="text", subtype="plain", filename="manual.txt")
    room.take(message.as_bytes())
    asked = _asked(room.send())
    assert "manual.txt" in asked.text
    assert not list(asked.message.iter_attachments())
    _answer(room, asked, "yes")
    answer = _ticket(room).entries[-1]
    octets = room.store.read_sync(views.attached_to, room.store.blobs, answer.id)
    assert octets is not None
    assert b"manual.txt" in octets
    [sent] = [post.letter for post in room.send() if post.to == LEE.spec]
    assert [part.get_filename() for part in sent.message.iter_attachments()] == ["manual.txt"]
