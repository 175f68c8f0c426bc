"""One of each mail, to try the templates with: the same people and printer as in the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from mailtickets.core import facts
from mailtickets.core.case import (
    Difference,
    Figure,
    HelpLine,
    HistoryRow,
    Listed,
    MessageKind,
    Post,
    Refusal,
    Reply,
    ReplyKind,
    Story,
)
from mailtickets.core.facts import About, Facts
from mailtickets.core.identity import Trust
from mailtickets.core.mail import Address, Attachment
from mailtickets.core.person import Person, Role
from mailtickets.core.policy import DeskAddress, Limits, Policy, Project
from mailtickets.core.ticket import Changed, Field, Opened, Ticket
from mailtickets.core.workflow import Choice, Meaning, Status, Workflow

NOW = datetime(2026, 11, 20, 9, 5, tzinfo=UTC)
DESK = Address("support@example.org", "Example Support")
MARIA = Person(7, Address("maria.lopez@birch.example.org", "Maria Lopez"))
ANN = Person(1, Address("ann@example.org"), "Ann Smith", Role.ADMIN)
BEN = Person(2, Address("ben@example.org"), "Ben Weber", Role.AGENT)

_WORKFLOW = Workflow(
    statuses=(
        Status("new", Meaning.NEW, "New", "Received"),
        Status("open", Meaning.OPEN, "Open", "In progress"),
        Status("waiting", Meaning.WAITING, "Waiting for customer", "Waiting for you"),
        Status("resolved", Meaning.RESOLVED, "Resolved", "Solved"),
        Status("closed", Meaning.CLOSED, "Closed", "Closed"),
    ),
    priorities=(Choice("low", "Low"), Choice("normal", "Normal"), Choice("high", "High")),
    types=(Choice("problem", "Problem"),),
    resolutions=(Choice("fixed", "Fixed"), Choice("duplicate", "Duplicate")),
    first_status="new",
    default_priority="normal",
    default_type="problem",
    on_answer="waiting",
    on_reply="open",
    on_reopen="open",
)
POLICY = Policy(
    name="Example Support",
    url="https://desk.example.org",
    language="en",
    timezone="Europe/Paris",
    ticket_tag="[#{number}]",
    mailboxes=(DeskAddress(DESK, (), "support", "en"),),
    projects=(Project("support", "Support", ()),),
    workflow=_WORKFLOW,
    trust=Trust(),
    limits=Limits(None, None, None, None, None, 25 * 2**20),
    strict=False,
    reopen_within=None,
    undo_window=timedelta(seconds=60),
    operators=(ANN.address,),
)
TICKET = Ticket(
    id=40,
    number=1042,
    subject="Printer on the second floor prints blank pages",
    status="open",
    priority="normal",
    type="problem",
    project="support",
    requester=MARIA.id,
    desk=DESK.key,
    created_at=NOW - timedelta(days=1),
    updated_at=NOW - timedelta(hours=1),
    assignee=ANN.id,
    tags=("printer",),
    origin_id="20261119.first@birch.example.org",
)
_LETTER = """Good morning,

Since yesterday afternoon the printer on the second floor (the HP next to the kitchen) prints blank pages. \
Copies are fine. I have switched it off and on again twice.
#1 on the display blinks. The manual: https://printer.example.com/manual?page=12&part=2.

We have to print the November invoices before Friday noon, so this is a little urgent.

Thank you
Maria"""
_ANSWER = """Hello Maria,

The code is on the small sticker inside the lid of the third-floor printer. Type it in, press OK, then \
choose "Held jobs": your invoices are waiting there.

Ben is on his way with the drum. The second floor should print again by half past ten.

