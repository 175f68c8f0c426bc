"""Both readers of a question agree, on either database, and no question shows what its asker may not see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailtickets.config import Staff
from mailtickets.core import query
from mailtickets.core.case import MessageKind, ReplyKind
from mailtickets.core.decide import Join
from mailtickets.core.mail import Address
from mailtickets.core.person import Part, Participant, Person, Role
from mailtickets.core.policy import Project
from mailtickets.core.query import Matter, Question, Unclear
from mailtickets.core.query.condition import Thing
from mailtickets.core.query.keys import GROUPS, SORTS
from mailtickets.core.retry import Failed, GiveUp
from mailtickets.core.ticket import Changed, Field, Ticket
from mailtickets.store import outbox, people, search, tickets, views
from mailtickets.store.engine import Store, Tx
from mailtickets.store.schema import message
from mailtickets.store.views import candidates, listing, streams
from tests.core import cases, questions
from tests.postgres import Postgres
from tests.store.desk import Desk, outgoing
from tests.store.letters import POLICY as PLAIN
from tests.store.letters import letter

POLICY = replace(
    PLAIN,
    workflow=cases.SIMPLE,
    projects=(Project("support", "Support", ()), Project("garden", "Garden", ())),
)
ANN, BEN, GUS, MARIA, LEE = (p.address for p in (cases.ANN, cases.BEN, cases.GUS, cases.MARIA, cases.LEE))
NAMES = {ANN: "Ann Smith", BEN: "Ben Jones", GUS: "Gus Green", MARIA: "Maria Lopez", LEE: "Lee Chang"}
TEXTS = (
    "The drum of the printer is worn",
    "Papierstau auf der Straße nach Zürich",
    "打印机无法打印",
    "Принтер: paper jam",
    "a report, in paper",
)


@dataclass(repr=False)
class House:
    """A desk with some tickets of every kind, and the same tickets as the reader in memory knows them."""

    desk: Desk
    matters: tuple[Matter, ...]

    def understood(self, typed: str, viewer: Person | None) -> Question | Unclear:
        return self.desk.store.read_sync(views.understand, typed, POLICY, viewer, self.desk.now)

    def found(self, typed: str, viewer: Person | None, **fields: Any) -> list[int]:
        question = self.understood(typed, viewer)
        assert isinstance(question, Question), question
        asked = replace(views.filter_of(question, POLICY.workflow), size=100, **fields)
        return [row.ticket.number for row in self.desk.store.read_sync(views.tickets, viewer, asked).rows]

    def fitting(self, typed: str, viewer: Person | None) -> list[int]:
        question = self.understood(typed, viewer)
        assert isinstance(question, Question), question
        return [m.ticket.number for m in self.matters if query.matches(question.where, m)]

    def person(self, address: Address) -> Person:
        return self.desk.person(address)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    server: Postgres | None = None
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'desk.db'}"
        (folder / "desk.db").write_bytes(Path(request.getfixturevalue("ready_file")).read_bytes())
    else:
        server = request.getfixturevalue("postgres")
        assert server
        url = server.database(like=request.getfixturevalue("ready_name"))
    store = Store.open(url, folder / "blobs")
    yield furnished(Desk(store, POLICY, cases.NOW - timedelta(days=5)))
    store.close_sync()
    if server:
        server.drop(url)


def furnished(desk: Desk) -> House:
    """Twenty tickets, no two alike, over five days."""
    staff = [
        Staff(a, NAMES[a], role, (), projects, "", "")
        for a, role, projects in (
            (ANN, Role.ADMIN, ()),
            (BEN, Role.AGENT, ()),
            (GUS, Role.AGENT, ("garden",)),
        )
    ]
    desk.store.write_sync(people.sync_staff, staff, desk.now)
    known = {
        a: desk.store.write_sync(people.call, desk.person(a), NAMES[a])
        if a in (MARIA, LEE)
        else desk.person(a)
        for a in NAMES
    }
    for k in range(20):
        ticket = desk.opens(
            letter(f"{k}@x", TEXTS[k % 5], sender=(MARIA, LEE, GUS)[k % 3]),
            *([Join(LEE, Part.CC)] if k % 4 == 1 and k % 3 != 1 else []),
            *([Join(BEN, Part.FOLLOWER)] if k % 5 == 2 else []),
        )
        desk.later(timedelta(hours=2))
        ticket = desk.says(
            ticket, letter(f"a{k}@x", TEXTS[(k * 3 + 1) % 5], sender=ANN), *_changes(desk, known, k)
        )
        if k % 6 == 3:
            ticket = desk.says(ticket, letter(f"n{k}@x", "zebra", sender=BEN), kind=MessageKind.NOTE)
        if k % 7 == 5:
            desk.mails(outgoing(known[MARIA], ReplyKind.ANSWER, ticket=ticket.id), f"in:{k}")
        desk.later(timedelta(hours=4))
    desk.now = cases.NOW
    for row in desk.store.write_sync(outbox.claim, "me", 99, desk.now):
        desk.store.write_sync(outbox.settle, row, Failed(550, "no"), GiveUp("no"), desk.now)
    desk.store.write_sync(_attach)
    while desk.store.write_sync(search.write_cards, 500):
        pass
    return House(desk, desk.store.read_sync(_matters))


def _changes(desk: Desk, known: dict[Address, Person], k: int) -> Iterator[Changed]:
    """What sets a ticket apart."""
    statuses = ("new", "open", "in-progress", "waiting", "resolved", "closed", "lost")
    if statuses[k % 7] != "new":
        yield Changed(Field.STATUS, "new", statuses[k % 7])
    if k % 3:
        yield Changed(Field.ASSIGNEE, None, known[(ANN, BEN)[k % 2]].id)
    if k % 4:
        yield Changed(Field.PRIORITY, "standard", ("low", "normal", "high")[k % 3])
    if k % 5 == 4:
        yield Changed(Field.PROJECT, "support", "garden")
    if k % 2:
        yield Changed(Field.FIRST_ANSWERED, None, desk.now)
        yield Changed(Field.TYPE, "question", "problem")
    if k % 7 in (4, 5):
        yield Changed(Field.RESOLVED, None, desk.now)
        yield Changed(Field.RESOLUTION, "", ("fixed", "wont-fix")[k % 2])
    if k % 7 == 5:
        yield Changed(Field.CLOSED, None, desk.now)
    if k % 6 in (1, 2):
        yield Changed(Field.TAGS, (), ("net", "vpn")[: k % 6])
    if k % 8 == 7:
        yield Changed(Field.REOPENED, 0, k % 3)


def _attach(tx: Tx) -> None:
    """The letters of these tests come without files."""
    from mailtickets.core.mail import Attachment

    file = Attachment("plan.pdf", "application/pdf", 4, "0" * 64, False, "")
    for id, files in (
        (3, (file,)),
        (8, (replace(file, inline=True),)),
        (14, (replace(file, inline=True), file)),
    ):
        tx.execute(message.update().where(message.c.id == id).values(attachments=files))


def _matters(tx: Tx) -> tuple[Matter, ...]:
    """All that a question can be about, put together from the plain rows."""
    found = []
    for number in range(1, 21):
        view = views.ticket(tx, number)
        assert view
        things = {Thing.NOTE} if any(e.kind is MessageKind.NOTE for e in view.entries) else set()
        if any(not file.inline for e in view.entries for file in e.attachments):
            things.add(Thing.ATTACHMENT)
        if any(d.state == "failed" for d in view.deliveries):
            things.add(Thing.UNDELIVERED)
        here = tuple(Participant(p.person, p.part) for p in view.participants)
        said = tuple(entry.text for entry in view.entries)
        found.append(Matter(view.ticket, view.requester, here, said, frozenset(things)))
    return tuple(found)


RELAXED = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ORDERED = st.tuples(questions.typed(), st.sampled_from(["", *SORTS]), st.sampled_from(["", *GROUPS]))


@RELAXED
@given(ORDERED)
def test_both_readers_find_the_same(house: House, asked: tuple[str, str, str]) -> None:
    where, sort, group = asked
    typed = " ".join([where, *([f"sort:{sort}"] if sort else []), *([f"group:-{group}"] if group else [])])
    ann = house.person(ANN)
    found = house.found(typed, ann)
    assert sorted(found) == house.fitting(where, ann)
    assert sorted(house.found(typed, ann, is_bounded=False)) == sorted(found)


@pytest.mark.parametrize(("short", "few"), [(0, 2_000), (0, 0), (1_500, 0)])
def test_both_readers_find_the_same_whichever_way_it_is_found(
    house: House, short: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of streams out of the indexes, of the few that one part leaves, or of all that are looked at."""
    monkeypatch.setattr(streams, "SHORT", short)
    monkeypatch.setattr(candidates, "FEW", few)
    monkeypatch.setattr(streams, "SEVERAL", 1)
    test_both_readers_find_the_same(house)


