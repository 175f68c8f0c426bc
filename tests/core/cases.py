"""Cases for tables: one small desk, its people, and a letter from any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailtickets.core.case import Bounced, Case, Counters, Known, Listed, Reply, ReplyKind, Story
from mailtickets.core.classify import Judgement, Kind
from mailtickets.core.decision import Decision
from mailtickets.core.identity import Evidence, Trust
from mailtickets.core.mail import Address, Attachment, Bounce, InboundMail, Segment, SegmentKind
from mailtickets.core.person import Part, Participant, Person, Role
from mailtickets.core.policy import DeskAddress, Limits, Policy, Project, Rate
from mailtickets.core.thread import Clues, Route
from mailtickets.core.ticket import Ticket, evolve, opened
from mailtickets.core.tokens import Token
from mailtickets.core.workflow import Choice, Meaning, Status, Workflow

NOW = datetime(2026, 11, 19, 10, 5, tzinfo=UTC)
DESK = Address("support@desk.example.org", "Example Support")

SIMPLE = Workflow(
    statuses=(
        Status("new", Meaning.NEW, "New", "Received"),
        Status("open", Meaning.OPEN, "Open", "In progress"),
        Status("in-progress", Meaning.OPEN, "In progress", "In progress"),
        Status("waiting", Meaning.WAITING, "Waiting for customer", "Waiting for you"),
        Status("resolved", Meaning.RESOLVED, "Resolved", "Solved"),
        Status("closed", Meaning.CLOSED, "Closed", "Closed"),
    ),
    priorities=(Choice("low", "Low"), Choice("normal", "Normal"), Choice("high", "High")),
    types=(Choice("question", "Question"), Choice("problem", "Problem")),
    resolutions=(Choice("fixed", "Fixed"), Choice("wont-fix", "Won't fix")),
    first_status="new",
    default_priority="normal",
    default_type="question",
    on_answer="waiting",
    on_reply="open",
    on_reopen="open",
)
LIMITS = Limits(
    unproven_per_address=Rate(3, timedelta(hours=1)),
    unproven_per_domain=Rate(200, timedelta(minutes=10)),
    unproven_in_all=Rate(2000, timedelta(minutes=10)),
    automatic_per_ticket=5,
    tickets_per_sender=Rate(20, timedelta(minutes=10)),
    mail_size=25 * 2**20,
)
OPERATOR = Address("ops@desk.example.org")
POLICY = Policy(
    name="Example Support",
    url="https://desk.example.org",
    language="en",
    timezone="Europe/Paris",
    ticket_tag="[#{number}]",
    mailboxes=(
        DeskAddress(DESK, (Address("help@desk.example.org"),), "support", "en"),
        DeskAddress(Address("garden@desk.example.org"), (), "garden", "en"),
    ),
    projects=(Project("support", "Support", ()), Project("garden", "Garden", (Address("gus@example.org"),))),
    workflow=SIMPLE,
    trust=Trust(),
    limits=LIMITS,
    strict=False,
    reopen_within=None,
    undo_window=timedelta(seconds=60),
    operators=(OPERATOR,),
)

MARIA = Person(1, Address("maria@birch.example"), "Maria Lopez")
LEE = Person(2, Address("lee@birch.example"), "Lee Chang")
EVE = Person(3, Address("eve@elsewhere.example"), "Eve Stranger")
ANN = Person(11, Address("ann@example.org"), "Ann Smith", Role.ADMIN)
BEN = Person(12, Address("ben@example.org"), "Ben Jones", Role.AGENT)
GUS = Person(13, Address("gus@example.org"), "Gus Green", Role.AGENT, projects=("garden",))
OPS = Person(21, OPERATOR, "Operators")
STAFF = (ANN, BEN, GUS)

# Nothing speaks for the sender; the operator's server does; something speaks against.
UNPROVEN = Evidence()
PROVEN = Evidence(authenticated="dmarc=pass")
FORGED = Evidence(contrary="dmarc=fail")


def ticket(status: str = "open", id: int = 40, number: int = 12, requester: Person = MARIA) -> Ticket:
    """Maria's printer, in a status."""
    closed = NOW - timedelta(days=3)
    meaning = SIMPLE.meaning(status)
    return Ticket(
        id=id,
        number=number,
        subject="Blank pages",
        status=status,
        priority="normal",
        type="question",
        project="support",
        requester=requester.id,
        desk=DESK.key,
        created_at=NOW - timedelta(days=5),
        updated_at=NOW - timedelta(days=3),
        resolved_at=closed if meaning in (Meaning.RESOLVED, Meaning.CLOSED) else None,
        closed_at=closed if meaning is Meaning.CLOSED else None,
        origin_id="first@birch.example",
    )


