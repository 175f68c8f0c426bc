"""The words of a header field: encoded words (RFC 2047), parameters (RFC 2045 and 2231), raw 8-bit octets."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from mailtickets.core.reading.characters import clean_line, decoded, encoded

# Wider than RFC 2047 section 2: blanks and question marks stand inside of what real programs write.
_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,20})?\?([bq])\?([^\r\n]*?)\?=", re.IGNORECASE)
_PARAMETER = re.compile(
    r";\s*([^\s;=*]{1,60})(\*\d{1,3})?(\*)?\s*=\s*(?:\"((?:[^\"\\]|\\.)*)(?:\"|$)|([^;]*))", re.DOTALL
)
# RFC 5322 section 3.2.4 lets any character be escaped; a backslash before another one is a path of Windows.
_ESCAPED = re.compile(r"\\([\"\\])")
_MAX_WORDS = 5000


def line(value: str) -> str:
    """A field's value as a person is to see it: encoded words decoded, one line, no controls."""
    return clean_line(decode_words(value)) if "=?" in value else clean_line(value)


def decode_words(value: str) -> str:
    """The encoded words of a value decoded. Neighbours are one text: a character may be cut in two."""
    out: list[str] = []
    pending = _Run("", bytearray())
    end = 0
    for count, found in enumerate(_WORD.finditer(value)):
        between = value[end : found.start()]
        # RFC 2047 section 6.2: white space between two encoded words is nothing.
        apart = end == 0 or between.strip() != ""
        if count >= _MAX_WORDS:
            break
        charset = found[1].lower()
        octets = _octets_of(found[2], encoded(found[3], charset))
        if octets is None:
            continue  # it stays as it stands
        if apart or charset != pending.charset:
            out.append(pending.text())
            out.append(between if apart else "")
            pending = _Run(charset, bytearray())
        pending.octets.extend(octets)
        end = found.end()
    return "".join((*out, pending.text(), value[end:]))


@dataclass(slots=True)
class _Run:
    """Encoded words of one charset in a row."""

    charset: str
    octets: bytearray

    def text(self) -> str:
        return decoded(bytes(self.octets), self.charset) if self.octets else ""


def _octets_of(encoding: str, raw: bytes) -> bytes | None:
    """What an encoded word holds; None if it is not in the encoding that it names."""
    if encoding in "qQ":
        return binascii.a2b_qp(raw.replace(b"_", b"=20").replace(b"\n", b""), header=False)
    try:
        return base64.b64decode(raw + b"=" * (-len(raw.rstrip(b"=")) % 4))
    except (binascii.Error, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Field:
    """A MIME field: its value in lower case and its parameters: names in lower case, RFC 2231 undone."""

    value: str
    parameters: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str:
        """The first of that name, "" if there is none."""
        return next((value for key, value in self.parameters if key == name), "")


def field(raw: str) -> Field:
    """Content-Type, Content-Disposition and their like."""
    value, semicolon, _ = raw.partition(";")
    if not semicolon:
        return Field(value.strip().lower())
    simple: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for found in _PARAMETER.finditer(raw, len(value)):
        name, number, star, quoted, bare = found.groups()
        text = _ESCAPED.sub(r"\1", quoted) if quoted is not None else (bare or "").strip()
        if number or star:
            pieces.setdefault(name.lower(), []).append((int((number or "*0")[1:]), bool(star), text))
        else:
            simple.setdefault(name.lower(), text)
    # RFC 2231: the extended form is better than the plain one that stands beside it for old readers.
    simple.update({name: _joined(parts) for name, parts in pieces.items()})
    return Field(value.strip().lower(), tuple(simple.items()))


def _joined(pieces: list[tuple[int, bool, str]]) -> str:
    """RFC 2231 sections 3 and 4: numbered pieces, some of them percent-encoded, one charset for all."""
    charset = ""
    octets = bytearray()
    for position, (_, is_encoded, text) in enumerate(sorted(pieces, key=lambda p: p[0])):
        if is_encoded and position == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        octets += unquote_to_bytes(text) if is_encoded else encoded(text, charset)
    return decoded(bytes(octets), charset)
