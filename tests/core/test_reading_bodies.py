"""Which words of a letter are its text: one letter of the corpus for each rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailtickets.core import reading
from mailtickets.core.mail import InboundMail, SegmentKind
from mailtickets.core.reading import mime, sealed
from mailtickets.core.reading.sealed import Seal

TYPED, QUOTE, SIGNATURE, FORWARD = SegmentKind
CORPUS = Path(__file__).parent.parent / "corpus"
ENCRYPTED = (
    "This mail is encrypted: open its attachment with the key it was made for, or ask for a plain mail."
)
ENCRYPTED_TEXT = "This mail is encrypted: what is below can be read with a key alone. Ask for a plain mail."
WHEN = "When: Tuesday 24 November 2026, 10:00 to 11:00 (UTC)"


def letter(name: str) -> InboundMail:
    return reading.read((CORPUS / f"{name}.eml").read_bytes())


WORDS = {
    "base64-that-is-none": "It smokes, doesn't it? Yes: (really).",
    "base64-with-footer": "It smokes.",
    "calendar-answer": f"The invitation is declined: Printer\n{WHEN}",
    "calendar-cancelled": f"Cancelled: Printer\n{WHEN}",
    "charset-in-page": "Принтер дымит",
    "charset-of-japan": "プリンターが動きません。",
    "emoji": "It works 👍🏽 thanks 👩\u200d👩\u200d👧 🇩🇪",
    "emoji-pictures": "Thanks 😀 👍🏽",
    "flowed-delsp": "印刷できません。お願いします。",
    "form-for-one-reader": "It smokes.",
    "hidden-by-style-sheet": "It smokes.\n\nReally.",
    "links": (
        "See the manual <https://customer.example/manual?id=7>, customer.example, kim@customer.example or "
        "Ann <ann@customer.example>.\n\nhttps://customer.example/x no"
    ),
    "nothing-but-a-message": "",
    "page-called-plain": "It smokes.\n\nBye",
    "pgp-encrypted-in-text": ENCRYPTED_TEXT,
    "pgp-signed": "It smokes.",
    "plain-called-page": "It smokes.\nBye & thanks",
    "quoted-printable-damaged": "It smokes at 50 =% and ü, =ZZ and so on",
    "reply-gmx": "Ja, danke.",
    "reply-outlook-unknown-language": "Рахмет, жұмыс істейді.",
    "report-without-words": "",
    "right-to-left": "الطابعة تعمل الآن، شكرا",
    "smime-encrypted": ENCRYPTED,
    "smime-sealed": "It smokes.",
    "smime-sealed-by-name": "It smokes.",
    "text-around-a-file": "It smokes:\nSee?",
    "text-that-points-to-html": "It smokes, and it smells. Please come at once.",
    "two-messages-without-a-word": "",
    "unknown-text": "It *smokes*.",
    "utf8-called-western": "Grüße aus Köln",
    "uuencoded": "It smokes, see:\n\n\nBye",
    "warning-on-top": "It smokes.",
    "winmail": "It smokes.",
}


@pytest.mark.parametrize(("name", "words"), WORDS.items(), ids=WORDS)
def test_what_was_typed(name: str, words: str) -> None:
    assert letter(name).typed == words


FILES = {
    "emoji-pictures": [],
    "form-for-one-reader": [],
    "nothing-but-a-message": ["Smoke.eml"],
    "smime-encrypted": ["smime.p7m"],
    "smime-sealed": ["log.txt"],
    "text-around-a-file": ["smoke.png"],
    "uuencoded": ["log.txt"],
    "winmail": ["winmail.dat"],
}


@pytest.mark.parametrize(("name", "files"), FILES.items(), ids=FILES)
def test_what_hangs_on_it(name: str, files: list[str]) -> None:
    assert [file.name for file in letter(name).attachments] == files


def test_a_file_in_the_text_is_decoded() -> None:
    assert letter("uuencoded").attachments[0].octets == b"smoke\n"


SHOWN = {
    "nothing-but-a-message": "It smokes.\n#close",
    "two-messages-without-a-word": (
        "Kim <kim@customer.example>: Smoke\n\nIt smokes.\n#close\n\n"
        "Ann <kim@customer.example>: Smoke\n\nIt burns.\n#close"
    ),
    "report-without-words": (
        "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; lee@customer.example\n"
        "Action: failed\nStatus: 5.1.1"
    ),
}


@pytest.mark.parametrize(("name", "text"), SHOWN.items(), ids=SHOWN)
def test_a_letter_without_words_shows_what_it_carries_and_nobody_is_commanded_by_it(
    name: str, text: str
) -> None:
    assert [(segment.kind, segment.text) for segment in letter(name).segments] == [(FORWARD, text)]


@pytest.mark.parametrize("name", ["calendar-answer", "smime-encrypted", "pgp-encrypted-in-text"])
def test_our_own_sentence_does_not_tell_the_language_of_the_letter(name: str) -> None:
    assert letter(name).language == ""


def test_armour_and_files_are_folded_and_kept() -> None:
    for name in ("pgp-signed", "pgp-encrypted-in-text", "uuencoded"):
        mail = letter(name)
        folded = "".join(segment.text for segment in mail.segments if segment.kind is SIGNATURE)
        assert any(mark in folded for mark in ("-----BEGIN PGP", "begin 644"))


@pytest.mark.parametrize(
    "octets",
    [b"", b"0", b"MIIB", b"\x30\x80" * 3000, b"\x30\x84\xff\xff\xff\xff", b"\x30\x80" + b"\x02\x00" * 50_000],
)
def test_what_is_no_envelope_is_none(octets: bytes) -> None:
    assert sealed.opened(octets) == (None, b"")


def test_an_envelope_of_any_length_form_is_opened() -> None:
    for name in ("smime-sealed", "smime-sealed-by-name"):
        root = mime.take_apart((CORPUS / f"{name}.eml").read_bytes(), reading.ReadingLimits())
        seal, inner = sealed.opened(root.octets)
        assert seal is Seal.SIGNED
        assert b"It smokes." in inner


def test_a_letter_of_which_nothing_can_be_made_is_shown_as_it_is() -> None:
    octets = b'Content-Type: multipart/mixed; boundary="a--"\n\n--a--\nwhat is this\n--a----\n'
    assert "what is this" in reading.read(octets).text
