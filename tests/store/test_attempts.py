"""Each attempt to deliver a mail is kept with the server's words; one that succeeds at once costs no row."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from mailtickets.core import retry
from mailtickets.core.retry import Deferred, Failed, Result, Sent
from mailtickets.store import attempts, outbox
from mailtickets.store.attempts import Attempt
from mailtickets.store.engine import Tx
from mailtickets.store.outbox import Claimed
from mailtickets.store.schema import attempt
from tests.store.desk import Desk, outgoing
from tests.store.letters import LEE, NOW

GREY = Deferred(451, "4.7.1 Greylisted, come back later")
AWAY = Deferred(0, "The relay did not answer.", relay_down=True)


def _tries(desk: Desk, *results: Result) -> Claimed:
    """One mail that is tried until the results are used up."""
    desk.mails(outgoing(desk.person(LEE)))
    for result in results:
        (row,) = desk.store.write_sync(outbox.claim, "me", 1, desk.now)
        desk.store.write_sync(_settle, row, result, desk)
        desk.later(timedelta(hours=5))
    return row


def _settle(tx: Tx, row: Claimed, result: Result, desk: Desk) -> None:
    step = retry.after(row.attempts, row.created_at, result, desk.now, 0.0)
    outbox.settle(tx, row, result, step, desk.now)
    attempts.note(tx, row, result, step, desk.now)


def test_a_mail_that_is_taken_at_once_costs_no_row(desk: Desk) -> None:
    row = _tries(desk, Sent(250, "2.0.0 Ok"))
    assert desk.store.read_sync(attempts.of, [row.id]) == {}


def test_every_answer_that_is_no_delivery_is_kept_in_order(desk: Desk) -> None:
    row = _tries(desk, GREY, GREY, Failed(550, "5.1.1 No such user"))
    later = NOW + timedelta(hours=5)
    assert desk.store.read_sync(attempts.of, [row.id])[row.id] == (
        Attempt(NOW, NOW, 1, True, GREY.code, GREY.text),
        Attempt(later, later, 1, True, GREY.code, GREY.text),
        Attempt(NOW + timedelta(hours=10), NOW + timedelta(hours=10), 1, True, 550, "5.1.1 No such user"),
    )


def test_a_relay_that_stays_away_is_one_row_however_often_it_is_tried(desk: Desk) -> None:
    row = _tries(desk, AWAY, AWAY, AWAY, GREY, AWAY)
    away, grey, again = desk.store.read_sync(attempts.of, [row.id])[row.id]
    assert (away.times, away.at, away.until_at, away.counts) == (3, NOW, NOW + timedelta(hours=10), False)
    assert (grey.times, grey.counts) == (1, True)
    assert again.times == 1


def test_attempts_go_with_their_mail(desk: Desk) -> None:
    _tries(desk, GREY, Sent(250, "Ok"))
    assert desk.store.write_sync(outbox.purge, desk.now + timedelta(days=1)) == 1
    assert desk.store.read_sync(lambda tx: tx.scalar(select(func.count()).select_from(attempt))) == 0
