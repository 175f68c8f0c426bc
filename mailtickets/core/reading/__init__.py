"""Octets to InboundMail: what was said, by whom, whatever program wrote it.

The law: `read` either gives a letter or raises `Broken`; the whole text is kept, quotes and signatures are only
told apart from what was typed.
"""

from __future__ import annotations

from mailtickets.core.mail import InboundMail, SegmentKind
from mailtickets.core.openpgp import NOBODY, Pinned
from mailtickets.core.reading import (
    armour,
    bodies,
    bounces,
    folding,
    forwards,
    headers,
    language,
    mime,
    pictures,
    reports,
    seals,
    texts,
)
from mailtickets.core.reading.ambiguity import ambiguity
from mailtickets.core.reading.fingerprint import fingerprint
from mailtickets.core.reading.limits import Broken, ReadingLimits

__all__ = ["Broken", "ReadingLimits", "as_sent", "attachment", "read"]

_LIMITS = ReadingLimits()


def read(octets: bytes, limits: ReadingLimits = _LIMITS, pinned: Pinned = NOBODY) -> InboundMail:
    """The letter. `Broken` if it is beyond the limits. `pinned`: whose signatures are looked at."""
    whole = mime.take_apart(octets, limits)
    fields = whole.headers
    cut = tuple(dict.fromkeys(name for name, value in fields if len(value) == limits.header))
    said = headers.envelope(fields, cut)
    root, seal = seals.opened(whole, said, pinned, limits)
    held = bodies.contents(root)
    files = bodies.attachments(held.files, limits.relay_size)
    body, files = pictures.placed(held.body, lambda: texts.joined(held.formatted), files)
    segments = folding.segments(
        body, lambda: pictures.without_places(texts.quoted_in(held.formatted)), said.subject, limits
    )
    typed = next((segment.text for segment in segments if segment.kind is SegmentKind.TYPED), "")
    bounce = bounces.bounce(root, said, pictures.without_places(held.own).text)
    report = reports.report(root, said)
    return InboundMail(
        message_id=said.message_id,
        in_reply_to=said.in_reply_to,
        references=said.references,
        sent_at=said.sent_at,
        subject=said.subject,
        sender=said.sender,
        from_defects=said.from_defects,
        reply_to=said.reply_to,
        to=said.to,
        cc=said.cc,
        return_path=said.return_path,
        headers=fields,
        text=body.text,
        segments=segments,
        attachments=files,
        language=language.language(
            fields, held.language, typed.removeprefix(held.ours).removeprefix(armour.ENCRYPTED)
        ),
        bounce=bounce,
        fingerprint=fingerprint(fields, whole),
        defects=tuple(f"{name.title()} is too long: its end was left out" for name in cut),
        report=report,
        resent_from=headers.first_mailbox(fields, "resent-from"),
        original_from=headers.first_mailbox(fields, "x-original-from", "x-original-sender"),
        spoken=language.spoken(typed),
        # What a report encloses is our own letter.
        forwards=() if bounce or report else forwards.forwards(root, segments, limits),
        seal=seal,
        ambiguity=ambiguity(octets, fields),
    )


def as_sent(octets: bytes) -> str:
    """HTML of a letter's body in the form in which it was sent. As dangerous as it came: clean it before it is shown."""
    held = bodies.contents(mime.take_apart(octets, _LIMITS))
    return "".join(texts.as_sent(text) for text in held.formatted or held.texts)


def attachment(octets: bytes, index: int) -> bytes:
    """One file of a letter, decoded: `index` as in InboundMail.attachments. IndexError if there is none."""
    return bodies.contents(mime.take_apart(octets, _LIMITS)).files[index].octets
