"""What is kept of a mail, asked by whatever the operator has of it."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from mailtickets.core.case import Outcome, ReplyKind
from mailtickets.core.decide import Decision
from mailtickets.core.silence import Silence, Silent
from mailtickets.core.thread import Clues, Route
from mailtickets.core.ticket import Changed, Field, Opened
from mailtickets.store import views
from mailtickets.store.views import LetterTrail
from tests.store.desk import Desk, outgoing, said
from tests.store.letters import DESK, LEE, letter, raw


def _trail(desk: Desk, id: int) -> LetterTrail:
    found = desk.store.read_sync(views.letter_trail, id)
    assert found is not None
    return found


def test_a_letter_is_found_by_all_that_an_operator_may_have_of_it(desk: Desk) -> None:
    desk.opens(letter("one@customer.example"))
    octets = raw(1).octets
    read = desk.store.read_sync
    assert read(views.letters_by_message_id, "one@customer.example") == (1,)
    assert read(views.letters_by_octets, hashlib.sha256(octets).hexdigest()) == (1,)
    assert read(views.letters_by_fingerprint, letter("one@customer.example").fingerprint) == (1,)
    assert read(views.letters_by_uid, DESK.key, 1) == (1,)
    assert read(views.letters_by_uid, DESK.key, 1, 1) == (1,)
    assert read(views.letters_by_uid, DESK.key, 1, 2) == ()
    for nothing in (
        read(views.letters_by_message_id, "none@customer.example"),
        read(views.letters_by_octets, "0" * 64),
        read(views.letters_by_fingerprint, ""),
        read(views.mails_by_message_id, "none@customer.example"),
    ):
        assert nothing == ()
    assert read(views.letter_trail, 99) is None
    assert read(views.mail_trail, 99) is None


def test_letters_without_a_ticket_and_forged_ids_are_found_too(desk: Desk) -> None:
    desk.take(letter("lost@customer.example"), Decision(Outcome.FILED, "no ticket: a receipt"))
    desk.opens(letter("one@customer.example"))
    desk.take(letter("one@customer.example", fingerprint="f" * 64), Decision(Outcome.FILED, "a forged one"))
    assert desk.store.read_sync(views.letters_by_message_id, "lost@customer.example") == (1,)
    assert desk.store.read_sync(views.letters_by_message_id, "one@customer.example") == (2, 3)


def test_the_account_of_a_decision_comes_back_as_it_was_made(desk: Desk) -> None:
    ticket = desk.opens()
    ann, lee = desk.hire(), desk.person(LEE)
    decision = Decision(
        Outcome.REPLIED,
        "found by own id",
        changes=(Changed(Field.STATUS, "new", "open"),),
        message=said(lee, "Any news?"),
        silent=(Silent(lee, Silence.WROTE), Silent(ann, Silence.OTHERS)),
    )
    clues = Clues((ticket.id,), tuple(f"{n}@else.example" for n in range(9)), 12)
    desk.take(letter("two@customer.example"), decision, clues)
    trail = _trail(desk, 2)
    assert trail.account is not None
    assert (trail.account.route, trail.account.own, trail.account.tag) == (Route.OWN_ID, (ticket.id,), 12)
    assert trail.account.ids == tuple(f"{n}@else.example" for n in range(5))
    assert [(trail.people[u.person], u.why) for u in trail.account.unmailed] == [
        (lee, Silence.WROTE),
        (ann, Silence.OTHERS),
    ]
    assert trail.sender == lee
    assert [event.change for event in trail.changes] == [Changed(Field.STATUS, "new", "open")]
    assert trail.numbers == {ticket.id: ticket.number}
    opening = _trail(desk, 1)
    assert isinstance(opening.changes[0].change, Opened)
    assert opening.joined == (lee,)


def test_a_mail_of_ours_leads_to_the_letter_that_it_answers(desk: Desk) -> None:
    desk.opens()
    mail = outgoing(desk.person(LEE), ReplyKind.ACKNOWLEDGEMENT)
    desk.mails(mail, "in:1")
    desk.mails(outgoing(desk.person(LEE), ReplyKind.LOGIN), "link:abc")
    (id,) = desk.store.read_sync(views.mails_by_message_id, mail.message_id.upper())
    answered = desk.store.read_sync(views.mail_trail, id)
    assert answered is not None
    assert answered.letter is not None
    assert (answered.letter.id, answered.mail.recipient) == (1, desk.person(LEE))
    alone = desk.store.read_sync(views.mail_trail, id + 1)
    assert alone is not None
    assert alone.letter is None
    assert [mail.row.id for mail in _trail(desk, 1).mails] == [id]


def test_copies_of_a_letter_are_told_with_it(desk: Desk) -> None:
    desk.opens(letter("one@customer.example"))
    desk.later(timedelta(minutes=1))
    desk.take(letter("one@customer.example"), Decision(Outcome.IGNORED, "duplicate of letter 1"))
    assert [copy.id for copy in _trail(desk, 1).copies] == [2]
    assert [copy.id for copy in _trail(desk, 2).copies] == [1]
