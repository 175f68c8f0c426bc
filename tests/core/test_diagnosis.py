"""What a server's refusal means: its words first, then its numbers."""

from __future__ import annotations

import pytest

from mailtickets.core.diagnosis import Trouble, diagnose, of_bounce
from mailtickets.core.mail import Bounce

SAID: dict[str, tuple[Trouble, bool]] = {
    "552 5.2.2 Mailbox full": (Trouble.FULL, True),
    "452 4.2.2 The email account that you tried to reach is over quota": (Trouble.FULL, False),
    "550 5.1.1 <lee@customer.example>: Recipient address rejected: User unknown": (Trouble.NO_MAILBOX, True),
    "550 Unknown user": (Trouble.NO_MAILBOX, True),
    "550 5.7.1 User lee does not exist": (Trouble.NO_MAILBOX, True),
    "5.1.2 Host unknown": (Trouble.NO_DOMAIN, True),
    "Host or domain name not found. Name service error for name=gone.example": (Trouble.NO_DOMAIN, True),
    "556 5.1.10 nullMX": (Trouble.NO_DOMAIN, True),
    "550 This account has been disabled": (Trouble.DISABLED, True),
    "552 5.3.4 Message size exceeds fixed limit": (Trouble.TOO_BIG, True),
    "554 5.7.1 Message rejected as spam": (Trouble.JUNK, True),
    "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org": (Trouble.BLOCKED, True),
    "550 5.7.26 Unauthenticated email from example.org is not accepted due to DMARC": (Trouble.UNAUTHENTICATED, True),
    "554 5.7.1 <lee@customer.example>: Relay access denied": (Trouble.RELAY, True),
    "connect to mx.customer.example[192.0.2.9]:25: Connection timed out": (Trouble.UNREACHABLE, True),
    "4.4.7 message expired": (Trouble.EXPIRED, False),
    "451 4.7.1 Greylisting in action, please come back later": (Trouble.BUSY, False),
    "554 5.4.6 Too many hops": (Trouble.LOOP, True),
    "550 5.6.0 Virus found": (Trouble.CONTENT, True),
    "550 5.7.1 RESOLVER.RST.AuthRequired": (Trouble.FORBIDDEN, True),
    "551 5.1.6 the user has moved": (Trouble.MOVED, True),
    "550 no": (Trouble.UNKNOWN, True),
    "": (Trouble.UNKNOWN, True),
}  # fmt: skip


@pytest.mark.parametrize("said", SAID)
def test_what_a_server_means(said: str) -> None:
    found = diagnose(said)
    assert (found.trouble, found.is_permanent) == SAID[said]


@pytest.mark.parametrize(
    ("status", "trouble"),
    [("5.1.1", Trouble.NO_MAILBOX), ("5.2.2", Trouble.FULL), ("5.4.99", Trouble.UNREACHABLE), ("5.0.0", Trouble.UNKNOWN)],
)  # fmt: skip
def test_numbers_count_where_words_say_nothing(status: str, trouble: Trouble) -> None:
    assert diagnose("", status).trouble is trouble


def test_what_the_report_leaves_unsaid_stands_in_the_letter() -> None:
    report = Bounce("failed", ("lee@customer.example",), "5.0.0", "", "", "Sorry,\nthe mailbox\nis full.")
    assert of_bounce(report).trouble is Trouble.FULL


def test_only_what_is_wrong_with_the_address_is_held_against_it() -> None:
    assert diagnose("550 5.1.1 User unknown").is_hard
    assert not diagnose("450 4.1.1 User unknown").is_hard
    assert not diagnose("554 5.7.1 Message rejected as spam").is_hard
    assert not diagnose("552 5.3.4 Message size exceeds fixed limit").is_hard


def test_every_trouble_is_told_in_a_sentence() -> None:
    assert all(trouble.value[0].isupper() and not trouble.value.endswith(".") for trouble in Trouble)
