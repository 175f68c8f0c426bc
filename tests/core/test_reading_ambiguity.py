"""Octets in which two programs may find two letters: whoever vouches for one says nothing of the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.core import reading

VOUCHED = b"Authentication-Results: mx.example.org; dmarc=pass\r\n"
HEAD = b"From: ann@example.org\r\nTo: support@example.org\r\nSubject: Hello\r\n"
HEADERS = "not every program finds the same headers in it"

CLEAR = {
    "plain": VOUCHED + HEAD + b"\r\nx",
    "line feeds alone": (VOUCHED + HEAD + b"\r\nx").replace(b"\r\n", b"\n"),
    "folded": VOUCHED + HEAD + b"X: a\r\n\tb\r\n c\r\n\r\nx",
    "no text": VOUCHED + HEAD,
    "a bare CR in the text": VOUCHED + HEAD + b"\r\nx\ry\r\r\nz",
    "many received": b"Received: a\r\n" * 9 + VOUCHED + HEAD + b"\r\nx",
    "eight bits": VOUCHED + HEAD + "X: ü\r\n".encode() + b"\r\nx",
    "a strange name": VOUCHED + HEAD + b"X-A.b!: 1\r\n\r\nx",
    "damaged, but nobody vouches": HEAD + b"X: y\r\r#status closed\r\r\n\r\nx",
}

DOUBTFUL = {
    "an end that only some see": VOUCHED + HEAD + b"X: y\r\r#status closed\r\r\nSubject: Hello\r\n\r\nx",
    "a bare CR": VOUCHED + HEAD + b"X: y\rCc: eve@evil.example\r\n\r\nx",
    "a line of blanks": VOUCHED + HEAD + b"X: y\r\n \t\r\n\r\nx",
    "no empty line": VOUCHED + HEAD + b"#status closed\r\nHello\r\n",
    "a line that is no header": VOUCHED + HEAD + b"what is this\r\nX: y\r\n\r\nx",
    "a blank before the colon": VOUCHED + HEAD + b"Reply-To : eve@evil.example\r\n\r\nx",
    "the mark of an mbox": b"From ann Thu\r\n" + VOUCHED + HEAD + b"\r\nx",
    "an empty line first": b"\r\n" + VOUCHED + HEAD + b"\r\nx",
    "a byte order mark": b"\xef\xbb\xbf" + VOUCHED + HEAD + b"\r\nx",
    "a continuation first": b" a\r\n" + VOUCHED + HEAD + b"\r\nx",
    "a NUL in a name": VOUCHED + HEAD + b"X\0Y: a\r\n\r\nx",
}


@pytest.mark.parametrize("octets", CLEAR.values(), ids=CLEAR)
def test_an_ordinary_letter_can_be_read_in_one_way(octets: bytes) -> None:
    assert reading.read(octets).ambiguity == ""


@pytest.mark.parametrize("octets", DOUBTFUL.values(), ids=DOUBTFUL)
def test_a_header_that_programs_read_differently_is_noticed(octets: bytes) -> None:
    assert reading.read(octets).ambiguity == HEADERS


@pytest.mark.parametrize(
    "name",
    ["Subject", "To", "Cc", "Date", "Message-ID", "In-Reply-To", "References", "Reply-To", "Content-Type"],
)
def test_what_may_stand_only_once_and_stands_twice_is_noticed(name: str) -> None:
    twice = f"{name}: a\r\n{name.upper()}: b\r\n".encode()
    base = VOUCHED + b"From: ann@example.org\r\n"
    assert reading.read(base + twice + b"\r\nx").ambiguity == f"it has more than one {name.title()} header"


@given(st.binary(max_size=60))
def test_whatever_stands_in_a_header_it_is_judged(noise: bytes) -> None:
    assert isinstance(reading.read(VOUCHED + HEAD + noise + b"\r\n\r\nx").ambiguity, str)
