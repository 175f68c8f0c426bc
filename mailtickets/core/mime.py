"""A letter's octets: headers, text, HTML, files (RFC 5322, 2045, 2046, 2047, 2231).

The law: the same letter gives the same octets, no line has more than 998 of them, and no value,
whatever it holds, begins a header or a part of its own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from mailtickets.core.mail import Address, Attachment

_LINE = 998  # RFC 5322 section 2.1.1, without the line break
_SHORT = 78  # the same section: what lines should have at most
_FOLD = "\r\n "  # section 2.2.3
# C0, C1, line and paragraph separators, what turns the direction of text, surrogates, non-characters.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufff9-\uffff]+"
)
# In a body, the direction of whole scripts is meant; only overrides make text lie. In UTF-8, for speed.
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n")) + b"\x7f"
_HOSTILE_OCTETS = tuple(
    map(re.compile, (rb"\xc2[\x80-\x9f]", rb"\xe2\x80[\xad\xae]", rb"\xef\xbf[\xbe\xbf]"))
)
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")  # RFC 5322 section 3.2.3, and spaces
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,240}")
_CONTENT_TYPE = re.compile(
    r"(?!multipart/|message/)[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,90}"
)
_NAME_LENGTH = 150
_FIELD = re.compile(rb"[!-9;-~]+:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*")
# What servers on the way may change: blanks at the end of a line, and what looks like the start of a mail in an mbox.
_FROM = re.compile(rb"^From ", re.MULTILINE)
_AT_RISK = re.compile(rb"[ \t]$|^From ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Text:
    """A body in two forms of the same words."""

    plain: str
    html: str


def letter(
    headers: tuple[tuple[str, str], ...], text: Text, files: tuple[Attachment, ...], boundary: str
) -> bytes:
    """The whole message. `headers` are written by the functions below; files need their octets."""
    body = _multipart("alternative", f"{boundary}-a", [_text("plain", text.plain), _text("html", text.html)])
    if files:
        body = _multipart("mixed", f"{boundary}-m", [body, *(_file(file) for file in files)])
    return b"".join((*(_header(name, value) for name, value in headers), b"MIME-Version: 1.0\r\n", body))


# What leads a reader, and goes into what is signed as programs have done it since before RFC 9788.
_PROTECTED = (b"from", b"to", b"subject", b"date", b"message-id", b"in-reply-to", b"references")


def signed(octets: bytes, boundary: str, sign: Callable[[bytes], tuple[bytes, str]]) -> bytes:
    """A message of `letter` in multipart/signed (RFC 3156 section 5). `sign`: as of `openpgp.Signer.over`."""
    head, _, body = octets.partition(b"\r\n\r\n")
    fields = _FIELD.findall(head + b"\r\n")
    outer = [field for field in fields if not field.lower().startswith(b"content-")]
    kind, *content = (field for field in fields if field.lower().startswith(b"content-"))
    own = [field for field in outer if field.partition(b":")[0].lower() in _PROTECTED]
    marked = kind.removesuffix(b"\r\n") + b';\r\n protected-headers="v1"\r\n'
    inner = b"".join((marked, *content, *own, b"\r\n", body))
    signature, micalg = sign(inner)
    armour = _part(
        'application/pgp-signature; name="signature.asc"',
        "7bit",
        b"\r\n".join(signature.splitlines()),
        'Content-Disposition: attachment; filename="signature.asc"\r\n',
    )
    form = f'signed;\r\n micalg={micalg}; protocol="application/pgp-signature"'
    return b"".join((*outer, _multipart(form, boundary, [inner, armour])))


def boundary(message_id: str) -> str:
    """A boundary that only this message has: stable, and nobody can know it beforehand."""
    return "mt-" + hashlib.sha256(message_id.encode()).hexdigest()[:32]


def one_line(words: str) -> str:
    """Words without what could end a header or turn it round."""
    return " ".join(_HOSTILE.sub(" ", words).split())


def words(name: str, value: str) -> str:
    """An unstructured header value; encoded words where ASCII will not do (RFC 2047)."""
    line = one_line(value)
    return _folded(line) if _is_plain(line) else _encoded(line, len(name) + 2)


def tagged(tag: str, value: str) -> str:
    """A subject. What stands before the customer's own words stays readable without decoding."""
    mark, bare = one_line(tag), _shortened(one_line(value), 200)
    if _is_plain(bare) or not mark or not _is_plain(mark):
        return words("Subject", f"{mark} {bare}")
    return f"{mark} {_encoded(bare, len('Subject: ') + len(mark) + 1)}"


def mailbox(address: Address, header: str) -> str:
    """One address with its name (RFC 5322 section 3.4)."""
    spec, name = address_spec(address), _shortened(one_line(address.name), 100)
    if not name:
        return spec
    if not _is_plain(name):
        phrase = _encoded(name, len(header) + 2)
    elif _ATOMS.fullmatch(name):
        phrase = name
    else:
        phrase = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    last = phrase.rpartition("\n")[2] if "\n" in phrase else f"{header}: {phrase}"
    return f"{phrase}{' ' if len(last) + len(spec) + 3 <= _SHORT else _FOLD}<{spec}>"


