"""The list of tickets: what the address asks for, and the page that answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mailtickets.core.case import Listed
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.query import Question, Unclear
from mailtickets.core.query.grammar import LONGEST
from mailtickets.store import people, views
from mailtickets.store.engine import Tx
from mailtickets.store.views import EVERYTHING, Sort, TicketPage
from mailtickets.web import listing
from mailtickets.web.access import Sight, sight
from mailtickets.web.listing import Address, Chip, Column, Empty, Leaves, Row, Sorting, Trouble, Ways
from mailtickets.web.window import Visit, Window
from mailtickets.web.words import count

LAST_PAGE = 100_000


@dataclass(frozen=True, slots=True)
class Search:
    """What stands in the address. `q` holds every word that narrows."""

    q: str
    sort: Sorting
    page: int

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Search:
        """From `q`, `status`, `assignee`, `text`, `sort` and `page`; what makes no sense is left out."""
        narrow = [
            f"{key}:{_quoted(fields[key])}" for key in ("status", "assignee") if fields.get(key, "").strip()
        ]
        words = (fields.get("q", ""), *narrow, fields.get("text", ""))
        # No database takes a NUL, and no subject holds what cannot be seen.
        seen = "".join(c for c in " ".join(words)[: LONGEST + 1] if c.isprintable() or c.isspace())
        asked = " ".join(seen.split())
        page = fields.get("page", "")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
        return cls(asked, listing.sorting(fields.get("sort", "")), min(max(number, 1), LAST_PAGE))


@dataclass(frozen=True, slots=True)
class Found:
    """The answer of the store to a question."""

    asked: Question | Unclear
    page: TicketPage
    sort: Sorting  # as the address or the question says
    staff: tuple[Person, ...]  # whom a question may name; none for a requester


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    for_staff: bool
    action: str
    asked: str
    example: str
    trouble: Trouble | None
    how: tuple[Ways, ...]
    chips: tuple[Chip, ...]
    found: str
    limits: tuple[str, ...]  # what the list does not show, whole sentences
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    leaves: Leaves
    empty: Empty


def find(
    tx: Tx, viewer: Person, policy: Policy, now: datetime, search: Search, size: int = listing.ROWS
) -> Found:
    """The tickets that somebody asks for, of those that they may see."""
    staff = people.staff(tx) if viewer.is_staff else ()
    asked = views.understand(tx, search.q, policy, viewer, now)
    if isinstance(asked, Unclear):
        return Found(asked, TicketPage((), 0), search.sort, staff)
    wanted = replace(views.filter_of(asked, policy.workflow), page=search.page, size=size)
    if search.sort != listing.BEST:
        # Whoever clicks at a column means that, whatever the question says.
        wanted = replace(wanted, sort=Sort(search.sort.key), descending=search.sort.descending)
    page = views.tickets(tx, viewer, wanted)
    seen = tuple(one for one in page.rows if sight(viewer, one) is not Sight.NOTHING)
    return Found(asked, replace(page, rows=seen), Sorting(wanted.sort, wanted.descending), staff)


async def load(window: Window, visit: Visit, viewer: Person, search: Search) -> Page:
    found = await window.store.read(find, viewer, window.policy, visit.now, search)
    return _page(window, visit, viewer, search, found)


def _page(window: Window, visit: Visit, viewer: Person, search: Search, found: Found) -> Page:
    flow = window.policy.workflow
    clear = found.asked if isinstance(found.asked, Question) else Question(EVERYTHING)
    address = Address(f"{window.root}/tickets", search.q, search.sort)
    ordered = replace(address, sort=listing.shown_sort(clear, found.sort))
    headings = listing.headings(clear, found.page.rows, window.policy, viewer.is_staff)
    title = _title(window, viewer)
    chips = listing.staff_chips(address) if viewer.is_staff else listing.requester_chips(address)
    return Page(
        title=title,
        for_staff=viewer.is_staff,
        action=address.path,
        asked=search.q,
        example="status:open printer" if viewer.is_staff else "printer",
        trouble=listing.trouble(found.asked, address) if isinstance(found.asked, Unclear) else None,
        how=listing.ways(address, flow, found.staff) if viewer.is_staff else (),
        chips=chips,
        found=("" if found.page.is_counted else "more than ") + count(found.page.total, "ticket", "tickets"),
        limits=_limits(found.page, search.page),
        caption=f"{title}: {search.q or 'all'}",
        columns=listing.columns(ordered, viewer.is_staff),
        rows=tuple(
            _row(window, visit, viewer, one, heading)
            for one, heading in zip(found.page.rows, headings, strict=True)
        ),
        leaves=listing.leaves(address, search.page, found.page),
        empty=listing.empty(clear, address, search.page),
    )


def _row(window: Window, visit: Visit, viewer: Person, one: Listed, heading: str) -> Row:
    row = listing.row(
        one, window.root, window.policy.workflow, visit.calendar, viewer.is_staff, heading=heading
    )
    # Whose it is goes without saying only where all are one's own.
    return replace(row, requester=one.requester.shown) if viewer.shares else row


def _title(window: Window, viewer: Person) -> str:
    if viewer.is_staff:
        return "Tickets"
    company = window.policy.company(viewer) if viewer.shares else None
    return f"Tickets of {company.name}" if company else "Your tickets"


def _limits(page: TicketPage, number: int) -> tuple[str, ...]:
    limits = []
    if not page.is_whole:
        limits.append(
            "Not all tickets were looked at: what is asked for is too common, or not in an index. "
            "Add a word, a tag or a time to see the others."
        )
    if page.lag:
        messages = (
            f"more than {page.lag - 1} messages"
            if page.lag >= 1000
            else count(page.lag, "message", "messages")
        )
        limits.append(f"The words of {messages} cannot be found yet; in a moment they can.")
    if page.total > views.DEEPEST and number * listing.ROWS >= views.DEEPEST:
        limits.append("The list is not leafed through further. Narrow it, or turn its order round.")
    return tuple(limits)


def _quoted(value: str) -> str:
    plain = value.replace('"', "")
    return f'"{plain}"' if " " in plain.strip() else plain.strip()
