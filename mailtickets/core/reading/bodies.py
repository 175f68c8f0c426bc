"""Which parts of a letter are its text and which are its files.

The law: text comes from the letter's own body alone, never out of a message that it carries: or an agent who
forwards a stranger's mail would run the stranger's commands.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace

from mailtickets.core.mail import Attachment, SegmentKind
from mailtickets.core.reading import html, invitations, names, words
from mailtickets.core.reading.characters import clean_line, clean_text, decoded
from mailtickets.core.reading.flowed import unflowed
from mailtickets.core.reading.heads import apart
from mailtickets.core.reading.html import Marked
from mailtickets.core.reading.mime import Entity, parse_fields

_NOTHING = Marked("", ())
_TEXTS = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext"})
_TYPE = re.compile(
    r"[a-z0-9][a-z0-9!#$&^_.+\-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+\-]{0,126}"
)  # RFC 6838 section 4.2
_ENRICHED_TAG = re.compile(r"<(?!<)/?[a-z\-]{1,40}>|<param>.{0,200}?</param>", re.IGNORECASE | re.DOTALL)
ENCRYPTED = (
    "This mail is encrypted: open its attachment with the key it was made for, or ask for a plain mail."
)
SEALED = (
    "This mail is sealed by its signature: open its attachment in a mail program, or ask for a plain mail."
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a letter holds. `formatted` is the HTML side of a text that was sent in both forms."""

    body: Marked = _NOTHING
    formatted: Marked | None = None
    language: str = ""  # as declared in the HTML
    files: tuple[Entity, ...] = field(default=())


def contents(root: Entity) -> Contents:
    """The body and, in order, the entities that are attachments. On top of the body: what a calendar file says."""
    found = _of(root, first=True)
    calendar = next((file for file in found.files if file.type == "text/calendar"), None)
    if calendar is None:
        return found
    said = invitations.told(clean_text(decoded(calendar.octets, calendar.content.parameter("charset"))))
    gap = "\n" if found.body.kinds else ""
    return replace(found, body=_appended(_typed(f"{said}{gap}"), found.body)) if said else found


def attachments(files: tuple[Entity, ...], relay_size: int) -> tuple[Attachment, ...]:
    """The files as values; their octets come along if all together are not more than `relay_size`."""
    travels = sum(len(entity.octets) for entity in files) <= relay_size
    return tuple(_attachment(entity, number, travels) for number, entity in enumerate(files, 1))


def _of(entity: Entity, *, first: bool) -> Contents:
    """`first`: no text of the letter has been found yet."""
    match entity.type:
        case "multipart/alternative" if entity.children:
            return _alternative(entity)
        case "multipart/signed" if entity.children:
            signed = _of(entity.children[0], first=first)
            return replace(signed, files=(*signed.files, *entity.children[1:]))
        case "multipart/encrypted" if entity.children:
            return Contents(_typed(ENCRYPTED), files=entity.children)
        case _ if entity.children:
            return _sequence(entity, first=first)
        case kind if kind.startswith("multipart/") and entity.depth == 0:
            # A container without parts: what there is was meant to be read.
            return Contents(_text(replace(entity, default_type="text/plain"), "text/plain"))
        case _ if _is_text(entity, first=first):
            return Contents(_text(entity, entity.type), language=_language(entity))
        case "application/pkcs7-mime" | "application/x-pkcs7-mime" if first:
            return Contents(_pkcs(entity), files=(entity,))
        case _:
            return Contents(files=(entity,))


def _is_text(entity: Entity, *, first: bool) -> bool:
    if entity.type not in _TEXTS or entity.disposition.value == "attachment":
        return False
    # A letter whose only text has a name is still a letter; a second one with a name is a file.
    return first or not entity.filename


