"""What proves a sender: Authentication-Results of the operator's own server, the worst verdict of several."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
        ("Authentication-Results: MX.Desk.example.org 1; DMARC/1=Pass header.from=Customer.Example",),
        "dmarc=pass",
    ),
    "quoted id": (
        ('Authentication-Results: "mx.desk.example.org" (us); dmarc=pass header.from=customer.example',),
        "dmarc=pass",
    ),
    "comments and a version everywhere": (
        (
            "Authentication-Results: (written by) mx.desk.example.org 1 (us);\n\tdmarc (RFC 7489) = pass"
            " (p=none) header.from = customer.example",
        ),
        "dmarc=pass",
    ),
    "several methods, folded": (
        (
            "Authentication-Results: mx.desk.example.org;\n\tspf=softfail smtp.mailfrom=bounces.example;\n\t"
            'dkim=fail reason="body; dmarc=fail" header.d=list.example;\n\tdmarc=pass header.from=customer.example',
        ),
        "dmarc=pass",
    ),
    "policy": (
        (
            "Authentication-Results: mx.desk.example.org; dmarc=pass policy.published-domain-policy=none"
            " policy.applied-disposition=none header.from=customer.example",
        ),
        "dmarc=pass",
    ),
    "policy alone": (
        ("Authentication-Results: mx.desk.example.org; dkim=none policy.dkim-rules=pass policy.dmarc=pass",),
        "",
    ),
    "a last semicolon": (
        ("Authentication-Results: mx.desk.example.org; dmarc=pass(p=REJECT) header.from=customer.example;",),
        "dmarc=pass",
    ),
    "an empty path": (
        (
            "Authentication-Results: mx.desk.example.org; spf=none smtp.mailfrom=<>;"
            " dmarc=pass header.from=customer.example",
        ),
        "dmarc=pass",
    ),
    "an address in another alphabet": (
        (
            "Authentication-Results: mx.desk.example.org; spf=none smtp.mailfrom=ü@bücher.example;"
            " dmarc=pass header.from=customer.example",
        ),
        "dmarc=pass",
    ),
    "as Exchange writes it": (
        (
            "Authentication-Results: mx.desk.example.org; spf=pass (sender IP is 192.0.2.1)"
            " smtp.mailfrom=customer.example; dkim=pass (signature was verified) header.d=customer.example;"
            "dmarc=pass action=none header.from=customer.example;compauth=pass reason=100",
        ),
        "dmarc=pass",
    ),
    "as a header.from with a local part": (
        ("Authentication-Results: mx.desk.example.org; dmarc=pass header.from=lee@customer.example",),
        "dmarc=pass",
    ),
    "dmarc of a subdomain": (
        ("Authentication-Results: mx.desk.example.org; dmarc=pass header.from=mail.customer.example",),
        "",
    ),
    "dmarc of two domains": (
        (
            "Authentication-Results: mx.desk.example.org; dmarc=pass header.from=customer.example;"
            " dmarc=pass header.from=evil.example",
        ),
        "",
    ),
    "almost a pass": (
        ("Authentication-Results: mx.desk.example.org; dmarc=bestguesspass header.from=customer.example",),
        "",
    ),
    "temperror": (
        ("Authentication-Results: mx.desk.example.org; dmarc=temperror header.from=customer.example",),
        "",
    ),
    "dkim by header.i of somebody else's signature": (
        (
            "Authentication-Results: mx.desk.example.org; dkim=pass header.d=evil.example"
            " header.i=@customer.example",
        ),
        "",
    ),
    "dkim by header.i below the domain": (
        ("Authentication-Results: mx.desk.example.org; dkim=pass header.i=@x.customer.example",),
        "",
    ),
    "dkim without a word whose": (("Authentication-Results: mx.desk.example.org; dkim=pass",), ""),
    "a pass within a comment": (
        ("Authentication-Results: mx.desk.example.org; spf=none (dmarc=pass header.from=customer.example)",),
        "",
    ),
    "a pass within a quoted address": (
        (
            "Authentication-Results: mx.desk.example.org; spf=none"
            ' smtp.mailfrom="=<>; dmarc=pass header.from=customer.example"@evil.example',
        ),
        "",
    ),
    "an id that only begins like ours": (
        (
            "Authentication-Results: mx.desk.example.org.evil.example; dmarc=pass header.from=customer.example",
        ),
        "",
    ),
    "our id in a comment": (
        (
            "Authentication-Results: (mx.desk.example.org) evil.example; dmarc=pass header.from=customer.example",
        ),
        "",
    ),
    "another header": (
        ("X-Authentication-Results: mx.desk.example.org; dmarc=pass header.from=customer.example",),
        "",
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


@pytest.mark.parametrize(
    "said",
    [
        "spf=none smtp.mailfrom=a;b@evil.example; dmarc=fail header.from=customer.example",
        "spf=none smtp.mailfrom=(; DMARC (RFC 7489) = Fail header.from=customer.example",
        "dmarc=fail",
        "dmarc=fail action=reject header.from=customer.example;;",
    ],
)
def test_a_fail_is_seen_however_a_stranger_has_spoilt_the_field(said: str) -> None:
    field = f"Authentication-Results: mx.desk.example.org; {said}"
    assert judged(PASS, field).contrary == "dmarc=fail"


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


BOTH_WAYS = {
    "two subjects": ("Subject: [#1]", "Subject: Hello"),
    "two routes": ("In-Reply-To: <a@x>", "In-Reply-To: <b@x>"),
    "a blank before a colon": ("Subject : Hello",),
}


@pytest.mark.parametrize("fields", BOTH_WAYS.values(), ids=BOTH_WAYS)
@pytest.mark.parametrize("vouched", [PASS, DKIM])
def test_nobody_vouches_for_a_letter_that_can_be_read_in_two_ways(
    fields: tuple[str, ...], vouched: str
) -> None:
    found = judged(vouched, *fields)
    assert (found.authenticated, found.contrary) == ("", "")
    assert "two ways" in found.disregarded


PARTIAL = "DKIM-Signature: v=1; d=customer.example; s=s; h=from; l=10; bh=x; b=x"
WHOLE = PARTIAL.replace(" l=10;", "")
DIRECT = "Authentication-Results: mx.desk.example.org; spf=pass smtp.mailfrom=b@mail.customer.example"
ASTRAY = "Authentication-Results: mx.desk.example.org; spf=pass smtp.mailfrom=evil.example"


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ((PASS, WHOLE), True),
        ((PASS, PARTIAL), False),
        ((DKIM, PARTIAL), False),
        ((PASS, WHOLE, PARTIAL), False),
        ((PASS, PARTIAL.replace("customer", "relay")), True),
        ((PASS, PARTIAL.replace("customer", "mail.customer")), False),
        ((PASS, DIRECT, PARTIAL), True),
        ((PASS, ASTRAY, PARTIAL), False),
    ],
)
def test_a_signature_over_the_beginning_of_the_text_vouches_for_nothing_whoever_checked_it(
    fields: tuple[str, ...], counts: bool
) -> None:
    assert bool(judged(*fields).authenticated) is counts


def test_whoever_is_only_named_by_reply_to_is_proven_by_nothing() -> None:
    token = Token(7, 2, "abc")
    of_from = replace(judged(PASS), tokens=(token,))
    found = identity.of_another(of_from)
    assert (found.tokens, found.authenticated) == ((), "")
    assert "its writer is another" in found.disregarded
    assert identity.of_another(judged(FAIL)).contrary == "dmarc=fail"


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


_WORDS = st.sampled_from(
    [
        "mx.desk.example.org", "dmarc", "dkim", "spf", "arc", "none", "pass", "fail", "=", ";", " ", "/", "1", "(", ")",
        '"', "\\", "header.from", "header.d", "header.i", "smtp.mailfrom", "policy.x", "reason", "customer.example",
        "@customer.example", "<>", "ü", "\t", ".", "x",
    ]
)  # fmt: skip


@given(st.lists(st.lists(_WORDS, max_size=30).map("".join), max_size=3))
@settings(max_examples=300)
def test_whatever_stands_in_the_field_is_judged(values: list[str]) -> None:
    found = judged(*(f"Authentication-Results: mx.desk.example.org;{value}" for value in values))
    assert not (found.authenticated and found.contrary)
    if found.authenticated:
        assert all("pass" in value.lower() for value in values if value.strip())


@given(st.text(max_size=200))
def test_whatever_text_stands_in_the_field_breaks_nothing(value: str) -> None:
    mail = reading.read(b"From: lee@customer.example\n\nx")
    mail = replace(mail, headers=(("authentication-results", value), ("received", value)))
    assert identity.evidence(mail, OWN, ()).tokens == ()
    identity.wants_check(mail, CHECKING)


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


def test_a_letter_that_its_domain_disowns_is_contradicted_whatever_it_bears() -> None:
    mail = replace(
        reading.read(b"From: lee@customer.example\n\nx"), disowned="customer.example asks to refuse it"
    )
    token = Token(7, 2, "abc")
    found = identity.evidence(mail, CHECKING, (token,))
    assert (found.contrary, found.authenticated) == ("customer.example asks to refuse it", "")


@pytest.mark.parametrize(
    ("fields", "sender", "may"),
    [
        ((), "lee@customer.example", True),
        ((ASTRAY,), "lee@customer.example", True),
        ((DIRECT,), "lee@customer.example", False),
        ((DIRECT.replace("mx.desk", "mx.evil"),), "lee@customer.example", True),
        ((), "ann@desk.example.org", False),
        ((), "ann@example.org", False),
        ((), "ann@mail.desk.example.org", False),
        ((), "lee@bücher.example", False),
        (("Subject: a", "Subject: b", WHOLE), "lee@customer.example", False),
        (("From: a@b.example",), "lee@customer.example", False),
    ],
)
def test_what_may_be_held_against_an_unsigned_letter(fields: tuple[str, ...], sender: str, may: bool) -> None:
    mail = reading.read("\n".join((*fields, f"From: {sender}", "", "x")).encode())
    assert identity.may_be_disowned(mail, CHECKING, ("support@desk.example.org",)) is may
