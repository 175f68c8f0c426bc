"""How things are written on an IMAP wire: names, sets of UIDs, what FETCH and SEARCH answer. Pure."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from mailtickets import wire

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # of a mail whose INTERNALDATE makes no sense


def quoted(text: str) -> str:
    """RFC 3501 section 9: quoted."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def folder(name: str) -> str:
    """A folder's name in modified UTF-7 (RFC 3501 section 5.1.3), quoted."""
    return quoted(re.sub(r"&|[^\x20-\x7e]+", lambda run: _shifted(run[0]), name))


def _shifted(run: str) -> str:
    if run == "&":
        return "&-"
    coded = b64encode(run.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
    return f"&{coded.decode()}-"


def uid_set(uids: Sequence[int]) -> str:
    """RFC 3501 section 9: sequence-set. 1, 2, 3, 7 → "1:3,7"; ascending."""
    runs: list[tuple[int, int]] = []
    for uid in uids:
        first = runs.pop()[0] if runs and runs[-1][1] == uid - 1 else uid
        runs.append((first, uid))
    return ",".join(str(a) if a == b else f"{a}:{b}" for a, b in runs)


def one_line(line: bytes) -> str:
    """Some words of the server, fit for a sentence."""
    return wire.one_line(line.decode("utf-8", "replace"))


def searched(lines: Sequence[bytes]) -> frozenset[int]:
    """UIDs of a SEARCH answer, its last line being the status."""
    return frozenset(int(n) for line in lines[:-1] for n in line.split() if n.isdigit())


@dataclass(frozen=True, slots=True)
class Item:
    """One mail of a FETCH answer; what was not told is 0, EPOCH, None."""

    uid: int
    size: int  # RFC822.SIZE
    received_at: datetime  # INTERNALDATE
    body: bytes | None  # None: NIL, or not asked for
    is_torn: bool = False  # the literal was longer or shorter than announced: nothing of it can be believed


_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_DATE = re.compile(rb'\bINTERNALDATE "([^"]+)"')
_BODY = re.compile(rb'BODY\[[^\]]*\](?:<\d+>)? "((?:[^"\\]|\\.)*)"')  # where it is no literal


def fetched(lines: Sequence[bytes | bytearray]) -> Iterator[Item]:
    """Of a FETCH answer as aioimaplib gives it: a literal is a bytearray, all else are lines."""
    text, body, is_torn = b"", None, False
    before: bytes | bytearray = b""
    for line in lines:
        if isinstance(line, bytearray):
            body = bytes(line)
        elif re.match(rb"\d+ FETCH \(", line):
            if text:
                yield _item(text, body, is_torn)
            text, body, is_torn = line, None, False
        else:
            # RFC 3501 section 9: what follows a literal is the next attribute, or the end of the list.
            is_torn |= isinstance(before, bytearray) and not line.startswith((b" ", b")"))
            text += b" " + line
        before = line
    if text:
        yield _item(text, body, is_torn)


def _item(text: bytes, body: bytes | None, is_torn: bool) -> Item:
    if inline := _BODY.search(text):
        text, body = text.replace(inline[0], b""), re.sub(rb"\\(.)", rb"\1", inline[1])
    uid, size = _UID.search(text), _SIZE.search(text)
    return Item(int(uid[1]) if uid else 0, int(size[1]) if size else 0, _received_at(text), body, is_torn)


def _received_at(text: bytes) -> datetime:
    if date := _DATE.search(text):
        with suppress(ValueError):
            spelled = date[1].decode("ascii", "replace").strip()
            return datetime.strptime(spelled, "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    return EPOCH
