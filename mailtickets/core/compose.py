"""A reply becomes octets: words by the templates, headers and parts by the RFCs.

The law: composed twice, a reply gives the same octets; and what it gives holds no id or address
that was made for another person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from mailtickets.core import facts, mime, tokens
from mailtickets.core.case import Reply, ReplyKind
from mailtickets.core.facts import About, Facts
from mailtickets.core.mail import Address
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.tokens import Secret

__all__ = ["About", "Outgoing", "Render", "Rendered", "message"]

# Notices to staff that bear a person's name: whose words or deed it is.
_VIA = frozenset(
    {
        ReplyKind.OPENED,
        ReplyKind.REPLY,
        ReplyKind.ANSWERED,
        ReplyKind.NOTE,
        ReplyKind.CHANGED,
        ReplyKind.ASSIGNED,
    }
)
# To these a bounce is worth reading. All else is from nobody: a notice that fails makes no notice.
_FROM_THE_DESK = _VIA | {ReplyKind.ANSWER, ReplyKind.STATUS}


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a template gives. `subject` without tag and prefix; "" keeps the ticket's own."""

    subject: str
    text: str
    html: str


# The words of a reply. Deterministic: same facts, same words.
Render: TypeAlias = Callable[[Facts], Rendered]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One recipient, final octets. Never changed again."""

    kind: ReplyKind
    recipient: Address
    envelope_from: str  # "" is the null path
    message_id: str  # without angle brackets
    octets: bytes = field(repr=False)
    is_automatic: bool
    is_unproven: bool  # caused by a sender without evidence: counts against those limits
    person: int  # Person.id of the recipient
    ticket: int  # Ticket.id, 0: none
    due_at: datetime


def message(
    reply: Reply,
    about: About | None,
    desk: Address,
    cause: str,
    policy: Policy,
    secret: Secret,
    render: Render,
    now: datetime,
) -> Outgoing:
    """The mail for one reply. `cause` is the outbox's key of what made the desk write, "in:4711"."""
    if reply.is_apart:
        about = None
    reply = _without_ids_of_others(reply, secret)
    ids = _ids(reply, about, desk, reply.once or cause, secret)
    back = _way_back(reply, about, desk, policy, secret)
    known = facts.of(reply, about, desk, back, ids.message, policy, now)
    words = render(known)
    automatic = _auto_submitted(reply)
    headers = (
        ("From", mime.mailbox(Address(desk.spec, _from_name(known)), "From")),
        ("Reply-To", mime.mailbox(Address(back, known.desk.name), "Reply-To")),
        ("To", mime.mailbox(Address(reply.to.address.spec, _name(known.reply.to)), "To")),
        ("Subject", _subject(known, words)),
        ("Date", mime.date(now)),
        ("Message-ID", f"<{ids.message}>"),
        ("In-Reply-To", mime.ids((ids.parent,))),
        ("References", mime.ids(ids.references)),
        ("Thread-Topic", _topic(known, about)),
        ("Auto-Submitted", automatic),
        # What Exchange heeds instead of Auto-Submitted when it answers for absent people.
        ("X-Auto-Response-Suppress", "OOF, AutoReply" if automatic else ""),
    )
    return Outgoing(
        kind=reply.kind,
        recipient=reply.to.address,
        envelope_from=desk.spec if reply.kind in _FROM_THE_DESK else "",
        message_id=ids.message,
        octets=mime.letter(
            tuple((name, value) for name, value in headers if value),
            mime.Text(words.text, words.html),
            tuple(file for file in known.reply.attachments if file.octets),
            mime.boundary(ids.message),
        ),
        is_automatic=bool(automatic),
        is_unproven=known.is_guarded or reply.is_unproven,
        person=reply.to.id,
        ticket=about.ticket.id if about else 0,
        due_at=now + (policy.undo_window if reply.after_undo_window else timedelta()),
    )


