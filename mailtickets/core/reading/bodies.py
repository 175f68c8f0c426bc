"""Which parts of a letter are its text and which are its files.

The law: what was typed comes from the letter's own body alone, never out of a message that it carries: or an agent
who forwards a stranger's mail would run the stranger's commands.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass, replace
from functools import cached_property

from mailtickets.core.mail import Attachment, SegmentKind
from mailtickets.core.reading import invitations, names, pictures, sealed, texts, words
from mailtickets.core.reading.characters import clean_line, clean_text, decoded
from mailtickets.core.reading.html import Marked
from mailtickets.core.reading.limits import Broken, ReadingLimits
from mailtickets.core.reading.mime import Entity, parse_fields, take_apart
from mailtickets.core.reading.sealed import Seal
from mailtickets.core.reading.texts import NOTHING, Text, appended

_TEXTS = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext"})
# Of other kinds of text those are files, whatever they are called (RFC 2046 section 4.1.4 has the rest read as plain).
_FILES = frozenset(
    f"text/{kind}"
    for kind in ("calendar", "vcard", "x-vcard", "directory", "rtf", "csv", "css", "javascript", "xml")
)
# A form of the text that nothing but one company's reader shows.
_UNSEEN = frozenset({"text/x-amp-html", "text/watch-html"})
_ENVELOPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status", "text/rfc822-headers"})
_MESSAGES = frozenset({"message/rfc822", "message/global"})
MAX_HANDED_ON = 3  # messages that are opened, and how deep
_TYPE = re.compile(
    r"[a-z0-9][a-z0-9!#$&^_.+\-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+\-]{0,126}"
)  # RFC 6838 section 4.2
# "Your mail program does not show HTML": what programs put where the text should be.
_STUB = re.compile(
    r"\bHTML\b.{0,40}(?:capable|enabled|compatible|support|view|client|program|reader|fähig|format)|"
    r"(?:support|display|show|read|view|enable|use|anzeigen|afficher|mostrar|visualizz).{0,40}\bHTML\b|"
    r"(?:view|read) (?:this|the) (?:e-?mail|message|newsletter) (?:in|on|with) (?:a|your|the)\b.{0,20}browser",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_STUB = 300  # characters
ENCRYPTED = (
    "This mail is encrypted: open its attachment with the key it was made for, or ask for a plain mail."
)
SEALED = (
    "This mail is sealed by its signature: open its attachment in a mail program, or ask for a plain mail."
)
_LIMITS = ReadingLimits()


@dataclass(frozen=True)
class Contents:
    """What a letter holds. `formatted` is the HTML side of a text that was sent in both forms."""

    texts: tuple[Text, ...] = ()
    formatted: tuple[Text, ...] = ()
    language: str = ""  # as declared in the HTML
    files: tuple[Entity, ...] = ()
    handed_on: Marked = NOTHING  # the text of a message that is all that the letter carries

    @cached_property
    def own(self) -> Marked:
        """The letter's own words."""
        return texts.joined(self.texts)

    @property
    def ours(self) -> str:
        """What we put in place of what cannot be read, on top of the text."""
        return texts.joined(text for text in self.texts[:1] if text.entity is None).text

    @property
    def body(self) -> Marked:
        """All that is to be shown."""
        return appended(self.own, self.handed_on)

    @property
    def says_nothing(self) -> bool:
        return not any(text.marked.text.strip() for text in self.texts)


def contents(root: Entity, depth: int = 0) -> Contents:
    """The body and, in order, the entities that are attachments. On top of the body: what a calendar file says."""
    found = _of(root, first=True)
    calendar = next((file for file in found.files if file.type == "text/calendar"), None)
    if calendar is not None:
        said = invitations.told(clean_text(decoded(calendar.octets, calendar.content.parameter("charset"))))
        gap = "\n" if said and not found.says_nothing else ""
        found = replace(found, texts=(texts.sentence(f"{said}{gap}"), *found.texts))
    if not found.says_nothing:
        return found
    if root.type == "multipart/report":
        return replace(found, handed_on=_status(found.files))
    handed_on = _handed_on(found.files, depth) if depth < MAX_HANDED_ON else NOTHING
    if not handed_on.kinds and not found.files:
        # Whatever its maker meant, a person must be able to see what there is.
        return replace(found, texts=(Text(replace(root, headers=())),))
    return replace(found, handed_on=handed_on)


def attachments(files: tuple[Entity, ...], relay_size: int) -> tuple[Attachment, ...]:
    """The files as values; their octets come along if all together are not more than `relay_size`."""
    travels = sum(len(entity.octets) for entity in files) <= relay_size
    return tuple(_attachment(entity, number, travels) for number, entity in enumerate(files, 1))


