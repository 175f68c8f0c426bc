"""What to do about a case. Pure: the same case and policy always give the same decision.

Read it from the top: `on_mail` is the contract with the people who write to the desk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mailtickets.core import audience, guard, machines, replies, workflow
from mailtickets.core.audience import Circle, People
from mailtickets.core.case import Case, MessageKind, Outcome, Reply, ReplyKind
from mailtickets.core.classify import Kind
from mailtickets.core.courtesy import is_thanks
from mailtickets.core.decision import Aside, Decision, Join, Message, Undeliverable
from mailtickets.core.hearing import Hearing, Standing, hear, opening
from mailtickets.core.mail import Address
from mailtickets.core.person import Part, Person, Role
from mailtickets.core.policy import Policy
from mailtickets.core.ticket import Changed, Field, Ticket, changed, evolve
from mailtickets.core.workflow import ACTIVE, DONE, Meaning

__all__ = [
    "Aside",
    "Decision",
    "Join",
    "Message",
    "Undeliverable",
    "on_mail",
    "on_oversize",
    "on_undeliverable",
]

# A letter to more people than this is a circular: they are not all part of one matter.
_CIRCULAR = 50


def on_mail(case: Case, policy: Policy) -> Decision:
    """How a letter ends. Never raises: what cannot be understood is filed or kept in quarantine."""
    known, kind = case.known, case.judgement.kind
    if known.duplicate_of is not None:
        return Decision(Outcome.IGNORED, f"duplicate of letter {known.duplicate_of}")
    if kind is Kind.OURS:
        return Decision(Outcome.IGNORED, f"own mail: {case.judgement.reason}")
    if known.sender is None:
        decision = _from_nobody(case, policy)
    elif kind is Kind.PERSON:
        decision = _from_person(hear(case, policy, known.sender))
    else:
        decision = _from_machine(case, policy, known.sender)
    return guard.passed(decision, case, policy)


def on_oversize(case: Case, policy: Policy) -> Decision:
    """A letter of which only the headers were taken. A person is told the limit; a machine is told nothing."""
    known = case.known
    decision = Decision(Outcome.QUARANTINED, "oversize")
    if known.sender is None or not case.judgement.is_person or case.evidence.is_contrary:
        return decision
    size = policy.limits.mail_size
    why = f"The largest mail that this desk takes has {size / 2**20:.3g} MiB." if size else ""
    told = Reply(ReplyKind.OVERSIZE, to=known.sender, answers=case.mail.message_id, reason=why, is_apart=True)
    return guard.passed(replace(decision, replies=(told,)), case, policy)


def on_undeliverable(failure: Undeliverable, policy: Policy) -> Decision:
    """A mail of ours that did not leave: noted on its ticket, and somebody is told."""
    return machines.undeliverable(failure, policy)


# Who wrote?


def _from_nobody(case: Case, policy: Policy) -> Decision:
    """No From that could be anyone's: heard if it belongs to a ticket, else for the operator to look at."""
    if not case.judgement.is_person:
        return machines.bounced(case, policy) if case.judgement.kind is Kind.BOUNCE else machines.filed(case)
    if case.known.ticket is None:
        return Decision(Outcome.QUARANTINED, "no sender: nobody can be answered")
    around = audience.circle(case.known)
    note = Message(
        MessageKind.NOTE, None, case.mail.reply, case.mail.segments, case.mail.attachments, unverified=True
    )
    told = tuple(
        Reply(
            ReplyKind.REPLY,
            to=person,
            text=case.mail.reply,
            attachments=case.mail.attachments,
            reason="The mail does not say who wrote it.",
            unverified=True,
        )
        for person in audience.followers(around, policy)
    )
    return Decision(Outcome.FILED, "no sender", message=note, replies=told)


def _from_machine(case: Case, policy: Policy, sender: Person) -> Decision:
    """RFC 3834: never answered. Lists, forms and alarms open a ticket; the others never do."""
    kind = case.judgement.kind
    if kind is Kind.BOUNCE:
        return machines.bounced(case, policy)
    if kind in (Kind.VACATION, Kind.RECEIPT) or case.known.ticket is not None:
        return machines.filed(case)
    return _opens(hear(case, policy, sender))


def _from_person(h: Hearing) -> Decision:
    """All that a letter orders is done, or none of it."""
    if h.is_believed and not h.deeds.refusals:
        return _obeyed(h)
    if h.is_believed and h.role is not Role.REQUESTER:
        # Nothing half-said leaves the house: an agent's letter goes back whole.
        return Decision(Outcome.FILED, f"sent back: {', '.join(_lines(h))}", replies=(replies.refused(h),))
    if h.standing is Standing.AGENT:
        return _unverified(h)
    return _plain_words(h)


