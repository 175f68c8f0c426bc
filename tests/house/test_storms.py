"""Loops and storms on the real path, in simulated time. Each figure has its sabotage: without the defence it is missed."""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailtickets.core import classify, machines, thread
from mailtickets.core.case import Outcome, ReplyKind
from mailtickets.core.classify import Judgement, Kind
from mailtickets.core.mail import Address
from mailtickets.core.policy import Limits
from mailtickets.core.thread import Clues
from mailtickets.demo import letters
from mailtickets.demo.letters import Letter
from mailtickets.store import ledger, outbox
from mailtickets.store.schema import MailState
from tests.house import robots
from tests.house.house import SUPPORT
from tests.house.postroom import NOON, PostRoom, Robot, World

LEE = Address("lee@customer.example", "Lee Chang")
KIM = Address("kim@customer.example", "Kim Sand")
ANN = Address("ann@example.org", "Ann Smith")
BEN = Address("ben@example.org", "Ben Okafor")
OTHER_DESK = "help@other.example"
DESK = Address(SUPPORT)
TRUSTING = 'authserv_id = "mx.example.org"\ndkim = false'
IN_A_DAY = 2  # mails to whoever loops


def letter(who: Address, subject: str = "Blank pages", text: str = "It prints blank pages.") -> bytes:
    return letters.fresh(who, DESK, subject, text, NOON).as_bytes()


def lift(room: PostRoom, **limits: object) -> None:
    """The desk without some of its limits, or with others."""
    changed = replace(room.desk.policy.limits, **limits)  # type: ignore[arg-type]
    room.desk = replace(room.desk, policy=replace(room.desk.policy, limits=changed))


# What a defence is, and the world without it.

Sabotage = Callable[[pytest.MonkeyPatch, PostRoom], None]


def without(*limits: str) -> Sabotage:
    assert set(limits) <= set(Limits.__dataclass_fields__)
    return lambda monkeypatch, room: lift(room, **dict.fromkeys(limits))


def everybody_is_a_person(monkeypatch: pytest.MonkeyPatch, room: PostRoom) -> None:
    monkeypatch.setattr(classify, "kind", lambda mail, own: Judgement(Kind.PERSON, "sabotaged"))


def a_notice_that_fails_makes_a_notice(monkeypatch: pytest.MonkeyPatch, room: PostRoom) -> None:
    monkeypatch.setattr(machines, "_WORDS", frozenset(ReplyKind))


def no_letter_leads_to_a_ticket(monkeypatch: pytest.MonkeyPatch, room: PostRoom) -> None:
    """The net below it away as well."""
    monkeypatch.setattr(thread, "clues", lambda *_: Clues((), (), None))
    lift(room, same_words=None)


# Loops: whoever answers each mail, and what a day of it comes to.


@dataclass(frozen=True)
class Loop:
    name: str
    robots: dict[str, Callable[[], Robot]]
    watched: tuple[str, ...]  # addresses whose mails are counted
    sabotage: Sabotage
    most: int = IN_A_DAY
    trust: str = "dkim = false"
    delay: timedelta = timedelta(seconds=30)


def _slow(loop: Loop) -> Loop:
    return replace(loop, name=f"{loop.name}, answering after an hour", delay=timedelta(hours=1))


def _vacation(who: Address, *, threads: bool, trusted: bool = False) -> dict[str, Callable[[], Robot]]:
    return {who.spec: lambda: robots.vacation(who, threads=threads, trusted=trusted)}


_UNTHREADED = Loop(
    "a vacation robot that never threads", _vacation(LEE, threads=False), (LEE.spec,), without("same_words")
)
LOOPS = [
    Loop(
        "a vacation robot in the thread",
        _vacation(LEE, threads=True),
        (LEE.spec,),
        no_letter_leads_to_a_ticket,
    ),
    _UNTHREADED,
    _slow(_UNTHREADED),
    Loop(
        "a vacation robot whose domain is proven",
        _vacation(LEE, threads=False, trusted=True),
        (LEE.spec,),
        without("same_words"),
        trust=TRUSTING,
    ),
    Loop(
        "a ticket system with a new thread each time",
        {LEE.spec: lambda: robots.ticket_system(LEE)},
        (LEE.spec,),
        without("same_words"),
    ),
    Loop(
        "a ticket system whose domain is proven",
        {LEE.spec: lambda: robots.ticket_system(LEE, trusted=True)},
        (LEE.spec,),
        without("same_words"),
        trust=TRUSTING,
    ),
    Loop(
        "a robot that wants a proof of a person",
        {LEE.spec: lambda: robots.challenge(LEE)},
        (LEE.spec,),
        without("same_words"),
    ),
    Loop(
        "two vacation robots on one ticket, the customer's and an agent's",
        _vacation(LEE, threads=True) | _vacation(ANN, threads=True),
        (LEE.spec,),
        without("same_words"),
    ),
    Loop(
        "two agents' robots that open a ticket each time",
        _vacation(ANN, threads=False) | _vacation(BEN, threads=False),
        (ANN.spec, BEN.spec),
        without("same_words"),
        most=8,  # notices of one another's tickets, and an alarm
    ),
    Loop(
        "mailboxes that send everything back",
        {who.spec: lambda: robots.bouncer(report=True) for who in (LEE, ANN, BEN)},
        (LEE.spec, ANN.spec, BEN.spec),
        a_notice_that_fails_makes_a_notice,
        most=5,
    ),
    Loop(
        "mailboxes that send everything back in words of their own",
        {who.spec: lambda: robots.bouncer(report=False) for who in (LEE, ANN, BEN)},
        ("mailer-daemon@mx.robot.example",),
        everybody_is_a_person,
        most=0,
    ),
]


