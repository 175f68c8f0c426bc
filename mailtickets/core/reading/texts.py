"""A part of a letter as text: its charset, its lines, and what of it its maker had marked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape

from mailtickets.core.mail import SegmentKind
from mailtickets.core.reading import armour, html, structure
from mailtickets.core.reading.characters import clean_text, decoded
from mailtickets.core.reading.flowed import unflowed
from mailtickets.core.reading.heads import apart
from mailtickets.core.reading.html import Marked
from mailtickets.core.reading.mime import Entity

NOTHING = Marked("", ())
_ENRICHED_TAG = re.compile(r"<(?!<)/?[a-z\-]{1,40}>|<param>.{0,200}?</param>", re.IGNORECASE | re.DOTALL)
_META = re.compile(rb"<meta[^>]{1,300}?charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9][\w\-:]{2,40})", re.IGNORECASE)
_PAGE = re.compile(r"\s{0,200}<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z!/][^<>]{0,2000}>")


@dataclass(frozen=True)
class Text:
    """One text of a letter. It is read when it is first asked for: of two forms one is enough, mostly."""

    entity: Entity | None
    said: Marked = NOTHING  # instead of a part

    @cached_property
    def marked(self) -> Marked:
        return self.said if self.entity is None else _read(self.entity)


def quoted_in(texts: Iterable[Text]) -> Marked:
    """The HTML side of a text, as far as it can have a quote that its program marked."""
    return joined(text for text in texts if text.entity is None or _may_quote(text.entity.octets.lower()))


def _may_quote(octets: bytes) -> bool:
    return any(trace in octets for trace in structure.TRACES)


def sentence(text: str) -> Text:
    """Words of our own in place of what cannot be read."""
    return Text(None, marked_as(SegmentKind.TYPED, text))


def marked_as(kind: SegmentKind, text: str) -> Marked:
    """All of a text of one kind."""
    return Marked(text, (kind,) * (text.count("\n") + 1)) if text.strip() else NOTHING


def joined(texts: Iterable[Text]) -> Marked:
    """One below the other, those that say nothing left out."""
    whole = NOTHING
    for text in texts:
        whole = appended(whole, text.marked)
    return whole


def appended(before: Marked, after: Marked) -> Marked:
    """The one below the other."""
    if not before.kinds or not after.kinds:
        return before if before.kinds else after
    return Marked(f"{before.text}\n{after.text}", (*before.kinds, *after.kinds))


def enclosed(entity: Entity) -> tuple[Entity, ...]:
    """The files that stand uuencoded in a text."""
    if b"begin " not in entity.octets or b"\nend" not in entity.octets:
        return ()
    return tuple(
        replace(
            entity,
            headers=(
                ("content-type", "application/octet-stream"),
                ("content-transfer-encoding", "x-uuencode"),
                ("content-disposition", f'attachment; filename="{name}"'),
            ),
            raw=lines.encode("latin-1", "replace"),
        )
        for name, lines in armour.files(clean_text(entity.octets.decode("latin-1")))
    )


def as_sent(text: Text) -> str:
    """HTML of what was sent, with all that a browser would do with it; what was plain stands in a `pre`."""
    if text.entity is None:
        return _in_pre(text.said.text)
    source = clean_text(decoded(text.entity.octets, _charset(text.entity)))
    is_page = text.entity.type == "text/html" or _PAGE.match(source)
    page = html.nested(source) if is_page else ""
    return page or _in_pre(text.marked.text)


def _in_pre(text: str) -> str:
    return f"<pre>{escape(text)}</pre>" if text.strip() else ""


def language(entity: Entity) -> str:
    """The lang of the html element; of other texts the part's own Content-Language (RFC 3282)."""
    declared = entity.header("content-language").split(",")[0].strip()
    if declared or entity.type != "text/html":
        return declared
    found = re.search(
        rb"<html[^>]{0,500}?\slang=[\"']?([A-Za-z\-]{2,10})", entity.octets[:4096], re.IGNORECASE
    )
    return found[1].decode("ascii") if found else ""


def _read(entity: Entity) -> Marked:
    text = clean_text(decoded(entity.octets, _charset(entity)))
    # What is called text and is a page, or the other way round, is read as what it is.
    if entity.type == "text/html" or _PAGE.match(text):
        return html.rendered(text) if _TAG.search(text) else _plain(html.unescaped(text))
    if entity.type in ("text/enriched", "text/richtext"):
        text = _ENRICHED_TAG.sub("", text).replace("<<", "<")
    elif entity.content.parameter("format").lower() == "flowed":
        text = unflowed(text, delete_space=entity.content.parameter("delsp").lower() == "yes")
    return _plain(text)


def _charset(entity: Entity) -> str:
    declared = entity.content.parameter("charset")
    if declared or entity.type != "text/html":
        return declared
    found = _META.search(entity.octets[:2048])
    return found[1].decode("ascii") if found else ""


def _plain(text: str) -> Marked:
    text = "\n".join(line.rstrip() for whole in text.split("\n") for line in apart(whole)).strip("\n")
    return armour.marked(text) if armour.has_any(text) else marked_as(SegmentKind.TYPED, text)