# What follows?


def _obeyed(h: Hearing) -> Decision:
    if not h.has_words:
        return _commanded(h)
    match h.standing:
        case Standing.NEWCOMER:
            return _opens(h)
        case Standing.AGENT:
            return _answers(h)
        case Standing.CUSTOMER:
            return _replies(h)
        case Standing.THIRD:
            return _overheard(h)


def _unverified(h: Hearing) -> Decision:
    """It may be the agent or anyone. Staff reads it, the registered address is told, nobody else hears of it."""
    h = replace(h, text=h.mail.reply or h.mail.text)
    told = replies.to_followers(h, ReplyKind.NOTE)
    return Decision(
        Outcome.FILED,
        f"not obeyed: {h.proof} evidence for {h.sender.address.spec}",
        message=_message(h, MessageKind.NOTE),
        replies=(replies.refused(h), *told),
    )


def _plain_words(h: Hearing) -> Decision:
    """A customer's letter is always filed; what it orders is told to be undone, and stands there as text."""
    # Who is not on the ticket is told nothing, not even that there is nothing to be told.
    back = () if _is_stranger(h) else (replies.refused(h),)
    if h.has_words:
        decision = _obeyed(h.as_plain_words())
        return replace(decision, replies=(*decision.replies, *back))
    reason = f"not obeyed: {', '.join(_lines(h))}"
    h = h.as_plain_words()
    if h.ticket is None:
        return Decision(Outcome.FILED, reason, replies=back)
    told = replies.to_followers(h, ReplyKind.REPLY)
    kind = MessageKind.PUBLIC if h.standing is Standing.CUSTOMER else MessageKind.NOTE
    return Decision(Outcome.FILED, reason, message=_message(h, kind), joins=_third(h), replies=(*told, *back))


def _commanded(h: Hearing) -> Decision:
    """Only commands: nothing is posted, and nobody hears but whom the changes concern."""
    changes = h.deeds.changes
    if not h.block.said:
        back = replace(replies.to_sender(h, ReplyKind.REFUSED), reason=replies.NOTHING_SAID)
        return Decision(Outcome.FILED, "nothing was said", replies=(back,))
    told = () if h.deeds.is_quiet else _without_sender(h, replies.status(h, changes))
    told += replies.assigned(h, changes)
    if replies.seen(h, changes, is_staff=True):
        told += replies.to_followers(h, ReplyKind.CHANGED, changes, told)
    return Decision(
        Outcome.COMMANDED,
        _reason(h),
        changes=changes,
        joins=_assignee(h, changes),
        replies=(*told, *replies.receipt(h, changes, told), *replies.asked(h)),
    )


def _opens(h: Hearing, follows: Ticket | None = None) -> Decision:
    """A new ticket: the sender gets the number, those who follow the words."""
    held = _storm(h)
    if held is not None:
        return held
    opened = opening(h.case, h.policy, h.sender, follows)
    changes = h.deeds.changes
    people = _first_followers(h, opened.project, follows)
    told = replies.assigned(h, changes)
    told += replies.to_followers(h, ReplyKind.OPENED, changes, told, people)
    told = tuple(replace(reply, reason=_why_new(h, follows)) for reply in told)
    is_welcome = h.case.judgement.is_person and not h.case.evidence.is_contrary and not h.case.known.is_late
    # To someone whom only the follow-up concerns, the ticket of the reply is the new one.
    hello = (replace(replies.to_sender(h, ReplyKind.ACKNOWLEDGEMENT), is_apart=False),) if is_welcome else ()
    return Decision(
        Outcome.OPENED,
        f"follows {follows.number}: {_reason(h)}" if follows else _reason(h),
        opened=opened,
        changes=changes,
        message=_message(h, _kind_of_first(h)),
        joins=(
            Join(h.sender.address, Part.REQUESTER),
            *_named(h),
            *(Join(person.address, Part.FOLLOWER) for person in people if person.id != h.sender.id),
            *_assignee(h, changes),
        ),
        replies=(*hello, *told, *replies.receipt(h, changes, told), *replies.asked(h)),
        asides=_asides(h, follows),
    )


