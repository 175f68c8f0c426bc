"""Pictures as they are told in the text: "[image: diagram.png]" where one stood; and those that stand under every letter.

The law: nothing is lost. A picture that its sender or the company has sent before is folded, and stays on the ticket.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from mailtickets.core.mail import Attachment, InboundMail, Segment, SegmentKind

MAX_LOGO = 64 * 1024  # octets; what is bigger is meant to be looked at
_CID = re.compile(r"\[cid:([^\[\]\s]{1,250})\]")  # as Outlook writes it into the plain twin
_MARKERS = re.compile(r"\[image: ([^\[\]\n]{1,250})\]")
# Where everybody has an address, a domain is no company.
PUBLIC = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "msn.com",
        "yahoo.com",
        "ymail.com",
        "aol.com",
        "icloud.com",
        "me.com",
        "mac.com",
        "gmx.com",
        "gmx.net",
        "gmx.de",
        "web.de",
        "t-online.de",
        "freenet.de",
        "posteo.de",
        "mailbox.org",
        "proton.me",
        "protonmail.com",
        "tutanota.com",
        "orange.fr",
        "free.fr",
        "laposte.net",
        "wanadoo.fr",
        "libero.it",
        "virgilio.it",
        "mail.ru",
        "yandex.ru",
        "bk.ru",
        "qq.com",
        "163.com",
        "126.com",
        "naver.com",
        "daum.net",
        "seznam.cz",
        "wp.pl",
        "o2.pl",
        "onet.pl",
        "interia.pl",
        "comcast.net",
        "verizon.net",
        "btinternet.com",
        "zoho.com",
    ]
)


def marker(name: str) -> str:
    """What stands in the text for a picture of that name."""
    return f"[image: {name}]"


def shown(mail: InboundMail) -> InboundMail:
    """The letter with a marker in its text where each picture stood."""
    pictures = [f for f in mail.attachments if f.inline and f.content_type.startswith("image/")]
    if not pictures:
        return mail
    names = {f.content_id.lower(): f.name for f in pictures if f.content_id}
    told = set(_MARKERS.findall(mail.text)) | {names.get(id.lower(), "") for id in _CID.findall(mail.text)}
    below: dict[int, list[str]] = {}
    for file in pictures:
        if file.place is not None and file.name not in told:
            below.setdefault(file.place, []).append(marker(file.name))
    segments = tuple(_with(mail.segments, names, below))
    return replace(mail, segments=segments, text="\n".join(s.text for s in segments))


def _with(
    segments: Iterable[Segment], names: dict[str, str], below: dict[int, list[str]]
) -> Iterable[Segment]:
    at = -1
    for segment in segments:
        lines = []
        for line in segment.text.split("\n"):
            at += 1
            lines.append(
                _CID.sub(lambda m: marker(names[m[1].lower()]) if m[1].lower() in names else m[0], line)
            )
            if at in below:
                lines.append(" ".join(below[at]))
        yield replace(segment, text="\n".join(lines))


def sources(spec: str) -> tuple[str, ...]:
    """Whose pictures are compared: the sender's own, and those of the company behind the domain. `spec`: Address.key."""
    domain = spec.rpartition("@")[2]
    return (spec,) if domain in PUBLIC else (spec, f"@{domain}")


def small(mail: InboundMail) -> tuple[str, ...]:
    """SHA-256 of the pictures in a letter that may be a signature's."""
    return tuple(dict.fromkeys(f.sha256 for f in mail.attachments if _is_small(f)))


def folded(mail: InboundMail, seen: Collection[str]) -> InboundMail:
    """The letter with the pictures that were seen before told apart, and what is left of them in the text folded."""
    if not seen:
        return mail
    attachments = tuple(replace(f, is_logo=_is_small(f) and f.sha256 in seen) for f in mail.attachments)
    logos = {f.name for f in attachments if f.is_logo}
    if not logos:
        return mail
    return replace(mail, attachments=attachments, segments=tuple(_signed(mail.segments, logos)))


def _is_small(file: Attachment) -> bool:
    return file.inline and file.content_type.startswith("image/") and file.size <= MAX_LOGO


def _signed(segments: Iterable[Segment], logos: Collection[str]) -> Iterable[Segment]:
    """Lines that hold nothing but such pictures are part of the signature."""
    for segment in segments:
        if segment.kind is not SegmentKind.TYPED:
            yield segment
            continue
        run: list[str] = []
        is_logo = False
        for line in segment.text.split("\n"):
            if _only_logos(line, logos) is not is_logo and run:
                yield Segment(SegmentKind.SIGNATURE if is_logo else segment.kind, "\n".join(run))
                run = []
            is_logo = _only_logos(line, logos)
            run.append(line)
        yield Segment(SegmentKind.SIGNATURE if is_logo else segment.kind, "\n".join(run))


def _only_logos(line: str, logos: Collection[str]) -> bool:
    names = _MARKERS.findall(line)
    return bool(names) and not _MARKERS.sub("", line).strip() and all(name in logos for name in names)
