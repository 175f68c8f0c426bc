"""The grammar of commands in mail, and what each command does to a ticket."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.core import commands
from mailtickets.core.authority import Need
from mailtickets.core.case import ReplyKind, Story, Wanted
from mailtickets.core.commands import Block, Deeds, Scene, parse, play
from mailtickets.core.person import Person, Role
from mailtickets.core.ticket import Field, Ticket, evolve
from mailtickets.core.workflow import folded
from tests.core.cases import ANN, BEN, GUS, MARIA, NOW, POLICY, SIMPLE, case, letter, ticket


def orders(block: Block) -> list[tuple[str, str]]:
    return [(said.command.word, said.value) for said in block.said]


TEXT = "Hello Maria,\n\nthe new drum is in and prints well."

BLOCKS: list[tuple[str, str, list[tuple[str, str]], str]] = [
    # why, what an agent typed, the commands in it, the text that is left
    ("only a command", "#close", [("close", "")], ""),
    ("case does not matter", "#CLOSE", [("close", "")], ""),
    ("blanks around it", " #close  ", [("close", "")], ""),
    ("no-break space, zero width", "\ufeff#status\u00a0closed\u200b", [("status", "closed")], ""),
    ("at the top", f"#mine\n\n{TEXT}", [("mine", "")], TEXT),
    ("at the bottom", f"{TEXT}\n\n#mine", [("mine", "")], TEXT),
    ("at both", f"#mine\n{TEXT}\n#close", [("mine", ""), ("close", "")], TEXT),
    ("blank lines inside", f"#mine\n\n\n#close\n\n{TEXT}", [("mine", ""), ("close", "")], TEXT),
    (
        "short signature below",
        f"{TEXT}\n#close\n\nAnn Smith\nExample Support",
        [("close", "")],
        f"{TEXT}\n\nAnn Smith\nExample Support",
    ),
    (
        "delimited signature below",
        f"{TEXT}\n#close\n-- \n"
        + "a long line of many words, longer than any signature is allowed to be\n" * 9,
        [("close", "")],
        TEXT,
    ),
    ("only a name below", "#close\n\nAnn", [("close", "")], ""),
    ("greeting and name below", "#close\n\nBest regards,\nAnn Smith\nExample Support", [("close", "")], ""),
    (
        "short answer below is no signature",
        "#close\n\nIt works again.\nAnn",
        [("close", "")],
        "It works again.\nAnn",
    ),
    ("colon", "#priority:high", [("priority", "high")], ""),
    ("colon and blank", "#priority: high", [("priority", "high")], ""),
    ("equals", "#status=closed", [("status", "closed")], ""),
    ("full stop", "#close.", [("close", "")], ""),
    ("synonym", "#owner ben", [("assign", "ben")], ""),
    ("synonym with hyphen", "#sign-in", [("login", "")], ""),
    (
        "stop ends the block",
        "#mine\n#stop\n#close\nis what you type",
        [("mine", "")],
        "#close\nis what you type",
    ),
    ("stop alone", "#stop\n#close", [], "#close"),
    ("several words", "#status in progress", [("status", "in progress")], ""),
    ("C is text", "#include <stdio.h>\n#line 10\nint main()", [], "#include <stdio.h>\n#line 10\nint main()"),
    ("headings are text", "# Heading\n#1 priority\n##close", [], "# Heading\n#1 priority\n##close"),
    ("inside a sentence", "Say #close to close it.", [], "Say #close to close it."),
    ("nothing", "", [], ""),
]


@pytest.mark.parametrize(
    ("text", "said", "rest"), [row[1:] for row in BLOCKS], ids=[row[0] for row in BLOCKS]
)
def test_commands_are_found_and_the_rest_stays(text: str, said: list[tuple[str, str]], rest: str) -> None:
    block = parse(text, Role.AGENT, names=("Ann", "Ann Smith"))
    assert (orders(block), block.rest, block.slips) == (said, rest, ())


SLIPS = [
    # why, what was typed, the line that goes back, what it was meant to be
    ("swapped letters", "#statsu closed\n\nHello", "#statsu closed", "#status closed"),
    ("letter left out", "#asign ben", "#asign ben", "#assign ben"),
    ("letter too many", "#cloose", "#cloose", "#close"),
    ("cut short", "#stat closed", "#stat closed", "#status closed"),
    ("outside the block", "Hello Maria,\n#tagg x\n" + "and a long line, longer than any signature may be, of more than sixty letters", "#tagg x", "#tag x"),
    ("known, outside the block", "one\n#close\na line that is far too long to be taken for a signature by anybody", "#close", ""),
    ("known, five lines below", "one\n#close\n1\n2\n3\n4\n5", "#close", ""),
    ("indented, as we quote", "  #close\n\nHello", "#close", "#close"),
    ("of a synonym", "#ownr ben", "#ownr ben", "#assign ben"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "meant"), [row[1:] for row in SLIPS], ids=[row[0] for row in SLIPS])
def test_what_looks_like_a_command_and_is_none_is_pointed_out(text: str, line: str, meant: str) -> None:
    [slip] = parse(text, Role.AGENT).slips
    assert (slip.line, slip.meant) == (line, meant)


def test_a_line_of_the_answered_message_is_never_a_command() -> None:
    answered = "Please help.\n\n> #close\n#assign  Ben"
    assert parse("#close\n\nHello", Role.AGENT, answered) == Block((), "#close\n\nHello", ())
    assert orders(parse("#Assign ben\n#mine", Role.AGENT, answered)) == [("mine", "")]
    assert orders(parse("#close fixed", Role.AGENT, answered)) == [("close", "fixed")]


def test_an_agent_who_only_says_what_was_said_before_is_asked() -> None:
    [slip] = parse("#close\n", Role.AGENT, "It is fine.\n#close").slips
    assert "also stands in the message" in slip.why
    assert slip.meant == "#closed"
    assert parse("It is fine.", Role.AGENT, "It is fine.").slips == ()
    assert parse("#close", Role.REQUESTER, "#close").slips == ()


@pytest.mark.parametrize("text", ["#status closed", "#mine\nHello", "Hello\n#assgin me", "#note"])
def test_what_only_agents_say_is_text_from_a_customer(text: str) -> None:
    assert parse(text, Role.REQUESTER) == Block((), text, ())


def test_a_customer_may_talk_about_commands() -> None:
    text = "I have typed\n#close\nand nothing at all happened, so what am I to do about it now, please?"
    assert parse(text, Role.REQUESTER) == Block((), text, ())


def test_a_customer_is_told_of_a_slip_in_the_block() -> None:
    [slip] = parse("#clsoe\nThanks", Role.REQUESTER).slips
    assert slip.meant == "#close"


@given(st.text(alphabet=st.sampled_from("#closetagmine \n:=-.>"), max_size=200), st.sampled_from(list(Role)))
def test_no_line_is_both_a_command_and_text(text: str, role: Role) -> None:
    block = parse(text, role)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    spoken = [said.line for said in block.said]
    assert all(line in lines for line in spoken)
    kept = [line.strip() for line in block.rest.splitlines() if line.strip()]
    assert len(kept) + len(spoken) <= len(lines)


@given(st.text(max_size=400), st.text(max_size=100), st.sampled_from(list(Role)))
def test_any_text_can_be_parsed(text: str, answered: str, role: Role) -> None:
    parse(text, role, answered, ("", "Ann"))


def test_a_flood_of_lines_is_parsed_in_time() -> None:
    flood = "\n".join(f"#closs{i:x} y" for i in range(20_000))
    begun = time.process_time()
    parse(flood, Role.AGENT)
    parse("#mine\n" * 20_000, Role.AGENT)
    assert time.process_time() - begun < 5  # quadratic, it would be minutes


# What they do


def scene(actor: Person = ANN, about: Ticket | None = None, **known: object) -> Scene:
    about = about or ticket()
    the_case = case(actor, about=about)
    role = actor.role if actor.works_on(about.project) else Role.REQUESTER
    knows = replace(the_case.known, **known)  # type: ignore[arg-type]
    return Scene(
        NOW, actor, role, about, knows, POLICY, role is not Role.REQUESTER or about.requester == actor.id
    )


def played(text: str, at: Scene) -> Deeds:
    return play(parse(text, at.role), at)


def becomes(text: str, at: Scene) -> Ticket:
    deeds = played(text, at)
    assert deeds.refusals == ()
    found = at.ticket
    assert found is not None
    for change in deeds.changes:
        found = evolve(found, change)
    return found


DONE: list[tuple[str, str, dict[str, object]]] = [
    # ticket before, commands of an agent, what the ticket has afterwards
    ("open", "#status closed", {"status": "closed", "closed_at": NOW, "resolved_at": NOW}),
    ("open", "#status close", {"status": "closed"}),
    ("open", "#status in progress", {"status": "in-progress"}),
    ("open", "#status IN_PROGRESS", {"status": "in-progress"}),
    ("open", "#status Waiting for customer", {"status": "waiting"}),
    ("open", "#status resolved won't fix", {"status": "resolved", "resolution": "wont-fix", "closed_at": None}),
    ("open", "#close fixed", {"status": "closed", "resolution": "fixed"}),
    ("open", "#resolve", {"status": "resolved", "resolved_at": NOW, "closed_at": None}),
    ("resolved", "#close", {"status": "closed", "closed_at": NOW}),
    ("closed", "#close fixed", {"status": "closed", "resolution": "fixed"}),
    ("closed", "#status resolved", {"status": "resolved", "closed_at": None}),
    ("closed", "#reopen", {"status": "open", "closed_at": None, "resolved_at": None, "reopened": 1}),
    ("closed", "#status waiting", {"status": "waiting", "reopened": 1}),
    ("open", "#reopen", {"status": "open", "reopened": 0}),
    ("closed", "#close fixed\n#reopen", {"status": "open", "resolution": ""}),
    ("open", "#mine", {"assignee": ANN.id}),
    ("open", "#assign me", {"assignee": ANN.id}),
    ("open", "#assign ben", {"assignee": BEN.id}),
    ("open", "#assign Jones", {"assignee": BEN.id}),
    ("open", "#assign ben@example.org", {"assignee": BEN.id}),
    ("open", "#owner Ben Jones", {"assignee": BEN.id}),
    ("open", "#mine\n#assign nobody", {"assignee": None}),
    ("open", "#priority HIGH", {"priority": "high"}),
    ("open", "#tag +printer -x drum,toner", {"tags": ("drum", "printer", "toner")}),
    ("open", "#tag a b\n#tag -a +C", {"tags": ("b", "c")}),
    ("open", "#title No toner", {"subject": "No toner"}),
    ("open", "#title " + "x" * 400, {"subject": "x" * 250}),
]  # fmt: skip


@pytest.mark.parametrize(("before", "text", "holds"), DONE, ids=[row[1][:40] for row in DONE])
def test_a_command_does_what_it_says(before: str, text: str, holds: dict[str, object]) -> None:
    found = becomes(text, scene(about=ticket(before)))
    assert {name: getattr(found, name) for name in holds} == holds


REFUSED = [
    # commands, a part of why not, what would do, what was meant
    ("#status", "which status", "Closed", ""),
    ("#status clsed", "no status “clsed”", "Closed", "#status Closed"),
    ("#status open fixed", "has a resolution", "Closed", ""),
    ("#close because", "no resolution “because”", "Won't fix", ""),
    ("#priority", "which priority", "High", ""),
    ("#priority hihg", "no priority “hihg”", "High", "#priority High"),
    ("#assign", "who", "Ben Jones", ""),
    ("#assign bne", "called “bne”", "me", "#assign Ben Jones"),
    ("#assign gus", "called “gus”", "Ann Smith", ""),
    ("#mine please", "nothing after it", "", ""),
    ("#note call her", "nothing after it", "", ""),
    ("#quiet please", "nothing after it", "", ""),
    ("#reopen now", "nothing after it", "", ""),
    ("#tag", "which tags", "", ""),
    ("#tag +a/b", "cannot be a tag", "", ""),
    ("#title", "subject", "", ""),
    ("#show x", "no ticket number", "", ""),
    ("#show 99", "someone else", "", ""),
]


@pytest.mark.parametrize(("text", "why", "allowed", "meant"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_value_that_cannot_be_is_answered_with_those_that_can(
    text: str, why: str, allowed: str, meant: str
) -> None:
    [refusal] = played(text, scene()).refusals
    assert refusal.line == text
    assert why in refusal.why
    assert refusal.why.endswith(".")
    assert not allowed or allowed in refusal.allowed
    assert refusal.meant == meant


def test_two_of_one_name_are_told_apart_by_their_addresses() -> None:
    twin = replace(BEN, id=14, address=replace(BEN.address, spec="ben.jones@example.org"), name="Ben Jones")
    [refusal] = played("#assign ben jones", scene(staff=(ANN, BEN, twin))).refusals
    assert refusal.allowed == ("ben@example.org", "ben.jones@example.org")


def test_one_refused_command_holds_back_all() -> None:
    deeds = played("#mine\n#priority hihg\n#tag +a", scene())
    assert deeds.changes == ()
    assert [refusal.line for refusal in deeds.refusals] == ["#priority hihg"]
    assert deeds.held_back == ("#mine", "#tag +a")


@given(
    st.lists(
        st.sampled_from(["#close", "#reopen", "#mine", "#priority high", "#tag +a", "#statsu x", "#assign x", "#note", "#help"]),
        min_size=1,
        max_size=6,
    )
)  # fmt: skip
def test_all_or_nothing(lines: list[str]) -> None:
    deeds = played("\n".join(lines), scene())
    if any(line in ("#statsu x", "#assign x") for line in lines):
        assert deeds.refusals
        assert (deeds.changes, deeds.asks, deeds.is_internal) == ((), (), False)
    else:
        assert deeds.refusals == ()
        assert (Field.ASSIGNEE in {c.field for c in deeds.changes}) == ("#mine" in lines)


def test_a_customer_closes_and_opens_only_the_own_ticket() -> None:
    assert becomes("#close", scene(MARIA)).status == "closed"
    [refusal] = played("#close", scene(MARIA, ticket(requester=BEN))).refusals
    assert "Only the person who opened" in refusal.why


def test_a_customer_gives_no_resolution() -> None:
    [refusal] = played("#close fixed", scene(MARIA)).refusals
    assert "nothing after it" in refusal.why


def test_without_a_ticket_there_is_nothing_to_change() -> None:
    [refusal] = play(parse("#close", Role.AGENT), replace(scene(), ticket=None)).refusals
    assert "belongs to no ticket" in refusal.why


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("#help", (ReplyKind.HELP, "")),
        ("#help status", (ReplyKind.HELP, "status")),
        ("#list mine", (ReplyKind.LIST, "")),
        ("#login", (ReplyKind.LOGIN, "")),
    ],
)
def test_what_changes_nothing_needs_no_proof(text: str, asks: tuple[ReplyKind, str]) -> None:
    assert played(text, scene()).asks == (asks,)
    assert commands.need(parse(text, Role.AGENT)) is Need.NOTHING


def test_showing_takes_the_number_or_the_ticket_at_hand() -> None:
    story = Story(ticket(), MARIA, None, (), ())
    assert played("#show", scene(shown=story)).asks == ((ReplyKind.SHOW, ""),)
    assert played("#show [#12]", scene(shown=story)).asks == ((ReplyKind.SHOW, ""),)
    assert played("#show 13", scene(shown=story)).refusals


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("#list", Wanted("is:open")),
        ("#list mine", Wanted("is:open is:mine")),
        ("#list CLOSED paper jam", Wanted("is:done paper jam")),
        ("#list all open doors", Wanted("open doors")),
        ('#list tag:vpn or "paper jam"', Wanted('tag:vpn or "paper jam"')),
        ("#show 12", Wanted(None, 12)),
        ("#show", Wanted(None, 0)),
        ("#show #12", Wanted(None, 12)),
        ("#show twelve", Wanted()),
        ("#mine\n#list\n\nHello", Wanted("is:open")),
        ("Hello", Wanted()),
    ],
)
def test_what_is_asked_for_is_known_before_it_is_loaded(text: str, wanted: Wanted) -> None:
    assert commands.listing(letter(ANN, text)) == wanted


# The table


@pytest.mark.parametrize("role", list(Role))
def test_no_word_means_two_things(role: Role) -> None:
    rows = [row for row in commands.TABLE if role in row.roles]
    words = [folded(word) for row in rows for word in (row.word, *row.synonyms)]
    assert len(words) == len(set(words))


def test_help_has_a_sentence_for_every_command() -> None:
    for row in commands.TABLE:
        assert row.usage.split()[0] == f"#{row.word}"
        assert row.help.endswith(".")
        assert row.help[0].isupper()
    agent = {line.usage.split()[0] for line in commands.help_lines(Role.AGENT)}
    customer = {line.usage.split()[0] for line in commands.help_lines(Role.REQUESTER)}
    assert customer == {"#close", "#reopen", "#help", "#show", "#list", "#login", "#stop", "#title", "#yes"}
    assert customer < agent
    assert [line.usage for line in commands.help_lines(Role.AGENT, "#prio")] == ["#priority P"]
    assert commands.help_lines(Role.AGENT, "nonsense") == commands.help_lines(Role.AGENT)


def test_what_changes_something_must_be_proven() -> None:
    assert {row.word for row in commands.TABLE if row.need is Need.NOTHING} == {
        "show",
        "list",
        "login",
        "help",
        "stop",
        "yes",
    }


def test_an_agent_of_other_projects_is_no_agent_here() -> None:
    assert scene(GUS).role is Role.REQUESTER
    assert SIMPLE.closing.id == "closed"