def _alternative(entity: Entity) -> Contents:
    """RFC 2046 section 5.1.4: the same in several forms. Plain text is what we read, if it says anything."""
    forms = [_of(child, first=True) for child in entity.children]
    files = tuple(file for form in forms for file in form.files)
    spoken = [
        (_is_html(child), form)
        for child, form in zip(entity.children, forms, strict=True)
        if form.body.text.strip()
    ]
    plain = next((form for formatted, form in spoken if not formatted), None)
    rich = next((form for formatted, form in reversed(spoken) if formatted), None)
    language = rich.language if rich else ""
    if plain is None:
        return Contents(rich.body if rich else _NOTHING, None, language, files)
    return Contents(plain.body, rich.body if rich else plain.formatted, language, files)


def _is_html(entity: Entity) -> bool:
    return any(leaf.type == "text/html" for leaf in entity.walk())


def _sequence(entity: Entity, *, first: bool) -> Contents:
    """multipart/mixed, related, report and all that is unknown: one after the other."""
    whole = Contents()
    for child in entity.children:
        part = _of(child, first=first and not whole.body.text.strip())
        whole = Contents(
            _appended(whole.body, part.body),
            _both(whole, part),
            whole.language or part.language,
            (*whole.files, *part.files),
        )
    return whole


def _both(before: Contents, after: Contents) -> Marked | None:
    """The HTML side of two neighbours; what has only a plain side stands for both."""
    if before.formatted is None and after.formatted is None:
        return None
    return _appended(before.formatted or before.body, after.formatted or after.body)


def _appended(before: Marked, after: Marked) -> Marked:
    if not before.kinds or not after.kinds:
        return before if before.kinds else after
    return Marked(f"{before.text}\n{after.text}", (*before.kinds, *after.kinds))


def _typed(text: str) -> Marked:
    return Marked(text, (SegmentKind.TYPED,) * (text.count("\n") + 1))


def _pkcs(entity: Entity) -> Marked:
    """RFC 8551 section 3.2.2: one type for what is encrypted and what is signed with the text inside."""
    match entity.content.parameter("smime-type").lower():
        case "certs-only":
            return _NOTHING
        case "signed-data":
            return _typed(SEALED)
        case _:
            return _typed(ENCRYPTED)


def _text(entity: Entity, kind: str) -> Marked:
    text = clean_text(decoded(entity.octets, entity.content.parameter("charset")))
    match kind:
        case "text/html":
            return html.rendered(text)
        case "text/enriched" | "text/richtext":
            text = _ENRICHED_TAG.sub("", text).replace("<<", "<")
        case "text/plain" if entity.content.parameter("format").lower() == "flowed":
            text = unflowed(text, delete_space=entity.content.parameter("delsp").lower() == "yes")
    text = "\n".join(line.rstrip() for whole in text.split("\n") for line in apart(whole)).strip("\n")
    return _typed(text) if text.strip() else _NOTHING


def _language(entity: Entity) -> str:
    """The lang of the html element; of other texts the part's own Content-Language (RFC 3282)."""
    declared = entity.header("content-language").split(",")[0].strip()
    if declared or entity.type != "text/html":
        return declared
    found = re.search(
        rb"<html[^>]{0,500}?\slang=[\"']?([A-Za-z\-]{2,10})", entity.octets[:4096], re.IGNORECASE
    )
    return found[1].decode("ascii") if found else ""


def _attachment(entity: Entity, number: int, travels: bool) -> Attachment:
    octets = entity.octets
    content_id = clean_line(entity.header("content-id")).strip(" <>")
    return Attachment(
        name=names.safe(entity.filename or _title(entity), entity.type, number),
        content_type=entity.type if _TYPE.fullmatch(entity.type) else "application/octet-stream",
        size=len(octets),
        sha256=hashlib.sha256(octets).hexdigest(),
        inline=entity.disposition.value == "inline" or (bool(content_id) and entity.disposition.value == ""),
        content_id=content_id,
        octets=octets if travels else b"",
    )


def _title(entity: Entity) -> str:
    """A message without a file name is called by its subject."""
    if entity.type != "message/rfc822":
        return ""
    subject = next((value for name, value in parse_fields(entity.octets[:32_768]) if name == "subject"), "")
    return f"{words.line(subject)}.eml".replace("/", "_").replace("\\", "_") if subject else ""