VIEWERS = [(ANN, ()), (GUS, ("garden",)), (MARIA, ()), (LEE, ())]


@RELAXED
@given(questions.typed(), st.sampled_from(VIEWERS))
def test_no_question_widens_what_its_asker_may_see(
    house: House, typed: str, who: tuple[Address, tuple[str, ...]]
) -> None:
    viewer = house.person(who[0])
    seen = set(house.found("", viewer))
    question = house.understood(typed, viewer)
    if isinstance(question, Question):
        assert set(house.found(typed, viewer)) <= seen
        assert set(house.found(typed, viewer)) | set(house.found(f"-({typed})", viewer)) == seen
    else:
        assert not viewer.is_staff
    allowed = house.desk.store.read_sync(_seen, viewer)
    assert seen == allowed


def _seen(tx: Tx, viewer: Person) -> set[int]:
    from sqlalchemy import select

    from mailtickets.store.schema import ticket

    return set(tx.scalars(select(ticket.c.number).where(tickets.seen_by(viewer))))


def test_a_list_is_sorted_and_grouped_as_asked(house: House) -> None:
    ann, by_number = house.person(ANN), {m.ticket.number: m.ticket for m in house.matters}

    def column(typed: str, field: str) -> list[object]:
        return [getattr(by_number[number], field) for number in house.found(typed, ann)]

    for where in ("", "type:question,problem", "printer or paper or 打印 or zürich"):
        assert column(f"{where} sort:created", "number") == sorted(by_number)
        assert column(f"{where} sort:-created", "number") == sorted(by_number, reverse=True)
        statuses = column(f"{where} group:status sort:-number", "status")
        assert list(dict.fromkeys(statuses)) == [
            "new",
            "open",
            "in-progress",
            "waiting",
            "resolved",
            "closed",
            "lost",
        ]
        numbers = house.found(f"{where} group:-project sort:number", ann)
        assert numbers == sorted(numbers, key=lambda n: (by_number[n].project != "support", n))


