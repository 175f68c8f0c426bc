"""A question is read as it was meant, or answered with where it cannot be and what could stand there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailtickets.core.person import Part, Participant, Person
from mailtickets.core.query import (
    KEYS,
    Matter,
    Query,
    Question,
    Unclear,
    built_in,
    matches,
    parse,
    understand,
    written,
)
from mailtickets.core.query.condition import Condition, Dated, Numbered, OneOf, Thing
from mailtickets.core.query.grammar import DEEPEST, LONGEST, MOST
from mailtickets.core.query.keys import Kind
from mailtickets.core.query.term import Asked, Compared, Is, Order, Span, Words
from mailtickets.core.query.tree import All, Either, Not
from mailtickets.core.ticket import Ticket
from tests.core.cases import ANN, BEN, DESK, GUS, LEE, MARIA, NOW
from tests.core.questions import asked, queries, scene, typed

KNOWN = built_in(True)


def is_(key: str, *words: str) -> Asked:
    return Asked(key, tuple(map(Is, words)))


# What was typed


READ: list[tuple[str, Any]] = [
    ("", All(())),
    ("  ", All(())),
    ("printer", Words("printer")),
    ('"paper jam" drum', All((Words("paper jam"), Words("drum")))),
    ("“paper jam”", Words("paper jam")),
    ('24" monitor', All((Words('24"'), Words("monitor")))),
    ('"say ""hi"""', Words('say "hi"')),
    ("status:open", is_("status", "open")),
    ("STATUS: Open", is_("status", "Open")),
    ('status:"In progress",new', is_("status", "In progress", "new")),
    ("owner:me", is_("assignee", "me")),
    ("tag:a,b,c", is_("tags", "a", "b", "c")),
    ("n:12", is_("number", "12")),
    ("created:<7d", Asked("created", (Compared("<", "7d"),))),
    ("created:>=2026-01-01", Asked("created", (Compared(">=", "2026-01-01"),))),
    ("closed:2026-01..2026-03", Asked("closed", (Span("2026-01", "2026-03"),))),
    ("priority:high..", Asked("priority", (Span("high", ""),))),
    ("priority:..high", Asked("priority", (Span("", "high"),))),
    ('created:=today', is_("created", "today")),
    ("-tag:vpn", Not(is_("tags", "vpn"))),
    ("-printer", Not(Words("printer"))),
    ('-"paper jam"', Not(Words("paper jam"))),
    ("--help - x-ray", All((Words("--help"), Words("-"), Words("x-ray")))),
    ("a or b", Either((Words("a"), Words("b")))),
    ("a OR b c", Either((Words("a"), All((Words("b"), Words("c")))))),
    ("a and b", All((Words("a"), Words("b")))),
    ("a (b or c)", All((Words("a"), Either((Words("b"), Words("c")))))),
    ("-(a or b)", Not(Either((Words("a"), Words("b"))))),
    ("((a))", Words("a")),
    ("(a b) c", All((All((Words("a"), Words("b"))), Words("c")))),
    ("order android", All((Words("order"), Words("android")))),
    ('"or"', Words("or")),
    ("https://example.org/x?y=1", Words("https://example.org/x?y=1")),
    ("Re: printer", All((Words("Re:"), Words("printer")))),
    ("C:\\temp at 10:30", All((Words("C:\\temp"), Words("at"), Words("10:30")))),
    ("f(x) foo(bar", All((Words("f(x)"), Words("foo(bar")))),
    ('"status:open"', Words("status:open")),
    ("from:maria@birch.example", is_("requester", "maria@birch.example")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "tree"), READ)
def test_a_question_is_taken_apart(text: str, tree: object) -> None:
    assert parse(text, KNOWN) == Query(tree)  # type: ignore[arg-type]


def test_an_order_stands_anywhere_in_the_whole_question() -> None:
    found = parse("group:-status printer sort:-updated drum", KNOWN)
    assert found == Query(
        All((Words("printer"), Words("drum"))), Order("updated", True), Order("status", True)
    )
    assert parse("sort:prio", KNOWN) == Query(All(()), Order("priority", False))


