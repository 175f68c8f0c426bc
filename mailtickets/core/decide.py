"""What to do about a case. Pure: the same case and policy always give the same decision.

Read it from the top: `on_mail` is the contract with the people who write to the desk.
"""

from __future__ import annotations

from dataclasses import replace

from mailtickets.core import (
    arrival,
    audience,
    guard,
    joins,
    machines,
    moves,
    pictures,
    questions,
    replies,
    returned,
    spoken,
    untold,
)
from mailtickets.core.authority import Need
from mailtickets.core.case import Answer, Case, MessageKind, Outcome, Question, Reply, ReplyKind
from mailtickets.core.classify import Kind
from mailtickets.core.commands import need
from mailtickets.core.decision import Aside, Decision, Ends, Join, Message, Undeliverable
from mailtickets.core.hearing import Hearing, Standing, hear
from mailtickets.core.person import Person, Role
from mailtickets.core.policy import Policy
from mailtickets.core.silence import Silence, all_silent, choose
from mailtickets.core.ticket import Field

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


def on_mail(case: Case, policy: Policy) -> Decision:
    """How a letter ends. Never raises: what cannot be understood is filed or kept in quarantine."""
    known, kind = case.known, case.judgement.kind
    if known.duplicate_of is not None:
        return Decision(Outcome.IGNORED, f"duplicate of letter {known.duplicate_of}")
    if kind is Kind.OURS:
        return Decision(Outcome.IGNORED, f"own mail: {case.judgement.reason}")
    spends = case.evidence.tokens if audience.sees_tokens(case, policy) else ()
    if known.replay_of is not None:
        why = f"replay of letter {known.replay_of}: the same signature"
        return Decision(Outcome.IGNORED, why, spends=spends)
    case = replace(case, mail=pictures.folded(case.mail, known.pictures))
    case, marks = returned.revived(case)
    case, language = spoken.heard(case)
    sender = case.known.sender
    if known.question is not None:
        decision = _to_question(case, known.question, policy)
    elif sender is None:
        decision = _from_nobody(case, policy)
    elif kind is Kind.PERSON:
        decision = _from_person(hear(case, policy, sender))
    else:
        decision = _from_machine(case, policy, sender)
    decision = replace(decision, marks=(*marks, *decision.marks), heard=language, spends=spends)
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
        return machines.on_ticket(case, policy)
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
            attachments=case.mail.files,
            reason="The mail does not say who wrote it.",
            unverified=True,
        )
        for person in audience.followers(around, policy)
    )
    silent = all_silent(audience.outside(around), Silence.TALK)
    return Decision(Outcome.FILED, "no sender", message=note, replies=told, silent=silent)


def _to_question(case: Case, question: Question, policy: Policy) -> Decision:
    """An answer to a question of ours is nothing else: no word of it goes onto the ticket, or to anybody."""
    ends = Ends(question.letter, Answer.CONFIRMED)
    if case.judgement.kind is Kind.BOUNCE:
        # Nobody has been asked, so nobody can say yes.
        lost = replace(ends, answer=Answer.LOST) if question.answer is None else None
        return replace(machines.on_ticket(case, policy), ends=lost)
    if not case.evidence.confirmed:
        return questions.answered(case, question, policy)
    doubted = question.doubted
    sender = doubted.known.sender if doubted else None
    if doubted is None or sender is None:
        return questions.overtaken(case, question, policy)
    doubted = replace(doubted, mail=pictures.folded(doubted.mail, doubted.known.pictures))
    h = hear(doubted, policy, sender)
    is_as_told = questions.bond(h, question.opened) == question.bond
    # A copy of the letter may have come meanwhile that was believed.
    is_open = is_as_told and doubted.known.duplicate_of is None
    if not (is_open and h.is_believed) or h.deeds.refusals:
        return questions.overtaken(case, question, policy)
    # What the letter says was heard when it came, as anybody's plain words are; an agent's were kept back.
    only_orders = replace(h, text="", has_words=False)
    done = _answers(h) if h.relays and not question.opened else _commanded(only_orders)
    return replace(done, reason=f"confirmed letter {question.letter}: {h.reason}", ends=ends)