def _handed_on(files: tuple[Entity, ...], depth: int) -> Marked:
    """The messages in a letter without a word: all of it is nobody's command. Of several each has its head."""
    whole = NOTHING
    messages = [file for file in files if file.type in _MESSAGES][:MAX_HANDED_ON]
    for message in messages:
        with contextlib.suppress(Broken):
            root = take_apart(message.octets, _LIMITS)
            text = pictures.without_places(contents(root, depth + 1).body).text
            said = (words.line(root.header(name)) for name in ("from", "subject"))
            # No head of fields: of several nobody can tell whose letter this one is about.
            head = ": ".join(filter(None, said)) if len(messages) > 1 else ""
            handed_on = f"{head}\n\n{text}".strip("\n")
            gap = "\n" if whole.kinds else ""
            whole = appended(whole, texts.marked_as(SegmentKind.FORWARD, f"{gap}{handed_on}"))
    return whole


def _status(files: tuple[Entity, ...]) -> Marked:
    """Of a report without words: what it reports."""
    report = next((file for file in files if file.type in _STATUS and file.octets.strip()), None)
    if report is None:
        return NOTHING
    return texts.marked_as(SegmentKind.FORWARD, clean_text(decoded(report.octets)).strip("\n"))


def _of(entity: Entity, *, first: bool) -> Contents:
    """`first`: no text of the letter has been found yet."""
    match entity.type:
        case "multipart/alternative" if entity.children:
            return _alternative(entity)
        case "multipart/signed" if entity.children:
            signed = _of(entity.children[0], first=first)
            return replace(signed, files=(*signed.files, *entity.children[1:]))
        case "multipart/encrypted" if entity.children:
            return Contents((texts.sentence(ENCRYPTED),), files=entity.children)
        case _ if entity.children:
            return _sequence(entity, first=first)
        case kind if kind.startswith("multipart/") and entity.depth == 0:
            # A container without parts: what there is was meant to be read.
            return Contents((Text(replace(entity, headers=())),))
        case kind if kind.startswith("multipart/") and not entity.raw.strip():
            return Contents()
        case _ if _is_text(entity, first=first):
            return Contents((Text(entity),), language=texts.language(entity), files=texts.enclosed(entity))
        case _ if first and _is_envelope(entity):
            return _unsealed(entity)
        case _:
            return Contents(files=(entity,))


def _is_text(entity: Entity, *, first: bool) -> bool:
    kind = entity.type
    if entity.disposition.value == "attachment":
        return False
    if kind not in _TEXTS:
        return kind.startswith("text/") and kind not in _FILES and not entity.filename and first
    # A letter whose only text has a name is still a letter; a second one with a name is a file.
    return first or not entity.filename


def _is_envelope(entity: Entity) -> bool:
    # RFC 8551 section 3.2.1: the name tells, where a gateway did not know the type.
    return entity.type in _ENVELOPES or (
        entity.type == "application/octet-stream" and entity.filename.lower().endswith((".p7m", ".p7z"))
    )


def _unsealed(entity: Entity) -> Contents:
    """RFC 8551 section 3.2.2: one type for what is encrypted and what is signed with the text inside."""
    seal, letter = sealed.opened(entity.octets)
    if seal is Seal.SIGNED:
        with contextlib.suppress(Broken):
            return _of(replace(take_apart(letter, _LIMITS), depth=entity.depth + 1), first=True)
    kind = entity.content.parameter("smime-type").lower()
    if seal is Seal.BARE or (seal is None and kind == "certs-only"):
        return Contents(files=(entity,))
    is_signed = seal is Seal.SIGNED or (seal is None and kind == "signed-data")
    return Contents((texts.sentence(SEALED if is_signed else ENCRYPTED),), files=(entity,))


def _alternative(entity: Entity) -> Contents:
    """RFC 2046 section 5.1.4: the same in several forms. Plain text is what we read, if it says anything."""
    forms = [
        (_is_html(child), _of(child, first=True)) for child in entity.children if child.type not in _UNSEEN
    ]
    files = tuple(file for _, form in forms for file in form.files)
    plain = next((form for is_html, form in forms if not is_html and not form.says_nothing), None)
    pages = [form for is_html, form in reversed(forms) if is_html and form.texts]
    if plain is None or _is_stub(plain.own.text):
        # Only now is the layout worth its time.
        page = next((form for form in pages if not form.says_nothing), None)
        if page is not None and (plain is None or len(page.own.text) > len(plain.own.text)):
            return Contents(page.texts, (), page.language, files)
    if plain is None:
        return Contents(files=files)
    page = next(iter(pages), None)
    return Contents(
        plain.texts, page.texts if page else plain.formatted, page.language if page else "", files
    )


def _is_stub(text: str) -> bool:
    return len(text) <= _LONGEST_STUB and _STUB.search(text) is not None


def _is_html(entity: Entity) -> bool:
    return any(leaf.type == "text/html" for leaf in entity.walk())


def _sequence(entity: Entity, *, first: bool) -> Contents:
    """multipart/mixed, related, report and all that is unknown: one after the other."""
    whole = Contents()
    for child in entity.children:
        part = _of(child, first=first and whole.says_nothing)
        formatted: tuple[Text, ...] = ()
        if whole.formatted or part.formatted:  # what has only a plain side stands for both
            formatted = (*(whole.formatted or whole.texts), *(part.formatted or part.texts))
        whole = Contents(
            (*whole.texts, *part.texts),
            formatted,
            whole.language or part.language,
            (*whole.files, *part.files),
        )
    return whole


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
