"""Who wrote a letter that was handed on: the head of fields above it, in any language, or the letter attached whole.

The law: a head counts only with one address in it that can be read strictly, and with a second field beside it; who
cannot be told for sure is nobody.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence

from mailtickets.core.mail import Address, Forwarded, Segment, SegmentKind
from mailtickets.core.reading import addresses, bodies, folding, headers, heads, pictures, texts
from mailtickets.core.reading.characters import clean_line
from mailtickets.core.reading.limits import Broken, ReadingLimits
from mailtickets.core.reading.mime import Entity, take_apart

MOST = 5  # letters within letters that are told apart
_MARKS = re.compile(r"^(?:[ \t]{0,3}>)+ ?")
_MAILTO = re.compile(r"\[mailto:([^\s\[\]<>]{3,254})\]|<mailto:([^\s\[\]<>]{3,254})>", re.IGNORECASE)
_TWICE = re.compile(r"(<[^<>\s]{3,254}>)\s*<mailto:[^<>]{0,260}>", re.IGNORECASE)
_MAX_ATTACHED = 2 * 2**20  # octets of an attached letter that is opened
_LONGEST_GAP = 2  # lines of a head that name no field, such as a list of people that was broken


def forwards(root: Entity, segments: Sequence[Segment], limits: ReadingLimits) -> tuple[Forwarded, ...]:
    """The letters that this one hands on, the outermost first."""
    handed = "\n".join(s.text for s in segments if s.kind is SegmentKind.FORWARD)
    found = tuple(_in_text(handed.split("\n"))) if handed else ()
    return found or _attached(root, limits)


def _in_text(lines: Sequence[str]) -> Iterator[Forwarded]:
    bare = [_MARKS.sub("", line) for line in lines]
    starts = _heads(bare)
    for start, end in starts[:MOST]:
        fields = _fields(bare[start:end])
        sender = _mailbox(fields.get("from", ""))
        if sender is not None:
            subject = clean_line(fields.get("subject", ""))[:998]
            yield Forwarded(sender, subject, "\n".join(bare[end:]).strip("\n"))


def _heads(lines: Sequence[str]) -> list[tuple[int, int]]:
    """First and next line of each block of fields that holds From and one more."""
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(lines) and len(found) < MOST:
        end = _end_of_head(lines, at)
        if end:
            found.append((at, end))
        at = end or at + 1
    return found


def _end_of_head(lines: Sequence[str], start: int) -> int:
    """Where the block that begins at a line ends; 0 if none does."""
    kinds: set[str] = set()
    end = start
    for at in range(start, min(start + heads.MAX_BLOCK, len(lines))):
        label = heads.label(lines[at])
        if label is not None:
            kinds.add(label[0])
            end = at + 1
        elif at == start or at - end >= _LONGEST_GAP or not lines[at].strip():
            break
    return end if "from" in kinds and len(kinds - {"other"}) > 1 else 0


def _fields(block: Sequence[str]) -> dict[str, str]:
    """The first value of each kind of field, with the lines that it was broken into."""
    fields: dict[str, str] = {}
    kind = ""
    for line in block:
        label = heads.label(line)
        if label is not None:
            kind = label[0] if label[0] not in fields else ""
            fields.setdefault(label[0], label[1])
        elif kind:
            fields[kind] = f"{fields[kind]} {line.strip()}"
    return fields


def _mailbox(value: str) -> Address | None:
    """The one address in what stands after "From:"; None if there is none, or more than one."""
    plain = _TWICE.sub(r"\1", value.strip(" *_\u200e\u200f"))
    plain = _MAILTO.sub(lambda found: f"<{found[1] or found[2]}>", plain)
    strict = addresses.mailbox(plain)
    if strict is not None:
        return strict
    specs = {spec.casefold(): spec for spec in _SPEC.findall(plain) if addresses.is_spec(spec)}
    guess = addresses.likeness(plain) if len(specs) == 1 else None
    return guess if guess and guess.key in specs else None


_SPEC = re.compile(r"[^\s<>()\[\]:;,\"']{1,64}@[^\s<>()\[\]:;,\"'@]{1,255}")


def _attached(root: Entity, limits: ReadingLimits) -> tuple[Forwarded, ...]:
    """The one letter that is attached; of several nobody can say which is meant."""
    letters = [part for part in root.walk() if part.type == "message/rfc822" and part is not root]
    if len(letters) != 1 or len(letters[0].octets) > _MAX_ATTACHED:
        return ()
    with contextlib.suppress(Broken):
        inner = take_apart(letters[0].octets, limits)
        said = headers.envelope(inner.headers)
        if said.sender is not None and not said.from_defects:
            held = bodies.contents(inner)
            body = pictures.without_places(held.body)
            told = folding.segments(body, lambda: texts.quoted_in(held.formatted), said.subject, limits)
            kept = (SegmentKind.TYPED, SegmentKind.FORWARD)
            text = "\n".join(s.text for s in told if s.kind in kept).strip("\n") or body.text
            return (Forwarded(said.sender, said.subject, text, said.message_id, True),)
    return ()
