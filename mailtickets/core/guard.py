"""The last look at what leaves the house.

The law: nothing that a sender wrote goes to an address that nothing proves to be the sender's, no machine is
answered, the desk never writes to itself, and beyond the limits a mail waits for the operator.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from mailtickets.core.audience import circle, is_inside, operators
from mailtickets.core.authority import is_known
from mailtickets.core.case import Case, Reply, ReplyKind
from mailtickets.core.decision import Decision
from mailtickets.core.likeness import Saying, alike
from mailtickets.core.mail import Address
from mailtickets.core.policy import Policy, Rate
from mailtickets.core.silence import Silence, Silent
from mailtickets.core.thread import bare_subject

CALLS_FOR_PROOF = "To see the words of your tickets too, answer this mail with the same command."


@dataclass(frozen=True, slots=True)
class _Spent:
    """How many automatic mails went out already, this decision's own included."""

    here: int
    to_address: int
    to_domain: int
    in_all: int

    def one_more(self, is_unproven: bool) -> _Spent:
        more = int(is_unproven)
        return _Spent(self.here + 1, self.to_address + more, self.to_domain + more, self.in_all + more)


def passed(decision: Decision, case: Case, policy: Policy) -> Decision:
    """The decision with its replies as they may leave, and an alarm for each limit that they met."""
    judged = [(reply, _why_not(reply, case, policy)) for reply in decision.replies]
    replies = [_discreet(reply, case) for reply, why in judged if why is None]
    dropped = (Silent(reply.to, why) for reply, why in judged if why is not None)
    decision = replace(decision, silent=_silent(replies, (*dropped, *decision.silent)))
    counters = case.known.counters
    spent = _Spent(
        counters.automatic_here,
        counters.unproven_to_address,
        counters.unproven_to_domain,
        counters.unproven_in_all,
    )
    limits: dict[str, str] = {}
    echo = _echo(decision, case, policy)
    for i, reply in enumerate(replies):
        if echo and _is_caught(reply, case):
            replies[i] = replace(reply, is_held=True)
            limits[echo[0]] = echo[1]
            continue
        if not _counts(reply, case):
            continue
        limit = _limit_met(reply, spent, policy)
        spent = spent.one_more(reply.is_unproven)
        if limit:
            replies[i] = replace(reply, is_held=True)
            limits[limit[0]] = limit[1]
    if not limits:
        return replace(decision, replies=tuple(replies))
    alarms = [alarm for key, value in limits.items() for alarm in alarms_for(key, value, case, policy)]
    reason = f"{decision.reason}; automatic mail held: {', '.join(limits)}"
    return replace(decision, replies=(*replies, *alarms), reason=reason)


def alarms_for(limit: str, value: str, case: Case, policy: Policy) -> tuple[Reply, ...]:
    """Tells the operators that a limit was met; once a day, since what meets it may be a flood."""
    sender = case.known.sender
    who = sender.address.spec if sender else "an unknown sender"
    return tuple(
        Reply(
            ReplyKind.ALARM,
            to=person,
            reason=f"Mail is held back: {who} has met the limit {limit} ({value}). "
            "Look at what waits, let it go or leave it, and see whether the limit fits.",
            is_proven=True,
            once=f"limit:{limit}:{case.now:%Y-%m-%d}",
            is_apart=True,
        )
        for person in operators(circle(case.known), policy)
    )


def shown_rate(rate: Rate) -> str:
    """ "20 in 10 min", for people."""
    return f"{rate.count} in {_shown_span(rate.per)}"


def _shown_span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _why_not(reply: Reply, case: Case, policy: Policy) -> Silence | None:
    """Why a mail may not leave, whatever was decided."""
    if reply.to.address.key in policy.own:
        return Silence.DESK
    if reply.is_stopped:
        return Silence.PAUSED
    # RFC 3834 section 2: an answer to a machine is how loops begin.
    return None if case.judgement.is_person or not _is_sender(reply, case) else Silence.MACHINE


