"""Which DKIM signatures are worth a question: the sender's own, over all that a reader goes by."""

from __future__ import annotations

import pytest

from mailtickets.core import reading
from mailtickets.core.signatures import MOST, Signature, imprints, worth_checking

WHOLE = "from:subject:date:to:message-id"
FIELDS = (
    "From: Lee <lee@customer.example>",
    "Subject: x",
    "Date: Thu, 19 Nov 2026 10:05:00 +0000",
    "To: support@desk.example.org",
    "Message-ID: <1@customer.example>",
)
LEE = Signature(0, "customer.example", "s1")


def field(
    tags: str = "", *, d: str = "customer.example", h: str = WHOLE, a: str = "rsa-sha256", s: str = "s1"
) -> str:
    return f"DKIM-Signature: v=1; a={a}; d={d}; s={s}; h={h}; bh=eA==; {tags} b=eA=="


def found(*fields: str) -> tuple[Signature, ...]:
    return worth_checking(reading.read("\r\n".join((*fields, "", "x")).encode()))


WORTH = {
    "all that counts is covered": (field(), LEE),
    "more is covered": (field(h=f"{WHOLE}:cc:references"), LEE),
    "folded, in capitals": (
        field(h="From : Subject:\r\n\tDate:To:Message-ID", d="Customer.Example"),
        LEE,
    ),
    "oversigned": (field(h=f"from:{WHOLE}:subject"), LEE),
    "a domain above": (field(d="example"), None),
    "a domain below": (field(d="mail.customer.example"), None),
    "somebody else's": (field(d="evil.example"), None),
    "only the start of the text": (field("l=3;"), None),
    "no subject": (field(h="from:date:to:message-id"), None),
    "no recipient": (field(h="from:subject:date:message-id"), None),
    "SHA-1": (field(a="rsa-sha1"), None),
    "a selector that is no name": (field(s="a b/../c"), None),
    "no tags": ("DKIM-Signature: nonsense", None),
    "nothing": ("DKIM-Signature:", None),
}


@pytest.mark.parametrize("case", WORTH)
def test_a_signature_that_leaves_room_for_a_stranger_is_not_asked_about(case: str) -> None:
    value, expected = WORTH[case]
    assert found(value, *FIELDS) == ((expected,) if expected else ())


@pytest.mark.parametrize(
    "name", ["Subject: another", "To: eve@evil.example", "Date: x", "Message-ID: <2@x.example>"]
)
def test_a_field_put_on_top_of_a_signed_one_spoils_the_signature(name: str) -> None:
    assert found(name, field(), *FIELDS) == ()


def test_the_signature_of_a_domain_above_the_senders_counts() -> None:
    sender = "From: Lee <lee@mail.customer.example>"
    assert found(field(), sender, *FIELDS[1:]) == (LEE,)


def test_nobody_is_asked_about_a_letter_with_two_froms() -> None:
    assert found(field(), "From: eve@evil.example", *FIELDS) == ()


@pytest.mark.parametrize(
    "damage", ["X: y\r\r#status closed", "X : y", "X: y\r\n ", "Reply-To: a@x\r\nReply-To: b@x"]
)
def test_nobody_is_asked_about_a_letter_that_can_be_read_in_two_ways(damage: str) -> None:
    assert found(field(), *FIELDS, damage) == ()


def test_the_index_counts_the_signatures_that_are_not_worth_it() -> None:
    assert [s.index for s in found(field(d="evil.example"), field(), *FIELDS)] == [1]


def test_only_so_many_are_looked_at() -> None:
    assert len(found(*[field()] * (MOST + 3), *FIELDS)) == MOST


# Letters that are sent again


def _imprints(*fields: str) -> tuple[str, ...]:
    return imprints(reading.read("\r\n".join((*fields, "", "x")).encode()))


def test_a_copy_bears_the_signature_of_the_first_however_it_is_written_or_what_stands_around_it() -> None:
    signature = (
        "DKIM-Signature: v=1; a=rsa-sha256; d=customer.example; s=s1; h=from; bh=eA==; b=aGVsbG8gd29ybGQ="
    )
    [first] = _imprints(*FIELDS, signature)
    assert (
        _imprints("DKIM-Signature: v=1; b=bmV3", *FIELDS, signature.replace("b=aGV", "b=a G\r\n\tV"))[1]
        == first
    )
    assert first in _imprints(
        *(f"DKIM-Signature: v=1; b=b{n:03}" for n in range(MOST + 3)), *FIELDS, signature
    )
    assert _imprints(*FIELDS, signature.replace("b=aGV", "b=bGV")) != (first,)
    assert _imprints(*FIELDS, "DKIM-Signature: v=1; b=") == ()