# What answers or reports on a mail of ours says nothing that would want a ticket of its own.
_FILED = frozenset({Kind.BOUNCE, Kind.VACATION, Kind.AUTOREPLY, Kind.RECEIPT, Kind.DELAY, Kind.COMPLAINT})


def _from_machine(case: Case, policy: Policy, sender: Person) -> Decision:
    """RFC 3834: never answered. Lists, forms and alarms open a ticket; the others never do."""
    if case.judgement.kind in _FILED or case.known.ticket is not None:
        return machines.on_ticket(case, policy)
    return arrival.opens(hear(case, policy, sender))


def _from_person(h: Hearing) -> Decision:
    """All that a letter orders is done, or none of it."""
    if h.is_believed and not h.deeds.refusals:
        return _obeyed(h)
    if h.is_believed and h.role is not Role.REQUESTER:
        # Nothing half-said leaves the house: an agent's letter goes back whole.
        return Decision(
            Outcome.FILED,
            f"sent back: {', '.join(_lines(h))}",
            replies=(replies.refused(h),),
            silent=untold.everybody(h, Silence.SENT_BACK),
        )
    if h.standing is Standing.AGENT:
        return _unverified(h)
    return _plain_words(h)


# What follows?


def _obeyed(h: Hearing) -> Decision:
    if not h.has_words:
        return _commanded(h)
    match h.standing:
        case Standing.NEWCOMER:
            return arrival.opens(h)
        case Standing.AGENT:
            return _answers(h)
        case Standing.CUSTOMER:
            return _replies(h)
        case Standing.THIRD:
            return _overheard(h)


def _unverified(h: Hearing) -> Decision:
    """It may be the agent or anyone. Staff reads it, the registered address is told, nobody else hears of it."""
    h = replace(h, text=h.mail.reply or h.mail.text)
    back = _back(h)
    told = replies.to_followers(h, ReplyKind.NOTE, told=back)
    return Decision(
        Outcome.FILED,
        f"not obeyed: {h.proof} evidence for {h.sender.address.spec}",
        message=h.message(MessageKind.NOTE),
        replies=(*back, *told),
        silent=(*all_silent((h.sender,), Silence.LATE), *untold.everybody(h, Silence.UNPROVEN)),
        bond=questions.bond(h),
    )


def _plain_words(h: Hearing) -> Decision:
    """A customer's letter is always filed; what it orders is told to be undone, and stands there as text."""
    back, bond = _back(h), questions.bond(h)
    if h.has_words:
        decision = _obeyed(h.as_plain_words())
        return replace(decision, replies=(*decision.replies, *back), bond=bond)
    reason = f"not obeyed: {', '.join(_lines(h))}"
    # Who asks the desk for a mail and mistypes the number says nothing to people.
    is_question = h.standing is Standing.CUSTOMER and not h.block.slips and need(h.block) is Need.NOTHING
    h = h.as_plain_words()
    if h.ticket is None or is_question:
        silent = (*untold.talk(h), *untold.everybody(h, Silence.UNCHANGED))
        return Decision(Outcome.FILED, reason, replies=back, silent=silent, bond=bond)
    return Decision(
        Outcome.FILED,
        reason,
        message=h.message(h.kind),
        joins=joins.third(h),
        replies=(*replies.heard(h), *back),
        silent=untold.talk(h),
        bond=bond,
    )


def _back(h: Hearing) -> tuple[Reply, ...]:
    """To whoever orders what is not done. Who is not on the ticket is told nothing, not even that there is nothing to
    be told; nor is anybody asked about a letter that lay in the inbox for years."""
    return () if _is_stranger(h) or h.case.known.is_late else (replies.refused(h),)