def _play(folder: Path, loop: Loop, sabotage: Sabotage | None = None) -> World:
    with pytest.MonkeyPatch.context() as monkeypatch, PostRoom(folder / "desk", trust=loop.trust) as room:
        if sabotage:
            sabotage(monkeypatch, room)
        world = World(room, {spec: make() for spec, make in loop.robots.items()}, loop.delay)
        world.play(letter(LEE))
        return world


def _count(world: World, loop: Loop) -> int:
    return sum(world.sent[spec] for spec in loop.watched)


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.name)
def test_a_loop_ends_by_itself(loop: Loop, tmp_path: Path) -> None:
    world = _play(tmp_path, loop)
    assert _count(world, loop) <= loop.most
    assert world.most > 280


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.name)
def test_without_its_defence_the_loop_goes_on(loop: Loop, tmp_path: Path) -> None:
    assert _count(_play(tmp_path, loop, loop.sabotage), loop) > loop.most


def _desks(folder: Path, *sabotages: Sabotage) -> Counter[str]:
    """Two desks for a day: the first letter pretends that the other desk is a person."""
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        PostRoom(folder / "here") as here,
        PostRoom(folder / "there", address=OTHER_DESK) as there,
    ):
        rooms = {SUPPORT: here, OTHER_DESK: there}
        for sabotage, room in itertools.product(sabotages, rooms.values()):
            sabotage(monkeypatch, room)
        sent: Counter[str] = Counter()
        due = deque([(SUPPORT, letter(Address(OTHER_DESK, "The Other Desk")))])
        while due and sent.total() < 40:
            to, octets = due.popleft()
            rooms[to].now += timedelta(minutes=30)
            rooms[to].take(octets)
            for post in rooms[to].send():
                if post.to in rooms:
                    sent[post.to] += 1
                    path = f"Return-Path: <{post.envelope_from}>\r\n".encode()
                    due.append((post.to, path + post.letter.octets))
        return sent


def test_two_desks_that_answer_each_other_stop_at_the_first_acknowledgement(tmp_path: Path) -> None:
    assert _desks(tmp_path) == {OTHER_DESK: 1}


def test_two_desks_that_take_each_other_for_people_stop_at_the_second(tmp_path: Path) -> None:
    assert _desks(tmp_path, everybody_is_a_person) == {OTHER_DESK: 1, SUPPORT: 1}


def test_two_desks_without_any_defence_go_on_for_ever(tmp_path: Path) -> None:
    assert _desks(tmp_path, everybody_is_a_person, no_letter_leads_to_a_ticket).total() == 40


# People who only look like a loop.


def test_a_customer_who_opens_three_tickets_a_day_gets_three_numbers(tmp_path: Path) -> None:
    matters = (
        ("Printer", "The printer on the second floor prints blank pages since this morning."),
        ("Printer again", "Now it prints, but each page comes out twice. Can somebody have a look at it?"),
        ("New colleague", "Please make an account for Tom Field, who starts with us on Monday."),
    )
    with PostRoom(tmp_path / "desk") as room:
        for subject, text in matters:
            room.take(letter(LEE, subject, text))
            assert [post.to for post in room.send()].count(LEE.spec) == 1
            room.now += timedelta(hours=2)