UNREAD = [
    ("printer asignee:me", 8, "asignee:", "printer assignee:me"),
    ("foo:bar", 0, "foo:", ""),
    ("due:<7d", 0, "due:", ""),
    ("component:x", 0, "component:", ""),
    ("a or", 4, "the end", ""),
    ("or a", 0, "or", ""),
    ("a or or b", 5, "or", ""),
    ("(a b", 0, "(", "(a b)"),
    ("a b)", 3, ")", ""),
    ("a ()", 3, ")", ""),
    (":)", 1, ")", ""),
    ('x "a b', 2, "a", 'x "a b"'),
    ('x ""', 2, '""', ""),
    ("x status:", 2, "status:", ""),
    ("tag:a,", 0, "tags:", ""),
    ("created:..", 0, "created:", ""),
    ("created:<", 0, "created:", ""),
    ("sort:updatd", 0, "sort:updatd", "sort:updated"),
    ("sort:number sort:number", 12, "sort:number", ""),
    ("(sort:number)", 1, "sort:", ""),
    ("a" * (LONGEST + 1), LONGEST, "10,000 characters", ""),
    ("a " * (MOST + 1), 2 * MOST, "a", ""),
    ("(" * (DEEPEST + 1), DEEPEST, "(", ""),
]


@pytest.mark.parametrize(("text", "at", "term", "meant"), UNREAD)
def test_what_cannot_be_read_is_said_with_its_place(text: str, at: int, term: str, meant: str) -> None:
    found = parse(text, KNOWN)
    assert isinstance(found, Unclear)
    assert (found.at, found.term, found.meant) == (at, term, meant)
    assert found.sentence.startswith(f"Character {at + 1}: ")
    assert found.sentence.endswith((".", ":"))


def test_an_unknown_key_is_answered_with_those_that_there_are() -> None:
    found = parse("due:<7d", KNOWN)
    assert isinstance(found, Unclear)
    assert {key.name for key in KEYS} < set(found.allowed)
    asked_by_customer = parse("followers:me", built_in(False))
    assert isinstance(asked_by_customer, Unclear)
    assert "followers" not in asked_by_customer.allowed


@given(queries())
def test_what_is_written_is_read_as_the_same(query: Query) -> None:
    assert parse(written(query), KNOWN) == query


@given(st.text(max_size=80) | st.text(alphabet='"()-:,.<>= \n“aor19sdtu#', max_size=80))
@example("-" * 200)
@example("(" * 200)
@example('"' * 201)
@example("n:" * 90)
@example("-(" * 10)
def test_whatever_is_typed_is_read_or_answered(text: str) -> None:
    found = parse(text, KNOWN)
    if isinstance(found, Query):
        assert parse(written(found), KNOWN) == found
    else:
        assert 0 <= found.at <= len(text)
        assert found.sentence
    asked(text)


@pytest.mark.parametrize(
    "piece", ["(", '"', "-", "a", "a ", "tag:a,", "x(", ")", "a:", 'tag:"', '""', "..", "n:..", "é:b ", "\0"]
)
def test_ten_thousand_characters_are_read_with_a_bounded_number_of_steps(piece: str) -> None:
    """Each ends at once or at a limit; what took a square of its length would hang here."""
    assert isinstance(parse((piece * LONGEST)[:LONGEST], KNOWN), Query | Unclear)


# What it means


def where(text: str, me: Person | None = ANN, zone: str = "Europe/Paris") -> object:
    found = asked(text, me, zone)
    assert isinstance(found, Question), found
    return found.where


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


