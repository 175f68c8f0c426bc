"""Letters beyond the limits are refused with one plain sentence, or read as far as the limits go."""

from __future__ import annotations

import pytest

from mailtickets.core import reading
from mailtickets.core.mail import SegmentKind
from mailtickets.core.reading import ReadingLimits

LIMITS = ReadingLimits(
    mail=20_000,
    headers=4_000,
    header_lines=30,
    parts=5,
    depth=3,
    header=500,
    fold=200,
    fold_lines=10,
    relay_size=10,
)
TOO_MUCH = {
    "octets": (b"Subject: x\n\n" + b"a" * 20_000, "The mail has 20,012 octets; 20,000 are the limit."),
    "headers": (b"X: y\n" * 900 + b"\nx", "The headers of the mail have 4,499 octets; 4,000 are the limit."),
    "lines": (b"X: y\n" * 31 + b"\nx", "The mail has more than 30 header lines."),
    "parts": (
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 6,
        "The mail has more than 5 parts.",
    ),
}


@pytest.mark.parametrize(("octets", "sentence"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_a_letter_beyond_the_limits_is_refused(octets: bytes, sentence: str) -> None:
    with pytest.raises(reading.Broken) as refused:
        reading.read(octets, LIMITS)
    assert str(refused.value) == sentence


def test_a_field_beyond_its_limit_is_cut() -> None:
    mail = reading.read(b"Subject: " + b"a" * 600 + b"\n\nx", LIMITS)
    assert mail.subject == "a" * 500
    assert mail.defects == ("Subject is too long: its end was left out",)


def test_a_From_beyond_its_limit_is_not_believed() -> None:
    mail = reading.read(b"From: ann@desk.example.org" + b" " * 600 + b", mallory@evil.example\n\nx", LIMITS)
    assert "a From that is too long" in mail.from_defects


def test_a_container_beyond_the_depth_stays_shut() -> None:
    octets = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(4))
    mail = reading.read(octets + b"\n#close\n", LIMITS)
    assert [file.content_type for file in mail.attachments] == ["multipart/mixed"]
    assert mail.text == ""


@pytest.mark.parametrize("text", ["line\n" * 20 + "end", "a" * 150 + "\n" + "b" * 150])
def test_text_that_is_too_long_to_search_is_kept_but_folded(text: str) -> None:
    mail = reading.read(b"Subject: x\n\n" + text.encode() + b"\n#close\n", LIMITS)
    assert mail.text == f"{text}\n#close"
    assert [segment.kind for segment in mail.segments] == [SegmentKind.TYPED, SegmentKind.QUOTE]
    assert "#close" not in mail.typed


def test_files_that_are_too_big_together_do_not_travel() -> None:
    part = b"--b\nContent-Disposition: attachment; filename=%d\n\n12345678\n"
    octets = b"Content-Type: multipart/mixed; boundary=b\n\n" + part % 1
    assert [file.octets for file in reading.read(octets + b"--b--", LIMITS).attachments] == [b"12345678"]
    mail = reading.read(octets + part % 2 + b"--b--", LIMITS)
    assert [(file.octets, file.size) for file in mail.attachments] == [(b"", 8), (b"", 8)]