def test_the_same_words_are_answered_again_once_a_person_has_answered_them_or_a_day_is_over(
    tmp_path: Path,
) -> None:
    with PostRoom(tmp_path / "desk") as room:
        room.take(letter(LEE))
        notice = next(post.letter for post in room.send() if post.to == ANN.spec)
        room.now += timedelta(hours=1)
        room.take(letter(LEE))
        assert LEE.spec not in [post.to for post in room.send()]
        room.take(letters.reply(notice, ANN, "It is mended.", room.now).as_bytes())
        room.send()
        room.now += timedelta(hours=25)
        room.take(letter(LEE))
        assert LEE.spec in [post.to for post in room.send()]


def test_letters_that_lay_in_the_inbox_together_are_all_answered(tmp_path: Path) -> None:
    with PostRoom(tmp_path / "desk") as room:
        room.take(letter(LEE), letter(LEE), letter(LEE))
        assert [post.to for post in room.send()].count(LEE.spec) == 3


def test_the_same_text_with_another_file_is_another_matter(tmp_path: Path) -> None:
    with PostRoom(tmp_path / "desk") as room:
        for number in range(3):
            message = letters.fresh(LEE, DESK, "Invoice", "Please book the invoice.", NOON)
            message.add_attachment(
                b"%PDF " + bytes([number]), maintype="application", subtype="pdf", filename="i.pdf"
            )
            room.take(message.as_bytes())
            assert LEE.spec in [post.to for post in room.send()]
            room.now += timedelta(minutes=30)


def test_an_agent_may_say_the_same_twice_on_different_tickets(tmp_path: Path) -> None:
    with PostRoom(tmp_path / "desk") as room:
        for who in (LEE, KIM):
            room.take(letter(who))
            notice = next(post.letter for post in room.send() if post.to == ANN.spec)
            room.take(letters.reply(notice, ANN, "Please restart it and write again.", room.now).as_bytes())
            assert who.spec in [post.to for post in room.send()]
            room.now += timedelta(minutes=5)


# Storms: each figure, and the desk without its limit.


def _flood(folder: Path, octets: Sequence[bytes], *, lifted: Sequence[str] = (), batch: int = 100) -> Figures:
    """A storm within ten minutes: what became of it, and then of all of it once the operator let it go on."""
    with PostRoom(folder / "desk") as room:
        lift(room, **dict.fromkeys(lifted))
        step = timedelta(minutes=9) / (len(octets) / batch)
        sent: Counter[str] = Counter()
        for some in _batched(octets, batch):
            room.take(*some)
            sent.update(post.to for post in room.send())
            room.now += step
        before = room.outcomes()
        held = sum(mail.state is MailState.HELD for mail in room.mails())
        alarms = Counter(mail.recipient for mail in room.mails() if mail.kind is ReplyKind.ALARM)
        room.now += timedelta(minutes=5)
        room.store.write_sync(ledger.requeue_held, (), room.now)
        room.go_on()
        room.store.write_sync(outbox.retry, (), room.now)
        sent_after = sent + Counter(post.to for post in room.send())
        left = sum(mail.state is MailState.HELD for mail in room.mails())
        return Figures(before, room.outcomes(), sent, sent_after, held, left, alarms)


@dataclass(frozen=True)
class Figures:
    before: Counter[Outcome | None]
    after: Counter[Outcome | None]
    sent: Counter[str]
    sent_after: Counter[str]
    held: int  # mails
    left: int  # mails that are still held at the end
    alarms: Counter[str]

    def outside(self, sent: Counter[str]) -> int:
        return sum(count for spec, count in sent.items() if spec not in (ANN.spec, BEN.spec))


def _batched(octets: Sequence[bytes], size: int) -> Sequence[Sequence[bytes]]:
    return [octets[start : start + size] for start in range(0, len(octets), size)]


def _forged(count: int, domains: int) -> list[bytes]:
    """Letters in names that nobody has proven, each its own."""
    return [
        letter(Address(f"user{n}@victim{n % domains}.example"), f"Matter {n}", f"Letter {n} of a flood.")
        for n in range(count)
    ]


def _from_one(count: int) -> list[bytes]:
    """Letters of one sender that have no words in common."""

    def word(n: int) -> str:
        return "".join(chr(ord("a") + int(digit)) for digit in str(n)) + "ing"

    return [
        letter(LEE, f"Matter {n}", " ".join(word(100_000 + n * 20 + k) for k in range(12)))
        for n in range(count)
    ]


@pytest.mark.timeout(900)
def test_ten_thousand_forged_senders_get_two_thousand_mails_and_no_letter_is_lost(tmp_path: Path) -> None:
    found = _flood(tmp_path, _forged(10_000, 40), batch=200)
    assert found.before == {Outcome.OPENED: 10_000}
    assert found.outside(found.sent) == 2_000
    assert found.held == 8_000
    # Of all after 2,000 letters; of a domain once each of the forty has sent 200, since what is held counts too.
    assert found.alarms[ANN.spec] == 2
    assert found.outside(found.sent_after) == 10_000
    assert found.left == 0


