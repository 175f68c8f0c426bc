"""A letter taken apart into its MIME entities (RFC 2045, 2046), octet for octet.

The law: no letter, however made, raises anything here but `Broken`; a message inside a message stays shut.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from mailtickets.core.reading import words
from mailtickets.core.reading.characters import decoded
from mailtickets.core.reading.limits import Broken, ReadingLimits

_HEADER = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_EMPTY_LINE = re.compile(rb"\r\n\r\n|\n\r?\n|\r\r(?!\n)")
_MBOX_LINE = re.compile(rb">?From [^\r\n]*(?:\r\n?|\n)")
# What was written above the parts for readers that do not know MIME.
_PREAMBLE = re.compile(rb"\s{0,4}This (?:is a (?:multi-?part|MIME)|message is in MIME)", re.IGNORECASE)
_LIKE_A_BOUNDARY = re.compile(
    rb"^--([!-~]{1,70}(?<!--))[ \t]*\r?\n(?=Content-[A-Za-z\-]{1,30}:)", re.IGNORECASE | re.MULTILINE
)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_CHUNK = re.compile(rb"([^=]+)=*")
_FIRST_CHUNK = re.compile(rb"[A-Za-z0-9+/\s]+={1,2}")
_BLANKS = b" \t\r\n"
_SOFT_BREAK = re.compile(rb"=[ \t]*(?:\r\n?|(?<=[ \t])\n)")
_CHARSET = re.compile(rb"(?:charset=\"?|=\?)([A-Za-z0-9][\w\-]{2,40})", re.IGNORECASE)
MAX_CANDIDATES = 100_000  # places that look like a boundary; no letter has as many
_NO_LIMITS = ReadingLimits(header_lines=1_000_000)


@dataclass(frozen=True)
class Entity:
    """A message or a part of one. `raw` is its body as it was sent, before any decoding."""

    headers: tuple[tuple[str, str], ...]  # (lower-case name, unfolded value; raw 8 bit made characters)
    raw: bytes = field(repr=False)
    children: tuple[Entity, ...] = ()
    default_type: str = "text/plain"
    depth: int = 0

    def header(self, name: str) -> str:
        """The first of that name, "" if there is none."""
        return next((value for key, value in self.headers if key == name), "")

    @cached_property
    def content(self) -> words.Field:
        """Content-Type. What cannot be one is the default (RFC 2045 section 5.2)."""
        found = words.field(self.header("content-type"))
        kind, slash, sub = found.value.partition("/")
        if not slash or not kind.strip() or not sub.strip():
            # "Content-Type: text" is what ancient programs wrote for plain text.
            return words.Field(self.default_type, found.parameters)
        return words.Field(f"{kind.strip()}/{sub.split()[0]}", found.parameters)

    @cached_property
    def disposition(self) -> words.Field:
        return words.field(self.header("content-disposition"))

    @property
    def type(self) -> str:
        return self.content.value

    @property
    def filename(self) -> str:
        """As the sender wrote it, decoded; "" if there is none."""
        return words.line(self.disposition.parameter("filename") or self.content.parameter("name"))

    @cached_property
    def octets(self) -> bytes:
        """The body, its transfer encoding undone (RFC 2045 section 6). Damage is read around."""
        return _transferred(self.header("content-transfer-encoding"), self.raw)

    def walk(self) -> Iterator[Entity]:
        """This one and all below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


def take_apart(octets: bytes, limits: ReadingLimits) -> Entity:
    """The tree of a whole letter. `Broken` if it is beyond the limits."""
    if len(octets) > limits.mail:
        raise Broken(f"The mail has {len(octets):,} octets; {limits.mail:,} are the limit.")
    opened = _opened(octets)
    size = _header_size(opened)
    if size > limits.headers:
        raise Broken(f"The headers of the mail have {size:,} octets; {limits.headers:,} are the limit.")
    count = [0]
    return _entity(opened, limits, count, 0, "text/plain")


def _opened(octets: bytes) -> bytes:
    """Without what stands before the first header: byte order mark, empty lines, the mark of an mbox."""
    start = 3 if octets.startswith(b"\xef\xbb\xbf") else 0
    while octets[start : start + 1] in (b"\r", b"\n"):
        start += 1
    while found := _MBOX_LINE.match(octets, start):
        start = found.end()
    return octets[start:] if start else octets


