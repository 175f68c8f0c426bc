"""What to do about mail that no person wrote, and about mail of ours that did not arrive.

The law: a machine changes no state, but for one thing: a ticket whose words did not arrive is open again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mailtickets.core import audience, workflow
from mailtickets.core.audience import Circle, People
from mailtickets.core.case import Case, MessageKind, Outcome, Reply, ReplyKind
from mailtickets.core.decision import Decision, Message, Undeliverable
from mailtickets.core.difference import differences
from mailtickets.core.policy import Policy
from mailtickets.core.silence import Silence, Silent, all_silent
from mailtickets.core.thread import Route
from mailtickets.core.workflow import DONE

# Our words to customers. All else that fails is a notice, and a notice that fails makes no notice.
_WORDS = frozenset({ReplyKind.ANSWER, ReplyKind.STATUS, ReplyKind.ACKNOWLEDGEMENT})


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


def bounced(case: Case, policy: Policy) -> Decision:
    """A delivery report: marks what did not arrive and tells whoever minds the ticket."""
    decision = filed(case, policy)
    report = case.mail.bounce
    if report is None or report.action != "failed":
        return decision
    decision = replace(decision, undelivered=tuple(b.outbox_id for b in case.known.bounced))
    lost = _lost_to(case)
    if case.known.ticket is None or not lost:
        return decision
    words = report.diagnostic or "The other server does not say why."
    return _not_arrived(decision, audience.circle(case.known), lost, words, policy, case.now)


def undeliverable(failure: Undeliverable, policy: Policy) -> Decision:
    """Our own server gave up on a mail: the same as a bounce, but that nobody had to write to us."""
    decision = Decision(Outcome.FILED, f"not delivered to {failure.recipient.address.spec}")
    if failure.ticket is None:
        return decision
    note = Message(MessageKind.AUTOMATIC, None, _sentence((failure.recipient,), failure.reason), (), ())
    decision = replace(decision, message=note)
    if failure.kind not in _WORDS:
        return decision
    around = Circle(failure.ticket, failure.participants, failure.assignee, failure.staff, failure.named)
    return _not_arrived(decision, around, (failure.recipient,), failure.reason, policy, failure.now)


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


def _lost_to(case: Case) -> People:
    """The customers who did not get our words."""
    sure = (b.recipient for b in case.known.bounced if b.kind in _WORDS)
    if case.known.bounced or case.known.route is not Route.OWN_ID or case.mail.bounce is None:
        return audience.distinct(sure)
    # The outbox no longer has the row, but the report carries an id of ours.
    failed = {spec.casefold() for spec in case.mail.bounce.recipients}
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
    minds = (around.assignee,) if around.assignee else audience.followers(around, policy)
    told = tuple(
        Reply(
            ReplyKind.UNDELIVERED,
            to=person,
            reason=_sentence(lost, why),
            differences=differences(changes, policy, around.person, is_staff=True),
            is_proven=True,
        )
        for person in minds
        if person not in lost
    )
    silent = (*_silent(around, lost, policy), *decision.silent)
    return replace(decision, changes=changes, replies=told, silent=silent)


def _silent(around: Circle, lost: People, policy: Policy) -> tuple[Silent, ...]:
    """Everybody around a ticket but those who mind it."""
    return (
        *all_silent((person for person in audience.around(around, policy) if person in lost), Silence.LOST),
        *all_silent(audience.outside(around), Silence.FILED),
        *all_silent(audience.followers(around, policy) if around.assignee else (), Silence.OTHERS),
    )


def _sentence(lost: People, why: str) -> str:
    return f"Not delivered to {', '.join(p.address.spec for p in lost)}. {why}"
