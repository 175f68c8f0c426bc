"""What a template may say: a reply and what it is about, in words instead of ids.

The law: to a recipient who may not be the sender of the letter that caused the mail, it holds
nothing that the letter held, neither its words nor its names (`is_guarded`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from mailtickets.core.case import Difference, HistoryRow, MessageKind, Post, Reply, ReplyKind, Story
from mailtickets.core.mail import Address
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.thread import bare_subject
from mailtickets.core.ticket import Changed, Field, Ticket, Value
from mailtickets.core.workflow import DONE, Choice, Meaning, Status, Workflow

# Mails that the recipient's own letter causes: whoever forges a sender chooses where they go.
ECHOES = frozenset(
    {
        ReplyKind.ACKNOWLEDGEMENT,
        ReplyKind.STATUS,
        ReplyKind.RECEIPT,
        ReplyKind.REFUSED,
        ReplyKind.SUGGESTION,
        ReplyKind.CONFIRM,
        ReplyKind.UNPROVEN,
        ReplyKind.HELP,
        ReplyKind.LIST,
        ReplyKind.SHOW,
        ReplyKind.LOGIN,
        ReplyKind.OVERSIZE,
    }
)
# Mails that quote somebody to staff: the whole of a long letter is on the page, its files come along.
_QUOTES = frozenset(
    {
        ReplyKind.OPENED,
        ReplyKind.REPLY,
        ReplyKind.ANSWERED,
        ReplyKind.NOTE,
        ReplyKind.ASSIGNED,
    }
)
_QUOTED_LENGTH = 30_000
_POST_LENGTH = 5_000
# Moments and counts that follow from other changes: the story tells them once.
_UNTOLD = frozenset({Field.FIRST_ANSWERED, Field.RESOLVED, Field.CLOSED, Field.REOPENED})


@dataclass(frozen=True, slots=True)
class About:
    """The ticket that a mail is about, after all changes, and its people."""

    ticket: Ticket
    requester: Person
    assignee: Person | None


@dataclass(frozen=True, slots=True)
class DeskFacts:
    """The desk, for a template."""

    name: str
    address: str
    url: str
    mail_size: int | None = None  # octets that a letter may have; None: any
    waiting: str = ""  # a status to wait for the customer with, "" if there is none
    urgent: str = ""  # the highest priority, "" if there is but one
    resolution: str = ""  # one to close with, "" if there is none
    reopens: bool = True  # a reply to a closed ticket opens it again; else it begins a new one


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """A ticket, for a template: words, not ids."""

    number: int
    tag: str
    subject: str
    status: str  # as the reader is to read it: staff or customer label
    meaning: Meaning
    priority: str
    type: str
    project: str
    requester: str
    assignee: str  # "" = nobody
    tags: tuple[str, ...]
    url: str
    created_at: datetime
    updated_at: datetime
    was: str = ""  # status before the changes that the mail tells of, "" = the same
    came_back: bool = False  # it was done, and is not any more


@dataclass(frozen=True, slots=True)
class PostFacts:
    """One message of a ticket, for a template."""

    author: str  # "" = the desk
    written_at: datetime
    text: str
    is_note: bool


@dataclass(frozen=True, slots=True)
class DeedFacts:
    """One row of history, for a template."""

    at: datetime
    by: str  # "" = the desk
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """A ticket with what was said and done, oldest first."""

    ticket: TicketFacts
    posts: tuple[PostFacts, ...]
    deeds: tuple[DeedFacts, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a template is given for one mail."""

    reply: Reply  # without what the sender wrote, if guarded
    desk: DeskFacts
    ticket: TicketFacts | None
    listed: tuple[TicketFacts, ...]
    story: StoryFacts | None
    resend: str  # the returned text with each refused line put right; "" if that cannot be guessed
    is_guarded: bool
    reply_to: str  # addr-spec for `mailto:` links
    message_id: str  # of this mail: who answers it proves who they are
    language: str  # the reader's
    timezone: str
    now: datetime
    fallback: str = ""  # the desk's language, where there are no words in the reader's