def address_spec(address: Address) -> str:
    """The address as it may stand in a header: an international domain in its ASCII form (RFC 5890)."""
    local, _, domain = one_line(address.spec).rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}" if local else domain
    except UnicodeError:
        return f"{local}@{domain}"


def ids(message_ids: tuple[str, ...]) -> str:
    """Message-IDs, one a line. What is none is left out: a foreign one may hold anything."""
    known = dict.fromkeys(i.strip("<> \t") for i in message_ids)
    return "\r\n ".join(f"<{i}>" for i in known if _MESSAGE_ID.fullmatch(i))


@lru_cache(maxsize=1)  # all mails of a batch are of one moment
def date(now: datetime) -> str:
    """RFC 5322 section 3.3."""
    return format_datetime(now)


def _header(name: str, value: str) -> bytes:
    # A break is folding only if a space follows it (RFC 5322 section 2.2.3): anything else is a second header.
    if re.search(r"\r(?!\n )|(?<!\r)\n|[\x00-\x08\x0b\x0c\x0e-\x1f]", value):
        raise ValueError(f"the value of {name} would begin a line of its own")
    return f"{name}: {value}\r\n".encode()


def _is_plain(line: str) -> bool:
    # "=?" in plain words would be decoded by the reader.
    return line.isascii() and "=?" not in line


def _encoded(line: str, taken: int) -> str:
    # The name is given for its length alone: so much of the first line is taken.
    return Header(line, "utf-8", maxlinelen=75, header_name="x" * min(taken, 40)).encode(linesep="\r\n")


def _folded(line: str) -> str:
    """Lines of at most 78 where there are spaces to break at."""
    lines, length = [""], 12
    for word in line.split(" "):
        if length + len(word) > 76 and lines[-1]:
            lines.append("")
            length = 0
        lines[-1] += f" {word}" if lines[-1] else word
        length += len(word) + 1
    return "\r\n ".join(lines)


def _shortened(line: str, length: int) -> str:
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def _multipart(kind: str, boundary: str, parts: list[bytes]) -> bytes:
    head = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    mark = f"--{boundary}\r\n".encode()
    return b"".join((head, *(mark + part + b"\r\n" for part in parts), f"--{boundary}--\r\n".encode()))


def _clean(text: str) -> bytes:
    """UTF-8 with plain line breaks, without control characters and halves of letters."""
    breaks = text.replace("\r\n", "\n").replace("\r", "\n")
    octets = breaks.encode("utf-8", "ignore").translate(None, _CONTROLS)
    for hostile in _HOSTILE_OCTETS:
        octets = hostile.sub(b"", octets)
    return octets


def _text(kind: str, text: str) -> bytes:
    """A text part: as it is if it may travel so, else the shorter of the two encodings.

    A long line of plain words is broken on its way only (quoted-printable): whoever reads it has it whole, links too.
    """
    octets = _clean(text)
    longest = _SHORT if kind == "plain" else _LINE
    is_short = octets.isascii() and all(len(line) <= longest for line in octets.split(b"\n"))
    if is_short and not _AT_RISK.search(octets):
        return _part(f'text/{kind}; charset="utf-8"', "7bit", octets.replace(b"\n", b"\r\n"))
    quoted = binascii.b2a_qp(octets, istext=True).replace(b"\n", b"\r\n")
    quoted = _FROM.sub(b"=46rom ", quoted)
    if len(quoted) <= len(octets) * 2:
        return _part(f'text/{kind}; charset="utf-8"', "quoted-printable", quoted)
    return _part(f'text/{kind}; charset="utf-8"', "base64", _base64(octets.replace(b"\n", b"\r\n")))


def _file(file: Attachment) -> bytes:
    content_type = file.content_type.strip().lower()
    # RFC 2046 section 5.2.1: a message part may not be in base64, and only that brings any octets through.
    kind = content_type if _CONTENT_TYPE.fullmatch(content_type) else "application/octet-stream"
    return _part(
        kind,
        "base64",
        _base64(file.octets),
        f"Content-Disposition: attachment;\r\n {_file_name(file.name)}\r\n",
    )


def _file_name(name: str) -> str:
    """RFC 2231 where ASCII will not do. Never a path."""
    stem = one_line(name).replace("/", "_").replace("\\", "_") or "file"
    if len(stem) > _NAME_LENGTH:
        begin, dot, suffix = stem.rpartition(".")
        stem = begin[:_NAME_LENGTH] + dot + suffix if dot and len(suffix) <= 10 else stem[:_NAME_LENGTH]
    if stem.isascii():
        return f'filename="{stem.replace(chr(34), "_")}"'
    # Broken only between letters: some readers decode each piece by itself.
    pieces = [""]
    for letter in stem:
        escaped = quote(letter, safe="")
        if len(pieces[-1]) + len(escaped) > 60:
            pieces.append("")
        pieces[-1] += escaped
    if len(pieces) == 1:
        return f"filename*=utf-8''{pieces[0]}"
    first = f"filename*0*=utf-8''{pieces[0]}"
    return ";\r\n ".join((first, *(f"filename*{i}*={piece}" for i, piece in enumerate(pieces[1:], 1))))


def _base64(octets: bytes) -> bytes:
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")


def _part(content_type: str, encoding: str, octets: bytes, disposition: str = "") -> bytes:
    head = f"Content-Type: {content_type}\r\n{disposition}Content-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + octets
