"""Commands that change nothing: what to show, and how this mail is to be treated."""

from __future__ import annotations

import re

from mailtickets.core.case import ReplyKind
from mailtickets.core.commands.command import Cannot, Deed, Scene
from mailtickets.core.workflow import folded

# Whether there is no such ticket or it is somebody else's, the answer is the same.
NOT_YOURS = "Either the number is wrong, or the ticket belongs to someone else."
_SHORT = {
    "": "is:open",
    "open": "is:open",
    "mine": "is:open is:mine",
    "unassigned": "is:open is:unassigned",
    "waiting": "is:waiting",
    "closed": "is:done",
    "all": "",
}
_NUMBER = re.compile(r"\D{0,3}([0-9]{1,18})\D?")


def helping(scene: Scene, value: str) -> Deed | Cannot:
    return Deed(asks=ReplyKind.HELP, about=value)


def showing(scene: Scene, value: str) -> Deed | Cannot:
    number = show_number(value)
    if number is None:
        return Cannot(f"“{value}” is no ticket number.")
    if not number and scene.ticket is None:
        return Cannot("Say which ticket: put its number after the word.")
    shown = scene.known.shown
    if shown is None or (number and shown.ticket.number != number):
        return Cannot(NOT_YOURS)
    return Deed(asks=ReplyKind.SHOW)


def listing(scene: Scene, value: str) -> Deed | Cannot:
    unclear = scene.known.unclear
    if unclear is not None:
        return Cannot(unclear.sentence, nearest=unclear.meant)
    return Deed(asks=ReplyKind.LIST)


def signing_in(scene: Scene, value: str) -> Deed | Cannot:
    return Deed(asks=ReplyKind.LOGIN)


def internal(scene: Scene, value: str) -> Deed | Cannot:
    if value:
        return Cannot("It takes nothing after it; the note itself goes below.")
    return Deed(is_internal=True, remark="Your mail is an internal note: only staff was told.")


def quiet(scene: Scene, value: str) -> Deed | Cannot:
    if value:
        return Cannot("It takes nothing after it; what you want to say goes below.")
    return Deed(is_quiet=True)


def confirming(scene: Scene, value: str) -> Deed | Cannot:
    # A yes that fits a question never comes here.
    return Cannot("The desk has asked you nothing that goes with this code, or the time for it is over.")


def saying(scene: Scene, value: str) -> Deed | Cannot:
    # The words are relayed by the decision; there is no field to change.
    return Deed()


def stopping(scene: Scene, value: str) -> Deed | Cannot:
    # The grammar has ended the block here; there is nothing left to do.
    return Deed()


def show_number(value: str) -> int | None:
    """The ticket number after `#show`: 0 if there is none, for the ticket at hand; None if it is no number."""
    if not value:
        return 0
    found = _NUMBER.fullmatch(value)
    return int(found[1]) if found else None


def list_query(value: str) -> str:
    """The question after `#list`: its first word may be a short one for a common question."""
    word, _, rest = value.partition(" ")
    return f"{_SHORT.get(folded(word), word)} {rest}".strip()
