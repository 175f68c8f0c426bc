"""The case: everything that a decision about one letter may depend on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from mailtickets.core.classify import Judgement
from mailtickets.core.identity import Evidence
from mailtickets.core.likeness import Saying
from mailtickets.core.mail import Address, Attachment, Forwarded, InboundMail
from mailtickets.core.person import Participant, Person
from mailtickets.core.query import Unclear
from mailtickets.core.thread import Clues, Route
from mailtickets.core.ticket import Change, Ticket


class Outcome(StrEnum):
    """How a letter ended. Each has exactly one; see docs/vocabulary.md."""

    OPENED = "opened"
    REPLIED = "replied"
    COMMANDED = "commanded"
    FILED = "filed"
    IGNORED = "ignored"
    HELD = "held"
    QUARANTINED = "quarantined"


class MessageKind(StrEnum):
    PUBLIC = "public"
    NOTE = "note"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Post:
    """A message that stands on a ticket, for `#show` and for quoting."""

    kind: MessageKind
    author: Person | None
    written_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class HistoryRow:
    change: Change
    at: datetime
    by: Person | None


@dataclass(frozen=True, slots=True)
class Story:
    """A ticket with all that is told about it. People by id, for whoever the rows name."""

    ticket: Ticket
    requester: Person
    assignee: Person | None
    posts: tuple[Post, ...]  # oldest first
    history: tuple[HistoryRow, ...]  # oldest first


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a list of tickets."""

    ticket: Ticket
    requester: Person
    assignee: Person | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the commands of a letter ask to be shown: loaded before the case is decided."""

    list: str | None = None  # the question after `#list`, for Known.listed
    show: int | None = None  # ticket number for Known.shown; 0: the ticket that the letter leads to


@dataclass(frozen=True, slots=True)
class Counters:
    """What was sent and opened of late; each limit of `policy.Limits` has its own.

    Mails that are held back count as sent: else each of them would look like the first.
    """

    automatic_here: int = 0  # automatic mails to the sender on this ticket since the sender's last human mail
    opened_by_sender: int = 0  # tickets, within tickets_per_sender.per
    unproven_to_address: int = 0
    unproven_to_domain: int = 0
    unproven_in_all: int = 0


@dataclass(frozen=True, slots=True)
class Bounced:
    """A message of ours that a delivery report is about."""

    outbox_id: int
    kind: str
    recipient: Person
    is_news: bool = True  # no report on it has come before


@dataclass(frozen=True, slots=True)
class Handed:
    """A letter that an agent hands on to the desk, and who wrote it."""

    writer: Person
    letter: Forwarded


class Answer(StrEnum):
    """What became of a question of ours."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"  # a person answered something else
    OVERTAKEN = "overtaken"  # the ticket had changed when the yes came
    LOST = "lost"  # the mail that asked came back


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a letter came from whom it names: what the desk has asked the registered address, and a letter answers."""

    letter: int  # inbound id of the letter in doubt
    person: int  # who was asked: Person.id
    until: datetime
    nonce: str  # of the mail that asked
    code: str  # as it is kept
    bond: str  # what a yes does
    answer: Answer | None = None  # what it has come to before
    opened: bool = False  # the letter in doubt has opened its ticket: only what it orders is left to do
    doubted: Case | None = None  # that letter as if it were proven, if this answer proves it


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows that bears on a letter."""

    sender: Person | None  # made known before the case is decided; None: nobody to be known (no From)
    sender_is_new: bool  # this letter is the first that the desk has of them
    route: Route
    ticket: Ticket | None  # where the clues lead
    participants: tuple[Participant, ...] = ()  # of that ticket, the requester first
    assignee: Person | None = None
    # Text of the message being answered: a line that stands there too is no command. "" if no command can be there.
    answered_text: str = ""
    staff: tuple[Person, ...] = ()  # all agents and admins
    tagged: Ticket | None = None  # what a subject tag names that did not lead there (a stranger's guess)
    counters: Counters = Counters()
    duplicate_of: int | None = None  # inbound id of the same letter, taken in before
    is_late: bool = False  # found again after UIDVALIDITY changed: no acknowledgement
    is_released: bool = False  # the operator let it go on: no holding again
    bounced: tuple[Bounced, ...] = ()
    listed: tuple[Listed, ...] = ()  # for #list
    unclear: Unclear | None = None  # why #list can list nothing
    shown: Story | None = None  # for #show; None: no such ticket, or not theirs
    named: tuple[Person, ...] = ()  # whom the policy names by address, staff or not: notify, operators
    tagged_participants: tuple[Participant, ...] = ()  # of `tagged`
    # What a person or a mail server wrote of late, if the desk mailed something because of it before this letter
    # came: tickets that nobody has answered yet; on a ticket, the staff's own messages there.
    earlier: tuple[Saying, ...] = ()
    pictures: frozenset[str] = (
        frozenset()
    )  # SHA-256 of those in the letter that its sender or the company has sent before
    handed: Handed | None = None  # whose letter it is that an agent forwards
    imprints: tuple[str, ...] = ()  # of a letter that may order something: what only its first copy may bear
    replay_of: int | None = None  # inbound id of the letter that bore one of them before
    question: Question | None = None  # of ours, that the letter answers


