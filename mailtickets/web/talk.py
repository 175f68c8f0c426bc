"""The conversation of a ticket, oldest first: what people said, and between it what machines did and what was changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from mailtickets.core.case import MessageKind
from mailtickets.core.classify import Kind
from mailtickets.core.person import Part
from mailtickets.store.views import Delivery, Entry, Event, TicketView
from mailtickets.web import handing, history, why, words
from mailtickets.web.history import Names
from mailtickets.web.item import Bold, File, Item, Talk, fold
from mailtickets.web.passages import passages, plain, with_files
from mailtickets.web.window import Visit, Window

_PARTS = {
    Part.REQUESTER: "Requester",
    Part.CC: "Copy",
    Part.FOLLOWER: "Follower",
    Part.THIRD: "Third party",
}


def for_staff(window: Window, visit: Visit, view: TicketView, names: Names) -> Talk:
    """All of it."""
    items = [
        *(_entry(window, visit, view, entry) for entry in view.entries),
        *_mailed(view, visit),
        *_changed(view, names, visit),
    ]
    return fold(tuple(sorted(items, key=lambda item: item.at)))


def for_requester(window: Window, visit: Visit, view: TicketView) -> Talk:
    """The messages, and nothing about them. `view` is already what the requester may see."""
    return fold(
        tuple(
            _message(window, visit, view, entry, *_to_requester(entry, window, visit))
            for entry in view.entries
        )
    )


def _to_requester(entry: Entry, window: Window, visit: Visit) -> tuple[str, str, str]:
    """look, name and role of an author, as the requester reads them."""
    author = entry.author
    if author is None:
        return "", "Unknown sender", ""
    if visit.viewer and author.id == visit.viewer.id:
        return "", "You", ""
    return ("agent", author.shown, window.policy.name) if author.is_staff else ("", author.shown, "")


def _to_staff(entry: Entry, view: TicketView) -> tuple[str, str, str]:
    """look, name and role of an author, as staff reads them."""
    author = entry.author
    name = author.shown if author else "Unknown sender"
    doubt = ", sender not verified" if entry.unverified else ""
    if entry.kind is MessageKind.NOTE:
        return "note", name, f"Internal note, staff only{doubt}"
    if author and author.is_staff and author.id != view.ticket.requester:
        return "agent", name, f"Agent{doubt}"
    part = next((p.part for p in view.participants if author and p.person.id == author.id), None)
    return "", name, f"{_PARTS[part] if part else 'Not on the ticket'}{doubt}"


def _entry(window: Window, visit: Visit, view: TicketView, entry: Entry) -> Item:
    if entry.kind is not MessageKind.AUTOMATIC:
        return _with_letter(
            _message(window, visit, view, entry, *_to_staff(entry, view)), window, view, entry
        )
    who = entry.author.shown if entry.author else ""
    if entry.wrote in _IN_VIEW:
        item = _message(window, visit, view, entry, "", who or "Unknown sender", f"Automatic: {entry.why}")
        return _with_letter(item, window, view, entry)
    told = _FILED.get(entry.wrote, "a mail") if entry.wrote else "a mail"
    sender = f" from {who}" if who else ""
    return Item(
        at=entry.written_at,
        is_message=False,
        anchor=history.anchor(entry),
        summary=f"Automatic: {told}{sender} filed, {visit.calendar.told(entry.written_at)}",
        passages=(
            *plain(f"[{entry.why}]" if entry.why else ""),
            *(plain(entry.text) or plain("It holds no text.")),
        ),
    )


def _with_letter(item: Item, window: Window, view: TicketView, entry: Entry) -> Item:
    """A message that came as a letter can be seen as it was sent."""
    if entry.wrote is None:
        return item
    return replace(item, letter=f"{window.root}/ticket/{view.ticket.number}/letter/{entry.id}")


# What may be a person's words is read like them.
_IN_VIEW = frozenset({Kind.AUTOMATIC, Kind.AUTOREPLY, Kind.LIST, Kind.CHALLENGE})
_FILED = {
    Kind.VACATION: "an absence notice",
    Kind.BOUNCE: "a delivery report",
    Kind.DELAY: "a report of delay",
    Kind.RECEIPT: "a receipt",
    Kind.COMPLAINT: "a complaint",
}


def _message(
    window: Window, visit: Visit, view: TicketView, entry: Entry, look: str, author: str, role: str
) -> Item:
    calendar, deliveries = visit.calendar, entry.deliveries
    folder = f"{window.root}/ticket/{view.ticket.number}/attachment/{entry.id}"
    files = [
        (file, File(file.name, words.size(file.size), f"{folder}/{k}"))
        for k, file in enumerate(entry.attachments)
    ]
    again = _seen_again(view)
    text = passages(entry.segments) or plain(entry.text) or plain("This mail holds no text.")
    return Item(
        at=entry.written_at,
        is_message=True,
        anchor=history.anchor(entry),
        look=look,
        author=author,
        role=role,
        when=calendar.stamp(entry.written_at),
        machine_time=calendar.machine(entry.written_at),
        to=f"to {words.listed(tuple(p.shown for p in handing.people(deliveries)))}" if deliveries else "",
        passages=with_files(text, {file.name: shown.href for file, shown in files}),
        files=tuple(shown for file, shown in files if not (file.is_logo or file.sha256 in again)),
        logos=tuple(shown for file, shown in files if file.is_logo or file.sha256 in again),
        failures=tuple(handing.failure(d, calendar) for d in deliveries if d.state == "failed"),
        sent=handing.sent(deliveries, calendar),
        why=why.lines(entry, {person.id: person for person in view.people}, view.ticket),
    )


def _seen_again(view: TicketView) -> frozenset[str]:
    """The logos of this talk: whoever sees one again knows that it was one the first time."""
    return frozenset(f.sha256 for entry in view.entries for f in entry.attachments if f.is_logo)


def _mailed(view: TicketView, visit: Visit) -> Iterator[Item]:
    """Mails that the desk wrote by itself to people outside, and whatever of ours did not arrive."""
    shown = {d.id for entry in view.entries for d in entry.deliveries}
    for one in view.deliveries:
        if one.id in shown:
            continue
        if one.state == "failed":
            yield Item(at=one.at, is_message=False, failures=(handing.failure(one, visit.calendar),))
        elif one.kind in handing.KINDS and not one.recipient.is_staff:
            yield Item(at=one.at, is_message=False, summary=_machine_mail(one, visit))


def _machine_mail(one: Delivery, visit: Visit) -> str:
    what, who, at = handing.KINDS[one.kind], one.recipient.shown, visit.calendar.told(one.at)
    match one.state:
        case "sent":
            return f"Automatic: {what} mailed to {who}, {at}"
        case "held":
            return f"Automatic: {what} to {who} held back by a limit"
        case _:
            return f"Automatic: {what} to {who} waits to be sent"


def _changed(view: TicketView, names: Names, visit: Visit) -> Iterator[Item]:
    """Changes that came with no message, those of one cause in one line. What a message brought stands in the history."""
    said = {entry.cause for entry in view.entries}
    alone = [event for event in history.told(view.history) if event.cause not in said]
    for _, group in groupby(alone, key=lambda event: event.cause):
        events = tuple(group)
        who = events[0].by.shown if events[0].by else "The desk"
        yield Item(
            at=events[0].at,
            is_message=False,
            summary=f"{who}, {visit.calendar.told(events[0].at)}: ",
            changes=tuple(_bold(event, names, i) for i, event in enumerate(events)),
        )


def _bold(event: Event, names: Names, place: int) -> Bold:
    what, change = history.words(event.change, names)
    return Bold(f"{', ' if place else ''}{what.lower()} ", change)
