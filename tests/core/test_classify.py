"""What wrote a letter: a table of headers, and the order in which they count."""

from __future__ import annotations

from datetime import date

import pytest

from mailtickets.core import classify, reading
from mailtickets.core.classify import Judgement, Kind

OWN = frozenset({"support@desk.example.org"})


def judged(fields: str, body: str = "Hello") -> Judgement:
    given = "" if "From:" in fields else "From: lee@customer.example\n"
    return classify.kind(reading.read(f"{given}{fields}\n\n{body}".encode()), OWN)


TABLE = {
    "Subject: Help": Kind.PERSON,
    "Subject: Re: out of office printer": Kind.PERSON,
    "Subject: automatic reply is broken": Kind.PERSON,
    "Auto-Submitted: no": Kind.PERSON,
    "Auto-Submitted: No (a person)": Kind.PERSON,
    "Return-Path: <lee@customer.example>": Kind.PERSON,
    "X-Auto-Response-Suppress: DR, RN, NRN": Kind.PERSON,
    "Precedence: first-class": Kind.PERSON,
    "X-Autoreply: no": Kind.PERSON,
    "From: noreply@form.example\nReply-To: lee@customer.example": Kind.PERSON,
    "From: noreplyson@customer.example": Kind.PERSON,
    "Auto-Submitted: auto-replied": Kind.AUTOREPLY,
    'Auto-Submitted: auto-replied; owner-email="lee@customer.example"': Kind.AUTOREPLY,
    "auto-submitted: AUTO-REPLIED": Kind.AUTOREPLY,
    "Precedence: auto_reply": Kind.AUTOREPLY,
    "X-Autoreply: yes": Kind.AUTOREPLY,
    "X-Autorespond: away": Kind.AUTOREPLY,
    "Auto-Submitted: auto-replied\nSubject: Automatic reply: Printer": Kind.VACATION,
    "Subject: Out of Office: Re: Printer": Kind.VACATION,
    "Subject: Automatic reply: Printer": Kind.VACATION,
    "Subject: Réponse automatique : Printer": Kind.VACATION,
    "Subject: 自动回复：Printer": Kind.VACATION,
    "Return-Path: <>\nAuto-Submitted: auto-replied": Kind.AUTOREPLY,
    "Subject: Please confirm your message\nAuto-Submitted: auto-replied": Kind.CHALLENGE,
    "From: a@user.boxbe.com\nSubject: Verify your email": Kind.CHALLENGE,
    "X-TMDA-Fingerprint: abc": Kind.CHALLENGE,
    "Subject: Please confirm your message": Kind.PERSON,
    "Auto-Submitted: auto-generated": Kind.AUTOMATIC,
    "Auto-Submitted: auto-notified": Kind.AUTOMATIC,
    "Auto-Submitted: x": Kind.AUTOMATIC,
    "Precedence: bulk": Kind.AUTOMATIC,
    "Precedence: junk": Kind.AUTOMATIC,
    "X-Auto-Response-Suppress: OOF, DR": Kind.AUTOMATIC,
    "X-Auto-Response-Suppress: All": Kind.AUTOMATIC,
    "Return-Path: <>": Kind.AUTOMATIC,
    "From: no-reply@shop.example": Kind.AUTOMATIC,
    "From: Shop <do_not_reply@shop.example>": Kind.AUTOMATIC,
    "From: postmaster@mx.example.net\nSubject: hello": Kind.AUTOMATIC,
    "Content-Type: multipart/report; report-type=feedback-report; boundary=b": Kind.COMPLAINT,
    "Content-Type: multipart/report; report-type=disposition-notification; boundary=b": Kind.RECEIPT,
    'Content-Type: multipart/report; boundary=b; report-type="delivery-status"': Kind.BOUNCE,
    "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net": Kind.BOUNCE,
    "From: Mail Delivery System <mailer-daemon@mx.example.net>\nSubject: Undelivered Mail Returned to Sender": Kind.BOUNCE,
    "List-Id: <news.example.org>": Kind.LIST,
    "List-Unsubscribe: <mailto:u@x.example>": Kind.LIST,
    "Precedence: list": Kind.LIST,
    "List-Id: <news.example.org>\nPrecedence: bulk": Kind.LIST,
    "List-Id: <news.example.org>\nAuto-Submitted: auto-replied": Kind.AUTOREPLY,
    "From: Support <SUPPORT@desk.example.org>": Kind.OURS,
    "From: support@desk.example.org\nReturn-Path: <>": Kind.OURS,
}


@pytest.mark.parametrize(("fields", "kind"), TABLE.items(), ids=TABLE)
def test_what_the_headers_say_of_the_writer(fields: str, kind: Kind) -> None:
    judgement = judged(fields)
    assert judgement.kind is kind, judgement.reason
    assert judgement.reason


def test_the_reason_names_the_header_that_decided() -> None:
    assert judged("Auto-Submitted: auto-generated").reason == "Auto-Submitted: auto-generated (RFC 3834)"
    assert judged(f"List-Id: <{'a' * 100}>").reason.endswith("…")


def test_a_reply_to_a_bounce_is_a_persons() -> None:
    judgement = judged(
        "Subject: Re: Undelivered Mail Returned to Sender", "kim@customer.example could not be delivered"
    )
    assert judgement.is_person


def test_who_says_to_be_away_is_away_whatever_the_header() -> None:
    assert judged("Auto-Submitted: auto-replied", "I am out of the office.").kind is Kind.VACATION
    assert judged("Auto-Submitted: auto-replied", "We have got your mail.").kind is Kind.AUTOREPLY
    # No header and no program's subject: a person tells of a holiday.
    assert judged("Subject: Printer", "I am out of the office until Monday.").is_person


def test_an_absence_notice_says_until_when() -> None:
    fields = "Auto-Submitted: auto-replied\nDate: Thu, 19 Nov 2026 10:00:00 +0000\nContent-Type: text/plain; charset=utf-8"
    judgement = judged(fields, "Ich bin bis zum 24. November nicht da.")
    assert judgement.reason == "Auto-Submitted: auto-replied (RFC 3834), “bis zum 24. November” (2026-11-24)"
    assert judgement.absence is not None
    assert judgement.absence.day == date(2026, 11, 24)


@pytest.mark.parametrize("notice", ["Away.", "Wait until 3 people come.", "> away until Monday"])
def test_an_absence_notice_without_a_day_says_none(notice: str) -> None:
    assert judged("Auto-Submitted: auto-replied", notice).reason == "Auto-Submitted: auto-replied (RFC 3834)"
