"""A list of tickets as a page shows it: rows, views to choose from, ways to sort and to leaf through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from mailtickets.core.case import Listed
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.query import Question, Unclear
from mailtickets.core.query.condition import Said
from mailtickets.core.query.names import short_name
from mailtickets.core.query.term import quoted
from mailtickets.core.query.tree import conjuncts
from mailtickets.core.workflow import Workflow
from mailtickets.store.views import DEEPEST, TicketPage
from mailtickets.web import marks, words
from mailtickets.web.marks import Mark, Rank
from mailtickets.web.words import Calendar

ROWS = 25


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    href: str
    subject: str
    requester: str  # "" for the requester
    status: Mark
    priority: Rank
    with_whom: str
    changed: str
    waiting: str
    heading: str = ""  # of the group that begins with it


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    href: str
    is_here: bool = False


@dataclass(frozen=True, slots=True)
class Ways:
    """One kind of word that narrows, with its values as links."""

    label: str
    links: tuple[Chip, ...]


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    href: str  # sorts by it, the other way round if it is sorted by it already
    order: str  # "ascending", "descending", "" if sorted by another
    arrow: str


@dataclass(frozen=True, slots=True)
class Leaf:
    label: str
    href: str = ""
    is_here: bool = False


@dataclass(frozen=True, slots=True)
class Leaves:
    """The pages of the list."""

    several: bool
    numbers: tuple[Leaf, ...]
    next: str  # "" on the last
    range: str  # "1–25 of 230"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What could not be asked."""

    before: str
    term: str
    after: str
    meant: str
    href: str
    advice: str
    example: str


@dataclass(frozen=True, slots=True)
class Empty:
    title: str
    text: str
    label: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Sorting:
    key: str  # a column's
    descending: bool

    @property
    def word(self) -> str:
        """As it stands in the address: "-changed"."""
        return f"-{self.key}" if self.descending else self.key


# key, label, whether its first click sorts downwards
COLUMNS = (
    ("number", "No.", True),
    ("subject", "Subject", False),
    ("status", "Status", False),
    ("priority", "Priority", True),
    ("assignee", "With", False),
    ("updated", "Changed", True),
)
STAFF_ONLY = frozenset({"priority", "assignee"})
# What nobody has asked to be sorted: by the words where there are some, else the latest change first.
BEST = Sorting("best", descending=True)


def sorting(word: str) -> Sorting:
    """What `sort=` asks for; the best first if it asks for nothing that there is."""
    key = word.removeprefix("-")
    if key not in {column for column, _, _ in COLUMNS}:
        return BEST
    return Sorting(key, word.startswith("-"))


@dataclass(frozen=True, slots=True)
class Address:
    """Where the list is, and what it is asked for now."""

    path: str
    q: str
    sort: Sorting

    def href(self, *, q: str | None = None, sort: Sorting | None = None, page: int = 1) -> str:
        asked = self.q if q is None else q
        order = sort or self.sort
        fields = {
            "q": asked,
            "sort": "" if order == BEST else order.word,
            "page": str(page) if page > 1 else "",
        }
        query = urlencode({name: value for name, value in fields.items() if value})
        return f"{self.path}?{query}" if query else self.path


def row(
    listed: Listed,
    root: str,
    workflow: Workflow,
    calendar: Calendar,
    for_staff: bool,
    waiting: str = "",
    heading: str = "",
) -> Row:
    ticket = listed.ticket
    return Row(
        number=ticket.number,
        href=f"{root}/ticket/{ticket.number}",
        subject=ticket.subject or "No subject",
        requester=listed.requester.shown if for_staff else "",
        status=marks.mark(workflow, ticket.status, for_staff),
        priority=marks.rank(workflow, ticket.priority),
        with_whom=marks.who(listed.assignee),
        changed=calendar.brief(ticket.updated_at),
        waiting=waiting,
        heading=heading,
    )


def columns(address: Address, for_staff: bool) -> tuple[Column, ...]:
    return tuple(
        _column(address, key, label, downwards)
        for key, label, downwards in COLUMNS
        if for_staff or key not in STAFF_ONLY
    )


def _column(address: Address, key: str, label: str, downwards: bool) -> Column:
    now = address.sort
    if now.key != key:
        return Column(label, address.href(sort=Sorting(key, downwards)), "", "")
    other = address.href(sort=Sorting(key, not now.descending))
    if now.descending:
        return Column(label, other, "descending", " ↓")
    return Column(label, other, "ascending", " ↑")


