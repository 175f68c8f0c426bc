"""Moments, spans, sizes and links: the small words of the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailtickets.core.mail import Segment, SegmentKind
from mailtickets.web import mailto, words
from mailtickets.web.passages import Passage, Span, passages, plain, spans

NOW = datetime(2026, 11, 20, 8, 12, tzinfo=UTC)  # Friday, 09:12 in Paris
PARIS = words.calendar(NOW, "Europe/Paris", "en")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "under 1 min"),
        (1, "1 min"),
        (59, "59 min"),
        (60, "1 h"),
        (110, "1 h 50 min"),
        (599, "9 h 59 min"),
        (21 * 60 + 5, "21 h"),
        (24 * 60, "1 d"),
        (52 * 60, "2 d 4 h"),
        (16 * 24 * 60 + 300, "16 d"),
    ],
)
def test_a_span_is_said_in_at_most_two_units(minutes: int, said: str) -> None:
    assert words.span(timedelta(minutes=minutes)) == said


@pytest.mark.parametrize(
    ("octets", "said"),
    [(1, "1 byte"), (800, "800 bytes"), (412_400, "412 kB"), (999_600, "1.0 MB"), (1_200_000, "1.2 MB")],
)
def test_a_size_is_said_in_the_unit_that_a_person_expects(octets: int, said: str) -> None:
    assert words.size(octets) == said


@pytest.mark.parametrize(
    ("at", "stamp", "brief", "told"),
    [
        (datetime(2026, 11, 20, 7, 47, tzinfo=UTC), "today, 08:47", "08:47", "today 08:47"),
        (datetime(2026, 11, 19, 23, 30, tzinfo=UTC), "today, 00:30", "00:30", "today 00:30"),
        (datetime(2026, 11, 19, 8, 14, tzinfo=UTC), "Thu 19 Nov, 09:14", "Thu 19 Nov", "Thu 09:14"),
        (datetime(2026, 3, 2, 8, 0, tzinfo=UTC), "Mon 2 Mar, 09:00", "Mon 2 Mar", "2 Mar 09:00"),
        (datetime(2025, 3, 2, 8, 0, tzinfo=UTC), "2 Mar 2025, 09:00", "2 Mar 2025", "2 Mar 2025"),
    ],
)
def test_a_moment_is_said_in_the_readers_zone(at: datetime, stamp: str, brief: str, told: str) -> None:
    assert (PARIS.stamp(at), PARIS.brief(at), PARIS.told(at)) == (stamp, brief, told)


def test_a_language_that_is_not_known_is_said_in_english() -> None:
    assert words.calendar(NOW, "UTC", "xx-klingon").day(NOW) == "Fri 20 Nov"


@pytest.mark.parametrize(
    ("names", "said"),
    [((), ""), (("Ann",), "Ann"), (("Ann", "Ben"), "Ann and Ben"), (("A", "B", "C"), "A, B and C")],
)
def test_names_are_listed_as_in_a_sentence(names: tuple[str, ...], said: str) -> None:
    assert words.listed(names) == said


def test_a_mail_link_is_written_so_that_every_program_reads_it() -> None:
    # RFC 6068 section 5: %20 and never +, CRLF between lines.
    link = mailto.link("desk+x@example.org", "Re: [#12] A & B + C?", "#note\n\nünï")
    assert link == (
        "mailto:desk+x@example.org?subject=Re%3A%20%5B%2312%5D%20A%20%26%20B%20%2B%20C%3F"
        "&body=%23note%0D%0A%0D%0A%C3%BCn%C3%AF"
    )


def test_a_mail_link_may_answer_a_mail() -> None:
    assert (
        mailto.link("desk@example.org", "Re: x", "#close", "12.ab@example.org")
        == "mailto:desk@example.org?subject=Re%3A%20x&in-reply-to=%3C12.ab%40example.org%3E&body=%23close"
    )


def test_a_mail_link_without_words_is_the_address() -> None:
    assert mailto.link("desk@example.org") == "mailto:desk@example.org"


def test_an_address_cannot_smuggle_fields_into_a_mail_link() -> None:
    assert mailto.link("a?bcc=b&x@example.org") == "mailto:a%3Fbcc%3Db%26x@example.org"


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://example.org/a.", ("https://example.org/a",)),
        ("(https://example.org/a_(b)), yes", ("https://example.org/a_(b)",)),
        ("<https://example.org/?a=1&b=2>", ("https://example.org/?a=1&b=2",)),
        ("javascript:alert(1) data:text/html,x ftp://example.org", ()),
        ("two http://a.example/ HTTPS://b.example/x…", ("http://a.example/", "HTTPS://b.example/x")),
        ("nothing", ()),
    ],
)
def test_only_web_addresses_become_links(text: str, links: tuple[str, ...]) -> None:
    cut = spans(text)
    assert tuple(s.href for s in cut if s.href) == links
    assert "".join(s.text for s in cut) == text


def test_quotes_and_signatures_are_folded_and_say_how_long_they_are() -> None:
    letter = (
        Segment(SegmentKind.TYPED, "Hello,\n\nit works.  \n"),
        Segment(SegmentKind.QUOTE, "On Monday Ann wrote:\n> Does it?"),
        Segment(SegmentKind.SIGNATURE, "-- \nMaria"),
        Segment(SegmentKind.FORWARD, "Forwarded"),
        Segment(SegmentKind.TYPED, "\n \n"),
    )
    assert passages(letter) == (
        Passage((Span("Hello,"),)),
        Passage((Span("it works."),)),
        Passage((Span("On Monday Ann wrote:\n> Does it?"),), "Quoted text, 2 lines"),
        Passage((Span("-- \nMaria"),), "Signature, 2 lines"),
        Passage((Span("Forwarded"),)),
    )


def test_a_text_of_blank_lines_is_no_passage() -> None:
    assert plain("\n \n") == ()


def test_a_long_run_of_brackets_takes_no_time() -> None:
    assert len(spans("http://x/" + ")" * 1_000_000)) == 2