def with_person(known: Known, person: Person) -> Known:
    """The same, but that this person is known as given here, wherever they stand."""

    def now(one: Person) -> Person:
        return person if one.id == person.id else one

    return replace(
        known,
        sender=now(known.sender) if known.sender else None,
        assignee=now(known.assignee) if known.assignee else None,
        participants=tuple(Participant(now(p.person), p.part) for p in known.participants),
        staff=tuple(now(p) for p in known.staff),
        named=tuple(now(p) for p in known.named),
    )


@dataclass(frozen=True, slots=True)
class Case:
    now: datetime
    desk: Address  # the desk address that the letter came to
    mail: InboundMail
    judgement: Judgement
    evidence: Evidence
    clues: Clues
    known: Known


class ReplyKind(StrEnum):
    """Each mail that the desk writes. One template of that name in every language."""

    ACKNOWLEDGEMENT = "acknowledgement"  # requester: your number
    ANSWER = "answer"  # requester, cc: what an agent typed
    STATUS = "status"  # requester: old → new and what it means
    OPENED = "opened"  # followers: a new ticket
    REPLY = "reply"  # followers: the requester (or a third party) wrote
    ANSWERED = "answered"  # other followers: an agent answered
    NOTE = "note"  # followers: an internal note
    CHANGED = "changed"  # other followers: fields changed, nothing was said
    ASSIGNED = "assigned"  # the new assignee
    UNDELIVERED = "undelivered"  # assignee or followers: a message did not arrive
    NOTICE = "notice"  # assignee or followers: what a machine told us of a mail of ours
    RECEIPT = "receipt"  # whoever commanded: done
    REFUSED = "refused"  # nothing was changed: a value that cannot be, or not allowed
    SUGGESTION = "suggestion"  # nothing was changed: did you mean …?
    CONFIRM = "confirm"  # nothing was changed: say yes if it was you
    UNPROVEN = "unproven"  # nothing was changed: something says that it was not you
    HELP = "help"
    LIST = "list"
    SHOW = "show"
    LOGIN = "login"  # a link to the page
    OVERSIZE = "oversize"  # your mail was too big
    ALARM = "alarm"  # operators: something needs a look
    DIGEST = "digest"  # operators: the day in figures


@dataclass(frozen=True, slots=True)
class Refusal:
    """One command that was not done."""

    line: str  # as written: "#status clsed"
    why: str  # "There is no status “clsed”." A whole sentence.
    allowed: tuple[str, ...] = ()  # values or words that would do
    meant: str = ""  # the nearest valid line, "" if none is near


@dataclass(frozen=True, slots=True)
class Difference:
    """A change as a person reads it: labels, not ids."""

    label: str  # "Status"
    old: str  # "" = nothing
    new: str


@dataclass(frozen=True, slots=True)
class HelpLine:
    usage: str  # "#status S"
    text: str  # one plain sentence


@dataclass(frozen=True, slots=True)
class Figure:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One mail to one person, before it is put into words. What does not apply is left empty."""

    kind: ReplyKind
    to: Person
    author: Person | None = None  # whose words or deed it is about
    text: str = ""  # what was said (relayed, or quoted to staff), or the sender's own text returned
    attachments: tuple[Attachment, ...] = ()  # travel along if they have octets, else are named
    answers: str = ""  # Message-ID of the recipient's own letter that this answers, for In-Reply-To
    differences: tuple[Difference, ...] = ()
    mailed: tuple[str, ...] = ()  # receipts: who was mailed: names
    not_mailed: tuple[str, ...] = ()  # receipts: whole sentences: who was not, and why
    refusals: tuple[Refusal, ...] = ()
    held_back: tuple[str, ...] = ()  # lines that were right but went back with the rest
    help: tuple[HelpLine, ...] = ()
    listed: tuple[Listed, ...] = ()
    shown: Story | None = None
    reason: str = ""  # undelivered, unproven, alarm: what happened, a whole sentence
    figures: tuple[Figure, ...] = ()
    unverified: bool = False  # the author was not proven: staff is told so
    is_proven: bool = False  # the recipient is: only then may the mail hold what the sender wrote
    secret_link: str = ""  # path of a sign-in link; put in by the shell, which has the random bits
    after_undo_window: bool = False  # outward words of an agent: wait
    is_held: bool = False  # over a limit: queued, but not sent before the operator lets it go
    remarks: tuple[str, ...] = ()  # receipts: whole sentences: what was done that is no difference of fields
    once: str = ""  # files it under this cause instead of the letter's: mailed once, however often decided
    is_apart: bool = False  # not about the ticket of the case: the recipient may not know of it
    is_unproven: bool = False  # a sender whom nothing proves has caused it: it counts against those limits
    until: datetime | None = None  # for CONFIRM: how long a yes counts
    code: str = ""  # for CONFIRM, to be sent back; put in by the shell, which has the random bits

    @property
    def is_automatic(self) -> bool:
        """Whether no person's words are what the mail is."""
        return self.kind is not ReplyKind.ANSWER and not (self.kind is ReplyKind.STATUS and self.text)

    @property
    def is_stopped(self) -> bool:
        """Whether it is not to be sent: automatic, to an address that is paused."""
        return self.is_automatic and self.to.is_paused
