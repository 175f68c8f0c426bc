"""One ticket as staff sees it: state, ways to act by mail, the talk, its history and its facts."""

from __future__ import annotations

from dataclasses import dataclass

from mailtickets.core.case import MessageKind
from mailtickets.core.person import Part, Person
from mailtickets.core.policy import Policy
from mailtickets.core.workflow import DONE, OURS
from mailtickets.store.views import TicketView
from mailtickets.web import history, mailto, marks, talk
from mailtickets.web.history import Line, Names
from mailtickets.web.item import Talk
from mailtickets.web.marks import Mark, Rank
from mailtickets.web.window import Visit, Window
from mailtickets.web.words import Calendar, span


@dataclass(frozen=True, slots=True)
class Action:
    """A button that opens a mail with the command filled in."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    muted: str = ""
    bad: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    title: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    subject: str
    status: Mark
    priority: Rank
    waiting: str
    with_whom: str
    actions: tuple[Action, ...]
    more: tuple[Action, ...]
    newest: str
    talk: Talk
    history: tuple[Line, ...]  # newest first
    facts: tuple[Facts, ...]


def page(window: Window, visit: Visit, view: TicketView) -> Page:
    policy, ticket = window.policy, view.ticket
    names = Names(policy, {person.id: person for person in view.people})
    told = talk.for_staff(window, visit, view, names)
    status = marks.mark(policy.workflow, ticket.status, for_staff=True)
    return Page(
        number=ticket.number,
        subject=ticket.subject or "No subject",
        status=status,
        priority=marks.rank(policy.workflow, ticket.priority),
        waiting=_waiting(view, status, visit.calendar),
        with_whom=marks.who(view.assignee),
        actions=_actions(policy, view, visit.viewer),
        more=_more(policy, view),
        newest=told.newest,
        talk=told,
        history=history.lines(view, names, visit.calendar),
        facts=(_who(view, policy), _times(view, visit.calendar)),
    )


def by_mail(policy: Policy, view: TicketView, body: str = "") -> str:
    """A link that answers on the ticket. The subject tag leads it there, whatever the mail program.

    Where the program heeds In-Reply-To, the answer also proves that it comes from the viewer.
    """
    subject = f"Re: {policy.tag(view.ticket.number)} {view.ticket.subject}".rstrip()
    return mailto.link(view.ticket.desk, subject, body, view.last_to_viewer)


def _waiting(view: TicketView, status: Mark, calendar: Calendar) -> str:
    """Since when the requester waits for an answer."""
    if status.meaning not in OURS:
        return ""
    since = view.ticket.updated_at
    unanswered = False
    for entry in view.entries:
        if entry.kind is not MessageKind.PUBLIC:
            continue
        if entry.author and entry.author.is_staff and entry.author.id != view.ticket.requester:
            unanswered = False
        elif not unanswered:
            since, unanswered = entry.written_at, True
    return f"Waiting for us {calendar.since(since)}"


def _actions(policy: Policy, view: TicketView, viewer: Person | None) -> tuple[Action, ...]:
    ticket = view.ticket
    is_done = marks.mark(policy.workflow, ticket.status, for_staff=True).meaning in DONE
    mine = viewer is not None and ticket.assignee == viewer.id
    wanted = (
        ("Reply", "", True),
        ("Add note", "#note\n\n", True),
        ("Assign to me", "#assign me", not mine),
        ("Close", "#close", not is_done),
        ("Reopen", "#reopen", is_done),
    )
    return tuple(Action(label, by_mail(policy, view, body)) for label, body, fits in wanted if fits)


def _more(policy: Policy, view: TicketView) -> tuple[Action, ...]:
    ticket, flow = view.ticket, policy.workflow
    statuses = [(f"Status {s.label}", f"#status {s.id}") for s in flow.statuses if s.id != ticket.status]
    ranks = [(f"Priority {p.label}", f"#priority {p.id}") for p in flow.priorities if p.id != ticket.priority]
    reasons = [(f"Close: {r.label}", f"#close {r.id}") for r in flow.resolutions if r.id != ticket.resolution]
    free = [("With nobody", "#assign nobody")] if ticket.assignee is not None else []
    return tuple(
        Action(label, by_mail(policy, view, body)) for label, body in (*statuses, *ranks, *reasons, *free)
    )


def _who(view: TicketView, policy: Policy) -> Facts:
    ticket, flow = view.ticket, policy.workflow
    bounced = {d.recipient.id for d in view.deliveries if d.state == "failed"}
    by_part = {
        part: [p.person for p in view.participants if p.part is part]
        for part in (Part.CC, Part.FOLLOWER, Part.THIRD)
    }
    rows = [
        Fact("Requester", view.requester.shown, bad="bounced" if view.requester.id in bounced else ""),
        Fact(
            "Address",
            view.requester.address.spec if view.requester.shown != view.requester.address.spec else "",
        ),
        *_paused(view),
        Fact("Copy to", _names(by_part[Part.CC]), bad=_bounced(by_part[Part.CC], bounced)),
        Fact("Followers", _names(by_part[Part.FOLLOWER]), bad=_bounced(by_part[Part.FOLLOWER], bounced)),
        Fact("Third parties", _names(by_part[Part.THIRD])),
        Fact("Project", marks.project(policy, ticket.project)),
        Fact("Type", marks.label(flow.types, ticket.type)),
        Fact("Resolution", marks.label(flow.resolutions, ticket.resolution)),
        Fact("Tags", ", ".join(ticket.tags)),
        Fact("Written to", ticket.desk),
    ]
    return Facts("Facts", tuple(row for row in rows if row.value))


def _paused(view: TicketView) -> list[Fact]:
    """The addresses here that nothing automatic is mailed to."""
    why = "Nothing automatic is mailed there until mail comes from it."
    stopped = [p.person for p in view.participants if p.person.is_paused]
    return [
        Fact("Mail paused", person.address.spec, muted=why, bad=person.paused.removesuffix("."))
        for person in stopped
    ]


def _names(people: list[Person]) -> str:
    return ", ".join(person.shown for person in people)


def _bounced(people: list[Person], bounced: set[int]) -> str:
    lost = [person.shown for person in people if person.id in bounced]
    return ("bounced" if len(people) == 1 else f"bounced: {', '.join(lost)}") if lost else ""


def _times(view: TicketView, calendar: Calendar) -> Facts:
    ticket = view.ticket
    answered = ticket.first_answered_at
    times = "once" if ticket.reopened == 1 else f"{ticket.reopened} times"
    rows = [
        Fact("Opened", calendar.stamp(ticket.created_at)),
        Fact("First answer", f"after {span(answered - ticket.created_at)}" if answered else "not yet"),
        Fact("Changed", calendar.stamp(ticket.updated_at)),
        Fact("Resolved", calendar.stamp(ticket.resolved_at) if ticket.resolved_at else ""),
        Fact("Closed", calendar.stamp(ticket.closed_at) if ticket.closed_at else ""),
        Fact("Reopened", times if ticket.reopened else "never"),
    ]
    return Facts("Times", tuple(row for row in rows if row.value))
