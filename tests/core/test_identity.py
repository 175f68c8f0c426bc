"""What proves a sender: Authentication-Results of the operator's own server, the worst verdict of several."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailtickets.core import identity, reading
from mailtickets.core.identity import Evidence, Trust
from mailtickets.core.tokens import Token

TRUST = Trust(authserv_id="mx.desk.example.org")
PASS = "Authentication-Results: mx.desk.example.org; dmarc=pass header.from=customer.example"
FAIL = "Authentication-Results: mx.desk.example.org; dmarc=fail header.from=customer.example"
NONE = "Authentication-Results: mx.desk.example.org; dmarc=none header.from=customer.example"
DKIM = "Authentication-Results: mx.desk.example.org; dkim=pass header.d=customer.example"


def judged(*fields: str, trust: Trust = TRUST, sender: str = "From: Lee <lee@customer.example>") -> Evidence:
    return identity.evidence(reading.read("\n".join((*fields, sender, "", "x")).encode()), trust, ())


VOUCHED = {
    "dmarc": ((PASS,), "dmarc=pass"),
    "dmarc twice": ((PASS, PASS), "dmarc=pass"),
    "dmarc with spf in a field of its own": (
        (PASS, "Authentication-Results: mx.desk.example.org; spf=fail smtp.mailfrom=x.example"),
        "dmarc=pass",
    ),
    "dkim of the domain": ((DKIM,), "dkim=pass header.d=customer.example"),
    "dkim of a domain above": (
        ("Authentication-Results: mx.desk.example.org; dkim=pass header.d=example",),
        "",
    ),
    "dkim by header.i": (
        ("Authentication-Results: mx.desk.example.org; dkim=pass header.i=@customer.example",),
        "dkim=pass header.d=customer.example",
    ),
    "one of two signatures": (
        (
            "Authentication-Results: mx.desk.example.org; dkim=fail header.d=customer.example;"
            " dkim=pass header.d=customer.example",
        ),
        "dkim=pass header.d=customer.example",
    ),
    "dkim where dmarc says nothing": ((NONE, DKIM), "dkim=pass header.d=customer.example"),
    "case and version": (
        ("Authentication-Results: MX.Desk.example.org 1; DMARC=Pass header.from=Customer.Example",),
        "dmarc=pass",
    ),
    "foreign dkim": (("Authentication-Results: mx.desk.example.org; dkim=pass header.d=evil.example",), ""),
    "dmarc of another domain": (
        ("Authentication-Results: mx.desk.example.org; dmarc=pass header.from=evil.example",),
        "",
    ),
    "a subdomain is not the domain": (
        ("Authentication-Results: mx.desk.example.org; dkim=pass header.d=sub.customer.example",),
        "",
    ),
    "spf": (("Authentication-Results: mx.desk.example.org; spf=pass smtp.mailfrom=customer.example",), ""),
    "arc": (("Authentication-Results: mx.desk.example.org; arc=pass",), ""),
    "another server": (
        ("Authentication-Results: mx.evil.example; dmarc=pass header.from=customer.example",),
        "",
    ),
    "nothing": ((), ""),
    "none": (("Authentication-Results: mx.desk.example.org; none",), ""),
    "the worst of two": ((PASS, NONE), ""),
    "a second dkim verdict that says no": (
        (DKIM, "Authentication-Results: mx.desk.example.org; dkim=none"),
        "",
    ),
    "one that cannot be read": ((PASS, "Authentication-Results: mx.desk.example.org; what is this"), ""),
}


@pytest.mark.parametrize(("fields", "authenticated"), VOUCHED.values(), ids=VOUCHED)
def test_what_the_operators_server_vouches_for(fields: tuple[str, ...], authenticated: str) -> None:
    evidence = judged(*fields)
    assert (evidence.authenticated, evidence.contrary) == (authenticated, "")


@pytest.mark.parametrize("fields", [(FAIL,), (PASS, FAIL), (FAIL, PASS), (DKIM, FAIL)])
def test_dmarc_fail_beats_everything(fields: tuple[str, ...]) -> None:
    assert judged(*fields) == Evidence((), "", "dmarc=fail")


def test_without_a_configured_server_nothing_counts() -> None:
    assert judged(PASS, trust=Trust()) == Evidence()
    assert judged(FAIL, trust=Trust()) == Evidence()


@pytest.mark.parametrize(
    ("sender", "contrary"),
    [
        ("From: lee@customer.example\nFrom: ann@desk.example.org", "two From headers"),
        ("From: lee@customer.example, ann@desk.example.org", "several mailboxes in From"),
        ("From: ann@desk.example.org<lee@customer.example>", "a From that can be read in two ways"),
        ("X: no from", "no From"),
    ],
)
def test_an_unclear_From_is_contrary_whatever_else_passes(sender: str, contrary: str) -> None:
    assert judged(PASS, sender=sender) == Evidence((), "", contrary)


OWN = Trust(authserv_id="mx.desk.example.org", own_hosts=("mx.desk.example.org", "imap.desk.example.org"))
HOP = "Received: from a by imap.desk.example.org with LMTP; x"
MX = "Received: from b by mx.desk.example.org with ESMTP; x"
LOCAL = "Received: from c by localhost (filter) with SMTP; x"
FOREIGN = "Received: from d by relay.customer.example with ESMTP; x"


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ((PASS, HOP, MX, FOREIGN), True),
        ((HOP, PASS, MX, FOREIGN), True),
        ((HOP, MX, PASS, FOREIGN), True),
        ((HOP, LOCAL, PASS, MX, FOREIGN), True),
        ((HOP, MX, FOREIGN, PASS), False),
        ((FOREIGN, PASS, HOP), False),
        (("Received: from nowhere; x", PASS), False),
    ],
)
def test_only_what_stands_above_the_first_foreign_hop_counts(fields: tuple[str, ...], counts: bool) -> None:
    assert bool(judged(*fields, trust=OWN).authenticated) is counts


def test_tokens_are_passed_on() -> None:
    token = Token(7, 2, "abc")
    mail = reading.read(b"From: lee@customer.example\n\nx")
    assert identity.evidence(mail, TRUST, (token,)).tokens == (token,)


CHECKING = Trust(authserv_id="mx.desk.example.org", dkim=True)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((), True),
        (("Authentication-Results: mx.desk.example.org; spf=pass",), True),
        (("Authentication-Results: mx.evil.example; dkim=fail",), True),
        ((PASS,), False),
        ((FAIL,), False),
        ((NONE,), False),
        (("Authentication-Results: mx.desk.example.org; dkim=fail header.d=customer.example",), False),
    ],
)
def test_the_desk_checks_signatures_only_where_the_operators_server_was_silent(
    fields: tuple[str, ...], expected: bool
) -> None:
    mail = reading.read("\n".join((*fields, "From: lee@customer.example", "", "x")).encode())
    assert identity.wants_check(mail, CHECKING) is expected
    assert not identity.wants_check(mail, replace(CHECKING, dkim=False))


def test_a_signature_found_valid_vouches_but_not_against_what_speaks_against_the_sender() -> None:
    mail = replace(reading.read(b"From: lee@customer.example\n\nx"), signer="customer.example")
    assert identity.evidence(mail, CHECKING, ()).authenticated.startswith(
        "dkim=pass header.d=customer.example"
    )
    two = replace(
        reading.read(b"From: a@customer.example\nFrom: b@x.example\n\nx"), signer="customer.example"
    )
    assert identity.evidence(two, CHECKING, ()).authenticated == ""


CAME = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent_at", "is_stale"),
    [
        (CAME, False),
        (CAME - timedelta(days=7), False),
        (CAME + timedelta(days=7), False),
        (CAME - timedelta(days=7, seconds=1), True),
        (CAME + timedelta(days=7, seconds=1), True),
        (datetime(1970, 1, 1, tzinfo=UTC), True),
        (None, True),
    ],
)
def test_a_letter_whose_date_is_far_from_its_coming_may_be_an_old_one(
    sent_at: datetime | None, is_stale: bool
) -> None:
    assert bool(identity.aged(Evidence(), sent_at, CAME).stale) is is_stale


def test_a_spent_token_is_kept_apart() -> None:
    one, other = Token(7, 2, "abc"), Token(7, 2, "root")
    assert identity.without(Evidence((one, other)), {one}) == Evidence((other,), spent=(one,))
    assert identity.without(Evidence((one,)), ()) == Evidence((one,))