def _header_size(octets: bytes) -> int:
    end = _EMPTY_LINE.search(octets)
    return end.start() if end else len(octets)


def _entity(octets: bytes, limits: ReadingLimits, count: list[int], depth: int, default: str) -> Entity:
    count[0] += 1
    if count[0] > limits.parts:
        raise Broken(f"The mail has more than {limits.parts} parts.")
    headers, raw = _headers(octets, limits)
    entity = Entity(headers, raw, (), default, depth)
    parts = _parts(entity) if depth < limits.depth else []
    # RFC 2046 section 5.1.5: what a digest holds are messages.
    inner = "message/rfc822" if entity.type == "multipart/digest" else "text/plain"
    children = tuple(_entity(part, limits, count, depth + 1, inner) for part in parts)
    return Entity(headers, raw, children, default, depth)


def _parts(entity: Entity) -> list[bytes]:
    """The parts of a container, also of one whose header was lost or rewritten on the way."""
    is_container = entity.type.startswith("multipart/")
    boundary = entity.content.parameter("boundary")
    parts = _split(entity.raw, boundary) if is_container and boundary else []
    if not parts and (is_container or _PREAMBLE.match(entity.raw)):
        found = _LIKE_A_BOUNDARY.search(entity.raw)
        parts = _split(entity.raw, found[1].decode("ascii")) if found else []
    return parts


def part(octets: bytes, limits: ReadingLimits) -> Entity:
    """The tree of one part, as `parts` gives it. `Broken` if it is beyond the limits."""
    return _entity(octets, limits, [0], 0, "text/plain")


def parts(entity: Entity) -> tuple[bytes, ...]:
    """The octets that its children were read from, as they were sent."""
    return tuple(_parts(entity))


def parse_fields(octets: bytes) -> tuple[tuple[str, str], ...]:
    """The fields of a message, or of a block of fields like those of a delivery report."""
    return _headers(octets.lstrip(b"\r\n"), _NO_LIMITS)[0]


def _headers(octets: bytes, limits: ReadingLimits) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """All fields, unfolded, and the body. A line that cannot be a field's is left out, or begins the body."""
    if octets.startswith((b"\n", b"\r")):
        return (), octets[2:] if octets.startswith(b"\r\n") else octets[1:]
    end = _EMPTY_LINE.search(octets)
    block = octets[: end.start()] if end else octets
    body = octets[end.end() :] if end else b""
    lines = block.splitlines()
    fields: list[tuple[str, list[bytes]]] = []
    for number, text in enumerate(lines):
        found = _HEADER.match(text)
        if text[:1] in b" \t" and fields:
            fields[-1][1].append(text)
        elif found:
            fields.append((found[1].decode("ascii").lower(), [text[found.end() :]]))
        elif not any(_HEADER.match(later) for later in lines[number + 1 : number + 4]):
            # The empty line is missing: here the text begins.
            body = b"\n".join((*lines[number:], b"", body))
            break
    if len(fields) > limits.header_lines:
        raise Broken(f"The mail has more than {limits.header_lines:,} header lines.")
    return _characters(fields, limits.header), body


def _characters(fields: list[tuple[str, list[bytes]]], limit: int) -> tuple[tuple[str, str], ...]:
    """Unfolded (RFC 5322 section 2.2.3: the line breaks go, the white space stays) and decoded."""
    joined = [(name, b"".join(parts).replace(b"\0", b"")) for name, parts in fields]
    if all(value.isascii() and b"\x1b" not in value for _, value in joined):
        return tuple((name, value.decode("ascii").strip()[:limit]) for name, value in joined)
    # 8 bit without a word about it (or RFC 6532's UTF-8): most likely in the charset that the rest is in.
    known = next((found[1] for _, value in joined if (found := _CHARSET.search(value))), b"").decode("ascii")
    known = "iso-2022-jp" if any(b"\x1b$" in value for _, value in joined) else known
    return tuple(
        (name, decoded(value, "ascii" if value.isascii() and b"\x1b" not in value else known).strip()[:limit])
        for name, value in joined
    )


# What may follow a boundary on its line. No pattern holds the boundary itself: compiling one costs more than a search.
_NOTHING_MORE = re.compile(rb"(--)?[ \t]*(?=[\r\n]|\Z)")
_ANYTHING = re.compile(rb"(--)?(?:[ \t][^\r\n]*)?(?=[\r\n]|\Z)")


