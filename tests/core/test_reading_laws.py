"""Laws of the reader that hold for any octets, lines and addresses whatever."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailtickets.core import classify, identity, reading
from mailtickets.core.identity import Trust
from mailtickets.core.mail import InboundMail, SegmentKind
from mailtickets.core.reading import ReadingLimits, addresses, characters, flowed, folding, html, names, words
from mailtickets.core.reading.html import Marked

# Pieces that letters are made of: whole ones for speed, broken ones for luck.
PIECES = st.sampled_from(
    (
        *(b"From: ", b"To: ", b"Subject: ", b"Content-Type: ", b"multipart/mixed; boundary=b", b"text/html"),
        *(
            b"message/rfc822",
            b"Content-Transfer-Encoding: base64",
            b"quoted-printable",
            b"x-uuencode",
            b"begin 644 x",
        ),
        *(
            b"\r\n",
            b"\n",
            b"\n\n",
            b"\r",
            b" ",
            b"\t",
            b"--b",
            b"--b--",
            b"a@b.example",
            b"<",
            b">",
            b'"',
            b"(",
            b"\\",
        ),
        *(
            b"=?utf-8?q?=C3?=",
            b"=?utf-8?B?w7w=?=",
            b"=?x?b?!?=",
            b"=C3=BC",
            b"\xff\xfe",
            b"\x00",
            b"\xc3\xbc",
        ),
        *(
            b"filename*0*=utf-8''%C3",
            b"; filename*1=x",
            b"; charset=utf-16",
            b"<div class=gmail_quote>",
            b"</div>",
        ),
        *(
            b"> quoted",
            b"On 1 May 2026 10:00 a@b.example wrote:",
            b"-- ",
            b"Final-Recipient: rfc822; a@b.example",
        ),
        *(
            b"Status: 5.1.1",
            b"Action: failed",
            b"message/delivery-status",
            b"multipart/report",
            b"Auto-Submitted: x",
        ),
        *(
            b"Authentication-Results: mx; dmarc=",
            b"pass",
            b"fail",
            b"Date: ",
            b"Fri, 32 Feb 0000 25:61 +9999",
        ),
    )
)
OCTETS = st.lists(PIECES | st.binary(max_size=20), max_size=60).map(b"".join)


@given(OCTETS)
@settings(max_examples=500)
def test_any_octets_are_a_letter_or_cleanly_refused(octets: bytes) -> None:
    try:
        mail = reading.read(octets)
    except reading.Broken:
        return
    assert "\n".join(segment.text for segment in mail.segments) == mail.text
    assert "\0" not in mail.text + mail.subject
    mail.text.encode("utf-8")
    assert all(f"{file.content_type}{file.content_id}".isprintable() for file in mail.attachments)
    repr(mail).encode("utf-8")
    classify.kind(mail, frozenset())
    identity.evidence(mail, Trust(authserv_id="mx", own_hosts=("mx",)), ())


@given(OCTETS)
def test_line_breaks_and_trace_fields_of_the_way_change_no_fingerprint(body: bytes) -> None:
    octets = b"From: a@b.example\nSubject: x\n\n" + body.replace(b"\r", b"").replace(b"\0", b"")
    came_by_lmtp = b"Received: by mx.example.org\r\n" + octets.replace(b"\n", b"\r\n")
    try:
        first = reading.read(octets)
    except reading.Broken:
        return
    assert reading.read(came_by_lmtp).fingerprint == first.fingerprint


@given(st.text(max_size=400))
def test_what_the_strict_reader_accepts_holds_one_address_that_is_written_there(value: str) -> None:
    found = addresses.mailbox(value)
    if found is not None:
        assert addresses.is_spec(found.spec)
        assert found.spec in value


@given(
    st.lists(
        st.sampled_from(("a@b.example", "c@d.example", "<", ">", ",", '"', "(", ")", " ", "x", ";", ":"))
    )
)
def test_two_addresses_outside_of_quotes_and_comments_are_nobody(pieces: list[str]) -> None:
    value = "".join(pieces)
    if addresses.mailbox(value) is not None and not set('"()') & set(value):
        assert value.count("@") == 1


LINES = st.sampled_from(
    (
        *(
            "",
            "Hello",
            "> quoted",
            ">> twice",
            "-- ",
            "--",
            "Lee",
            "On 1 May 2026 at 10:00, Ann <a@b.example> wrote:",
        ),
        *(
            "From: Ann <a@b.example>",
            "Sent: 1 May 2026 10:00",
            "To: Lee",
            "Subject: x",
            "-----Original Message-----",
        ),
        *(
            "---------- Forwarded message ----------",
            "________________________________",
            "Sent from my iPhone",
        ),
        *(
            "This e-mail is confidential and intended solely for you.",
            "##- reply above this line -##",
            "wrote:",
            "#close",
        ),
    )
)


@given(
    st.lists(LINES | st.text("ab>:-_ \n", max_size=20), max_size=40), st.sampled_from(("Re: x", "Fwd: x", ""))
)
@settings(max_examples=400)
def test_folding_cuts_nothing(lines: list[str], subject: str) -> None:
    body = plain("\n".join(lines))
    segments = folding.segments(body, nothing, subject, ReadingLimits())
    assert "\n".join(segment.text for segment in segments) == body.text
    assert all(one.kind is not two.kind for one, two in itertools.pairwise(segments))


@given(st.lists(st.sampled_from(("Yes.", "No, thanks.", "", "Here it is")), min_size=1, max_size=6))
def test_an_answer_between_quotes_is_never_cut(answers: list[str]) -> None:
    lines = ["On 1 May 2026 at 10:00, Ann <a@b.example> wrote:"]
    for number, answer in enumerate(answers):
        lines += [f"> question {number}", "> and more of it", "", answer, ""]
    segments = folding.segments(plain("\n".join((*lines, "> the end"))), nothing, "Re: x", ReadingLimits())
    typed = [line for s in segments if s.kind is SegmentKind.TYPED for line in s.text.split("\n") if line]
    assert typed == [answer for answer in answers if answer]


@given(st.text(max_size=300))
def test_no_name_is_a_path(name: str) -> None:
    safe = names.safe(name, "application/pdf", 1)
    assert safe == safe.strip()
    assert safe not in ("", ".", "..")
    assert not set(safe) & set('/\\<>:"|?*\0\n')
    assert len(safe.encode()) <= names.MAX_OCTETS


@given(
    st.binary(max_size=200),
    st.text(max_size=20) | st.sampled_from(("utf-7", "utf-16", "idna", "rot13", "punycode")),
)
def test_any_octets_in_any_charset_are_some_text(octets: bytes, charset: str) -> None:
    characters.decoded(octets, charset).encode("utf-8")


@given(st.text(max_size=300))
def test_any_html_is_some_text_with_a_kind_for_each_line(source: str) -> None:
    marked = html.rendered(f"<p>{source}")
    assert len(marked.kinds) == (marked.text.count("\n") + 1 if marked.kinds else 0)


@given(st.text(max_size=300), st.booleans())
def test_unflowing_keeps_every_letter(text: str, delete_space: bool) -> None:
    assert (
        "".join(flowed.unflowed(text, delete_space=delete_space).split()).strip(">")
        == "".join(text.split()).strip(">")
        or ">" in text
    )


@given(st.text(max_size=200))
def test_words_that_are_not_encoded_stay_as_they_are(text: str) -> None:
    if "=?" not in text:
        assert words.decode_words(text) == text


HOSTILE = {
    "a megabyte of >": b"From: a@b.example\n\n" + b">" * 1_000_000,
    "attributions": b"From: a@b.example\n\n" + b"On x wrote\n" * 50_000,
    "whole attributions": b"From: a@b.example\n\n" + b"On 1 May 2026 10:00 x@y wrote:\n> a\n" * 20_000,
    "field blocks": b"From: a@b.example\n\n" + b"From: a\nTo: b\n" * 50_000,
    "dashes": b"From: a@b.example\n\n" + b"--\nx\n" * 50_000,
    "encoded words": b"From: a@b.example\nSubject: " + b"=?utf-8?q?a?= " * 2_300 + b"\n\nx",
    "a thousand levels": b"From: a@b.example\n"
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(1000)),
    "tags": b"From: a@b.example\nContent-Type: text/html\n\n" + b"<div>" * 200_000,
    "cells": b"From: a@b.example\nContent-Type: text/html\n\n<table>" + (b"<tr>" + b"<td>x" * 1000) * 500,
    "parentheses": b"From: " + b"(" * 30_000 + b"\n\nx",
    "a notice without an end": b"From: mailer-daemon@b.example\nSubject: failure notice\n\n" + b"a" * 60_000,
}


@pytest.mark.parametrize("octets", HOSTILE.values(), ids=HOSTILE)
def test_no_letter_is_slow(octets: bytes) -> None:
    begun = time.process_time()
    assert isinstance(reading.read(octets), InboundMail)
    assert time.process_time() - begun < 10


def nothing() -> Marked:
    return Marked("", ())


def plain(text: str) -> Marked:
    return Marked(text, (SegmentKind.TYPED,) * (text.count("\n") + 1))
