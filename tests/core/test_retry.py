"""When to try again, as a table; and that it always ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.core import retry
from mailtickets.core.retry import Again, Deferred, Done, Failed, GiveUp, Sent

T0 = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = Deferred(450, "4.2.0 Try again later")
AWAY = Deferred(0, "mail.example.org does not answer.", relay_down=True)


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [(1, 1), (2, 5), (3, 15), (4, 30), (5, 60), (6, 120), (7, 240), (8, 240), (30, 240)],
)
def test_waits_grow_to_four_hours(attempts: int, minutes: int) -> None:
    assert retry.after(attempts, T0, LATER, T0, 0.0) == Again(T0 + timedelta(minutes=minutes), counts=True)


def test_what_was_taken_is_done() -> None:
    assert retry.after(1, T0, Sent(250, "2.0.0 Ok"), T0, 0.5) == Done()


def test_relay_away_gives_the_attempt_back_and_never_gives_up() -> None:
    for days in (0, 6, 60):
        now = T0 + timedelta(days=days)
        step = retry.after(1, T0, AWAY, now, 0.0)
        assert step == Again(now + retry.RELAY_WAIT, counts=False)


def test_last_try_is_at_the_end_of_five_days() -> None:
    now = T0 + retry.LIFETIME - timedelta(hours=1)
    assert retry.after(30, T0, LATER, now, 0.9) == Again(T0 + retry.LIFETIME, counts=True)


def test_given_up_after_five_days() -> None:
    step = retry.after(35, T0, LATER, T0 + retry.LIFETIME, 0.0)
    assert step == GiveUp(
        "It was tried 35 times in 5 days. The other server was too busy, or asked to try later. The mail server said: 450 4.2.0 Try again later."
    )


def test_mail_that_waited_for_the_relay_is_not_given_up_at_its_first_grey_listing() -> None:
    now = T0 + timedelta(days=9)
    assert retry.after(1, T0, LATER, now, 0.0) == Again(now + timedelta(minutes=1), counts=True)
    assert isinstance(retry.after(retry.FEWEST, T0, LATER, now, 0.0), GiveUp)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (
            Failed(550, "5.1.1 <lee@example.org> User unknown."),
            "There is no mailbox of that name. The mail server said: 550 5.1.1 <lee@example.org> User unknown.",
        ),
        (Failed(552, "5.2.2 Over quota"), "The mailbox is full. The mail server said: 552 5.2.2 Over quota."),
        (
            Failed(552, "5.3.4 Message\nsize exceeds limit"),
            "The mail is too big for that mailbox. The mail server said: 552 5.3.4 Message size exceeds limit.",
        ),
        (Failed(554, "No thanks"), "The mail server said: 554 No thanks."),
        (Failed(0, "This address cannot be written in a mail."), "This address cannot be written in a mail."),
    ],
)
def test_reason_is_plain_and_holds_the_servers_words(result: Failed, reason: str) -> None:
    assert retry.after(1, T0, result, T0, 0.0) == GiveUp(reason)


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 60), st.timedeltas(timedelta(0), timedelta(days=20)))
def test_next_try_is_later_and_never_much_later(jitter: float, attempts: int, age: timedelta) -> None:
    step = retry.after(attempts, T0, LATER, T0 + age, jitter)
    if isinstance(step, Again):
        assert timedelta(0) < step.at - (T0 + age) <= timedelta(hours=5)


@given(st.floats(0, 1, exclude_max=True))
def test_a_mail_that_is_always_deferred_ends_within_five_days(jitter: float) -> None:
    now, attempts = T0, 0
    while True:
        attempts += 1
        step = retry.after(attempts, T0, LATER, now, jitter)
        if isinstance(step, GiveUp):
            break
        assert isinstance(step, Again)
        now = step.at
    assert now == T0 + retry.LIFETIME
    assert 25 <= attempts <= 40
