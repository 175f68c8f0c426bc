"""A letter that opens a ticket."""

from __future__ import annotations

from dataclasses import replace

from mailtickets.core import audience, authors, guard, joins, replies, untold
from mailtickets.core.audience import Circle, People
from mailtickets.core.case import Handed, MessageKind, Outcome, Reply, ReplyKind
from mailtickets.core.decision import Aside, Decision, Message
from mailtickets.core.hearing import Hearing
from mailtickets.core.mail import Segment, SegmentKind
from mailtickets.core.opening import opening
from mailtickets.core.silence import Silence, Silent, all_silent, choose
from mailtickets.core.ticket import Ticket


def opens(h: Hearing, follows: Ticket | None = None) -> Decision:
    """A new ticket: the sender gets the number, those who follow the words."""
    held = _storm(h)
    if held is not None:
        return held
    if h.case.known.handed is not None and follows is None:
        return _handed_on(h, h.case.known.handed)
    first = opening(h.case, h.policy, h.sender, h.text, follows)
    changes = h.deeds.changes
    followers = _followers(h, first.project, follows)
    told = replies.assigned(h, changes)
    told += replies.to_followers(h, ReplyKind.OPENED, changes, told, followers)
    told = tuple(replace(reply, reason=_why_new(h, follows)) for reply in told)
    return Decision(
        Outcome.OPENED,
        f"follows {follows.number}: {h.reason}" if follows else h.reason,
        opened=first,
        changes=changes,
        message=h.message(_kind(h)),
        joins=(*joins.founders(h, followers), *joins.assignee(h, changes)),
        replies=(*_hello(h, follows), *told, *replies.receipt(h, changes, told), *replies.asked(h)),
        silent=_silent(h, followers, follows),
        asides=_asides(h, follows),
    )


def _handed_on(h: Hearing, handed: Handed) -> Decision:
    """A letter that an agent forwards: its writer is the requester, the agent's own words are a note.

    The writer is told nothing: they wrote to the agent, who answers first.
    """
    writer, letter = handed.writer, handed.letter
    first = opening(h.case, h.policy, h.sender, h.text)
    changes = h.deeds.changes
    followers = _followers(h, first.project, None)
    remark = h.block.rest.strip()
    told = replies.assigned(h, changes)
    told += replies.to_followers(h, ReplyKind.OPENED, changes, told, followers)
    why = (
        f"{h.sender.introduced} forwarded this mail{f' and wrote: “{_shortened(remark)}”' if remark else '.'}"
    )
    told = tuple(replace(reply, author=writer, text=letter.text, reason=why) for reply in told)
    done = next(iter(replies.receipt(h, changes, told)), replies.to_sender(h, ReplyKind.RECEIPT))
    done = replace(
        done,
        remarks=(
            f"{writer.introduced} wrote the mail that you forwarded, so the ticket is theirs. They were told nothing:"
            " your reply to this mail goes to them, and is the first they hear.",
            *done.remarks,
            f"If somebody else wrote it, reply with #close, and ask whoever did to write to {h.case.desk.spec}.",
        ),
        mailed=done.mailed or tuple(reply.to.shown for reply in told if not reply.is_stopped),
    )
    public = Message(
        MessageKind.PUBLIC,
        writer.id,
        letter.text,
        (Segment(SegmentKind.TYPED, letter.text),) if letter.text else (),
        h.mail.attachments,
        unverified=True,
    )
    note = replace(h.message(MessageKind.NOTE), text=remark, attachments=())
    own = tuple(s for s in note.segments if s.kind is not SegmentKind.FORWARD)
    return Decision(
        Outcome.OPENED,
        f"forwarded by {h.sender.address.spec} for {writer.address.spec}: {h.reason}",
        opened=first,
        changes=changes,
        message=public,
        more=(replace(note, segments=own),) if remark else (),
        joins=(*joins.handed_on(h, writer, followers), *joins.assignee(h, changes)),
        replies=(*told, done, *replies.asked(h)),
        silent=(
            *all_silent((writer,), Silence.HANDED),
            *choose(followers, untold.follower(h)).silent,
        ),
        asides=_asides(h, None),
    )


