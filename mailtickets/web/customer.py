"""One ticket as its requester sees it: whose turn it is, then the talk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from mailtickets.core.policy import Policy
from mailtickets.core.workflow import DONE, Meaning
from mailtickets.store.views import TicketView
from mailtickets.web import marks, talk
from mailtickets.web.item import Talk
from mailtickets.web.marks import Mark
from mailtickets.web.ticket import Action, by_mail
from mailtickets.web.window import Visit, Window
from mailtickets.web.words import Calendar


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    subject: str
    status: Mark
    opened: str
    requester: str  # "" for the requester
    turn: str  # whose it is, a short sentence
    then: str  # what follows from it
    actions: tuple[Action, ...]
    talk: Talk


def page(window: Window, visit: Visit, view: TicketView) -> Page:
    ticket = view.ticket
    status = marks.mark(window.policy.workflow, ticket.status, for_staff=False)
    is_own = visit.viewer is not None and visit.viewer.id == ticket.requester
    words = _own_turn if is_own else _colleagues_turn
    turn, then = words(window.policy, view, status.meaning, visit.calendar)
    return Page(
        number=ticket.number,
        subject=ticket.subject or "No subject",
        status=status,
        opened=visit.calendar.day(ticket.created_at),
        requester="" if is_own else view.requester.shown,
        turn=turn,
        then=then,
        actions=_actions(window.policy, view, status.meaning, is_own),
        talk=talk.for_requester(window, visit, view),
    )


def _own_turn(policy: Policy, view: TicketView, meaning: Meaning, calendar: Calendar) -> tuple[str, str]:
    match meaning:
        case Meaning.NEW:
            return "It is our turn.", f"{_heard(view, calendar)} A person reads it and answers by mail."
        case Meaning.OPEN if view.assignee:
            return "It is our turn.", f"{view.assignee.shown} looks after this. {_heard(view, calendar)}"
        case Meaning.OPEN:
            return "It is our turn.", f"{_heard(view, calendar)} You get the answer by mail."
        case Meaning.WAITING:
            return "It is your turn.", f"{_answered(view, calendar, 'you')} Write to us when you can."
        case Meaning.RESOLVED:
            return "This is solved, as far as we know.", "If it is not, write to us and we go on with it."
        case Meaning.CLOSED:
            return "This is closed.", _after_closing(policy)


def _colleagues_turn(
    policy: Policy, view: TicketView, meaning: Meaning, calendar: Calendar
) -> tuple[str, str]:
    """To somebody of the requester's company, who gets none of the mail."""
    name = view.requester.shown
    match meaning:
        case Meaning.NEW | Meaning.OPEN:
            who = f"{view.assignee.shown} looks after this. " if view.assignee else ""
            return "It is our turn.", f"{who}{name} gets the answer by mail."
        case Meaning.WAITING:
            return f"It is the turn of {name}.", _answered(view, calendar, name)
        case Meaning.RESOLVED:
            return "This is solved, as far as we know.", f"If it is not, {name} can say so by mail."
        case Meaning.CLOSED:
            return "This is closed.", _after_closing(policy)


def _heard(view: TicketView, calendar: Calendar) -> str:
    own = [e.written_at for e in view.entries if e.author and e.author.id == view.ticket.requester]
    return f"We have your message of {calendar.told(own[-1])}." if own else "Your matter has reached us."


def _answered(view: TicketView, calendar: Calendar, whom: str) -> str:
    ours = [
        e for e in view.entries if e.author and e.author.is_staff and e.author.id != view.ticket.requester
    ]
    if not ours or not ours[-1].author:
        return f"We need a word from {whom}."
    return f"{ours[-1].author.shown} wrote to {whom} {calendar.told(ours[-1].written_at)}."


def _after_closing(policy: Policy) -> str:
    """What a reply does then: `on_reply_to_closed`."""
    if policy.reopen_within is None:
        return "Is something missing? Write to us, and it opens again."
    if policy.reopen_within == timedelta(0):
        return "Is something missing? Write to us, and we open a new ticket for it."
    return f"Is something missing? Write to us: it opens again within {policy.reopen_within.days} days of closing."


def _actions(policy: Policy, view: TicketView, meaning: Meaning, is_own: bool) -> tuple[Action, ...]:
    write = Action("Write to us", by_mail(policy, view))
    if not is_own:
        return (write,)
    if meaning in DONE:
        return write, Action("Open it again", by_mail(policy, view, "#reopen"))
    return write, Action("It works now, thank you", by_mail(policy, view, "#close"))