Ann"""
_FILES = (
    Attachment("blank-page.jpg", "image/jpeg", 411_873, "aa", False, octets=b"\xff\xd8\xff\xe0 a page"),
    Attachment("Zähler <März>.pdf", "application/pdf", 88_200, "bb", False, octets=b"%PDF-1.7 a test"),
    Attachment("scan of all pages.tiff", "image/tiff", 41_300_000, "cc", False),
)
_BACK = "Hello Maria, the new drum is in and prints well. Have a good weekend!\nAnn"
_STORY = Story(
    TICKET,
    MARIA,
    ANN,
    (
        Post(MessageKind.PUBLIC, MARIA, NOW - timedelta(days=1), _LETTER),
        Post(
            MessageKind.NOTE,
            BEN,
            NOW - timedelta(hours=2),
            "The drum is in the cupboard.\n#close was too early.",
        ),
        Post(MessageKind.PUBLIC, ANN, NOW - timedelta(hours=1), _ANSWER),
        Post(MessageKind.AUTOMATIC, None, NOW - timedelta(minutes=5), "Not delivered to lee@example.org."),
    ),
    (
        HistoryRow(
            Opened(TICKET.subject, "new", "normal", "problem", "support", MARIA.id, DESK.key),
            NOW - timedelta(days=1),
            MARIA,
        ),
        HistoryRow(Changed(Field.STATUS, "new", "open"), NOW - timedelta(hours=2), ANN),
        HistoryRow(Changed(Field.ASSIGNEE, None, ANN.id), NOW - timedelta(hours=2), ANN),
        HistoryRow(Changed(Field.TAGS, (), ("printer",)), NOW - timedelta(hours=2), ANN),
        HistoryRow(Changed(Field.FIRST_ANSWERED, None, NOW), NOW - timedelta(hours=1), ANN),
    ),
)
_PATH = "/link/kq3v0p8yJm5tYwz0H1aXbQ4n"
_LISTED = (
    Listed(TICKET, MARIA, ANN),
    Listed(replace(TICKET, id=41, number=1043, subject="", status="waiting", assignee=None), MARIA, None),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One reply as the core gives it, and the status that the ticket has by then. "": about no ticket."""

    name: str
    reply: Reply
    status: str = "open"
    assignee: Person | None = ANN

    @property
    def about(self) -> About | None:
        if not self.status:
            return None
        assignee = self.assignee.id if self.assignee else None
        return About(replace(TICKET, status=self.status, assignee=assignee), MARIA, self.assignee)


def _moved(old: str, new: str) -> tuple[Difference, ...]:
    return (Difference("Status", old, new),)


def _told(kind: ReplyKind, to: Person = ANN, author: Person | None = MARIA, **more: object) -> Reply:
    return replace(Reply(kind, to, author, is_proven=True), **more)  # type: ignore[arg-type]