def _answers(h: Hearing) -> Decision:
    """An agent's words: to the customers, unless they are a note; the other followers hear them too."""
    is_internal, is_quiet = h.deeds.is_internal, h.deeds.is_quiet
    reached = () if is_internal or is_quiet else audience.distinct(audience.outside(h.around), but=h.sender)
    changes = h.deeds.changes + _after_answer(h, reached)
    # What the agent has ordered is told along with the answer; what follows from answering goes without saying.
    told = tuple(replies.outward(h, ReplyKind.ANSWER, person, h.deeds.changes) for person in reached)
    if is_internal and not is_quiet:
        told += _without_sender(h, replies.status(h, changes))
    told += tuple(r for r in replies.assigned(h, changes) if r.to not in reached)
    kind = ReplyKind.NOTE if is_internal else ReplyKind.ANSWERED
    told += replies.to_followers(h, kind, changes, told)
    return Decision(
        Outcome.REPLIED,
        _reason(h),
        changes=changes,
        message=_message(h, MessageKind.NOTE if is_internal else MessageKind.PUBLIC),
        joins=_assignee(h, changes),
        replies=(*told, *replies.receipt(h, changes, told), *replies.asked(h)),
    )


def _replies(h: Hearing) -> Decision:
    """A customer's words: to those who follow. A closed ticket comes back, or another one opens."""
    if h.ticket is not None and _opens_another(h, h.ticket):
        return _opens(h, follows=h.ticket)
    automatic = _after_reply(h)
    changes = h.deeds.changes + automatic
    told = replies.to_followers(h, ReplyKind.REPLY, changes)
    if any(change.field is Field.REOPENED for change in automatic):
        told += replies.status(h, automatic)
    return Decision(
        Outcome.REPLIED,
        _reason(h),
        changes=changes,
        message=_message(h, MessageKind.PUBLIC),
        joins=_named(h) if h.ticket and h.ticket.requester == h.sender.id and h.is_known else (),
        replies=(*told, *replies.receipt(h, changes, told), *replies.asked(h)),
    )


def _overheard(h: Hearing) -> Decision:
    """Someone who is not on the ticket: heard, but told nothing, and nothing changes by it."""
    told = replies.to_followers(h, ReplyKind.REPLY)
    if not h.case.evidence.is_contrary:
        why = f"{h.sender.shown} is not on this ticket and was told nothing of it."
        told = tuple(replace(reply, reason=why) for reply in told)
    return Decision(
        Outcome.REPLIED,
        f"{_reason(h)}, by a third party",
        message=_message(h, MessageKind.NOTE),
        joins=_third(h),
        replies=(*told, *replies.asked(h)),
    )


# What else changes?


def _after_answer(h: Hearing, reached: People) -> tuple[Changed, ...]:
    """The first answer is noted, and the ticket waits for the customer."""
    ticket = _ticket_after(h)
    if ticket is None or not reached:
        return ()
    changes: tuple[Changed, ...] = ()
    if ticket.first_answered_at is None and any(person.id == ticket.requester for person in reached):
        changes += changed(ticket, Field.FIRST_ANSWERED, h.case.now)
    flow = h.policy.workflow
    if flow.on_answer and not h.deeds.is_status and flow.meaning(ticket.status) in ACTIVE:
        changes += workflow.moved(ticket, flow.on_answer, flow, h.case.now)
    return changes


def _after_reply(h: Hearing) -> tuple[Changed, ...]:
    """A waiting ticket waits for us again, a closed one is open again; a bare "thank you" does not open it."""
    ticket, flow = _ticket_after(h), h.policy.workflow
    if ticket is None or h.deeds.is_status:
        return ()
    meaning = flow.meaning(ticket.status)
    if meaning in DONE and not _is_thanks(h):
        return workflow.moved(ticket, flow.on_reopen, flow, h.case.now)
    if meaning is Meaning.WAITING and flow.on_reply:
        return workflow.moved(ticket, flow.on_reply, flow, h.case.now)
    return ()


def _opens_another(h: Hearing, ticket: Ticket) -> bool:
    """Whether a reply to a closed ticket comes too late to open that one again."""
    if h.policy.workflow.meaning(ticket.status) is not Meaning.CLOSED or h.policy.reopen_within is None:
        return False
    if h.deeds.changes or h.deeds.is_status or _is_thanks(h):
        return False
    return h.case.now - (ticket.closed_at or ticket.updated_at) >= h.policy.reopen_within


def _ticket_after(h: Hearing) -> Ticket | None:
    ticket = h.ticket
    for change in h.deeds.changes if ticket else ():
        ticket = ticket and evolve(ticket, change)
    return ticket


def _is_thanks(h: Hearing) -> bool:
    people = (h.sender, *h.around.staff)
    greeted = (name for p in people for name in (p.shown, p.address.name))
    return not h.mail.attachments and is_thanks(h.text, greeted)


def _storm(h: Hearing) -> Decision | None:
    """Too many new tickets from one sender wait for the operator."""
    known, rate = h.case.known, h.policy.limits.tickets_per_sender
    if known.is_released or rate is None or known.counters.opened_by_sender < rate.count:
        return None
    limit = guard.shown_rate(rate)
    alarms = guard.alarms_for("tickets_per_sender", limit, h.case, h.policy)
    return Decision(Outcome.HELD, f"tickets_per_sender: {limit}", replies=alarms)