TICK = timedelta(microseconds=1)
OPEN = Not(OneOf("status", frozenset({"resolved", "closed"})))
MEANT = [
    ("status:open", OneOf("status", frozenset({"open"}))),
    ("status:close", OneOf("status", frozenset({"closed"}))),
    ("status:In-Progress", OneOf("status", frozenset({"in-progress"}))),
    ("priority:high..", OneOf("priority", frozenset({"high"}))),
    ("priority:<=normal", OneOf("priority", frozenset({"low", "normal"}))),
    ("priority:>high", OneOf("priority", frozenset())),
    ("priority:low..normal", OneOf("priority", frozenset({"low", "normal"}))),
    ("project:Garden", OneOf("project", frozenset({"garden"}))),
    ("resolution:none", OneOf("resolution", frozenset({None}))),
    ("assignee:me", OneOf("assignee", frozenset({ANN.id}))),
    ("assignee:nobody", OneOf("assignee", frozenset({None}))),
    ('owner:"ben jones"', OneOf("assignee", frozenset({BEN.id}))),
    ("requester:maria@birch.example", OneOf("requester", frozenset({MARIA.id}))),
    ("requester:lopez", OneOf("requester", frozenset({MARIA.id}))),
    ("n:#12", Numbered("number", 12, 12)),
    ("reopened:>0", Numbered("reopened", 1, None)),
    ("n:..5", Numbered("number", None, 5)),
    ("is:open", OPEN),
    ("is:closed", OneOf("status", frozenset({"resolved", "closed"}))),
    ("waiting:customer", OneOf("status", frozenset({"waiting"}))),
    ("is:mine", OneOf("assignee", frozenset({ANN.id}))),
    ("is:unanswered", Not(Dated("first_answered", None, None))),
    ("closed:none", Not(Dated("closed", None, None))),
    ("created:<1d", Dated("created", NOW - timedelta(days=1) + TICK, NOW + TICK)),
    ("created:1d", Dated("created", NOW - timedelta(days=1), NOW + TICK)),
    ("created:>1d", Dated("created", None, NOW - timedelta(days=1))),
    ("created:1d..2w", Dated("created", NOW - timedelta(days=14), NOW - timedelta(days=1) + TICK)),
    ("created:today", Dated("created", utc(2026, 11, 18, 23), utc(2026, 11, 19, 23))),
    ("created:2026-07-01", Dated("created", utc(2026, 6, 30, 22), utc(2026, 7, 1, 22))),
    ("created:>2026-01", Dated("created", utc(2026, 1, 31, 23), None)),
    ("created:<2026", Dated("created", None, utc(2025, 12, 31, 23))),
    ("created:2026-01..2026-03", Dated("created", utc(2025, 12, 31, 23), utc(2026, 3, 31, 22))),
    ('created:"2026-01-02 09:30"', Dated("created", utc(2026, 1, 2, 8, 30), utc(2026, 1, 2, 8, 31))),
    ("created:<999999y", Dated("created", utc(1, 1, 1), NOW + TICK)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "tree"), MEANT)
def test_a_question_means(text: str, tree: object) -> None:
    assert where(text) == tree


def test_a_day_is_that_of_whoever_asks() -> None:
    assert where("created:today", zone="Pacific/Auckland") == Dated(
        "created", utc(2026, 11, 18, 11), utc(2026, 11, 19, 11)
    )


def test_mine_is_of_a_customer_what_they_opened() -> None:
    assert where("is:mine", MARIA) == OneOf("requester", frozenset({MARIA.id}))


def test_a_span_reaches_ahead_where_the_field_lies_ahead_and_what_is_over_does_not_count() -> None:
    due = replace(next(key for key in KEYS if key.name == "closed"), name="due", is_ahead=True)
    ahead = replace(scene(), keys={"due": due})
    found = parse("due:<7d", ahead.keys)
    assert isinstance(found, Query)
    understood = understand("due:<7d", found, ahead)
    assert isinstance(understood, Question)
    assert understood.where == Dated("due", NOW, NOW + timedelta(days=7))


IMPOSSIBLE = [
    ("printer status:opne", 8, "status:opne", "printer status:open", "new, open, in-progress"),
    ("priority:hgih", 0, "priority:hgih", "priority:high", "low, normal, high"),
    ("priority:low,hgih x", 0, "priority:low,hgih", "priority:low,high x", "low, normal, high"),
    ('-status:"in progres"', 1, 'status:"in progres"', "-status:in-progress", "in-progress"),
    ("is:late", 0, "is:late", "", "open, new, waiting"),
    ("is:overdue", 0, "is:overdue", "", "unassigned, unanswered, undelivered, mine"),
    ("has:attachmnt", 0, "has:attachmnt", "has:attachment", "attachment, note"),
    ("has:task", 0, "has:task", "", "attachment, note"),
    ("assignee:bne", 0, "assignee:bne", "assignee:ben", "me, nobody, ann, ben, gus"),
    ("status:>open", 0, "status:>open", "", "no order"),
    ("tag:>a", 0, "tag:>a", "", "no order"),
    ("n:twelve", 0, "n:twelve", "", "a whole number"),
    ("n:9999999999999999999", 0, "n:9999999999999999999", "", "a whole number"),
    ("created:soon", 0, "created:soon", "", "such as <7d, today"),
    ("created:5m", 0, "created:5m", "", "units: min, h, d, w, mo, y"),
    ("created:2026-02-30", 0, "created:2026-02-30", "", "such as"),
    ("created:7d..today", 0, "created:7d..today", "", "such as"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "at", "term", "meant", "says"), IMPOSSIBLE)
def test_a_value_that_cannot_be_is_answered_with_those_that_can(
    text: str, at: int, term: str, meant: str, says: str
) -> None:
    found = asked(text)
    assert isinstance(found, Unclear)
    assert (found.at, found.term, found.meant) == (at, term, meant)
    assert says in found.sentence