def is_guarded(reply: Reply) -> bool:
    """True if a letter of an unproven sender made the desk write this to the address it claims."""
    by_another = reply.author is not None and reply.author.id != reply.to.id
    return reply.kind in ECHOES and not reply.is_proven and not by_another


def of(
    reply: Reply,
    about: About | None,
    desk: Address,
    reply_to: str,
    message_id: str,
    policy: Policy,
    now: datetime,
) -> Facts:
    """The facts of one mail, for its one reader."""
    guarded = is_guarded(reply)
    if guarded:
        reply = _without_their_words(reply, policy.workflow)
    elif reply.kind in _QUOTES and len(reply.text) > _QUOTED_LENGTH:
        reply = replace(reply, text=_shortened(reply.text, _QUOTED_LENGTH))
    reader = _Reader(policy, reply.to.is_staff, guarded)
    ticket = reader.ticket(about) if about else None
    fallback = _language(desk, policy)
    return Facts(
        reply=reply,
        desk=_desk(desk, policy),
        ticket=_with_past(ticket, reply.differences, policy.workflow) if ticket else None,
        listed=tuple(reader.ticket(About(row.ticket, row.requester, row.assignee)) for row in reply.listed),
        story=reader.story(reply.shown) if reply.shown else None,
        resend=_resend(reply),
        is_guarded=guarded,
        reply_to=reply_to,
        message_id=message_id,
        language=reply.to.language or reply.to.heard or fallback,
        timezone=reply.to.timezone or policy.timezone,
        now=now,
        fallback=fallback,
    )


def _language(desk: Address, policy: Policy) -> str:
    return policy.mailbox(desk.key).language if desk.key in policy.own else policy.language


def _desk(desk: Address, policy: Policy) -> DeskFacts:
    flow = policy.workflow
    return DeskFacts(
        name=desk.name or policy.name,
        address=desk.spec,
        url=policy.url,
        mail_size=policy.limits.mail_size,
        waiting=next((s.id for s in flow.statuses if s.meaning is Meaning.WAITING), ""),
        urgent=flow.priorities[-1].id if len(flow.priorities) > 1 else "",
        resolution=flow.resolutions[0].id if flow.resolutions else "",
        reopens=policy.reopen_within is None or bool(policy.reopen_within),
    )


def _without_their_words(reply: Reply, flow: Workflow) -> Reply:
    ours = {label for status in flow.statuses for label in (status.label, status.customer_label)}
    return replace(
        reply,
        to=replace(reply.to, name="", address=Address(reply.to.address.spec)),
        author=None,
        text="",
        attachments=(),
        differences=tuple(d for d in reply.differences if {d.old, d.new} <= ours),
        mailed=(),
        not_mailed=(),
        refusals=(),
        held_back=(),
        remarks=(),
    )


def _with_past(ticket: TicketFacts, differences: tuple[Difference, ...], flow: Workflow) -> TicketFacts:
    """The ticket with the status that it had before, if the mail tells that it changed."""
    for difference in differences:
        if difference.new == ticket.status:
            was_done = any(
                difference.old in (s.label, s.customer_label) for s in flow.statuses if s.meaning in DONE
            )
            return replace(ticket, was=difference.old, came_back=was_done and ticket.meaning not in DONE)
    return ticket


def _resend(reply: Reply) -> str:
    """What the sender of a refused mail can send instead: its text with the lines put right."""
    if not reply.refusals or not all(refusal.meant for refusal in reply.refusals):
        return ""
    right = {refusal.line.strip(): refusal.meant for refusal in reply.refusals}
    lines = [right.pop(line.strip(), line) for line in reply.text.splitlines()]
    missing = [line for line in reply.held_back if line.strip() not in {known.strip() for known in lines}]
    commands = [*right.values(), *missing]
    return "\n".join([*commands, *([""] if commands and lines else []), *lines])


