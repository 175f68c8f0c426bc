"""Whether two programs may read two letters in the same octets. Whoever vouches for one of them says nothing of the other.

A server that checks a signature reads by the letter of RFC 5322; the desk also reads what is damaged. Between the two
a stranger could put words of his own into somebody's signed letter.
"""

from __future__ import annotations

import re
from collections import Counter

from mailtickets.core.reading.headers import Fields

_END = re.compile(rb"\r?\n\r?\n")
_LINE = re.compile(rb"\r?\n")
_NAME = re.compile(rb"[!-9;-~]+(?=:)")  # RFC 5322 section 3.6.8; a blank before the colon is obsolete (4.5)
# RFC 5322 section 3.6 and RFC 2045 allow one of each. From is looked at by the reader of addresses.
_SINGLE = (
    "sender",
    "reply-to",
    "to",
    "cc",
    "message-id",
    "in-reply-to",
    "references",
    "subject",
    "date",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
)
_VOUCHING = frozenset({"authentication-results", "dkim-signature"})


def ambiguity(octets: bytes, fields: Fields) -> str:
    """Why they may; "" if not, or if nobody vouches for the letter. `fields`: as the desk has read them."""
    there = Counter(name for name, _ in fields)
    if _VOUCHING.isdisjoint(there):
        return ""
    if twice := next((name for name in _SINGLE if there[name] > 1), ""):
        return f"it has more than one {twice.title()} header"
    if _names(octets) != [name for name, _ in fields]:
        return "not every program finds the same headers in it"
    return ""


def _names(octets: bytes) -> list[str] | None:
    """The names of all fields, read by the letter; None where that is not possible."""
    end = _END.search(octets)
    block = octets[: end.start()] if end else octets.removesuffix(b"\n").removesuffix(b"\r")
    if b"\r" in block.replace(b"\r\n", b""):
        return None  # RFC 5322 section 2.3: CR and LF stand only together; some servers end a line there, some do not
    names: list[str] = []
    for line in _LINE.split(block):
        if line[:1] in (b" ", b"\t"):
            # A line of blanks alone ends the header for some.
            if not names or not line.strip():
                return None
        elif found := _NAME.match(line):
            names.append(found[0].decode("ascii").lower())
        else:
            return None
    return names