@dataclass(frozen=True, slots=True)
class _Delimiter:
    """A line that parts two parts: where it starts and ends, and whether it says that it is the last."""

    start: int
    end: int
    is_last: bool


def _split(raw: bytes, boundary: str) -> list[bytes]:
    """The parts between the delimiters (RFC 2046 section 5.1.1); a missing last one is forgiven."""
    found = _delimiters(raw, boundary, _NOTHING_MORE)
    if all(delimiter.is_last for delimiter in found):
        # The RFC's note to implementors: what follows a delimiter on its line is to be ignored.
        found = _delimiters(raw, boundary.rstrip(), _ANYTHING)
    parts = [_between(raw, one.end, two.start) for one, two in itertools.pairwise(found)]
    if found and not found[-1].is_last and raw[found[-1].end :].strip():
        parts.append(_between(raw, found[-1].end, len(raw)))
    return parts


def _delimiters(raw: bytes, boundary: str, after: re.Pattern[bytes]) -> list[_Delimiter]:
    """Those that stand at the start of a line, up to the one that ends it all."""
    mark = b"--" + boundary.encode("utf-8", "replace")
    found: list[_Delimiter] = []
    at = raw.find(mark)
    for _ in range(MAX_CANDIDATES):
        if at < 0:
            break
        end = at + len(mark)
        if (at == 0 or raw[at - 1] in b"\r\n") and (rest := after.match(raw, end)):
            end = rest.end()
            found.append(_Delimiter(at, end, rest[1] is not None))
            if rest[1]:
                break
        at = raw.find(mark, end)
    return found


def _between(raw: bytes, start: int, end: int) -> bytes:
    """A part without the line breaks around it: they belong to the delimiters."""
    part = raw[start:end]
    part = part[2:] if part.startswith(b"\r\n") else part[1:]
    if end == len(raw):
        return part
    return part[:-2] if part.endswith(b"\r\n") else part[:-1]


def _transferred(encoding: str, raw: bytes) -> bytes:
    name = encoding.split(";")[0].strip().strip("\"'").lower()
    match name:
        case "base64":
            return _base64(raw)
        case "quoted-printable":
            return _quoted_printable(raw)
        case "x-uuencode" | "uuencode" | "uue" | "x-uue":
            return _uuencoded(raw)
        case _:
            return raw


def _quoted_printable(raw: bytes) -> bytes:
    """RFC 2045 section 6.7, rule 3: blanks after a soft break were put there on the way."""
    if b"= " in raw or b"=\t" in raw or b"\r" in raw:
        raw = _SOFT_BREAK.sub(b"=\n", raw)  # one that is a lone CR would swallow all up to the next LF
    return binascii.a2b_qp(raw)


def _base64(raw: bytes) -> bytes:
    """What can be had of it: strange octets are skipped, padding in the middle ends a chunk, not the whole.

    What has too many of them is no base64, whatever its header says; what a list's server wrote below is left out.
    """
    with suppress(binascii.Error):  # most is as it should be, and files are long
        return binascii.a2b_base64(raw.translate(None, _BLANKS), strict_mode=True)
    first = _FIRST_CHUNK.match(raw)
    if first is None or len(_NOT_BASE64.sub(b"", first[0])) % 4:
        strange = len(raw.translate(None, _BLANKS)) - len(_NOT_BASE64.sub(b"", raw))
        if strange * 10 > len(raw):
            return raw
    out = bytearray()
    for number, found in enumerate(_CHUNK.finditer(_NOT_BASE64.sub(b"", raw))):
        chunk, filled = found[1], len(found[0]) % 4 == 0
        if number and not filled:
            break
        # One digit alone holds no octet.
        whole = chunk[:-1] if len(chunk) % 4 == 1 else chunk
        out += base64.b64decode(whole + b"=" * (-len(whole) % 4))
    return bytes(out)


def _uuencoded(raw: bytes) -> bytes:
    out = bytearray()
    begun = False
    for row in raw.splitlines():
        if not begun:
            begun = row.startswith(b"begin ")
        elif row.strip() == b"end":
            break
        else:
            # Some encoders write too many digits: the count at the start of a line is what holds.
            digits = (((row[0] - 32) & 63) * 4 + 5) // 3 if row else 0
            try:
                out += binascii.a2b_uu(row)
            except binascii.Error:
                out += binascii.a2b_uu(row[:digits].ljust(digits)) if digits else b""
    return bytes(out) if begun else raw
