"""What became of our mails: handed over, waiting, or not delivered. Never "delivered": a server took it, no more is known."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailtickets.core.case import ReplyKind
from mailtickets.core.person import Person
from mailtickets.store.views import Delivery
from mailtickets.web import words
from mailtickets.web.item import Failure
from mailtickets.web.words import Calendar

# RFC 5321 section 4.2 and RFC 3463: reply code, then often an enhanced one.
_CODE = re.compile(r"([245]\d\d(?:[ -][245]\.\d{1,3}\.\d{1,3})?)[ -]?")
NAMED = 3  # addresses; of more, how many

# How a mail is called that a machine wrote. What carries a person's words stands with them.
KINDS = {
    ReplyKind.ACKNOWLEDGEMENT: "acknowledgement",
    ReplyKind.STATUS: "word of the new status",
    ReplyKind.RECEIPT: "receipt",
    ReplyKind.REFUSED: "refusal",
    ReplyKind.SUGGESTION: "suggestion",
    ReplyKind.UNPROVEN: "question who it was",
    ReplyKind.HELP: "help",
    ReplyKind.LIST: "list",
    ReplyKind.SHOW: "copy of the ticket",
    ReplyKind.LOGIN: "sign-in link",
    ReplyKind.OVERSIZE: "word that the mail was too big",
}


def sent(deliveries: Sequence[Delivery], calendar: Calendar) -> str:
    """ "Handed over to maria@example.org, today 15:11. Waits to be sent to lee@example.org"; "" if nothing is under way."""
    by_state: dict[str, list[Delivery]] = {}
    for one in deliveries:
        by_state.setdefault(one.state, []).append(one)
    done = by_state.get("sent", [])
    waiting = by_state.get("due", []) + by_state.get("claimed", [])
    held = by_state.get("held", [])
    parts = (
        f"Handed over to {_who(done)}, {calendar.told(max(d.at for d in done))}" if done else "",
        f"Waits to be sent to {_who(waiting)}{_tried(waiting)}" if waiting else "",
        f"Held back by a limit: {_who(held)}" if held else "",
    )
    return ". ".join(part for part in parts if part)


def failure(one: Delivery, calendar: Calendar) -> Failure:
    code, why = reason(one.answer)
    when = ", ".join(part for part in (code, calendar.told(one.at)) if part)
    return Failure(
        f"Not delivered to {one.recipient.address.spec}.",
        f"{why} ({when}). The desk will not try again: reach them another way.",
    )


def reason(answer: str) -> tuple[str, str]:
    """What a server said, in two parts: "552 5.2.2", and what it means without a full stop."""
    plain, is_told, said = answer.strip().partition(" server said: ")
    if is_told:
        found = _CODE.match(said)
        meaning = plain.removesuffix(" The mail").removesuffix(" The other").rstrip(". ")
        return (found[1] if found else ""), meaning if meaning not in ("The mail", "The other") else said
    found = _CODE.match(plain)
    code, words = (found[1], plain[found.end() :]) if found else ("", plain)
    return code, words.rstrip(". ") or "The server gave no reason"


def _who(deliveries: Sequence[Delivery]) -> str:
    specs = tuple(dict.fromkeys(d.recipient.address.spec for d in deliveries))
    if len(specs) > NAMED + 1:
        return f"{', '.join(specs[:NAMED])} and {len(specs) - NAMED} more"
    return words.listed(specs)


def _tried(waiting: Sequence[Delivery]) -> str:
    attempts = max(d.attempts for d in waiting)
    return f", tried {words.count(attempts, 'time', 'times')}" if attempts > 1 else ""


def people(deliveries: Sequence[Delivery]) -> tuple[Person, ...]:
    """Whom mails went to, each once."""
    return tuple({d.recipient.id: d.recipient for d in deliveries}.values())