def _commanded(h: Hearing) -> Decision:
    """Only commands: nothing is posted, and nobody hears but whom the changes concern."""
    changes = h.deeds.changes
    if not h.block.said:
        back = replace(replies.to_sender(h, ReplyKind.REFUSED), reason=replies.NOTHING_SAID)
        return Decision(
            Outcome.FILED,
            "nothing was said",
            replies=(back,),
            silent=untold.everybody(h, Silence.SENT_BACK),
        )
    told = replies.status(h, changes)
    told += replies.assigned(h, changes)
    if replies.seen(h, changes, is_staff=True):
        told += replies.to_followers(h, ReplyKind.CHANGED, changes, told)
    return Decision(
        Outcome.COMMANDED,
        h.reason,
        changes=changes,
        joins=joins.assignee(h, changes),
        replies=(*told, *replies.receipt(h, changes, told), *replies.asked(h)),
        silent=(
            *choose((h.sender,), untold.words(h)).silent,
            *untold.customers(h, untold.changes(h, changes)),
            *untold.everybody(h, Silence.UNCHANGED),
        ),
    )


def _answers(h: Hearing) -> Decision:
    """An agent's words: to the customers, unless they are a note; the other followers hear them too."""
    is_internal, is_quiet = h.deeds.is_internal, h.deeds.is_quiet
    reached = choose(audience.outside(h.around), untold.words(h)).told
    changes = h.deeds.changes + moves.after_answer(h, reached)
    # What the agent has ordered is told along with the answer; what follows from answering goes without saying.
    told = tuple(replies.outward(h, ReplyKind.ANSWER, person, h.deeds.changes) for person in reached)
    if is_internal:
        told += replies.status(h, changes)
    told += tuple(r for r in replies.assigned(h, changes) if r.to not in reached)
    kind = ReplyKind.NOTE if is_internal else ReplyKind.ANSWERED
    others = replies.to_followers(h, kind, changes, told)
    if is_quiet and not is_internal:
        why = f"Nobody outside was mailed: {h.sender.shown} asked the desk to be quiet."
        others = tuple(replace(reply, reason=why) for reply in others)
    told += others
    return Decision(
        Outcome.REPLIED,
        h.reason,
        changes=changes,
        message=h.message(MessageKind.NOTE if is_internal else MessageKind.PUBLIC),
        joins=joins.assignee(h, changes),
        replies=(*told, *replies.receipt(h, changes, told), *replies.asked(h)),
        silent=(*choose((h.sender,), untold.words(h)).silent, *untold.customers(h, untold.words(h))),
    )


def _replies(h: Hearing) -> Decision:
    """A customer's words: to those who follow. A closed ticket comes back, or another one opens."""
    if h.ticket is not None and moves.opens_another(h, h.ticket):
        return arrival.opens(h, follows=h.ticket)
    automatic = moves.after_reply(h)
    changes = h.deeds.changes + automatic
    told = replies.unasked(h, replies.to_followers(h, ReplyKind.REPLY, changes))
    if any(change.field is Field.REOPENED for change in automatic):
        told += replies.status(h, automatic, is_ordered=False)
    return Decision(
        Outcome.REPLIED,
        h.reason,
        changes=changes,
        message=h.message(h.kind),
        joins=joins.named_later(h),
        replies=(*told, *replies.receipt(h, changes, told), *replies.asked(h)),
        silent=untold.talk(h),
    )


def _overheard(h: Hearing) -> Decision:
    """Someone who is not on the ticket: heard, but told nothing, and nothing changes by it."""
    return Decision(
        Outcome.REPLIED,
        f"{h.reason}, by a third party",
        message=h.message(MessageKind.NOTE),
        joins=joins.third(h),
        replies=(*replies.heard(h), *replies.asked(h)),
        silent=untold.talk(h),
    )


def _is_stranger(h: Hearing) -> bool:
    own = h.ticket is not None and h.ticket.requester == h.sender.id
    return h.standing is Standing.THIRD and not own and not h.sender.is_staff


def _lines(h: Hearing) -> tuple[str, ...]:
    """What could not be done, as it was written; without proof that is all of it."""
    refused = [refusal.line for refusal in h.deeds.refusals] if h.is_believed else []
    return tuple(refused or (said.line for said in h.block.said))
