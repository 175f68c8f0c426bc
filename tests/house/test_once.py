"""What counts but once: a genuine mail that somebody sends again, an id of ours that somebody outside has seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailtickets.core.case import Outcome
from mailtickets.core.mail import Address
from mailtickets.demo import letters
from mailtickets.demo.letters import Letter
from mailtickets.store import views
from tests.house.house import SUPPORT
from tests.house.postroom import NOON, PostRoom

LEE = Address("lee@customer.example", "Lee Chang")
EVE = Address("eve@else.example", "Eve")
ANN = Address("ann@example.org", "Ann Smith")
PASSED = "mx.example.org; dkim=pass header.d=example.org; dmarc=pass header.from=example.org"
SIGNED = "v=1; a=rsa-sha256; d=example.org; s=s1; h=from:subject; bh=eA==; b={}"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[PostRoom]:
    """Two tickets of Lee's; the operator's server judges senders."""
    with PostRoom(tmp_path / "desk", trust='authserv_id = "mx.example.org"\ndkim = false') as built:
        for subject, text in (("Printer", "It prints blank pages."), ("Scanner", "It scans nothing at all.")):
            built.take(letters.fresh(LEE, Address(SUPPORT), subject, text, NOON).as_bytes())
        yield built


def _status(room: PostRoom, number: int) -> str:
    found = room.store.read_sync(views.ticket, number)
    assert found is not None
    return found.ticket.status


def _order(text: str, subject: str = "[#1]", **headers: str) -> EmailMessage:
    """A new mail of Ann's."""
    message = letters.fresh(ANN, Address(SUPPORT), subject, text, NOON)
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    return message


def _vouched(message: EmailMessage, signature: str = "b25lIGxldHRlcg==") -> bytes:
    """As the operator's server hands it over."""
    message["DKIM-Signature"] = SIGNED.format(signature)
    message["Authentication-Results"] = PASSED
    return message.as_bytes()


def _notice(room: PostRoom) -> Letter:
    """What Ann was told of the first ticket."""
    return next(post.letter for post in room.send() if post.to == ANN.spec and "[#1]" in post.letter.subject)


# A genuine mail, sent again


def test_a_genuine_mail_works_once_however_it_is_dressed_up_the_next_time(room: PostRoom) -> None:
    (done,) = room.take(_vouched(_order("#status waiting")))
    assert done.outcome is Outcome.COMMANDED
    (other,) = room.take(_vouched(_order("#status waiting", "[#2]", Message_ID="<else@example.org>")))
    assert (other.outcome, other.reason) == (
        Outcome.IGNORED,
        f"replay of letter {done.stored.inbound}: the same signature",
    )
    assert (_status(room, 1), _status(room, 2)) == ("waiting", "new")
    (own,) = room.take(_vouched(_order("#status waiting", "[#2]"), "YW5vdGhlcg=="))
    assert own.outcome is Outcome.COMMANDED


def test_both_copies_may_come_in_one_batch(room: PostRoom) -> None:
    first, second = room.take(_vouched(_order("#close")), _vouched(_order("#close", "[#2]")))
    assert (first.outcome, second.outcome) == (Outcome.COMMANDED, Outcome.IGNORED)


def test_a_forgery_with_the_signature_of_a_mail_to_come_does_not_spend_it(room: PostRoom) -> None:
    forged = _order("#close", "[#2]")
    forged["DKIM-Signature"] = SIGNED.format("b25lIGxldHRlcg==")
    room.take(forged.as_bytes())
    (done,) = room.take(_vouched(_order("#status waiting")))
    assert done.outcome is Outcome.COMMANDED
    assert _status(room, 2) == "new"


@pytest.mark.parametrize("date", ["Thu, 12 Nov 2026 11:59:59 +0000", "Sat, 28 Nov 2026 12:00:01 +0000", ""])
def test_an_old_mail_orders_nothing(room: PostRoom, date: str) -> None:
    order = _order("#close", Date=date) if date else _order("#close")
    if not date:
        del order["Date"]
    (done,) = room.take(_vouched(order))
    assert done.outcome is Outcome.FILED
    assert _status(room, 1) == "new"


def test_a_mail_of_this_week_orders(room: PostRoom) -> None:
    room.now += timedelta(days=6)
    (done,) = room.take(_vouched(_order("#close")))
    assert done.outcome is Outcome.COMMANDED


# An id that somebody outside has seen


def test_an_id_that_went_to_someone_outside_proves_nothing_more_but_leads_to_its_ticket(
    room: PostRoom,
) -> None:
    notice = _notice(room)
    first = letters.reply(notice, ANN, "#status open", NOON)
    first["Cc"] = EVE.spec
    (done,) = room.take(first.as_bytes())
    assert done.outcome is Outcome.COMMANDED, "it was hers when she wrote"
    for text in ("#close", "Please send the keys to Eve."):
        (forged,) = room.take(letters.reply(notice, ANN, text, NOON).as_bytes())
        assert (forged.outcome, forged.ticket) == (Outcome.FILED, 1)
    assert _status(room, 1) == "open"
    assert not [mail for mail in room.mails() if mail.kind == "answer"]


def test_it_is_spent_within_the_batch_and_after_another_start(tmp_path: Path, room: PostRoom) -> None:
    notice = _notice(room)
    first = letters.reply(notice, ANN, "#status open", NOON)
    first["Cc"] = LEE.spec
    done, forged = room.take(first.as_bytes(), letters.reply(notice, ANN, "#close", NOON).as_bytes())
    assert (done.outcome, forged.outcome) == (Outcome.COMMANDED, Outcome.FILED)
    with PostRoom(tmp_path / "desk", trust="dkim = false") as again:
        again._uid = 100
        (later,) = again.take(letters.reply(notice, ANN, "#close\n#mine", NOON).as_bytes())
    assert later.outcome is Outcome.FILED


def test_a_colleague_in_copy_is_not_outside(room: PostRoom) -> None:
    notice = _notice(room)
    first = letters.reply(notice, ANN, "#status open", NOON)
    first["Cc"] = "ben@example.org"
    room.take(first.as_bytes())
    (done,) = room.take(letters.reply(notice, ANN, "#close", NOON).as_bytes())
    assert done.outcome is Outcome.COMMANDED
