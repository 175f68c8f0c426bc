"""What to do about mail that no person wrote, and about mail of ours that did not arrive.

The law: a machine is never answered and changes no state, but for one thing: a ticket whose words did not arrive
is open again. What may be a person's words all the same is shown, and staff hears of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mailtickets.core import audience, returned, workflow
from mailtickets.core.audience import Circle, People
from mailtickets.core.case import Bounced, Case, MessageKind, Outcome, Reply, ReplyKind
from mailtickets.core.classify import Kind
from mailtickets.core.decision import Decision, Message, Undeliverable
from mailtickets.core.diagnosis import of_bounce
from mailtickets.core.difference import differences
from mailtickets.core.mail import Address
from mailtickets.core.person import Part
from mailtickets.core.policy import Policy
from mailtickets.core.silence import Silence, Silent, all_silent
from mailtickets.core.thread import Route
from mailtickets.core.workflow import DONE

# Our words to customers. All else that fails is a notice, and a notice that fails makes no notice.
_WORDS = frozenset({ReplyKind.ANSWER, ReplyKind.STATUS, ReplyKind.ACKNOWLEDGEMENT})
# What a person may have written all the same: ServiceNow and its like send people's words as automatic and bulk.
_MAY_BE_WORDS = frozenset({Kind.AUTOMATIC, Kind.AUTOREPLY, Kind.LIST})


def on_ticket(case: Case, policy: Policy) -> Decision:
    """Automatic mail, onto its ticket if it has one; staff hears of what may be somebody's words."""
    match case.judgement.kind:
        case Kind.BOUNCE:
            return bounced(case, policy)
        case Kind.COMPLAINT:
            return complained(case, policy)
        case Kind.CHALLENGE:
            return challenged(case, policy)
        case kind if kind in _MAY_BE_WORDS:
            return heard(case, policy)
        case _:
            return filed(case, policy)


def filed(case: Case, policy: Policy) -> Decision:
    """A vacation note, a receipt, or other automatic mail: onto its ticket if it has one, and no more."""
    around = audience.circle(case.known)
    silent = (
        *all_silent((case.known.sender,) if case.known.sender else (), Silence.MACHINE),
        *all_silent(audience.around(around, policy), Silence.FILED),
    )
    if case.known.ticket is None:
        return Decision(Outcome.FILED, f"no ticket: {case.judgement.reason}", silent=silent)
    return Decision(Outcome.FILED, case.judgement.reason, message=message(case), silent=silent)


def heard(case: Case, policy: Policy) -> Decision:
    """It changes nothing and gets no answer, but those who follow the ticket read it."""
    decision = filed(case, policy)
    if case.known.ticket is None:
        return decision
    sender, around = case.known.sender, audience.circle(case.known)
    why = (
        f"The mail calls itself automatic ({case.judgement.reason}): it was not answered, and the status is as it was."
        " If a person wrote it, answer as always."
    )
    known = sender is not None and any(
        p.person.id == sender.id and p.part is not Part.THIRD for p in around.participants
    )
    if sender is not None and not known and not sender.is_staff:
        why = f"{why} {sender.introduced} is not on this ticket and was told nothing of it."
    told = tuple(
        Reply(
            ReplyKind.REPLY,
            to=person,
            author=sender,
            text=case.mail.reply or case.mail.text,
            attachments=case.mail.files,
            reason=why,
            unverified=case.evidence.is_contrary,
        )
        for person in audience.followers(around, policy)
        if sender is None or person.id != sender.id
    )
    return replace(decision, replies=told)


def bounced(case: Case, policy: Policy) -> Decision:
    """A delivery report: marks what did not arrive and tells whoever minds the ticket."""
    decision = filed(case, policy)
    report = case.mail.bounce
    if report is None or report.action != "failed":
        return decision
    found = of_bounce(report)
    news = tuple(one for one in case.known.bounced if one.is_news)
    said = f" The other server said: {report.diagnostic.rstrip('.')}." if report.diagnostic else ""
    why = f"{found.words}{said}"
    decision = replace(decision, undelivered=tuple(one.outbox_id for one in news), why_lost=why)
    hard = tuple(one.recipient for one in news) if found.is_hard else ()
    decision = returned.counted(decision, hard, found.words, case.now, audience.circle(case.known), policy)
    lost = _lost_to(case, news)
    if case.known.ticket is None or not lost:
        return decision
    return _not_arrived(decision, audience.circle(case.known), lost, why, policy, case.now)


