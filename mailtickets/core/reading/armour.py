"""What lies in a text and is no text: PGP's armour (RFC 9580 sections 6 and 7), files that uuencode made letters of.

The law: nothing is cut. What nobody reads is folded, what was signed is read, what is encrypted is said to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailtickets.core.mail import SegmentKind
from mailtickets.core.reading.html import Marked

TYPED, _, FOLDED, _ = SegmentKind

ENCRYPTED = "This mail is encrypted: what is below can be read with a key alone. Ask for a plain mail."
_BEGIN = "-----BEGIN PGP "
_BLOCKS = ("MESSAGE", "SIGNATURE", "PUBLIC KEY BLOCK", "PRIVATE KEY BLOCK")
_SIGNED = f"{_BEGIN}SIGNED MESSAGE-----"
_UU_BEGIN = re.compile(r"begin [0-7]{3,4} ?(.{0,200})$")
_UU_LINE = re.compile(r"[ -`]{1,90}$")


def marked(text: str) -> Marked:
    """The text, line by line, with what of it is typed. Of a signed text the escapes are undone."""
    lines = text.split("\n")
    out: list[str] = []
    kinds: list[SegmentKind] = []
    for line, kind in _walked(lines):
        out.append(line)
        kinds.append(kind)
    return Marked("\n".join(out), tuple(kinds))


def has_any(text: str) -> bool:
    """Whether there is anything here for `marked` to do; it costs little to ask."""
    return _BEGIN in text or files(text) != ()


def files(text: str) -> tuple[tuple[str, str], ...]:
    """Name and lines of each uuencoded file in a text, in order."""
    if "begin " not in text:
        return ()
    lines = text.split("\n")
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(lines):
        end = _uuencoded(lines, at)
        if end:
            begun = _UU_BEGIN.match(lines[at])
            found.append((begun[1].strip() if begun else "", "\n".join(lines[at:end])))
        at = end or at + 1
    return tuple(found)


def _walked(lines: list[str]) -> Iterator[tuple[str, SegmentKind]]:
    at = 0
    is_signed = False
    while at < len(lines):
        line = lines[at]
        if line.startswith(_SIGNED):
            end = _after_headers(lines, at + 1)
            yield from ((one, FOLDED) for one in lines[at:end])
            at, is_signed = end, True
        elif end := _armoured(lines, at) or _uuencoded(lines, at):
            if line.startswith(f"{_BEGIN}MESSAGE"):
                yield ENCRYPTED, TYPED
            yield from ((one, FOLDED) for one in lines[at:end])
            at, is_signed = end, False
        else:
            # RFC 9580 section 7.1: a dash at the start of a signed line is escaped.
            yield (line[2:] if is_signed and line.startswith("- ") else line), TYPED
            at += 1


def _after_headers(lines: list[str], at: int) -> int:
    """Past "Hash: SHA256" and the empty line under it."""
    for end in range(at, min(at + 10, len(lines))):
        if not lines[end].strip():
            return end + 1
    return at


def _armoured(lines: list[str], at: int) -> int:
    """Where the block of armour ends that begins here; 0 if none does."""
    line = lines[at].rstrip()
    name = line[len(_BEGIN) : -5] if line.startswith(_BEGIN) and line.endswith("-----") else ""
    if name not in _BLOCKS:
        return 0
    closing = f"-----END PGP {name}-----"
    for end in range(at + 1, len(lines)):
        if lines[end].startswith(closing):
            return end + 1
        if lines[end].startswith(_BEGIN):
            break
    return 0


def _uuencoded(lines: list[str], at: int) -> int:
    """Where the file ends that begins here; 0 if none does."""
    if not _UU_BEGIN.match(lines[at]):
        return 0
    end = at + 1
    while end < len(lines) and _UU_LINE.match(lines[end]):
        end += 1
    if end < len(lines) and end > at + 1 and not lines[end].strip():  # the last one has no digits
        end += 1
    return end + 1 if end < len(lines) and lines[end].strip() == "end" and end > at + 1 else 0
