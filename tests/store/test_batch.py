"""Letters that are decided together end as if each had come alone, and one that breaks the desk costs only itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from mailtickets import desk as desk_room
from mailtickets.core.compose import Rendered
from mailtickets.core.facts import Facts
from mailtickets.core.mail import Address, InboundMail, Unreadable
from mailtickets.core.policy import Policy, Project
from mailtickets.core.tokens import Secret
from mailtickets.desk import Ending, Letter
from mailtickets.store import engine, ledger, people
from mailtickets.store.engine import Store, Tx
from mailtickets.store.ledger import Batch
from mailtickets.store.schema import address, history, inbound, message, outbox, participant, person, ticket
from mailtickets.store.sheet import Sheet
from tests.store.desk import Desk
from tests.store.letters import ANN, DESK, LEE, NOW, POLICY, letter, raw

BOB = Address("bob@customer.example", "Bob")
EVE = Address("eve@elsewhere.example", "Eve")
FOLLOWED = replace(POLICY, projects=(Project("support", "Support", (ANN,)),))

# A conversation that leans on itself: each letter but the first needs what those before it have left.
LETTERS = (
    letter("one@x", cc=(BOB,), references=("lost@elsewhere.example",)),
    letter("two@x", "It still does.", in_reply_to=("one@x",)),
    letter("two-again@x", "It still does.", in_reply_to=("one@x",), fingerprint=letter("two@x").fingerprint),
    letter("three@x", "Me too.", sender=EVE, in_reply_to=("lost@elsewhere.example",)),
    letter("four@x", "A guess.", sender=EVE, subject="[#1] mine?"),
    letter("five@x", "I may.", sender=BOB, subject="[#1] Printer"),
    letter("six@x", "#close", in_reply_to=("one@x",)),
    letter("seven@x", "#list", sender=BOB),
    letter("eight@x", "Another matter.", sender=Address(EVE.spec)),
    letter("nine@x", "Who am I?", sender=Address("new@elsewhere.example")),
    letter("ten@x", "I am new.", sender=Address("new@elsewhere.example", "Newman")),
    letter("eleven@x", "It is I.", sender=Address("new@elsewhere.example", "Newman"), in_reply_to=("ten@x",)),
)


def spoken(facts: Facts) -> Rendered:
    """Words without templates; an address of that name breaks the desk."""
    if facts.reply.to.address.spec.startswith("broken"):
        raise ZeroDivisionError("by zero")
    number = facts.ticket.number if facts.ticket else 0
    return Rendered("", f"{facts.reply.kind} {number} {facts.reply.text}", "")


def take(
    desk: Desk, mails: Sequence[InboundMail | Unreadable], policy: Policy = FOLLOWED
) -> tuple[Ending, ...]:
    """All of them in one batch."""
    room = desk_room.Desk(policy, Secret((b"k" * 32,)), spoken)
    first, desk.uid = desk.uid + 1, desk.uid + len(mails)
    raws = tuple(raw(first + k) for k in range(len(mails)))
    stored = desk.store.write_sync(ledger.keep, desk.store.blobs, raws, desk.now)
    letters = tuple(Letter(s, m) for s, m in zip(stored, mails, strict=True))
    return desk.store.write_sync(desk_room.take, room, letters, desk.now)


def written(store: Store) -> list[Any]:
    """Everything that letters leave, told without ids that the database gave."""

    def told(tx: Tx) -> list[Any]:
        who = dict(tx.execute(select(person.c.id, person.c.spec)).all())
        number = dict(tx.execute(select(ticket.c.id, ticket.c.number)).all())
        return [
            sorted(tx.execute(select(address.c.key, person.c.called).join(person)).all()),
            [
                (*t[1:7], who[t[7]], *t[8:11], who.get(t[11]), *t[12:])
                for t in tx.execute(select(ticket).order_by(ticket.c.number))
            ],
            [
                (number[h.ticket], h.field, h.old if h.field != "opened" else "", who[h.person], h.cause)
                for h in tx.execute(select(history).order_by(history.c.id))
            ],
            [
                (number[m.ticket], m.kind, who.get(m.author), m.text, m.message_id, m.inbound)
                for m in tx.execute(select(message).order_by(message.c.id))
            ],
            sorted((number[p.ticket], who[p.person], p.part) for p in tx.execute(select(participant))),
            sorted(
                (m.cause, m.kind, m.recipient, number.get(m.ticket), m.is_unproven)
                for m in tx.execute(select(outbox))
            ),
            [
                (i.id, i.outcome, i.reason, who.get(i.person), number.get(i.ticket), i.state)
                for i in tx.execute(select(inbound).order_by(inbound.c.id))
            ],
        ]

    return store.read_sync(told)


def test_letters_of_one_batch_end_as_if_each_came_alone(desk: Desk, empty_url: str, tmp_path: Any) -> None:
    engine.make_current(empty_url, tmp_path)
    other = Store.open(empty_url, tmp_path / "others")
    try:
        alone = Desk(other)
        for one in (desk, alone):
            one.hire()
        for mail in LETTERS:
            take(alone, (mail,))
        endings = take(desk, LETTERS)
        outcomes = [ending.outcome for ending in endings]
        assert written(desk.store) == written(other)
        assert outcomes[:3] == ["opened", "replied", "ignored"]
    finally:
        other.close_sync()


def test_a_letter_that_breaks_the_desk_costs_only_itself(desk: Desk) -> None:
    broken = letter("broken@x", sender=Address("broken@customer.example"))
    reply = letter("reply@x", "And?", in_reply_to=("one@x",))
    lost = letter("lost@x", "And mine?", sender=EVE, in_reply_to=("broken@x",))
    unread = Unreadable("The mail could not be read.")
    endings = take(desk, (letter("one@x"), broken, reply, unread, lost))
    assert [e.outcome for e in endings] == ["opened", "quarantined", "replied", "quarantined", "opened"]
    assert "ZeroDivisionError" in endings[1].reason
    assert [e.ticket for e in endings] == [1, None, 1, None, 2]
    assert desk.store.read_sync(people.by_address, "broken@customer.example") is None


def test_whoever_asks_by_way_of_the_sheet_finds_what_was_put(desk: Desk) -> None:
    lee = desk.person(LEE)

    def puts(tx: Tx) -> None:
        sheet = Sheet(tx)
        id = sheet.new_id(ticket)
        row = {
            "id": id,
            "number": 7,
            "subject": "Printer",
            "status": "new",
            "priority": "low",
            "type": "question",
        }
        row |= {
            "project": "support",
            "requester": lee.id,
            "desk": DESK.key,
            "created_at": NOW,
            "updated_at": NOW,
        }
        sheet.put(ticket.insert(), row | {"resolution": "", "tags": (), "reopened": 0, "origin_id": ""})
        found = select(ticket.c.number).where(ticket.c.id == id)
        assert sheet.unwritten.scalar(found) is None
        assert sheet.tx.scalar(found) == 7
        assert sheet.new_id(ticket) != id

    desk.store.write_sync(puts)


def test_numbers_of_one_batch_follow_those_of_the_last(desk: Desk) -> None:
    def opens(tx: Tx) -> list[int]:
        batch = Batch(tx, POLICY, NOW)
        numbers = [batch.numbers.next() for _ in range(3)]
        batch.write()
        return numbers

    assert desk.store.write_sync(opens) + desk.store.write_sync(opens) == [1, 2, 3, 4, 5, 6]