@dataclass(frozen=True, slots=True)
class _Reader:
    """Whose words the labels are."""

    policy: Policy
    is_staff: bool
    is_guarded: bool

    def ticket(self, about: About) -> TicketFacts:
        flow, ticket = self.policy.workflow, about.ticket
        return TicketFacts(
            number=ticket.number,
            tag=self.policy.tag(ticket.number),
            subject="" if self.is_guarded else bare_subject(ticket.subject, self.policy.ticket_tag),
            status=self._status(ticket.status),
            meaning=flow.meaning(ticket.status),
            priority=_label(ticket.priority, flow.priorities),
            type=_label(ticket.type, flow.types),
            project=next((p.name for p in self.policy.projects if p.key == ticket.project), ticket.project),
            requester="" if self.is_guarded else about.requester.shown,
            assignee=about.assignee.shown if about.assignee else "",
            tags=() if self.is_guarded else ticket.tags,
            url=self.policy.ticket_url(ticket.number),
            created_at=ticket.created_at,
            updated_at=ticket.updated_at,
        )

    def story(self, story: Story) -> StoryFacts:
        people = {
            person.id: person.shown
            for person in (
                story.requester,
                story.assignee,
                *(post.author for post in story.posts),
                *(row.by for row in story.history),
            )
            if person
        }
        return StoryFacts(
            ticket=self.ticket(About(story.ticket, story.requester, story.assignee)),
            posts=tuple(_post(post) for post in story.posts if self._may_read(post)),
            deeds=tuple(
                self._deed(row, row.change, people)
                for row in story.history
                if self.is_staff and isinstance(row.change, Changed) and row.change.field not in _UNTOLD
            ),
        )

    def _status(self, id: str) -> str:
        statuses = self.policy.workflow.statuses
        return next((s.label if self.is_staff else s.customer_label for s in statuses if s.id == id), id)

    def _may_read(self, post: Post) -> bool:
        return not self.is_guarded and (self.is_staff or post.kind is MessageKind.PUBLIC)

    def _deed(self, row: HistoryRow, change: Changed, people: dict[int, str]) -> DeedFacts:
        return DeedFacts(
            at=row.at,
            by=row.by.shown if row.by else "",
            label=change.field.value.replace("_", " ").capitalize(),
            old=self._words(change.field, change.old, people),
            new=self._words(change.field, change.new, people),
        )

    def _words(self, field: Field, value: Value, people: dict[int, str]) -> str:
        flow = self.policy.workflow
        match field, value:
            case _, None:
                return ""
            case Field.STATUS, str():
                return _label(value, flow.statuses)
            case Field.PRIORITY, str():
                return _label(value, flow.priorities)
            case Field.TYPE, str():
                return _label(value, flow.types)
            case Field.RESOLUTION, str():
                return _label(value, flow.resolutions)
            case ((Field.ASSIGNEE | Field.REQUESTER), int()):
                return people.get(value, "someone else")
            case _, tuple():
                return ", ".join(value)
            case _:
                return str(value)


def _label(id: str, choices: tuple[Status, ...] | tuple[Choice, ...]) -> str:
    """What a value is called; a value that the preset no longer has is its own name."""
    return next((choice.label for choice in choices if choice.id == id), id)


def _post(post: Post) -> PostFacts:
    author = post.author.shown if post.author else ""
    text = _shortened(post.text, _POST_LENGTH)
    return PostFacts(author, post.written_at, text, post.kind is MessageKind.NOTE)


def _shortened(text: str, length: int) -> str:
    """Whole lines as far as they go, and a sign that there are more."""
    if len(text) <= length:
        return text
    begin = text[:length]
    return f"{begin.rpartition(chr(10))[0] or begin}\n[…]"