def undeliverable(failure: Undeliverable, policy: Policy) -> Decision:
    """Our own server gave up on a mail: the same as a bounce, but that nobody had to write to us."""
    decision = Decision(Outcome.FILED, f"not delivered to {failure.recipient.address.spec}")
    around = Circle(failure.ticket, failure.participants, failure.assignee, failure.staff, failure.named)
    hard = (failure.recipient,) if returned.is_sure(failure.diagnosis) else ()
    decision = returned.counted(decision, hard, failure.diagnosis.words, failure.now, around, policy)
    if failure.ticket is None:
        return decision
    note = Message(MessageKind.AUTOMATIC, None, _sentence((failure.recipient,), failure.reason), (), ())
    decision = replace(decision, message=note)
    if failure.kind not in _WORDS:
        return decision
    return _not_arrived(decision, around, (failure.recipient,), failure.reason, policy, failure.now)


def complained(case: Case, policy: Policy) -> Decision:
    """Somebody called our mail junk. What a machine sends there from now on only makes it worse; people still may."""
    decision, around = filed(case, policy), audience.circle(case.known)
    report = case.mail.report
    who = audience.distinct(one.recipient for one in case.known.bounced)
    if not who:
        address = report.recipient if report else ""
        return returned.alarmed(
            decision, returned.unknown_complaint(address), "complaint", case.now, around, policy
        )
    decision = returned.paused(decision, who, returned.COMPLAINED, case.now, around, policy)
    names = ", ".join(person.address.spec for person in who)
    why = (
        f"{names} called a mail of ours junk, and the mail provider passed it on. Nothing automatic is mailed there"
        " any more, until mail comes from there. Your own answers still go out: ask whether they are wanted."
    )
    return _noticed(decision, around, why, policy)


def challenged(case: Case, policy: Policy) -> Decision:
    """A mail system that wants proof of a person before it lets our mail in. Only a person can give it."""
    sender = case.known.sender
    who = sender.introduced if sender else "The other side"
    why = (
        f"{who} has a mail system that holds our mail back until somebody proves to be a person. If you know who it"
        " is, do what the mail below asks for; or reach them another way."
    )
    return _noticed(
        filed(case, policy), audience.circle(case.known), why, policy, case.mail.reply or case.mail.text
    )


def message(case: Case) -> Message:
    """An automatic mail as it stands on a ticket: whole, since nobody typed any of it."""
    sender = case.known.sender
    return Message(
        MessageKind.AUTOMATIC,
        sender.id if sender else None,
        case.mail.reply or case.mail.text,
        case.mail.segments,
        case.mail.attachments,
        unverified=case.evidence.is_contrary,
    )


def _lost_to(case: Case, news: Sequence[Bounced]) -> People:
    """The customers who did not get our words, as far as that is news."""
    if case.known.bounced or case.known.route is not Route.OWN_ID or case.mail.bounce is None:
        return audience.distinct(one.recipient for one in news if one.kind in _WORDS)
    # The outbox no longer has the row, but the report carries an id of ours.
    failed = {Address(spec).key for spec in case.mail.bounce.recipients}
    around = audience.circle(case.known)
    return tuple(p for p in audience.outside(around) if p.address.key in failed)


def _not_arrived(
    decision: Decision, around: Circle, lost: People, why: str, policy: Policy, now: datetime
) -> Decision:
    """The ticket is open again, and the assignee, or else the followers, hear why."""
    ticket = around.ticket
    if ticket is None:
        return decision
    is_done = policy.workflow.meaning(ticket.status) in DONE
    changes = workflow.moved(ticket, policy.workflow.on_reopen, policy.workflow, now) if is_done else ()
    stopped = [mark.who for mark in decision.marks if mark.paused]
    more = f" {returned.told(stopped)}" if stopped else ""
    told = tuple(
        Reply(
            ReplyKind.UNDELIVERED,
            to=person,
            reason=f"{_sentence(lost, why)}{more}",
            differences=differences(changes, policy, around.person, is_staff=True),
            is_proven=True,
        )
        for person in _minders(around, policy)
        if person not in lost
    )
    silent = (*_silent(around, lost, policy), *decision.silent)
    return replace(decision, changes=changes, replies=(*decision.replies, *told), silent=silent)


def _silent(around: Circle, lost: People, policy: Policy) -> tuple[Silent, ...]:
    """Everybody around a ticket but those who mind it."""
    return (
        *all_silent((person for person in audience.around(around, policy) if person in lost), Silence.LOST),
        *all_silent(audience.outside(around), Silence.FILED),
        *all_silent(audience.followers(around, policy) if around.assignee else (), Silence.OTHERS),
    )


def _noticed(decision: Decision, around: Circle, why: str, policy: Policy, text: str = "") -> Decision:
    """Whoever minds the ticket is told what a machine has said."""
    if around.ticket is None:
        return decision
    told = tuple(
        Reply(ReplyKind.NOTICE, to=person, reason=why, text=text, is_proven=True)
        for person in _minders(around, policy)
    )
    return replace(decision, replies=(*decision.replies, *told))


def _minders(around: Circle, policy: Policy) -> People:
    return (around.assignee,) if around.assignee else audience.followers(around, policy)


def _sentence(lost: People, why: str) -> str:
    return f"Not delivered to {', '.join(p.address.spec for p in lost)}. {why}"