def test_what_is_suggested_can_be_asked() -> None:
    for text, _, _, meant in UNREAD:
        if meant:
            assert isinstance(parse(meant, KNOWN), Query), text
    for text, _, _, meant, _ in IMPOSSIBLE:
        if meant:
            assert isinstance(asked(meant), Question), text


def test_the_operator_is_nobody_in_particular() -> None:
    found = asked("assignee:me", None)
    assert isinstance(found, Unclear)
    assert "name an address" in found.sentence
    assert isinstance(asked("is:mine", None), Unclear)


@pytest.mark.parametrize(
    "text", ["has:note", "followers:ann", "updated_by:ann", "is:undelivered", "assignee:ben", "requester:lee"]
)
def test_a_customer_is_told_nothing_of_staff_and_of_others(text: str) -> None:
    found = asked(text, MARIA)
    assert isinstance(found, Unclear)
    assert not any(name in found.sentence.replace(text, "") for name in ("ben", "gus", "undelivered", "note"))


def test_every_key_has_an_example_that_can_be_asked() -> None:
    assert len({name for key in KEYS for name in (key.name, *key.aliases)}) == sum(
        1 + len(k.aliases) for k in KEYS
    )
    for key in KEYS:
        text = key.example.replace("tom@elm.example", "lee@birch.example")
        assert isinstance(asked(text), Question), key.example


# Which tickets it fits


TICKET = Ticket(
    id=1,
    number=12,
    subject="Drucker: Papierstau in Zürich",
    status="waiting",
    priority="high",
    type="problem",
    project="support",
    requester=MARIA.id,
    desk=DESK.key,
    created_at=NOW - timedelta(days=2),
    updated_at=NOW - timedelta(hours=1),
    updated_by=ANN.id,
    assignee=BEN.id,
    tags=("net", "vpn"),
    first_answered_at=NOW - timedelta(days=1),
)
MATTER = Matter(
    TICKET,
    MARIA,
    (Participant(MARIA, Part.REQUESTER), Participant(LEE, Part.CC), Participant(GUS, Part.FOLLOWER)),
    ("The drum is worn. report.pdf", "打印机无法打印", "L'élève a échoué"),
    frozenset({Thing.NOTE}),
)
FITS = [
    "", "n:12", "n:1..20", "status:waiting", "is:waiting", "is:open", "-is:done", "priority:high", "type:problem,question",
    "project:support", "requester:maria", "assignee:ben", "-assignee:nobody", "cc:lee", "followers:gus", "updated_by:ann",
    "tag:vpn", "tag:zebra,NET", "-tag:none", "created:>1d", "created:<3d", "updated:today", "answered:1d", "closed:none",
    "resolution:none", "reopened:0", "has:note", "-has:attachment", "subject:papierstau", "papierstau drum", "DRUCKER",
    "zurich", "élève", "eleve", "打印", "机", "report.pdf", '"drum is"', "maria", "12", "zebra or drum",
    "(zebra or tag:vpn) -status:new", "-(zebra drum)", "followers:gus,ann", "-cc:nobody", "wor*",
]  # fmt: skip
FITS_NOT = [
    "n:13", "status:new", "is:done", "priority:<high", "type:question", "project:garden", "requester:lee", "assignee:nobody",
    "cc:ann", "followers:nobody", "tag:zebra", "tag:none", "created:<1d", "closed:<7d", "-closed:none", "resolution:fixed", "has:attachment",
    "subject:drum", "zebra", "-drum", '"is drum"', "打机", "wor", "is:unanswered", "is:unassigned", "is:undelivered", "%", "is:mine",
]  # fmt: skip


@pytest.mark.parametrize("text", FITS)
def test_a_question_fits(text: str) -> None:
    assert matches(_conditions(text), MATTER)


@pytest.mark.parametrize("text", FITS_NOT)
def test_a_question_fits_not(text: str) -> None:
    assert not matches(_conditions(text), MATTER)


@settings(max_examples=50)
@given(typed())
def test_no_ticket_fits_a_question_and_its_opposite(text: str) -> None:
    assert matches(_conditions(text), MATTER) != matches(_conditions(f"-({text})"), MATTER)


def _conditions(text: str) -> Condition | All[Condition] | Either[Condition] | Not[Condition]:
    found = asked(text)
    assert isinstance(found, Question), found
    return found.where


def test_each_kind_of_key_is_asked_about_here() -> None:
    kinds = {
        key.kind
        for key in KEYS
        if any(f"{name}:" in text for text in FITS for name in (key.name, *key.aliases))
    }
    assert kinds == set(Kind)
