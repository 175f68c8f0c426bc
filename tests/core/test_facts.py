"""What a template may say: words instead of ids, the reader's labels, and the past of a status."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailtickets.core import facts
from mailtickets.core.case import Difference, HistoryRow, MessageKind, Post, Refusal, Reply, ReplyKind, Story
from mailtickets.core.facts import About, Facts, TicketFacts
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.ticket import Changed, Field
from mailtickets.templates.sample import ANN, BEN, DESK, MARIA, NOW, POLICY, TICKET

ABOUT = About(TICKET, MARIA, ANN)


def known(reply: Reply, about: About | None = ABOUT, policy: Policy = POLICY) -> Facts:
    return facts.of(reply, about, DESK, DESK.spec, "a@b", policy, NOW)


def ticket_of(reply: Reply, about: About = ABOUT) -> TicketFacts:
    ticket = known(reply, about).ticket
    assert ticket is not None
    return ticket


@pytest.mark.parametrize(("person", "label"), [(ANN, "Open"), (MARIA, "In progress")])
def test_a_status_is_named_as_its_reader_knows_it(person: Person, label: str) -> None:
    assert ticket_of(Reply(ReplyKind.STATUS, person)).status == label


def test_what_the_preset_no_longer_has_goes_by_its_own_name() -> None:
    old = replace(TICKET, status="parked", priority="p1", type="wish", project="gone")
    ticket = ticket_of(Reply(ReplyKind.STATUS, ANN), About(old, MARIA, None))
    assert (ticket.status, ticket.priority, ticket.type, ticket.project) == ("parked", "p1", "wish", "gone")


@pytest.mark.parametrize(
    ("old", "status", "was", "came_back"),
    [
        ("Closed", "open", "Closed", True),
        ("Solved", "new", "Solved", True),
        ("Received", "open", "Received", False),
        ("Solved", "closed", "Solved", False),
    ],
)
def test_a_ticket_that_was_done_and_is_not_any_more_came_back(
    old: str, status: str, was: str, came_back: bool
) -> None:
    about = replace(ABOUT, ticket=replace(TICKET, status=status))
    new = ticket_of(Reply(ReplyKind.STATUS, MARIA), about).status
    ticket = ticket_of(Reply(ReplyKind.STATUS, MARIA, differences=(Difference("Status", old, new),)), about)
    assert (ticket.was, ticket.came_back) == (was, came_back)


@pytest.mark.parametrize(
    ("text", "refusals", "held_back", "resend"),
    [
        ("#clsoe\n\nHello", [("#clsoe", "#close")], [], "#close\n\nHello"),
        ("#a x\n#tag +b\nHello", [("#a x", "#assign x")], ["#tag +b"], "#assign x\n#tag +b\nHello"),
        ("Hello", [("#clsoe", "#close")], ["#tag +b"], "#close\n#tag +b\n\nHello"),
        ("", [("#clsoe", "#close")], [], "#close"),
        ("#x\nHello", [("#x", "")], [], ""),
        ("#x\n#y", [("#x", "#mine"), ("#y", "")], [], ""),
        ("Hello", [], [], ""),
    ],
)
def test_what_was_refused_can_be_sent_again_put_right(
    text: str, refusals: list[tuple[str, str]], held_back: list[str], resend: str
) -> None:
    reply = Reply(
        ReplyKind.REFUSED,
        ANN,
        text=text,
        refusals=tuple(Refusal(line, "Why.", (), meant) for line, meant in refusals),
        held_back=tuple(held_back),
        is_proven=True,
    )
    assert known(reply).resend == resend


STORY = Story(
    TICKET,
    MARIA,
    ANN,
    (
        Post(MessageKind.PUBLIC, MARIA, NOW, "It is blank."),
        Post(MessageKind.NOTE, BEN, NOW, "She is right."),
        Post(MessageKind.AUTOMATIC, None, NOW, "Not delivered."),
    ),
    (
        HistoryRow(Changed(Field.STATUS, "new", "open"), NOW, ANN),
        HistoryRow(Changed(Field.ASSIGNEE, 99, BEN.id), NOW, None),
        HistoryRow(Changed(Field.PRIORITY, "low", "high"), NOW, ANN),
        HistoryRow(Changed(Field.TYPE, "problem", "wish"), NOW, ANN),
        HistoryRow(Changed(Field.RESOLUTION, "", "fixed"), NOW, ANN),
        HistoryRow(Changed(Field.TAGS, (), ("drum", "printer")), NOW, ANN),
        HistoryRow(Changed(Field.SUBJECT, "a", "b"), NOW, ANN),
        HistoryRow(Changed(Field.CLOSED, None, NOW), NOW, ANN),
        HistoryRow(Changed(Field.REOPENED, 0, 1), NOW, ANN),
    ),
)


def test_staff_is_told_all_that_was_said_and_done_in_words() -> None:
    story = known(Reply(ReplyKind.SHOW, ANN, shown=STORY, is_proven=True)).story
    assert story is not None
    assert [(p.author, p.is_note) for p in story.posts] == [
        ("Maria Lopez", False),
        ("Ben Weber", True),
        ("", False),
    ]
    assert [(d.by, d.label, d.old, d.new) for d in story.deeds] == [
        ("Ann Smith", "Status", "New", "Open"),
        ("", "Assignee", "someone else", "Ben Weber"),
        ("Ann Smith", "Priority", "Low", "High"),
        ("Ann Smith", "Type", "Problem", "wish"),
        ("Ann Smith", "Resolution", "", "Fixed"),
        ("Ann Smith", "Tags", "", "drum, printer"),
        ("Ann Smith", "Subject", "a", "b"),
    ]


def test_a_customer_is_shown_the_talk_and_nothing_else() -> None:
    story = known(Reply(ReplyKind.SHOW, MARIA, shown=STORY, is_proven=True)).story
    assert story is not None
    assert [p.text for p in story.posts] == ["It is blank."]
    assert story.deeds == ()


def test_a_long_letter_is_quoted_in_part_and_sent_on_whole() -> None:
    text = "\n".join(["word " * 15] * 1000)
    quoted = known(Reply(ReplyKind.OPENED, ANN, MARIA, text=text)).reply.text
    assert len(quoted) < 30_010
    assert quoted.endswith("word \n[…]")
    for kind in (ReplyKind.ANSWER, ReplyKind.REFUSED):
        assert known(Reply(kind, ANN, MARIA, text=text, is_proven=True)).reply.text == text


def test_the_reader_is_spoken_to_in_the_own_language_or_the_desks() -> None:
    french = replace(MARIA, language="fr", timezone="America/Montreal")
    assert known(Reply(ReplyKind.STATUS, french)).language == "fr"
    assert known(Reply(ReplyKind.STATUS, french)).timezone == "America/Montreal"
    german = replace(POLICY, mailboxes=(replace(POLICY.mailboxes[0], language="de"),))
    assert known(Reply(ReplyKind.STATUS, MARIA), policy=german).language == "de"


@pytest.mark.parametrize(
    ("within", "reopens"), [(None, True), (timedelta(days=14), True), (timedelta(0), False)]
)
def test_a_mail_about_a_closed_ticket_knows_whether_a_reply_opens_it(
    within: timedelta | None, reopens: bool
) -> None:
    assert (
        known(Reply(ReplyKind.STATUS, MARIA), policy=replace(POLICY, reopen_within=within)).desk.reopens
        is reopens
    )