def _silent(replies: Iterable[Reply], silent: Iterable[Silent]) -> tuple[Silent, ...]:
    """Each person once, with the first reason, and nobody who is mailed after all."""
    # Who gets an alarm has not heard of the letter by that.
    told = {reply.to.id for reply in replies if reply.kind is not ReplyKind.ALARM}
    return tuple({s.person.id: s for s in reversed(tuple(silent)) if s.person.id not in told}.values())[::-1]


def _discreet(reply: Reply, case: Case) -> Reply:
    """Marks who is proven, and takes what the sender wrote out of what goes to anyone who is not."""
    sender = case.known.sender
    is_sure = sender is not None and is_known(case.evidence, sender.id)
    reply = replace(reply, is_unproven=_is_sender(reply, case) and not is_sure)
    if is_inside(reply.to, circle(case.known)) or is_sure:
        return replace(reply, is_proven=True)
    asked = reply.kind in (ReplyKind.LIST, ReplyKind.SHOW)
    return replace(
        reply,
        to=replace(reply.to, name="", address=Address(reply.to.address.spec)),
        is_proven=False,
        author=None,
        text="",
        attachments=(),
        differences=tuple(d for d in reply.differences if d.label != "Subject"),
        refusals=tuple(replace(refusal, line="", why="", meant="") for refusal in reply.refusals),
        held_back=(),
        remarks=(),
        listed=tuple(replace(row, ticket=replace(row.ticket, subject="")) for row in reply.listed),
        shown=reply.shown
        and replace(reply.shown, ticket=replace(reply.shown.ticket, subject=""), posts=(), history=()),
        reason=CALLS_FOR_PROOF if asked else reply.reason,
    )


def _is_sender(reply: Reply, case: Case) -> bool:
    return case.known.sender is not None and reply.to.id == case.known.sender.id


def _counts(reply: Reply, case: Case) -> bool:
    """Whether the limits are for this mail: automatic, caused by this very sender, and to the outside.

    Or to staff whom nothing proves: else whoever writes in an agent's name could fill the agent's inbox.
    """
    is_outside = not is_inside(reply.to, circle(case.known))
    return _is_sender(reply, case) and (is_outside or reply.is_unproven)


def _echo(decision: Decision, case: Case, policy: Policy) -> tuple[str, str] | None:
    """The limit on saying the same again, with its value in words, if this letter passes it.

    A robot that no header gives away answers each of our mails with the same words, and a mail server returns
    each of them. What the desk would answer waits, and the operator is told. What alarms say is not compared:
    `earlier` holds nothing of other machines.
    """
    rate, said = policy.limits.same_words, decision.message
    if rate is None or said is None or not case.known.earlier:
        return None
    files = frozenset(a.sha256 for a in said.attachments if not a.inline)
    subject = "" if case.known.ticket else bare_subject(case.mail.subject, policy.ticket_tag)
    here = Saying(f"{subject}\n{said.text}", files)
    count = sum(alike(here, earlier) for earlier in case.known.earlier)
    return ("same_words", shown_rate(rate)) if count >= rate.count else None


def _is_caught(reply: Reply, case: Case) -> bool:
    """What goes back to such a sender; all of it, if it is staff's robot or a mail server, to whom notices go too."""
    if reply.kind is ReplyKind.CONFIRM:
        return False  # who was too late has been told to send the same again; this one has limits of its own
    sender = case.known.sender
    is_staffs = sender is not None and sender.is_staff
    return _is_sender(reply, case) or is_staffs or not case.judgement.is_person


def _limit_met(reply: Reply, spent: _Spent, policy: Policy) -> tuple[str, str] | None:
    """The first limit that one more mail would pass, with its value in words."""
    limits = policy.limits
    is_customer = not reply.to.is_staff
    if limits.automatic_per_ticket is not None and is_customer and spent.here >= limits.automatic_per_ticket:
        return "automatic_per_ticket", str(limits.automatic_per_ticket)
    if not reply.is_unproven:
        return None
    for name, rate, count in (
        ("unproven_per_address", limits.unproven_per_address, spent.to_address),
        ("unproven_per_domain", limits.unproven_per_domain, spent.to_domain),
        ("unproven_in_all", limits.unproven_in_all, spent.in_all),
    ):
        if rate is not None and count >= rate.count:
            return name, shown_rate(rate)
    return None