def _without_ids_of_others(reply: Reply, secret: Secret) -> Reply:
    """Some mail programs attach the mail that is answered, or put its fields into the text: with the id that proves
    who was written to. The next reader must not have it; such a file stays behind."""
    whose = reply.to.id
    files = tuple(
        replace(file, octets=b"") if tokens.holds_foreign(secret, file.octets, whose) else file
        for file in reply.attachments
    )
    return replace(reply, text=tokens.struck(secret, reply.text, whose), attachments=files)


@dataclass(frozen=True, slots=True)
class _Ids:
    message: str
    parent: str  # "" if there is none
    references: tuple[str, ...]  # the nearest parent last


def _ids(reply: Reply, about: About | None, desk: Address, cause: str, secret: Secret) -> _Ids:
    """Message-IDs that only this person ever sees: who shows one again is known by it."""
    ticket, person = about.ticket.id if about else 0, reply.to.id
    nonce = f"{cause} {reply.kind} {reply.to.address.key}"
    if reply.kind is ReplyKind.CONFIRM:
        nonce = tokens.question(nonce)
    own = tokens.mint(secret, ticket, person, nonce, desk.domain)
    # A client shows one thread if all mails name the same root: what the requester wrote, or else
    # an id that no mail bears. Some relays rewrite Message-IDs; the token here they leave alone.
    origin = about.ticket.origin_id if about and about.ticket.requester == person else ""
    root = tokens.mint(secret, ticket, person, "root", desk.domain) if about else ""
    line = dict.fromkeys((origin, root, reply.answers))
    return _Ids(own, reply.answers or origin or root, tuple(i for i in line if i))


def _way_back(reply: Reply, about: About | None, desk: Address, policy: Policy, secret: Secret) -> str:
    """The addr-spec that leads an answer to this ticket, and tells who answers where it can."""
    mark = policy.trust.subaddress
    # An answer to a question must not be taken for another by its address alone.
    if not mark or about is None or reply.kind is ReplyKind.CONFIRM:
        return desk.spec
    local, _, domain = desk.spec.rpartition("@")
    return f"{local}{mark}{tokens.subaddress(secret, about.ticket.id, reply.to.id)}@{domain}"


def _from_name(known: Facts) -> str:
    """An agent's answer bears the agent's name; a notice, the name of whom it is about."""
    author = known.reply.author
    if author is None or author.id == known.reply.to.id:
        return known.desk.name
    if known.reply.kind in _VIA:
        # An address in a name looks like a forgery to filters.
        local, _, _ = author.address.spec.partition("@")
        return f"{_name(author) or local}, via {known.desk.name}"
    if known.reply.kind in _FROM_THE_DESK:
        return f"{_name(author)}, {known.desk.name}" if _name(author) else known.desk.name
    return known.desk.name


def _name(person: Person) -> str:
    return "" if person.shown == person.address.spec else person.shown


def _auto_submitted(reply: Reply) -> str:
    """RFC 3834 section 5; "" where a person's words are what the mail is."""
    if not reply.is_automatic:
        return ""
    # A change of status answers no letter of the recipient, even if a letter of theirs led to it.
    is_echo = reply.kind in facts.ECHOES and reply.kind is not ReplyKind.STATUS
    return "auto-replied" if is_echo else "auto-generated"


def _topic(known: Facts, about: About | None) -> str:
    """What Outlook gathers a conversation by: the subject as the requester wrote it, without our tag."""
    is_theirs = about is not None and about.ticket.requester == known.reply.to.id
    if known.ticket is None or known.is_guarded or not is_theirs:
        return ""
    return mime.words("Thread-Topic", known.ticket.subject)


def _subject(known: Facts, words: Rendered) -> str:
    ticket = known.ticket
    if ticket is None:
        return mime.tagged("", words.subject or known.desk.name)
    # What opens a thread answers nothing.
    again = "" if known.reply.kind is ReplyKind.OPENED else "Re: "
    return mime.tagged(f"{again}{ticket.tag}", words.subject or ticket.subject)
