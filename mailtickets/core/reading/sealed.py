"""What lies in an S/MIME envelope (RFC 8551): who only signed it has not hidden it.

The law: nothing here raises, and no signature is checked: what is said in a sealed letter counts as much as what is
said in an open one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

_SIGNED = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2, RFC 5652 section 5.1
_ENVELOPED = frozenset(
    bytes.fromhex(oid)  # enveloped, encrypted, authenticated-enveloped data
    for oid in ("2a864886f70d010703", "2a864886f70d010706", "2a864886f70d0109100117")
)
_SEQUENCE, _OBJECT, _OCTETS = 0x30, 0x06, 0x04
_UNKNOWN = 0x80
_CONSTRUCTED = 0x20
_MAX_DEPTH = 12
_MAX_VALUES = 20_000


class Seal(StrEnum):
    """What an envelope is."""

    SIGNED = "signed"  # and its letter lies within
    BARE = "bare"  # a signature or certificates alone
    ENCRYPTED = "encrypted"


@dataclass(frozen=True, slots=True)
class _Value:
    """One value of BER (X.690 section 8): what it holds is from `start` to `end`, the next one begins at `after`."""

    tag: int
    start: int
    end: int
    after: int


def opened(octets: bytes) -> tuple[Seal | None, bytes]:
    """What the envelope is and, if it is signed alone, the letter in it (a MIME entity). None: it is no envelope."""
    try:
        return _opened(octets)
    except (IndexError, ValueError):
        return None, b""


def _opened(octets: bytes) -> tuple[Seal, bytes]:
    whole = _value(octets, 0, 0)
    kind, *held = _within(octets, whole)
    if whole.tag != _SEQUENCE or kind.tag != _OBJECT:
        raise ValueError("no content info")
    oid = octets[kind.start : kind.end]
    if oid != _SIGNED:
        return (Seal.ENCRYPTED if oid in _ENVELOPED else Seal.BARE), b""
    signed = _within(octets, _within(octets, held[0])[0])
    # RFC 5652 section 5.1: version, digest algorithms, then the content and its type.
    inner = _within(octets, signed[2])
    letter = b"".join(_strings(octets, inner[1], 0)) if len(inner) > 1 else b""
    return (Seal.SIGNED, letter) if letter.strip() else (Seal.BARE, b"")


def _within(octets: bytes, outer: _Value) -> list[_Value]:
    """The values right within another, in order."""
    found: list[_Value] = []
    at = outer.start
    while at < outer.end:
        if len(found) == _MAX_VALUES:
            raise ValueError("too many values")
        found.append(_value(octets, at, 0))
        at = found[-1].after
    return found


def _strings(octets: bytes, value: _Value, depth: int) -> Iterator[bytes]:
    """The pieces of an octet string, which may be cut into several."""
    if value.tag & _CONSTRUCTED and depth < _MAX_DEPTH:
        for piece in _within(octets, value):
            yield from _strings(octets, piece, depth + 1)
    elif value.tag == _OCTETS:
        yield octets[value.start : value.end]


def _value(octets: bytes, at: int, depth: int) -> _Value:
    """The value that begins here. One that does not say its length ends with two zeros (section 8.1.5)."""
    tag, first = octets[at], octets[at + 1]
    start = at + 2
    if first != _UNKNOWN:
        count = first & 0x7F if first & 0x80 else 0
        if count > 4:
            raise ValueError("a length of more than four octets")
        length = int.from_bytes(octets[start : start + count], "big") if count else first
        end = start + count + length
        return _Value(tag, start + count, min(end, len(octets)), end)
    if depth == _MAX_DEPTH:
        raise ValueError("too deep")
    end = start
    for _ in range(_MAX_VALUES):
        if not octets[end] and not octets[end + 1]:
            break
        end = _value(octets, end, depth + 1).after
    return _Value(tag, start, end, end + 2)
