"""Pictures in the text where they stood, and those that stand under every letter folded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailtickets.core import pictures, reading
from mailtickets.core.mail import InboundMail, SegmentKind

DOT = "iVBORw0KGgo="  # the first octets of a PNG


def related(
    body: str, kind: str = "text/html", *, disposition: str = "inline", plain: str = ""
) -> InboundMail:
    """A letter with diagram.png, Content-ID <d1>, as a picture of its text."""
    page = f"Content-Type: {kind}; charset=utf-8\n\n{body}\n"
    if plain:
        page = (
            f"Content-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain\n\n{plain}\n"
            f"--a\n{page}--a--\n"
        )
    return pictures.shown(
        reading.read(
            f"""From: lee@customer.example
MIME-Version: 1.0
Content-Type: multipart/related; boundary=r

--r
{page}--r
Content-Type: image/png; name="diagram.png"
Content-Transfer-Encoding: base64
Content-ID: <d1>
Content-Disposition: {disposition}; filename="diagram.png"

{DOT}
--r--
""".encode()
        )
    )


PLACES = {
    "in HTML alone": related('<p>See here:</p><p><img src="cid:d1"></p><p>Does it help?</p>'),
    "in a line": related('<p>See <img src="cid:D1"> here:</p>'),
    "beside a plain text that lost it": related(
        '<p>See here:</p><p><img src="cid:d1"></p><p>Does it help?</p>', plain="See here:\n\nDoes it help?"
    ),
    "as Outlook writes the plain text": related(
        '<p>See here:</p><img src="cid:d1">', plain="See here:\n\n[cid:d1]\n\nDoes it help?"
    ),
    "as Gmail writes the plain text": related(
        '<p>See here:</p><img src="cid:d1">', plain="See here:\n[image: diagram.png]\nDoes it help?"
    ),
    "called an attachment": related('<p>See here:</p><img src="cid:d1">', disposition="attachment"),
}


@pytest.mark.parametrize("form", PLACES)
def test_a_picture_is_told_where_it_stood(form: str) -> None:
    mail = PLACES[form]
    lines = [line for line in mail.typed.split("\n") if line.strip()]
    assert lines[0].startswith("See")
    assert "[image: diagram.png]" in "\n".join(lines[:2])
    assert mail.text.count("[image: diagram.png]") == 1
    assert "cid:" not in mail.text
    assert "\n".join(segment.text for segment in mail.segments) == mail.text
    assert mail.attachments[0].inline


NO_PLACES = {
    "a tracking pixel": related('<p>Hello</p><img src="cid:d1" width="1" height="1">'),
    "a page elsewhere": related('<p>Hello</p><img src="https://tracker.example/p.png">'),
    "an id that is not there": related('<p>Hello</p><img src="cid:other">'),
    "words that only look so": related("Hello [cid:other]", "text/plain"),
}


@pytest.mark.parametrize("form", NO_PLACES)
def test_what_is_no_picture_of_the_letter_has_no_place(form: str) -> None:
    assert "[image" not in NO_PLACES[form].text


def test_the_reader_leaves_the_text_as_it_was() -> None:
    octets = b"From: a@b.example\nContent-Type: text/html\n\n<p>Hello <img src=cid:x> there</p>"
    assert reading.read(octets).text == "Hello  there"


def test_a_file_that_is_no_picture_is_a_file_whatever_apple_calls_it() -> None:
    octets = b"From: a@b.example\nContent-Type: application/pdf; name=a.pdf\nContent-Disposition: inline; filename=a.pdf\n\nx"
    assert not reading.read(octets).attachments[0].inline


SIGNED = related('<p>It works.</p><p>Lee</p><p><img src="cid:d1"></p>')
SHA = SIGNED.attachments[0].sha256


def test_a_picture_that_came_before_is_folded_and_nothing_is_lost() -> None:
    again = pictures.folded(SIGNED, {SHA})
    assert (again.files, len(again.attachments)) == ((), 1)
    assert "[image" not in again.typed
    assert [s.kind for s in again.segments] == [SegmentKind.TYPED, SegmentKind.SIGNATURE]
    assert "\n".join(s.text for s in again.segments) == "\n".join(s.text for s in SIGNED.segments)


def test_the_first_time_it_is_a_picture() -> None:
    assert pictures.folded(SIGNED, frozenset()) == SIGNED
    assert SIGNED.files == SIGNED.attachments


def test_a_big_picture_is_meant_to_be_looked_at() -> None:
    big = replace(SIGNED, attachments=(replace(SIGNED.attachments[0], size=pictures.MAX_LOGO + 1),))
    assert pictures.small(big) == ()
    assert pictures.folded(big, {SHA}) == big


def test_where_everybody_has_an_address_a_domain_is_no_company() -> None:
    assert pictures.sources("lee@customer.example") == ("lee@customer.example", "@customer.example")
    assert pictures.sources("lee@gmail.com") == ("lee@gmail.com",)
