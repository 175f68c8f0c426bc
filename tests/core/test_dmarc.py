"""What a domain asks for about mail that it has not signed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.core import dmarc

NAMES = {
    "example.org": ("_dmarc.example.org",),
    "mail.example.org": ("_dmarc.mail.example.org", "_dmarc.example.org"),
    "a.b.example.org": ("_dmarc.a.b.example.org", "_dmarc.b.example.org", "_dmarc.example.org"),
    "a.b.c.d.e.example.org": (
        "_dmarc.a.b.c.d.e.example.org",
        "_dmarc.d.e.example.org",
        "_dmarc.e.example.org",
        "_dmarc.example.org",
    ),
    "localhost": ("_dmarc.localhost",),
}


@pytest.mark.parametrize("domain", NAMES)
def test_the_domain_is_asked_first_and_then_those_above_it(domain: str) -> None:
    assert dmarc.names(domain) == NAMES[domain]


WISHES = {
    "reject": (("v=DMARC1; p=reject",), False, "reject"),
    "quarantine, in other words": (("v=DMARC1;P=Quarantine ; rua=mailto:a@b",), False, "quarantine"),
    "none": (("v=DMARC1; p=none",), False, ""),
    "of subdomains": (("v=DMARC1; p=none; sp=reject",), True, "reject"),
    "of subdomains, not of the domain": (("v=DMARC1; p=none; sp=reject",), False, ""),
    "of both": (("v=DMARC1; p=reject",), True, "reject"),
    "not of subdomains": (("v=DMARC1; p=reject; sp=none",), True, ""),
    "still trying": (("v=DMARC1; p=reject; pct=50",), False, ""),
    "testing": (("v=DMARC1; p=reject; t=y",), False, ""),
    "tried": (("v=DMARC1; p=reject; pct=100",), False, "reject"),
    "two wishes": (("v=DMARC1; p=reject", "v=DMARC1; p=reject"), False, ""),
    "beside others": (("v=spf1 -all", "v=DMARC1; p=reject"), False, "reject"),
    "none of it": (("v=spf1 -all", "hello"), False, None),
    "nothing": ((), False, None),
    "another version": (("v=DMARC2; p=reject",), False, None),
    "the version last": (("p=reject; v=DMARC1",), False, None),
    "an unknown wish": (("v=DMARC1; p=destroy",), False, ""),
}


@pytest.mark.parametrize("case", WISHES)
def test_only_a_clear_wish_counts(case: str) -> None:
    records, is_above, wish = WISHES[case]
    assert dmarc.wish(records, is_above=is_above) == wish


@given(st.text(max_size=80))
def test_whatever_is_published_is_read(record: str) -> None:
    assert dmarc.wish((f"v=DMARC1;{record}",), is_above=False) in ("", "reject", "quarantine")
    assert dmarc.names(record)