def test_a_big_list_is_looked_at_as_far_as_it_is_shown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SHORT", 0)
    monkeypatch.setattr(candidates, "FEW", 0)
    monkeypatch.setattr(listing, "DEEPEST", 5)
    question = house.understood("type:question,problem sort:-number", None)
    assert isinstance(question, Question)
    asked = replace(views.filter_of(question, POLICY.workflow), size=3)
    page = house.desk.store.read_sync(views.tickets, None, asked)
    assert ([r.ticket.number for r in page.rows], page.total, page.is_counted, page.is_whole) == (
        [20, 19, 18],
        5,
        False,
        True,
    )
    monkeypatch.setattr(listing, "DEEPEST", 100)
    monkeypatch.setattr(streams, "LOOKED_AT", 0)
    page = house.desk.store.read_sync(views.tickets, None, asked)
    assert not page.is_whole
    assert not page.is_counted
    assert (
        house.desk.store.read_sync(views.tickets, None, replace(asked, size=99, is_bounded=False)).total == 20
    )


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("ann", "ann"),
        ("smith", "ann"),
        ("maria", "maria"),
        ("LOPEZ", "maria"),
        ('"maria lopez"', "maria"),
        ("lee@birch.example", "lee"),
    ],
)
def test_people_are_called_by_any_of_their_names(house: House, name: str, who: str) -> None:
    address = {"ann": ANN, "maria": MARIA, "lee": LEE}[who]
    assert house.found(f"requester:{name}", house.person(ANN)) == house.found(
        f"requester:{address.spec}", None
    )


def test_who_is_not_known_is_answered_with_who_is(house: House) -> None:
    found = house.understood("assignee:bne", house.person(ANN))
    assert isinstance(found, Unclear)
    assert (found.meant, found.allowed[:2]) == ("assignee:ben", ("me", "nobody"))


def test_tags_are_found_after_they_have_changed(desk: Desk) -> None:
    ticket: Ticket = desk.opens()
    house = House(desk, ())
    for before, after in (((), ("a", "b")), (("a", "b"), ("b", "ü")), (("b", "ü"), ())):
        ticket = desk.says(ticket, letter(f"{after}@x"), Changed(Field.TAGS, before, after))
        for tag in ("a", "b", "Ü", "c"):
            assert house.found(f"tag:{tag}", None) == ([ticket.number] if tag.lower() in after else [])
        assert house.found("tag:none", None) == ([] if after else [ticket.number])