FILE = Attachment("page.jpg", "image/jpeg", 3, "0" * 64, inline=False, octets=b"abc")
ON_TICKET = (
    Participant(MARIA, Part.REQUESTER),
    Participant(ANN, Part.FOLLOWER),
    Participant(BEN, Part.FOLLOWER),
)


def token(person: Person, about: Ticket | None = None) -> Evidence:
    """What a reply to the desk's own mail proves."""
    return Evidence(tokens=(Token(about.id if about else 40, person.id, "abc"),))


def letter(
    sender: Person | None,
    text: str = "",
    *,
    subject: str = "Blank pages",
    quote: str = "",
    forward: str = "",
    to: Sequence[Address] = (DESK,),
    cc: Sequence[Address] = (),
    attachments: Sequence[Attachment] = (),
    bounce: Bounce | None = None,
) -> InboundMail:
    parts = ((SegmentKind.TYPED, text), (SegmentKind.FORWARD, forward), (SegmentKind.QUOTE, quote))
    segments = tuple(Segment(kind, words) for kind, words in parts if words)
    return InboundMail(
        message_id="letter@birch.example",
        in_reply_to=(),
        references=(),
        sent_at=NOW,
        subject=subject,
        sender=sender.address if sender else None,
        from_defects=(),
        reply_to=(),
        to=tuple(to),
        cc=tuple(cc),
        return_path=None,
        headers=(),
        text="\n".join(s.text for s in segments),
        segments=segments,
        attachments=tuple(attachments),
        language="en",
        bounce=bounce,
        fingerprint="0" * 64,
    )


NONE_SENT = Counters()


def case(
    sender: Person | None = MARIA,
    text: str = "The printer prints blank pages.",
    *,
    about: Ticket | None = None,
    evidence: Evidence = UNPROVEN,
    kind: Kind = Kind.PERSON,
    route: Route | None = None,
    participants: Sequence[Participant] = ON_TICKET,
    assignee: Person | None = None,
    staff: Sequence[Person] = STAFF,
    tagged: Ticket | None = None,
    counters: Counters = NONE_SENT,
    answered: str = "",
    bounced: Sequence[Bounced] = (),
    listed: Sequence[Listed] = (),
    shown: Story | None = None,
    mail: InboundMail | None = None,
    desk: Address = DESK,
) -> Case:
    """A letter and what the ledger knows. With `about` it is found by an id of ours."""
    return Case(
        now=NOW,
        desk=desk,
        mail=mail or letter(sender, text),
        judgement=Judgement(kind, str(kind)),
        evidence=evidence,
        clues=Clues((), (), None),
        known=Known(
            sender=sender,
            sender_is_new=False,
            route=route or (Route.OWN_ID if about else Route.NEW),
            ticket=about,
            participants=tuple(participants) if about else (),
            assignee=assignee,
            answered_text=answered,
            staff=tuple(staff),
            tagged=tagged,
            tagged_participants=ON_TICKET if tagged else (),
            counters=counters,
            bounced=tuple(bounced),
            listed=tuple(listed),
            shown=shown,
            named=(GUS, OPS),
        ),
    )


def knowing(case: Case, **known: object) -> Case:
    """The same case with other knowledge."""
    return replace(case, known=replace(case.known, **known))  # type: ignore[arg-type]


def told(decision: Decision) -> list[tuple[str, str]]:
    """Who gets what: (kind, first name), in order."""
    return [(reply.kind.value, reply.to.shown.split()[0]) for reply in decision.replies]


def reply(decision: Decision, kind: ReplyKind) -> Reply:
    """The one reply of that kind."""
    [found] = [r for r in decision.replies if r.kind is kind]
    return found


def after(decision: Decision, before: Ticket | None) -> Ticket:
    """The ticket once the decision is written down."""
    found = opened(99, 99, decision.opened, NOW) if decision.opened else before
    assert found is not None
    for change in decision.changes:
        found = evolve(found, change)
    return found