def test_a_domain_gets_two_hundred(tmp_path: Path) -> None:
    found = _flood(tmp_path, _forged(300, 1))
    assert (found.outside(found.sent), found.held) == (200, 100)
    assert found.alarms == {ANN.spec: 1}
    assert found.outside(found.sent_after) == 300


def test_an_address_gets_three_an_hour(tmp_path: Path) -> None:
    found = _flood(tmp_path, _from_one(12), batch=1)
    assert (found.sent[LEE.spec], found.held) == (3, 9)
    assert found.alarms == {ANN.spec: 1}
    assert found.sent_after[LEE.spec] == 12


def test_of_a_thousand_letters_from_one_sender_all_but_twenty_wait_and_all_go_on_when_released(
    tmp_path: Path,
) -> None:
    found = _flood(tmp_path, _from_one(1_000))
    assert found.before == {Outcome.OPENED: 20, Outcome.HELD: 980}
    # One for the letters, one for the acknowledgements before them.
    assert found.alarms == {ANN.spec: 2}
    assert found.after == {Outcome.OPENED: 1_000}
    assert found.left == 0


@pytest.mark.parametrize(
    ("limit", "octets", "most"),
    [
        ("unproven_in_all", lambda: _forged(2_100, 300), 2_000),
        ("unproven_per_domain", lambda: _forged(300, 1), 200),
        ("unproven_per_address", lambda: _from_one(12), 3),
    ],
)
def test_without_its_limit_more_leaves(
    limit: str, octets: Callable[[], list[bytes]], most: int, tmp_path: Path
) -> None:
    found = _flood(tmp_path, octets(), lifted=(limit,))
    assert found.outside(found.sent) > most


def test_without_its_limit_nothing_of_a_storm_waits(tmp_path: Path) -> None:
    assert _flood(tmp_path, _from_one(100), lifted=("tickets_per_sender",)).before == {Outcome.OPENED: 100}


def _reply_all(folder: Path, sabotage: Sabotage | None = None) -> tuple[Counter[Outcome | None], int]:
    """Two hundred people, five times each, all to all, the desk in Cc: how it ended, and mails outside."""
    people = [Address(f"guest{n}@party{n % 20}.example") for n in range(200)]
    first = letters.fresh(people[0], DESK, "Summer party", "Who comes?", NOON)
    with pytest.MonkeyPatch.context() as monkeypatch, PostRoom(folder / "desk") as room:
        lift(room, same_words=None)
        if sabotage:
            sabotage(monkeypatch, room)
        room.take(first.as_bytes())
        sent = list(room.send())
        parent = Letter(people[0], first.as_bytes())
        answers = [
            letters.reply(parent, people[n % 200], f"Please take me off this list! ({n})", NOON).as_bytes()
            for n in range(1, 1_000)
        ]
        for some in _batched(answers, 100):
            room.now += timedelta(seconds=30)
            room.take(*some)
            sent += room.send()
        outside = [post for post in sent if post.to not in (ANN.spec, BEN.spec)]
        return room.outcomes(), len(outside)


def test_a_reply_all_storm_is_one_ticket_and_one_acknowledgement(tmp_path: Path) -> None:
    assert _reply_all(tmp_path) == ({Outcome.OPENED: 1, Outcome.REPLIED: 999}, 1)


def test_without_threading_a_reply_all_storm_would_be_mailed_to_everybody(tmp_path: Path) -> None:
    _, outside = _reply_all(tmp_path, no_letter_leads_to_a_ticket)
    assert outside > 100


def _shows(folder: Path, *, lifted: bool = False) -> int:
    """Somebody has a ticket shown twenty times, an hour apart: automatic mails about it."""
    with PostRoom(folder / "desk") as room:
        if lifted:
            lift(room, automatic_per_ticket=None)
        room.take(letter(LEE))
        mail = next(post.letter for post in room.send() if post.to == LEE.spec)
        count = 1
        for _ in range(20):
            room.now += timedelta(hours=1)
            room.take(letters.reply(mail, LEE, "#show", room.now).as_bytes())
            count += sum(post.to == LEE.spec for post in room.send())
        return count


def test_five_automatic_mails_go_to_one_address_on_one_ticket(tmp_path: Path) -> None:
    assert _shows(tmp_path) == 5


def test_without_that_limit_twenty_would_go(tmp_path: Path) -> None:
    assert _shows(tmp_path, lifted=True) == 21
