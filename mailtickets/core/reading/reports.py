"""Reports on mail of ours that are no delivery reports: read receipts (RFC 8098) and complaints (RFC 5965).

The law: a report is told by its form alone; what a letter merely says of receipts or junk is talk.
"""

from __future__ import annotations

import re

from mailtickets.core.mail import Report
from mailtickets.core.reading import addresses
from mailtickets.core.reading.characters import clean_line
from mailtickets.core.reading.headers import Envelope, Fields, first_of
from mailtickets.core.reading.mime import Entity, parse_fields

_RECEIPT = "message/disposition-notification"
_COMPLAINT = "message/feedback-report"
_RETURNED = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"})
# Microsoft's feedback loop is older than RFC 5965: a fixed subject, and our letter inside.
_JUNK_BUTTON = re.compile(r"\s*complaint about message from [0-9A-Fa-f.:]{3,45}\s*")
_ID = re.compile(r"<\s*([^<>\s]{1,998})\s*>")
_MAX_RETURNED = 65_536  # octets of a returned letter in which its head is looked for


def report(root: Entity, said: Envelope) -> Report | None:
    """What the letter reports, None if it is no such report."""
    kind = root.content.parameter("report-type").lower()
    parts = {part.type: part for part in root.walk()}
    if _RECEIPT in parts or kind == "disposition-notification":
        fields = _fields(parts.get(_RECEIPT))
        done = first_of(fields, "disposition").rpartition(";")[2].partition("/")[0]
        recipient = first_of(fields, "original-recipient") or first_of(fields, "final-recipient")
        return Report("receipt", _word(done), _spec(recipient), _id(first_of(fields, "original-message-id")))
    if _COMPLAINT in parts or kind == "feedback-report":
        fields, ours = _fields(parts.get(_COMPLAINT)), _returned(root)
        recipient = _spec(first_of(fields, "original-rcpt-to")) or _spec(first_of(ours, "to"))
        said_of = _word(first_of(fields, "feedback-type"))
        return Report("complaint", said_of, recipient, _id(first_of(ours, "message-id")))
    if _JUNK_BUTTON.fullmatch(said.subject) and any(part.type in _RETURNED for part in root.children):
        ours = _returned(root)
        recipient = _spec(first_of(ours, "x-hmxmroriginalrecipient")) or _spec(first_of(ours, "to"))
        return Report("complaint", "abuse", recipient, _id(first_of(ours, "message-id")))
    return None


def _fields(part: Entity | None) -> Fields:
    return parse_fields(part.octets[:_MAX_RETURNED]) if part else ()


def _returned(root: Entity) -> Fields:
    """The head of the letter that came along."""
    part = next((part for part in root.walk() if part is not root and part.type in _RETURNED), None)
    return _fields(part)


def _word(value: str) -> str:
    return clean_line(value).lower()[:40]


def _spec(value: str) -> str:
    """ "rfc822; lee@customer.example" and "Lee <lee@customer.example>": the address, "" if there is none."""
    bare = clean_line(value.rpartition(";")[2])
    found = addresses.mailbox(bare) or addresses.likeness(bare)
    return found.spec if found else ""


def _id(value: str) -> str:
    found = _ID.search(value)
    return found[1] if found else ""
