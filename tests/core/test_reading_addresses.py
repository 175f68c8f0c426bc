"""Who is in a From: the strict reader, and where it differs from those that guess."""

from __future__ import annotations

import pytest

from mailtickets.core import reading
from mailtickets.core.mail import Address
from mailtickets.core.reading import addresses

ONE = {
    "ann@desk.example.org": Address("ann@desk.example.org"),
    "Ann <ann@desk.example.org>": Address("ann@desk.example.org", "Ann"),
    "<ann@desk.example.org>": Address("ann@desk.example.org"),
    '"Lee, Ann" <ann@desk.example.org>': Address("ann@desk.example.org", "Lee, Ann"),
    '"Ann \\"the\\" Lee" <ann@desk.example.org>': Address("ann@desk.example.org", 'Ann "the" Lee'),
    "Ann (at work) <ann@desk.example.org> (really)": Address("ann@desk.example.org", "Ann"),
    "ann@desk.example.org (Ann (the agent))": Address("ann@desk.example.org"),
    "=?utf-8?q?J=C3=B6rg?= Lee <joerg@customer.example>": Address("joerg@customer.example", "Jörg Lee"),
    '"=?utf-8?q?not_decoded?=" <ann@desk.example.org>': Address(
        "ann@desk.example.org", "=?utf-8?q?not_decoded?="
    ),
    "John Q. Public <jqp@customer.example>": Address("jqp@customer.example", "John Q. Public"),
    "münchen@bücher.example": Address("münchen@bücher.example"),
    '"ann lee"@desk.example.org': Address('"ann lee"@desk.example.org'),
    "ann@[192.0.2.1]": Address("ann@[192.0.2.1]"),
    "ann+tag=a/b@desk.example.org": Address("ann+tag=a/b@desk.example.org"),
    '"ann@desk.example.org" <lee@customer.example>': Address("lee@customer.example", "ann@desk.example.org"),
}


@pytest.mark.parametrize(("value", "expected"), ONE.items(), ids=ONE)
def test_one_mailbox_is_read(value: str, expected: Address) -> None:
    found = addresses.mailbox(value)
    assert found == expected
    assert found is not None
    assert found.name == expected.name


NOBODY = (
    "",
    "Ann",
    "ann@",
    "@desk.example.org",
    "ann@desk@example.org",
    "ann@desk.example.org, lee@customer.example",
    "ann@desk.example.org lee@customer.example",
    "alice@example.org<bob@evil.example>",
    "alice@example.org <bob@evil.example>",
    "Ann <ann@desk.example.org> <bob@evil.example>",
    "Ann <ann@desk.example.org> Bob",
    "Ann <ann@desk.example.org",
    "Ann (open <ann@desk.example.org>",
    "Team: ann@desk.example.org;",
    "<@relay.example:ann@desk.example.org>",
    "<<ann@desk.example.org>>",
    "ann@desk.example.org\x00",
    "ann..lee@desk.example.org",
    ".ann@desk.example.org",
    "ann@-desk.example.org",
    "ann@desk.example.org\u200b",
    "a\u00adnn@desk.example.org",
    f"{'a' * 250}@desk.example.org",
    "undisclosed-recipients:;",
)


@pytest.mark.parametrize("value", NOBODY)
def test_what_can_be_read_in_two_ways_is_nobody(value: str) -> None:
    assert addresses.mailbox(value) is None


DEFECTS = {
    b"From: ann@desk.example.org\n": (),
    b"From: Ann <ann@desk.example.org>\n": (),
    b"From: Support [Acme] <s@customer.example>\n": (),
    b"From: [ann@desk.example.org] <s@evil.example>\n": ("a From that can be read in two ways",),
    b"": ("no From",),
    b"From:\n": ("no address in From",),
    b"From: nobody\n": ("no address in From",),
    b"From: a@b.example\nFrom: a@b.example\n": ("two From headers",),
    b"From: a@b.example\n" * 3: ("three From headers",),
    b"From: a@b.example, c@d.example\n": ("several mailboxes in From",),
    b"From: a@b.example<c@d.example>\n": ("a From that can be read in two ways",),
    b"From: Team: a@b.example;\n": ("a From that can be read in two ways",),
}


@pytest.mark.parametrize(("fields", "defects"), DEFECTS.items(), ids=map(repr, DEFECTS))
def test_why_a_sender_is_not_believed(fields: bytes, defects: tuple[str, ...]) -> None:
    assert reading.read(fields + b"\nx").from_defects == defects


@pytest.mark.parametrize(
    ("one", "two", "are_same"),
    [
        ("Ann@Example.ORG", "ann@example.org", True),
        ("ÉMILE@example.org", "émile@example.org", True),
        ("ann@straße.example", "ann@strasse.example", False),  # two domains with two owners (RFC 5894)
        ("ann@\u212aelvin.example", "ann@kelvin.example", False),
        ("ann@e\u017fample.org", "ann@esample.org", False),
        ("\u0430nn@example.org", "ann@example.org", False),  # a Cyrillic a
        ("ann@ex\u0430mple.org", "ann@example.org", False),
        ("ann@\uff45xample.org", "ann@example.org", False),  # a full-width e
        ("ann@e\ufb03.example", "ann@effi.example", False),  # a ligature
    ],
)
def test_an_address_that_only_looks_like_another_is_another(one: str, two: str, are_same: bool) -> None:
    assert (Address(one) == Address(two)) is are_same
    assert are_same or Address(one).key != Address(two).key


LIKENESSES = {
    b"From: Big Bug bug@customer.example\n": "bug@customer.example",
    b"From: [ann@example.org] <s@customer.example>\n": "s@customer.example",
    b"From: alice@example.org<bob@evil.example>\n": "bob@evil.example",
}


@pytest.mark.parametrize(("fields", "spec"), LIKENESSES.items(), ids=map(repr, LIKENESSES))
def test_a_broken_From_is_filed_under_what_it_most_likely_means(fields: bytes, spec: str) -> None:
    sender = reading.read(fields + b"\nx").sender
    assert sender == Address(spec)


def test_lists_of_recipients_are_read_with_their_names() -> None:
    mail = reading.read(
        b"To: =?utf-8?q?J=C3=B6rg?= <j@x.example>, Team: k@x.example, j@X.example;\n"
        b"To: l@x.example\nCc: undisclosed-recipients:;\nReply-To: M <m@x.example>\n\nx"
    )
    assert [(a.spec, a.name) for a in mail.to] == [
        ("j@x.example", "Jörg"),
        ("k@x.example", ""),
        ("l@x.example", ""),
    ]
    assert mail.cc == ()
    assert [a.shown for a in mail.reply_to] == ["M"]