def shown_sort(asked: Question, sort: Sorting) -> Sorting:
    """What the columns say of the order: without words the best is the latest change."""
    has_words = any(isinstance(part, Said) and not part.in_subject for part in conjuncts(asked.where))
    return Sorting("updated", descending=True) if sort == BEST and not has_words else sort


def headings(asked: Question, rows: Sequence[Listed], policy: Policy, for_staff: bool) -> tuple[str, ...]:
    """What stands above each row: the name of its group where one begins, else ""."""
    if asked.group is None:
        return ("",) * len(rows)
    names = [_group(asked.group.field, one, policy, for_staff) for one in rows]
    return tuple("" if name == before else name for before, name in zip(("", *names), names, strict=False))


def _group(field: str, listed: Listed, policy: Policy, for_staff: bool) -> str:
    match field:
        case "status":
            return marks.mark(policy.workflow, listed.ticket.status, for_staff).label
        case "priority":
            return marks.rank(policy.workflow, listed.ticket.priority).label
        case "project":
            return marks.project(policy, listed.ticket.project)
        case _:
            return f"With {marks.who(listed.assignee)}"


def leaves(address: Address, page: int, found: TicketPage) -> Leaves:
    total = found.total
    last = max(1, -(-min(total, DEEPEST) // ROWS))
    near = sorted({1, last, *range(max(1, page - 2), min(last, page + 2) + 1)})
    numbers: list[Leaf] = []
    for before, number in zip((0, *near), near, strict=False):
        if number > before + 1:
            numbers.append(Leaf("…"))
        numbers.append(Leaf(str(number), address.href(page=number), number == page))
    first = (page - 1) * ROWS + 1
    return Leaves(
        several=last > 1,
        numbers=tuple(numbers),
        next=address.href(page=page + 1) if page < last else "",
        range=f"{first}–{min(total, page * ROWS)} of {'' if found.is_counted else 'more than '}"
        f"{words.count(total, '', '').strip()}",
    )


def staff_chips(address: Address) -> tuple[Chip, ...]:
    return _chips(
        address,
        ("Waiting for us", "waiting:us"),
        ("Mine", "assignee:me is:open"),
        ("With nobody", "assignee:nobody is:open"),
        ("Waiting for customer", "waiting:customer"),
        ("All open", "is:open"),
        ("All", ""),
    )


def requester_chips(address: Address) -> tuple[Chip, ...]:
    return _chips(
        address,
        ("All", ""),
        ("Open", "is:open"),
        ("Waiting for you", "waiting:customer"),
        ("Done", "is:done"),
    )


def _chips(address: Address, *views: tuple[str, str]) -> tuple[Chip, ...]:
    return tuple(Chip(label, address.href(q=q), q == address.q) for label, q in views)


def ways(address: Address, workflow: Workflow, staff: Sequence[Person]) -> tuple[Ways, ...]:
    """Every value that narrows, each as a link that asks for it alone."""
    statuses = tuple(f"status:{status.id}" for status in workflow.statuses)
    people = tuple(f"assignee:{name}" for name in ("me", "nobody", *map(short_name, staff)))
    rest = ("is:open", "is:done", "waiting:us", "waiting:customer")
    return tuple(
        Ways(label, tuple(Chip(term, address.href(q=term)) for term in terms))
        for label, terms in (("Status", statuses), ("With", people), ("Or", rest))
    )


def trouble(unclear: Unclear, address: Address) -> Trouble:
    return Trouble(
        before=unclear.before,
        term=unclear.term,
        after=unclear.after,
        meant=unclear.meant,
        href=address.href(q=unclear.meant),
        advice="To search for the word itself, put it in quotes:" if unclear.term in address.q else "",
        example=quoted(unclear.term),
    )


def empty(asked: Question, address: Address, page: int) -> Empty:
    """What was looked for, and the nearest thing that finds something."""
    if page > 1:
        return Empty(
            "The list is not that long", "It ends before this page.", "Go to its first page", address.href()
        )
    if not asked.terms:
        return Empty("No tickets yet", "The first mail to the desk opens the first one.")
    if len(asked.terms) > 1:
        fewer = " ".join(asked.terms[:-1])
        return Empty("No ticket matches", "To see more, leave a word out:", fewer, address.href(q=fewer))
    return Empty(
        "No ticket matches",
        f"Nothing was found for {address.q}.",
        "Show all tickets",
        address.href(q=""),
    )