SAMPLES = (
    Sample("acknowledgement", _told(ReplyKind.ACKNOWLEDGEMENT, MARIA, answers=TICKET.origin_id), "new"),
    Sample(
        "acknowledgement-unproven",
        _told(ReplyKind.ACKNOWLEDGEMENT, MARIA, answers=TICKET.origin_id, is_proven=False),
        "new",
    ),
    Sample("answer", _told(ReplyKind.ANSWER, MARIA, ANN, text=_ANSWER, attachments=_FILES), "waiting"),
    Sample(
        "answer-resolved",
        _told(
            ReplyKind.ANSWER,
            MARIA,
            ANN,
            text="Ben fitted a new drum at 10:25, and three test pages came out clean. The old one had simply "
            "reached its end; nobody did anything wrong.\n\nAnn",
            differences=_moved("In progress", "Solved"),
        ),
        "resolved",
    ),
    Sample("answer-files-only", _told(ReplyKind.ANSWER, MARIA, ANN, attachments=_FILES[:1]), "waiting"),
    Sample("status-open", _told(ReplyKind.STATUS, MARIA, ANN, differences=_moved("Received", "In progress"))),
    Sample(
        "status-again", _told(ReplyKind.STATUS, MARIA, MARIA, differences=_moved("Closed", "In progress"))
    ),
    Sample(
        "status-again-unproven",
        _told(ReplyKind.STATUS, MARIA, None, differences=_moved("Closed", "In progress"), is_proven=False),
    ),
    Sample(
        "status-waiting",
        _told(ReplyKind.STATUS, MARIA, ANN, differences=_moved("In progress", "Waiting for you")),
        "waiting",
    ),
    Sample(
        "status-resolved",
        _told(ReplyKind.STATUS, MARIA, ANN, differences=_moved("In progress", "Solved")),
        "resolved",
    ),
    Sample(
        "status-closed",
        _told(
            ReplyKind.STATUS,
            MARIA,
            ANN,
            differences=(*_moved("In progress", "Closed"), Difference("Resolution", "", "Fixed")),
        ),
        "closed",
    ),
    Sample("opened", _told(ReplyKind.OPENED, text=_LETTER, attachments=_FILES), "new", None),
    Sample(
        "opened-unverified",
        _told(
            ReplyKind.OPENED,
            text="",
            unverified=True,
            reason="The subject names ticket 17, which the sender is not on.",
        ),
        "new",
        None,
    ),
    Sample(
        "reply",
        _told(
            ReplyKind.REPLY,
            text="The code worked.\n\n#close\n\nBut the second floor still prints nothing.",
            differences=_moved("Waiting for customer", "Open"),
        ),
    ),
    Sample(
        "reply-nobody",
        _told(
            ReplyKind.REPLY,
            author=None,
            text="Hello?",
            reason="The mail does not say who wrote it.",
            unverified=True,
        ),
    ),
    Sample("answered", _told(ReplyKind.ANSWERED, BEN, ANN, text=_ANSWER), "waiting"),
    Sample("note", _told(ReplyKind.NOTE, ANN, BEN, text="The drum is in the cupboard, second shelf.")),
    Sample(
        "changed",
        _told(
            ReplyKind.CHANGED,
            BEN,
            ANN,
            differences=(Difference("Priority", "Normal", "High"), Difference("Tags", "", "printer, drum")),
        ),
    ),
    Sample(
        "assigned",
        _told(ReplyKind.ASSIGNED, BEN, ANN, differences=(Difference("Assigned to", "nobody", "Ben Weber"),)),
        assignee=BEN,
    ),
    Sample(
        "undelivered",
        _told(
            ReplyKind.UNDELIVERED,
            author=None,
            reason="Not delivered to lee@example.org. The mailbox is full. The other server said: 552 5.2.2 Quota exceeded.",
            differences=_moved("Closed", "Open"),
        ),
    ),
    Sample(
        "notice",
        _told(
            ReplyKind.NOTICE,
            author=None,
            reason="Lee Chang (lee@example.org) has a mail system that holds our mail back until somebody proves to be a "
            "person. If you know who it is, do what the mail below asks for; or reach them another way.",
            text="Your message is held until you confirm it:\nhttps://challenge.example/abc",
        ),
    ),
    Sample(
        "receipt",
        _told(
            ReplyKind.RECEIPT,
            author=None,
            differences=(
                Difference("Status", "Open", "Waiting for customer"),
                Difference("Assigned to", "nobody", "Ann Smith"),
                Difference("Tags", "printer", "printer, drum"),
            ),
            mailed=("Maria Lopez", "Ben Weber"),
            not_mailed=("Lee Chang: a new status is told only to the person who opened the ticket.",),
        ),
        "waiting",
    ),
    Sample(
        "receipt-note",
        _told(
            ReplyKind.RECEIPT,
            author=None,
            remarks=("Your mail is an internal note: only staff was told.",),
            mailed=("Ben Weber",),
            not_mailed=("Maria Lopez: your mail is an internal note.",),
        ),
    ),
    Sample(
        "receipt-customer",
        _told(ReplyKind.RECEIPT, MARIA, None, differences=_moved("In progress", "Closed")),
        "closed",
    ),
    Sample("receipt-unproven", _told(ReplyKind.RECEIPT, MARIA, None, is_proven=False)),
    Sample(
        "refused",
        _told(
            ReplyKind.REFUSED,
            author=None,
            text=f"#close fxied\n#priority high\n#tag +drum\n\n{_BACK}",
            refusals=(
                Refusal(
                    "#close fxied",
                    "There is no resolution “fxied”.",
                    ("Fixed", "Invalid", "Duplicate", "Works for me"),
                    "#close Fixed",
                ),
            ),
            held_back=("#priority high", "#tag +drum"),
        ),
    ),
    Sample(
        "refused-silent",
        _told(ReplyKind.REFUSED, author=None, reason="Your mail holds no words of your own and no commands."),
    ),
    Sample(
        "refused-customer",
        _told(
            ReplyKind.REFUSED,
            MARIA,
            None,
            text="#show 17",
            refusals=(
                Refusal("#show 17", "Either the number is wrong, or the ticket belongs to someone else."),
            ),
        ),
        "",
    ),
    Sample(
        "refused-unproven",
        _told(ReplyKind.REFUSED, MARIA, None, is_proven=False, text="buy this", refusals=(Refusal("", ""),)),
    ),
    Sample(
        "suggestion",
        _told(
            ReplyKind.SUGGESTION,
            author=None,
            text=f"#statsu closed\n\n{_BACK}",
            refusals=(Refusal("#statsu closed", "The desk does not know “#statsu”.", (), "#status closed"),),
        ),
    ),
    Sample(
        "suggestion-misplaced",
        _told(
            ReplyKind.SUGGESTION,
            author=None,
            text=f"Hello Maria,\n#close\nis what you could write.\n\n{_BACK}",
            refusals=(
                Refusal(
                    "#close",
                    "“#close” stands in the middle of the text; commands stand on lines of their own, "
                    "above the text or below it.",
                ),
            ),
        ),
    ),
    Sample(
        "suggestion-unproven",
        _told(ReplyKind.SUGGESTION, MARIA, None, is_proven=False, refusals=(Refusal("", ""),)),
    ),
    Sample(
        "suggestion-customer",
        _told(
            ReplyKind.SUGGESTION,
            MARIA,
            None,
            text="#cloze",
            refusals=(Refusal("#cloze", "The desk does not know “#cloze”.", (), "#close"),),
        ),
    ),
    Sample(
        "confirm",
        _told(
            ReplyKind.CONFIRM,
            author=None,
            text=f"#status closed\n\n{_BACK}",
            attachments=(replace(_FILES[0], octets=b""),),
            reason="Nothing in that mail proves that it comes from you.",
            held_back=("#status closed",),
            differences=_moved("Open", "Closed"),
            mailed=("Maria Lopez (maria.lopez@birch.example.org)", "Lee Chang (lee@birch.example.org)"),
            until=NOW + timedelta(minutes=15),
            code="k3vq-7xwm-2hpa",
        ),
    ),
    Sample(
        "confirm-note",
        _told(
            ReplyKind.CONFIRM,
            author=None,
            text="#note\n\nThe drum is in the cupboard.",
            reason="That mail failed the check of its sender, so it may be from somebody else.",
            held_back=("#note",),
            until=NOW + timedelta(minutes=15),
            code="k3vq-7xwm-2hpa",
        ),
    ),
    Sample(
        "confirm-customer",
        _told(
            ReplyKind.CONFIRM,
            MARIA,
            None,
            is_proven=False,
            text="#close\n#title Cheap pills",
            reason="Nothing in that mail proves that it comes from you. It would also give the ticket another "
            "subject, which this mail does not repeat.",
            held_back=("#close", "#title Cheap pills"),
            differences=(*_moved("In progress", "Closed"), Difference("Subject", "Printer", "Cheap pills")),
            until=NOW + timedelta(minutes=15),
            code="k3vq-7xwm-2hpa",
        ),
    ),
    Sample(
        "unproven",
        _told(
            ReplyKind.UNPROVEN,
            author=None,
            text=f"#status closed\n\n{_BACK}",
            reason="That mail failed the check of its sender, so it may be from somebody else.",
            held_back=("#status closed",),
        ),
    ),
    Sample(
        "unproven-customer",
        _told(
            ReplyKind.UNPROVEN,
            MARIA,
            None,
            is_proven=False,
            reason="That mail failed the check of its sender, so it may be from somebody else.",
        ),
        "",
    ),
    Sample(
        "help",
        _told(
            ReplyKind.HELP,
            author=None,
            help=(
                HelpLine(
                    "#status S [resolution]", "Sets the status; one that ends the matter may have a reason."
                ),
                HelpLine("#assign who", "Hands the ticket to a colleague, to me, or to nobody."),
                HelpLine("#note", "Keeps this mail among staff."),
                HelpLine(
                    "#list [mine|unassigned|waiting|closed|all] [words]",
                    "Mails you a list of tickets: the open ones, or those that you name.",
                ),
            ),
        ),
        "",
    ),
    Sample(
        "help-customer",
        _told(
            ReplyKind.HELP,
            MARIA,
            None,
            is_proven=False,
            help=(
                HelpLine("#close", "Closes your ticket."),
                HelpLine("#reopen", "Opens a closed ticket again."),
                HelpLine("#login", "Mails you a link that opens the page."),
            ),
        ),
    ),
    Sample("list", _told(ReplyKind.LIST, author=None, listed=_LISTED), ""),
    Sample(
        "list-unproven",
        _told(
            ReplyKind.LIST,
            MARIA,
            None,
            is_proven=False,
            listed=_LISTED,
            reason="To see the words of your tickets too, answer this mail with the same command.",
        ),
        "",
    ),
    Sample("list-empty", _told(ReplyKind.LIST, author=None), ""),
    Sample("show", _told(ReplyKind.SHOW, author=None, shown=_STORY), ""),
    Sample("show-customer", _told(ReplyKind.SHOW, MARIA, None, shown=_STORY)),
    Sample(
        "show-unproven",
        _told(
            ReplyKind.SHOW,
            MARIA,
            None,
            is_proven=False,
            shown=_STORY,
            reason="To see the words of your tickets too, answer this mail with the same command.",
        ),
        "",
    ),
    Sample("show-nothing", _told(ReplyKind.SHOW, author=None), ""),
    Sample("login", _told(ReplyKind.LOGIN, author=None, secret_link=_PATH), ""),
    Sample("login-unproven", _told(ReplyKind.LOGIN, MARIA, None, is_proven=False, secret_link=_PATH), ""),
    Sample(
        "oversize",
        _told(
            ReplyKind.OVERSIZE,
            MARIA,
            None,
            is_proven=False,
            reason="The largest mail that this desk takes has 25 MiB.",
        ),
        "",
    ),
    Sample(
        "alarm",
        _told(
            ReplyKind.ALARM,
            author=None,
            reason="Mail is held back: flood@example.com has met the limit tickets_per_sender (20 in 10 min). "
            "Look at what waits, let it go or leave it, and see whether the limit fits.",
            figures=(Figure("Held", "4"),),
        ),
        "",
    ),
    Sample(
        "digest",
        _told(
            ReplyKind.DIGEST,
            author=None,
            figures=(
                Figure("Waiting for us", "7"),
                Figure("Opened", "6"),
                Figure("Closed", "7"),
                Figure("Held", "0"),
            ),
        ),
        "",
    ),
    Sample(
        "digest-broken",
        _told(
            ReplyKind.DIGEST,
            author=None,
            figures=(
                Figure("Letters taken in", "41"),
                Figure("Mails in the inbox support@example.org", "1,204"),
                Figure("Of these in the ledger", "1,201"),
                Figure("Promises checked", "11, 1 of them not kept"),
            ),
            remarks=(
                "NOT TRUE: Every mail of the inboxes has exactly one outcome. (1,204 letters looked at, 3 broken.) "
                "See “mailtickets ledger”.",
            ),
        ),
        "",
    ),
)


def samples(language: str) -> Iterator[Facts]:
    """What each template is tried with, in one language."""
    policy = replace(POLICY, mailboxes=(replace(POLICY.mailboxes[0], language=language),))
    for sample in SAMPLES:
        yield facts.of(sample.reply, sample.about, DESK, DESK.spec, "mt.1.1.sample@example.org", policy, NOW)
