"""The desk at a glance: what waits for us, the longest first, and what did not arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from mailtickets.core.person import Role
from mailtickets.core.workflow import DONE, OURS, Meaning
from mailtickets.store import board, views
from mailtickets.store.views import Overview
from mailtickets.web import handing, listing, marks
from mailtickets.web.access import Sight, sight
from mailtickets.web.listing import Address, Chip, Row
from mailtickets.web.marks import Mark
from mailtickets.web.window import Visit, Window
from mailtickets.web.words import count

FAILURES = 3  # shown; the rest stand on their tickets


@dataclass(frozen=True, slots=True)
class Figure:
    number: int
    label: str
    fact: str  # what makes it urgent, "" if nothing does
    href: str  # "" for those who may not follow it


@dataclass(frozen=True, slots=True)
class OfStatus:
    status: Mark
    number: int
    href: str


@dataclass(frozen=True, slots=True)
class Undelivered:
    number: int
    href: str
    recipient: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    today: str
    counts: tuple[Figure, ...]
    statuses: tuple[OfStatus, ...]
    failures: tuple[Undelivered, ...]
    stopped: tuple[str, ...]  # what is wrong, and what waits for the operator, whole sentences
    waiting: tuple[Row, ...]
    all_waiting: Chip | None
    nothing: str


@dataclass(frozen=True, slots=True)
class Public:
    today: str
    counts: tuple[Figure, ...]


async def load(window: Window, visit: Visit) -> Page:
    """The page of an agent."""
    seen = await window.store.read(views.overview, visit.viewer, window.policy.workflow, visit.now)
    address = Address(f"{window.root}/tickets", "", listing.BEST)
    us = _sum(window, seen, OURS)
    return Page(
        today=visit.calendar.full(visit.now),
        counts=_figures(window, visit, seen, address),
        statuses=_statuses(window, seen, address),
        failures=_failures(window, seen),
        stopped=await _wrong(window, seen) if visit.viewer and visit.viewer.role is Role.ADMIN else (),
        waiting=_waiting(window, visit, seen),
        all_waiting=_all_waiting(address, us, len(seen.waiting)),
        nothing=_nothing(_sum(window, seen, {Meaning.WAITING})),
    )


async def public(window: Window, visit: Visit) -> Public:
    """The figures, and nothing else, for everybody."""
    seen = await window.store.read(views.overview, None, window.policy.workflow, visit.now)
    figures = (
        ("New", {Meaning.NEW}),
        ("In progress", {Meaning.OPEN}),
        ("Waiting for an answer", {Meaning.WAITING}),
        ("Solved or closed", DONE),
    )
    return Public(
        visit.calendar.full(visit.now),
        tuple(Figure(_sum(window, seen, meanings), label, "", "") for label, meanings in figures),
    )


def _sum(window: Window, seen: Overview, meanings: Collection[Meaning]) -> int:
    flow = window.policy.workflow
    return sum(one.count for one in seen.statuses if marks.mark(flow, one.status, True).meaning in meanings)


def _figures(window: Window, visit: Visit, seen: Overview, address: Address) -> tuple[Figure, ...]:
    longest = f"longest {visit.calendar.since(seen.waiting[0].since_at)}" if seen.waiting else ""
    fresh = f"{_counted(seen.unassigned_new)} new since yesterday" if seen.unassigned_new else ""
    quiet = f"{_counted(seen.quiet)} quiet for a week" if seen.quiet else ""
    closed = _sum(window, seen, {Meaning.CLOSED})
    return (
        Figure(_sum(window, seen, OURS), "Waiting for us", longest, address.href(q="waiting:us")),
        Figure(seen.unassigned, "With nobody", fresh, address.href(q="assignee:nobody is:open")),
        Figure(
            _sum(window, seen, {Meaning.WAITING}),
            "Waiting for customer",
            quiet,
            address.href(q="waiting:customer"),
        ),
        Figure(
            _sum(window, seen, DONE),
            "Done",
            f"{closed} of them closed" if closed else "",
            address.href(q="is:done"),
        ),
    )


def _counted(number: int) -> str:
    return str(number) if number <= views.COUNTED else f"more than {views.COUNTED}"


def _statuses(window: Window, seen: Overview, address: Address) -> tuple[OfStatus, ...]:
    flow = window.policy.workflow
    counts = Counter({one.status: one.count for one in seen.statuses})
    ids = dict.fromkeys((*(status.id for status in flow.statuses), *counts))
    return tuple(
        OfStatus(marks.mark(flow, id, True), counts[id], address.href(q=f"status:{id}")) for id in ids
    )


def _failures(window: Window, seen: Overview) -> tuple[Undelivered, ...]:
    return tuple(
        Undelivered(
            one.ticket,
            f"{window.root}/ticket/{one.ticket}",
            one.recipient.address.spec,
            handing.reason(one.reason)[1] + ".",
        )
        for one in seen.undelivered[:FAILURES]
    )


async def _wrong(window: Window, seen: Overview) -> tuple[str, ...]:
    lasting = await window.store.read(board.lasting)
    return (*(outage.words for outage in lasting), *_stopped(seen))


def _stopped(seen: Overview) -> tuple[str, ...]:
    """What only the operator can set going again."""
    kinds = (
        (seen.quarantined, "letter could not be read", "letters could not be read", "quarantine list"),
        (seen.held_letters, "letter is held back", "letters are held back", "held list"),
        (seen.held_mails, "mail of ours is held back", "mails of ours are held back", "outbox list"),
    )
    return tuple(
        f"{count(number, one, many)}. On the desk's machine, “mailtickets {command}” shows what and why."
        for number, one, many, command in kinds
        if number
    )


def _waiting(window: Window, visit: Visit, seen: Overview) -> tuple[Row, ...]:
    return tuple(
        listing.row(
            one.listed,
            window.root,
            window.policy.workflow,
            visit.calendar,
            for_staff=True,
            waiting=visit.calendar.since(one.since_at),
        )
        for one in seen.waiting
        if sight(visit.viewer, one.listed) is not Sight.NOTHING
    )


def _all_waiting(address: Address, total: int, shown: int) -> Chip | None:
    if total <= shown:
        return None
    return Chip(
        f"All {total} that wait for us", address.href(q="waiting:us", sort=listing.sorting("updated"))
    )


def _nothing(customers: int) -> str:
    if not customers:
        return "Every ticket is done."
    return f"{count(customers, 'ticket waits', 'tickets wait')} for a customer."
