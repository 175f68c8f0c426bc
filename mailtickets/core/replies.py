"""The mails that follow from a letter, before they are put into words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from mailtickets.core import audience, untold
from mailtickets.core.audience import People
from mailtickets.core.authority import Proof, Verdict
from mailtickets.core.case import Difference, MessageKind, Reply, ReplyKind, Story
from mailtickets.core.commands import help_lines
from mailtickets.core.difference import differences
from mailtickets.core.hearing import Hearing, Standing
from mailtickets.core.person import Person, Role
from mailtickets.core.silence import TO_AUTHOR, Silence, all_silent, choose
from mailtickets.core.ticket import Changed, Field

QUESTION_LASTS = timedelta(minutes=15)
NEW_SUBJECT = "It would also give the ticket another subject, which this mail does not repeat."
NOTHING_SAID = (
    "Your mail holds no words of your own and no commands, so there was nothing to send. "
    "Write your answer above the quoted text and send it again."
)


def to_sender(h: Hearing, kind: ReplyKind) -> Reply:
    """A mail back to whoever wrote. Nobody who is not on the ticket learns anything of it this way."""
    return Reply(kind, to=h.sender, answers=h.mail.message_id, is_apart=h.standing is Standing.THIRD)


def notice(h: Hearing, kind: ReplyKind, person: Person, changes: Sequence[Changed] = ()) -> Reply:
    """A mail to staff about what the sender said and did."""
    return Reply(
        kind,
        to=person,
        author=h.sender,
        text=h.text,
        attachments=h.mail.files,
        differences=seen(h, changes, is_staff=True),
        unverified=h.is_unverified,
    )


def outward(h: Hearing, kind: ReplyKind, person: Person, changes: Sequence[Changed] = ()) -> Reply:
    """A mail to someone outside because of what the sender said or did."""
    reply = Reply(kind, to=person, author=h.sender, differences=seen(h, changes, is_staff=False))
    if kind is ReplyKind.ANSWER:
        reply = replace(reply, text=h.text, attachments=h.mail.files)
    if person.id == h.sender.id:
        reply = replace(reply, answers=h.mail.message_id)
    return replace(reply, after_undo_window=h.standing is Standing.AGENT)


def status(h: Hearing, changes: Sequence[Changed], *, is_ordered: bool = True) -> tuple[Reply, ...]:
    """Old → new, to whoever opened the ticket, if it is a difference to them."""
    told = choose(audience.outside(h.around), untold.changes(h, changes, is_ordered=is_ordered)).told
    return tuple(outward(h, ReplyKind.STATUS, person, changes) for person in told)


def assigned(h: Hearing, changes: Sequence[Changed]) -> tuple[Reply, ...]:
    """To whoever has the ticket from now on, unless it was their own doing."""
    person = audience.new_assignee(h.around, changes)
    if person is None or person.id == h.sender.id:
        return ()
    return (notice(h, ReplyKind.ASSIGNED, person, changes),)


def to_followers(
    h: Hearing,
    kind: ReplyKind,
    changes: Sequence[Changed] = (),
    told: Iterable[Reply] = (),
    people: People | None = None,
) -> tuple[Reply, ...]:
    """To all who follow the ticket, or will, but the sender and those who have been told already."""
    people = audience.followers(h.around, h.policy) if people is None else people
    heard = {reply.to.id for reply in told}
    hear = choose(people, untold.follower(h)).told
    return tuple(notice(h, kind, person, changes) for person in hear if person.id not in heard)


def unasked(h: Hearing, told: Iterable[Reply]) -> tuple[Reply, ...]:
    """The same, to staff that should know why the others on the ticket are not shown what a customer wrote."""
    if h.kind is MessageKind.PUBLIC:
        return tuple(told)
    why = "The mail answers nothing that was said on this ticket, so nobody but staff reads it there."
    return tuple(replace(reply, reason=why) for reply in told)


def heard(h: Hearing) -> tuple[Reply, ...]:
    """What somebody outside has said, to the followers; who it was, if that is nobody on the ticket."""
    told = to_followers(h, ReplyKind.REPLY)
    if h.standing is not Standing.THIRD or h.case.evidence.is_contrary:
        return told
    why = f"{h.sender.introduced} is not on this ticket and was told nothing of it."
    return tuple(replace(reply, reason=why) for reply in told)


def refused(h: Hearing) -> Reply:
    """Why nothing was changed, with the mail as it came, so that it need not be typed twice; or what to say yes to."""
    whole = replace(to_sender(h, ReplyKind.REFUSED), text=h.mail.reply, attachments=h.mail.attachments)
    if h.deeds.refusals:
        # No proof would help it.
        kind = ReplyKind.SUGGESTION if h.block.slips else ReplyKind.REFUSED
        return replace(whole, kind=kind, refusals=h.deeds.refusals, held_back=h.deeds.held_back)
    if h.verdict is Verdict.CONFIRM:
        return _question(h)
    lines = tuple(said.line for said in h.block.said)
    return replace(whole, kind=ReplyKind.UNPROVEN, reason=_doubt(h), held_back=lines)


def _question(h: Hearing) -> Reply:
    """Whether a letter is its sender's own, and what a yes will do. It answers no letter: a stranger may have chosen its id."""
    is_staff = h.role is not Role.REQUESTER
    changes = seen(h, h.deeds.changes, is_staff)
    # What goes to a customer may not repeat the letter, so it says of a new subject only that there is one.
    more = "" if is_staff or all(c.field is not Field.SUBJECT for c in h.deeds.changes) else NEW_SUBJECT
    return replace(
        to_sender(h, ReplyKind.CONFIRM),
        answers="",
        text=h.mail.reply,
        # Named, but not sent along: nobody knows whose they are.
        attachments=tuple(replace(file, octets=b"") for file in h.mail.files),
        reason=f"{_doubt(h)} {more}".rstrip(),
        held_back=tuple(said.line for said in h.block.said),
        differences=changes,
        mailed=tuple(p.introduced for p in choose(audience.outside(h.around), untold.words(h)).told)
        if h.relays
        else (),
        until=h.case.now + QUESTION_LASTS,
    )


