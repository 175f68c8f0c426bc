"""Who wrote a letter that bears another's address, and where they want to be answered."""

from __future__ import annotations

import pytest

from mailtickets.core import authors, classify, reading
from mailtickets.core.identity import Evidence
from mailtickets.core.mail import InboundMail

OWN = frozenset({"support@desk.example.org"})
PASS = Evidence(authenticated="dmarc=pass")


def letter(fields: str) -> InboundMail:
    return reading.read(f"{fields}\n\nHello".encode())


AUTHORS = {
    "From: lee@customer.example": "",
    "From: lee@customer.example\nReply-To: other@customer.example": "",
    "From: no-reply@form.example\nReply-To: lee@customer.example": "lee@customer.example",
    "From: no-reply@form.example\nReply-To: lee@customer.example, kim@customer.example": "",
    "From: no-reply@form.example\nReply-To: support@desk.example.org": "",
    "From: no-reply@form.example\nReply-To: noreply@form.example": "",
    "From: no-reply@form.example\nReply-To: lee@customer.example\nIn-Reply-To: <a@b>": "",
    "From: Lee Chang via Dev <dev@lists.example>\nList-Id: <dev.lists.example>\nReply-To: lee@customer.example": "lee@customer.example",
    "From: 'Lee' via Dev <dev@groups.example>\nList-Id: <d>\nX-Original-From: Lee <lee@customer.example>": "lee@customer.example",
    "From: Lee via Dev <dev@lists.example>\nReply-To: lee@customer.example": "",
    "From: Dev <dev@lists.example>\nList-Id: <d>\nReply-To: lee@customer.example": "",
    "From: Lee via Dev <dev@lists.example>\nList-Id: <d>": "",
    "From: no-reply@form.example\nFrom: x@y.example\nReply-To: lee@customer.example": "",
}


@pytest.mark.parametrize("fields", AUTHORS)
def test_who_wrote_it(fields: str) -> None:
    mail = letter(fields)
    found = authors.author(mail, classify.kind(mail, OWN), OWN)
    assert (found.spec if found else "") == AUTHORS[fields]


def test_the_name_is_the_authors_and_not_the_lists() -> None:
    mail = letter("From: Lee Chang via Dev <dev@l.example>\nList-Id: <d>\nReply-To: lee@customer.example")
    found = authors.author(mail, classify.kind(mail, OWN), OWN)
    assert found
    assert found.name == "Lee Chang"


ANSWERS: dict[tuple[str, Evidence], tuple[list[str], list[str]]] = {
    ("team@customer.example", Evidence()): (["team@customer.example"], []),
    ("lee@mail.customer.example", Evidence()): (["lee@mail.customer.example"], []),
    ("lee@home.example", Evidence()): ([], ["lee@home.example"]),
    ("lee@home.example", PASS): (["lee@home.example"], []),
    ("team@customer.example", Evidence(contrary="dmarc=fail")): ([], ["team@customer.example"]),
    ("support@desk.example.org", PASS): ([], []),
    ("no-reply@customer.example", PASS): ([], []),
    ("lee@customer.example", PASS): ([], []),
}


@pytest.mark.parametrize("case", ANSWERS, ids=str)
def test_reply_to_is_answered_where_it_is_as_safe_as_from(case: tuple[str, Evidence]) -> None:
    mail = letter(f"From: lee@customer.example\nReply-To: {case[0]}")
    too = [a.spec for a in authors.answered_too(mail, case[1], OWN)]
    not_ = [a.spec for a in authors.not_answered(mail, case[1], OWN)]
    assert (too, not_) == ANSWERS[case]
