"""What changes by itself when somebody writes: whose turn it is."""

from __future__ import annotations

from mailtickets.core import workflow
from mailtickets.core.audience import People
from mailtickets.core.courtesy import is_thanks
from mailtickets.core.hearing import Hearing, has_files
from mailtickets.core.ticket import Changed, Field, Ticket, changed
from mailtickets.core.workflow import ACTIVE, DONE, Meaning


def after_answer(h: Hearing, reached: People) -> tuple[Changed, ...]:
    """The first answer is noted, and the ticket waits for the customer."""
    ticket, flow = h.ticket_after, h.policy.workflow
    if ticket is None or not reached:
        return ()
    changes: tuple[Changed, ...] = ()
    if ticket.first_answered_at is None and any(person.id == ticket.requester for person in reached):
        changes += changed(ticket, Field.FIRST_ANSWERED, h.case.now)
    if flow.on_answer and not h.deeds.is_status and flow.meaning(ticket.status) in ACTIVE:
        changes += workflow.moved(ticket, flow.on_answer, flow, h.case.now)
    return changes


def after_reply(h: Hearing) -> tuple[Changed, ...]:
    """A waiting ticket waits for us again, a closed one is open again; a bare "thank you" does not open it."""
    ticket, flow = h.ticket_after, h.policy.workflow
    if ticket is None or h.deeds.is_status:
        return ()
    meaning = flow.meaning(ticket.status)
    if meaning in DONE and not _only_thanks(h):
        return workflow.moved(ticket, flow.on_reopen, flow, h.case.now)
    if meaning is Meaning.WAITING and flow.on_reply:
        return workflow.moved(ticket, flow.on_reply, flow, h.case.now)
    return ()


def opens_another(h: Hearing, ticket: Ticket) -> bool:
    """Whether a reply to a closed ticket comes too late to open that one again."""
    if h.policy.workflow.meaning(ticket.status) is not Meaning.CLOSED or h.policy.reopen_within is None:
        return False
    if h.deeds.changes or h.deeds.is_status or _only_thanks(h):
        return False
    return h.case.now - (ticket.closed_at or ticket.updated_at) >= h.policy.reopen_within


def _only_thanks(h: Hearing) -> bool:
    people = (h.sender, *h.around.staff)
    greeted = (name for p in people for name in (p.shown, p.address.name))
    return not has_files(h.mail) and is_thanks(h.text, greeted)