# What is written down, and who joins?


def _message(h: Hearing, kind: MessageKind) -> Message:
    return Message(kind, h.sender.id, h.text, h.mail.segments, h.mail.attachments, h.is_unverified)


def _kind_of_first(h: Hearing) -> MessageKind:
    if not h.case.judgement.is_person:
        return MessageKind.AUTOMATIC
    return MessageKind.NOTE if h.deeds.is_internal else MessageKind.PUBLIC


def _named(h: Hearing) -> tuple[Join, ...]:
    """Whom the requester has written to besides the desk."""
    if not h.case.judgement.is_person or h.case.evidence.is_contrary:
        return ()
    own = {a.key for a in (h.sender.address, *h.sender.also)}
    named = {a.key: a for a in (*h.mail.to, *h.mail.cc) if a.key not in own and not _is_desk(a, h.policy)}
    if len(named) > _CIRCULAR:
        return ()
    staff = {a.key for person in h.around.staff for a in (person.address, *person.also)}
    return tuple(Join(a, Part.FOLLOWER if key in staff else Part.CC) for key, a in named.items())


def _is_desk(address: Address, policy: Policy) -> bool:
    local, _, domain = address.key.rpartition("@")
    base = local.partition(policy.trust.subaddress)[0] if policy.trust.subaddress else local
    return bool({address.key, f"{base}@{domain}"} & policy.own)


def _assignee(h: Hearing, changes: Sequence[Changed]) -> tuple[Join, ...]:
    person = replies.new_assignee(h, changes)
    return (Join(person.address, Part.FOLLOWER),) if person else ()


def _third(h: Hearing) -> tuple[Join, ...]:
    is_there = any(p.person.id == h.sender.id for p in h.around.participants)
    return () if is_there or h.standing is not Standing.THIRD else (Join(h.sender.address, Part.THIRD),)


def _is_stranger(h: Hearing) -> bool:
    own = h.ticket is not None and h.ticket.requester == h.sender.id
    return h.standing is Standing.THIRD and not own and not h.sender.is_staff


def _without_sender(h: Hearing, written: tuple[Reply, ...]) -> tuple[Reply, ...]:
    return tuple(reply for reply in written if reply.to.id != h.sender.id)


def _first_followers(h: Hearing, project: str, follows: Ticket | None) -> People:
    """Who follows a new ticket: as the project says, and whoever minds the ticket that it comes from."""
    people = audience.first_followers(project, h.around, h.policy)
    if follows is not None:
        people += audience.followers(h.around, h.policy)
    return audience.distinct((*people, *_minding_tagged(h)))


def _minding_tagged(h: Hearing) -> People:
    """A stranger has quoted a number: those who follow that ticket should know."""
    known = h.case.known
    tagged = Circle(known.tagged, known.tagged_participants, None, known.staff, known.named)
    return audience.followers(tagged, h.policy)


def _asides(h: Hearing, follows: Ticket | None) -> tuple[Aside, ...]:
    who = f"{h.sender.shown} ({h.sender.address.spec})"
    told = []
    if follows is not None:
        told.append((follows, f"{who} replied after this ticket was closed; a new ticket was opened."))
    if h.case.known.tagged is not None:
        told.append(
            (
                h.case.known.tagged,
                f"{who} wrote with the number of this ticket in the subject without being on it; "
                "a new ticket was opened, and nothing of this one was told.",
            )
        )
    return tuple(Aside(ticket.id, Message(MessageKind.NOTE, None, text, (), ())) for ticket, text in told)


# Why?


def _why_new(h: Hearing, follows: Ticket | None) -> str:
    if follows is not None:
        return f"It follows {follows.number}, which is closed."
    if h.case.known.tagged is not None:
        return f"The subject names {h.case.known.tagged.number}, but {h.sender.shown} is not on that ticket."
    return ""


def _lines(h: Hearing) -> tuple[str, ...]:
    """What could not be done, as it was written; without proof that is all of it."""
    refused = [refusal.line for refusal in h.deeds.refusals] if h.is_believed else []
    return tuple(refused or (said.line for said in h.block.said))


def _reason(h: Hearing) -> str:
    """How the letter came to its ticket, and what it ordered."""
    words = ", ".join(dict.fromkeys(f"#{said.command.word}" for said in h.block.said))
    found = f"found by {h.case.known.route}" if h.ticket else "new ticket" if h.has_words else "no ticket"
    return f"{found}; {words}" if words else found