_LONGEST_REMARK = 400  # characters of an agent's words above a forward that a notice repeats


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_REMARK else f"{line[: _LONGEST_REMARK - 1]}…"


def _storm(h: Hearing) -> Decision | None:
    """Too many new tickets from one sender wait for the operator."""
    known, rate = h.case.known, h.policy.limits.tickets_per_sender
    if known.is_released or rate is None or known.counters.opened_by_sender < rate.count:
        return None
    limit = guard.shown_rate(rate)
    alarms = guard.alarms_for("tickets_per_sender", limit, h.case, h.policy)
    return Decision(Outcome.HELD, f"tickets_per_sender: {limit}", replies=alarms)


def _hello(h: Hearing, follows: Ticket | None) -> tuple[Reply, ...]:
    """No thanks to a machine, to who may be somebody else, or for what was found again after years."""
    if _no_hello(h) is not None:
        return ()
    why = f"Ticket {follows.number} is closed, so your reply has opened a new one." if follows else ""
    return (replace(replies.to_sender(h, ReplyKind.ACKNOWLEDGEMENT), reason=why),)


def _no_hello(h: Hearing) -> Silence | None:
    if not h.case.judgement.is_person:
        return Silence.MACHINE
    if h.case.evidence.is_contrary:
        return Silence.CONTRARY
    return Silence.LATE if h.case.known.is_late else None


def _silent(h: Hearing, followers: People, follows: Ticket | None) -> tuple[Silent, ...]:
    """Whoever might expect a mail about the new ticket and gets none."""
    return (
        *choose((h.sender,), lambda _: _no_hello(h)).silent,
        *choose(followers, untold.follower(h)).silent,
        *(all_silent(audience.outside(h.around), Silence.ANOTHER) if follows else ()),
    )


def _kind(h: Hearing) -> MessageKind:
    if not h.case.judgement.is_person:
        return MessageKind.AUTOMATIC
    return MessageKind.NOTE if h.deeds.is_internal else MessageKind.PUBLIC


def _followers(h: Hearing, project: str, follows: Ticket | None) -> People:
    """As the project says, and whoever minds a ticket that the letter comes from or names."""
    known = h.case.known
    tagged = Circle(known.tagged, known.tagged_participants, None, known.staff, known.named)
    return audience.distinct(
        (
            *audience.first_followers(project, h.around, h.policy),
            *(audience.followers(h.around, h.policy) if follows else ()),
            *audience.followers(tagged, h.policy),
        )
    )


def _asides(h: Hearing, follows: Ticket | None) -> tuple[Aside, ...]:
    """What the ticket that the letter does not belong to is told: staff reads it there."""
    who = h.sender.introduced
    tagged = h.case.known.tagged
    told = []
    if follows is not None:
        told.append((follows, f"{who} replied after this ticket was closed; a new ticket was opened."))
    if tagged is not None:
        words = (
            "wrote with the number of this ticket in the subject without being on it; a new ticket was opened"
        )
        told.append((tagged, f"{who} {words}, and nothing of this one was told."))
    return tuple(Aside(ticket.id, Message(MessageKind.NOTE, None, text, (), ())) for ticket, text in told)


def _why_new(h: Hearing, follows: Ticket | None) -> str:
    if follows is not None:
        return f"It follows ticket {follows.number}, which is closed."
    if h.case.known.tagged is not None:
        number = h.case.known.tagged.number
        return f"The subject names ticket {number}, but {h.sender.introduced} is not on that ticket."
    elsewhere = authors.not_answered(h.mail, h.case.evidence, h.policy.own)
    if elsewhere and h.case.judgement.is_person and not h.sender.is_staff:
        return (
            f"The mail asks for answers at {', '.join(a.spec for a in elsewhere)}. They go to {h.sender.address.spec},"
            " since nothing proves that it was the sender who asked."
        )
    if h.mail.resent_from is not None and h.mail.resent_from != h.sender.address:
        return f"{h.mail.resent_from.spec} passed this mail on."
    return ""