def receipt(h: Hearing, changes: Sequence[Changed], told: Sequence[Reply]) -> tuple[Reply, ...]:
    """What was done and who was mailed; none if no command did anything but ask for a mail."""
    if not h.deeds.needs_receipt:
        return ()
    is_staff = h.role is not Role.REQUESTER
    done = replace(
        to_sender(h, ReplyKind.RECEIPT),
        differences=seen(h, changes, is_staff),
        remarks=h.deeds.remarks,
    )
    if is_staff:
        others = [reply.to for reply in told if reply.to.id != h.sender.id and not reply.is_stopped]
        done = replace(
            done,
            mailed=tuple(person.shown for person in audience.distinct(others)),
            not_mailed=_not_mailed(h, changes, told),
        )
    return (done,)


def asked(h: Hearing) -> tuple[Reply, ...]:
    """The mails that `#help`, `#list`, `#show` and `#login` ask for."""
    return tuple(_asked(h, kind, about) for kind, about in h.deeds.asks)


def seen(h: Hearing, changes: Sequence[Changed], is_staff: bool) -> tuple[Difference, ...]:
    return differences(changes, h.policy, h.around.person, is_staff)


def _asked(h: Hearing, kind: ReplyKind, about: str) -> Reply:
    reply = to_sender(h, kind)
    match kind:
        case ReplyKind.HELP:
            return replace(reply, help=help_lines(h.role, about))
        case ReplyKind.LIST:
            return replace(reply, listed=h.case.known.listed)
        case ReplyKind.SHOW:
            return replace(reply, shown=h.case.known.shown and _told_to(h.sender, h.case.known.shown))
        case _:
            return reply


def _told_to(person: Person, story: Story) -> Story:
    """A ticket as one may see it: to customers the talk only, neither notes nor machines nor history."""
    if person.works_on(story.ticket.project):
        return story
    talk = tuple(post for post in story.posts if post.kind is MessageKind.PUBLIC)
    return replace(story, posts=talk, history=())


def _not_mailed(h: Hearing, changes: Sequence[Changed], told: Iterable[Reply]) -> tuple[str, ...]:
    stopped = all_silent((reply.to for reply in told if reply.is_stopped), Silence.PAUSED)
    heard = {reply.to.id for reply in told} | {h.sender.id}
    left_out = (s for s in untold.customers(h, untold.changes(h, changes)) if s.person.id not in heard)
    return tuple(f"{s.person.shown}: {TO_AUTHOR[s.why]}" for s in (*stopped, *left_out))


def _doubt(h: Hearing) -> str:
    if h.proof is Proof.CONTRARY:
        return "That mail failed the check of its sender, so it may be from somebody else."
    if h.case.evidence.stale:
        return f"That mail may be an old one that somebody sends again: {h.case.evidence.stale}."
    if h.proof is Proof.NONE:
        return "Nothing in that mail proves that it comes from you."
    return "This desk asks for two proofs that a mail comes from you, and that mail has one."
