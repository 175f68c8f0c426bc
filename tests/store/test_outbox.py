"""What is decided once is mailed once, however often anybody dies."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailtickets.core.case import ReplyKind
from mailtickets.core.retry import Again, Deferred, Done, Failed, GiveUp, Sent
from mailtickets.store import outbox, views
from mailtickets.store.engine import Store
from mailtickets.store.outbox import Claimed
from mailtickets.store.schema import MailState
from mailtickets.store.views import MailRow
from tests.store.desk import Desk, outgoing
from tests.store.letters import LEE, NOW

OK = Sent(250, "2.0.0 queued as 4711")
LATER = Deferred(451, "4.7.1 come back")
DOWN = Deferred(0, "no answer", relay_down=True)
NO = Failed(550, "5.1.1 no such user")
MINUTE = timedelta(minutes=1)


def claim(
    store: Store, owner: str = "one", n: int = 10, after: timedelta = timedelta()
) -> tuple[Claimed, ...]:
    return store.write_sync(outbox.claim, owner, n, NOW + after)


def row(store: Store) -> MailRow:
    (only,) = store.read_sync(views.outbox_rows, *MailState)
    return only


@pytest.fixture
def mailed(desk: Desk) -> Store:
    """A store with one mail that is due."""
    desk.mails(outgoing(desk.person(LEE)))
    return desk.store


def test_the_same_cause_mails_the_same_recipient_once(desk: Desk) -> None:
    lee = desk.person(LEE)
    assert desk.mails(outgoing(lee)) == 1
    assert desk.mails(outgoing(lee, octets=b"other words")) == 0
    assert desk.mails(outgoing(lee, ReplyKind.STATUS)) == 1
    assert desk.mails(outgoing(lee), "in:2") == 1


def test_octets_go_out_as_they_were_composed(desk: Desk) -> None:
    octets = b"Subject: \xc3\xa4\r\n\r\n\0\xff" * 100
    desk.mails(outgoing(desk.person(LEE), octets=octets))
    assert [c.octets for c in claim(desk.store)] == [octets]


def test_an_attempt_is_counted_and_the_next_one_set_before_anybody_dials(mailed: Store) -> None:
    (claimed,) = claim(mailed)
    assert (claimed.attempts, claimed.recipient) == (1, LEE)
    assert claim(mailed, "two") == ()
    found = row(mailed)
    assert (found.state, found.attempts, found.next_at) == (MailState.CLAIMED, 1, NOW + outbox.CLAIM_FOR)


def test_what_is_not_due_is_not_claimed(desk: Desk) -> None:
    desk.mails(outgoing(desk.person(LEE), due_at=NOW + MINUTE))
    assert claim(desk.store) == ()
    assert desk.store.read_sync(outbox.next_due) == NOW + MINUTE
    assert len(claim(desk.store, after=MINUTE)) == 1


def test_a_mail_that_was_taken_is_done(mailed: Store) -> None:
    (claimed,) = claim(mailed)
    assert mailed.write_sync(outbox.settle, claimed, OK, Done(), NOW)
    assert (row(mailed).state, row(mailed).code, row(mailed).answer) == (MailState.SENT, 250, OK.text)
    assert mailed.read_sync(outbox.next_due) is None


def test_a_mail_put_off_is_due_again_at_its_time(mailed: Store) -> None:
    (claimed,) = claim(mailed)
    mailed.write_sync(outbox.settle, claimed, LATER, Again(NOW + MINUTE, counts=True), NOW)
    assert claim(mailed) == ()
    assert [c.attempts for c in claim(mailed, after=MINUTE)] == [2]


def test_a_relay_that_is_down_gives_the_attempt_back(mailed: Store) -> None:
    (claimed,) = claim(mailed)
    mailed.write_sync(outbox.settle, claimed, DOWN, Again(NOW + MINUTE, counts=False), NOW)
    assert [c.attempts for c in claim(mailed, after=MINUTE)] == [1]


def test_a_mail_given_up_waits_for_the_operator(mailed: Store) -> None:
    (claimed,) = claim(mailed)
    mailed.write_sync(outbox.settle, claimed, NO, GiveUp("There is no such address."), NOW)
    assert (row(mailed).state, row(mailed).answer) == (MailState.FAILED, "There is no such address.")
    assert claim(mailed, after=timedelta(days=9)) == ()
    assert mailed.write_sync(outbox.retry, (claimed.id,), NOW + timedelta(days=9)) == 1
    (again,) = claim(mailed, after=timedelta(days=9))
    assert (again.attempts, again.created_at) == (1, NOW + timedelta(days=9))


def test_a_held_mail_waits_for_the_operator(desk: Desk) -> None:
    desk.mails(outgoing(desk.person(LEE)), is_held=True)
    assert claim(desk.store) == ()
    assert desk.store.read_sync(outbox.next_due) is None
    assert desk.store.write_sync(outbox.retry, (), NOW) == 1
    assert len(claim(desk.store)) == 1


def test_a_claim_that_nobody_settles_falls_due_and_its_late_owner_is_not_heard(mailed: Store) -> None:
    (lost,) = claim(mailed, "one")
    (taken,) = claim(mailed, "two", after=outbox.CLAIM_FOR)
    assert taken.attempts == 2
    assert not mailed.write_sync(outbox.settle, lost, NO, GiveUp("no"), NOW)
    assert mailed.write_sync(outbox.settle, taken, OK, Done(), NOW)
    assert row(mailed).state is MailState.SENT


def test_the_claims_of_a_dead_owner_fall_due_at_once(mailed: Store) -> None:
    claim(mailed, "dead")
    assert mailed.write_sync(outbox.release_claims, ("another one",), NOW) == 0
    assert mailed.write_sync(outbox.release_claims, ("dead",), NOW) == 1
    assert [c.attempts for c in claim(mailed, "alive")] == [2]


def test_what_was_never_dialled_is_as_it_was(mailed: Store) -> None:
    mailed.write_sync(outbox.unclaim, claim(mailed), NOW)
    assert [c.attempts for c in claim(mailed)] == [1]


def test_a_claim_holds_no_more_than_memory_has_room_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "CLAIM_OCTETS", 100)
    lee = desk.person(LEE)
    for k in range(4):
        desk.mails(outgoing(lee, octets=b"x" * 60), f"in:{k}")
    assert [len(claim(desk.store)) for _ in range(4)] == [1, 1, 1, 1]


def test_old_mails_are_forgotten_only_when_they_are_done(desk: Desk) -> None:
    lee = desk.person(LEE)
    desk.mails(outgoing(lee), "in:1")
    desk.mails(outgoing(lee), "in:2")
    (first,) = claim(desk.store, n=1)
    desk.store.write_sync(outbox.settle, first, OK, Done(), NOW)
    assert desk.store.write_sync(outbox.purge, NOW + MINUTE) == 1
    assert [r.cause for r in desk.store.read_sync(views.outbox_rows)] == ["in:2"]


def test_a_mail_of_a_ticket_that_came_back_is_not_forgotten(desk: Desk) -> None:
    ticket = desk.opens()
    desk.mails(outgoing(desk.person(LEE), ticket=ticket.id), "in:1")
    (first,) = claim(desk.store, n=1)
    desk.store.write_sync(outbox.settle, first, OK, Done(), NOW)
    desk.store.write_sync(outbox.bounced, (first.id,), "The mailbox is full.", NOW)
    assert desk.store.write_sync(outbox.purge, NOW + MINUTE) == 0
    (mail,) = desk.view(ticket).deliveries
    assert (mail.state, mail.answer) == (MailState.FAILED, "The mailbox is full.")
