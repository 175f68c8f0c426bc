"""Delivery reports of services that write them in a form of their own, instead of RFC 3464's.

The law: what is not of that form to the letter is no report.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from mailtickets.core.reading.addresses import is_spec
from mailtickets.core.reading.characters import clean_line

_AMAZON = ('"notificationType":', '\\"notificationType\\":')  # bare, or as a string within a notification
_MAX_TEXT = 256 * 1024  # characters; Amazon's own limit of a notification


@dataclass(frozen=True, slots=True)
class Finding:
    """What a report says: `action` is failed, delayed or delivered; `recipients` are addr-specs."""

    action: str
    recipients: tuple[str, ...]
    status: str = ""
    diagnostic: str = ""


def amazon(text: str) -> Finding | None:
    """A bounce notification of Amazon's sending service, sent as JSON by its notification service."""
    start = text.lstrip()[:_MAX_TEXT]
    if not start.startswith("{") or not any(mark in start for mark in _AMAZON):
        return None
    told = _object(start)
    if isinstance(inner := told.get("Message"), str):
        told = _object(inner)
    bounce = told.get("bounce")
    if told.get("notificationType") != "Bounce" or not isinstance(bounce, dict):
        return None
    listed = bounce.get("bouncedRecipients")
    failed = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    recipients = tuple(spec for one in failed if is_spec(spec := str(one.get("emailAddress", ""))))
    first = failed[0] if failed else {}
    diagnostic = clean_line(str(first.get("diagnosticCode", "")).partition(";")[2])[:300]
    action = "delayed" if bounce.get("bounceType") == "Transient" else "failed"
    return Finding(action, recipients, str(first.get("status", ""))[:9], diagnostic)


def _object(text: str) -> dict[str, object]:
    """The JSON object that a text begins with; an empty one if it is none. What stands below it is a footer."""
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
