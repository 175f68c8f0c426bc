"""The front door at a real Dovecot."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailtickets.config import MailboxSettings
from mailtickets.core.mail import RawMail
from mailtickets.imap import Deadlines, Inbox, LinkDown, inbox
from tests.authority_ca import Authority
from tests.dovecot import Dovecot
from tests.edges.conftest import inbox_of
from tests.loopback import free_port

QUICK = Deadlines(connect=5, command=5)
SOON = timedelta(seconds=10)


def letter(n: int, text: str = "Hello.") -> bytes:
    return f"From: lee@customer.example\r\nSubject: {n}\r\n\r\n{text}\r\n".encode()


async def everything(box: Inbox, above: int = 0) -> list[RawMail]:
    return [raw async for batch in box.fetch(await box.uids(above)) for raw in batch]


async def test_mail_comes_with_its_octets_its_number_and_its_time(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(letter(1), to=user)
    box = Inbox(inbox_of(user, dovecot.port), None)
    opened = await box.connect()
    (raw,) = await everything(box)
    await box.close()
    assert opened.can_idle
    assert [raw.octets] == dovecot.mails(user)
    assert (raw.mailbox, raw.uidvalidity, raw.uid) == (user, opened.uidvalidity, 1)
    assert raw.size == len(raw.octets)
    assert not raw.oversize
    assert abs(datetime.now(UTC) - raw.received_at) < timedelta(minutes=1)
    assert raw.received_at.tzinfo is UTC


async def test_looking_leaves_no_trace(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(letter(1), to=user)
    box = Inbox(inbox_of(user, dovecot.port), 10)
    await box.connect()
    await everything(box)
    await box.close()
    assert dovecot.flags(user) == {1: set()}


async def test_read_mail_is_seen_all_the_same(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver_all([letter(1), letter(2)], to=user)
    with dovecot.imap(user) as somebody:
        somebody.uid("STORE", "1", "+FLAGS", "(\\Seen)")
    box = Inbox(inbox_of(user, dovecot.port), None)
    await box.connect()
    assert await box.uids() == (1, 2)
    assert await box.uids(above=1) == (2,)
    assert await box.uids(above=2) == ()
    await box.close()


async def test_thousand_mails_come_in_batches_and_in_order(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver_all([letter(n) for n in range(1000)], to=user)
    box = Inbox(inbox_of(user, dovecot.port), None)
    await box.connect()
    batches = [batch async for batch in box.fetch(await box.uids())]
    await box.mark([raw.uid for batch in batches for raw in batch])
    await box.close()
    assert [len(batch) for batch in batches] == [50] * 20
    assert [raw.uid for batch in batches for raw in batch] == list(range(1, 1001))
    assert all(b"Subject: %d\r\n" % (raw.uid - 1) in raw.octets for batch in batches for raw in batch)
    assert set(map(frozenset, dovecot.flags(user).values())) == {frozenset({"\\Seen"})}


async def test_batches_are_bounded_in_octets(
    dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "BATCH_OCTETS", 10_000)
    big = "x" * 70 + "\r\n"
    dovecot.deliver_all([letter(1, big * 60), letter(2, big * 60), letter(3, big * 600), letter(4)], to=user)
    box = Inbox(inbox_of(user, dovecot.port), None)
    await box.connect()
    batches = [[raw.uid for raw in batch] async for batch in box.fetch(await box.uids())]
    await box.close()
    assert batches == [[1, 2], [3], [4]]


async def test_of_a_mail_that_is_too_big_only_the_headers_come(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver_all([letter(1), letter(2, "x" * 900 + "\r\n" + "y" * 900), letter(3)], to=user)
    box = Inbox(inbox_of(user, dovecot.port), 1500)
    await box.connect()
    small, big, last = await everything(box)
    await box.close()
    assert (small.oversize, big.oversize, last.oversize) == (False, True, False)
    assert b"Subject: 2\r\n" in big.octets
    assert b"xxx" not in big.octets
    assert big.size > 1500


async def test_mail_that_has_gone_is_left_out(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver_all([letter(n) for n in range(4)], to=user)
    box = Inbox(inbox_of(user, dovecot.port), None)
    await box.connect()
    uids = await box.uids()
    with dovecot.imap(user) as somebody:
        somebody.uid("STORE", "2:3", "+FLAGS", "(\\Deleted)")
        somebody.expunge()
    found = [raw.uid async for batch in box.fetch((*uids, 4711)) for raw in batch]
    await box.close()
    assert found == [1, 4]


async def test_empty_inbox_has_no_mail(dovecot: Dovecot, user: str) -> None:
    box = Inbox(inbox_of(user, dovecot.port), None)
    await box.connect()
    assert await box.uids() == ()
    assert await everything(box) == []
    await box.mark([])
    await box.close()


# Marks


async def marked(settings: MailboxSettings, uids: list[int]) -> None:
    box = Inbox(settings, None)
    await box.connect()
    await box.mark(uids)
    await box.mark(uids)  # a mark that was forgotten is made again
    await box.close()


async def test_marks_by_keyword(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver_all([letter(1), letter(2)], to=user)
    await marked(inbox_of(user, dovecot.port, after="keyword:$MailTickets"), [1])
    assert dovecot.flags(user) == {1: {"$MailTickets"}, 2: set()}


@pytest.mark.parametrize("without", [set(), {"MOVE"}], ids=["MOVE", "COPY and EXPUNGE"])
async def test_moves_into_a_folder_that_is_made_when_missing(without: set[str], dovecot: Dovecot) -> None:
    with Dovecot("desk@example.org", without=without) as server:
        server.deliver_all([letter(n) for n in range(3)], to="desk@example.org")
        with server.imap("desk@example.org") as somebody:
            somebody.uid("STORE", "2", "+FLAGS", "(\\Deleted)")
        await marked(inbox_of("desk@example.org", server.port, after="move:Erledigt & gut ✓"), [1, 3])
        assert list(server.flags("desk@example.org")) == [2]
        assert len(server.mails("desk@example.org", '"Erledigt &- gut &JxM-"')) == 2


async def test_without_uidplus_the_mail_of_others_is_not_expunged() -> None:
    with Dovecot("desk@example.org", without={"MOVE", "UIDPLUS"}) as server:
        server.deliver_all([letter(n) for n in range(2)], to="desk@example.org")
        with server.imap("desk@example.org") as somebody:
            somebody.uid("STORE", "2", "+FLAGS", "(\\Deleted)")
        box = Inbox(inbox_of("desk@example.org", server.port, after="move:Done"), None)
        await box.connect()
        await box.mark([1])
        await box.close()
        assert server.flags("desk@example.org") == {1: {"\\Deleted"}, 2: {"\\Deleted"}}
        assert len(server.mails("desk@example.org", "Done")) == 1


# Waiting


async def test_mail_that_comes_while_idling_ends_the_wait(dovecot: Dovecot, user: str) -> None:
    box = Inbox(inbox_of(user, dovecot.port), None)
    await box.connect()
    waiting = asyncio.create_task(box.wait(timedelta(minutes=4)))
    await asyncio.sleep(0.3)
    dovecot.deliver(letter(1), to=user)
    await asyncio.wait_for(waiting, 3)
    assert await box.uids() == (1,)
    await box.close()


async def test_mail_that_came_before_the_wait_ends_it_at_once(dovecot: Dovecot, user: str) -> None:
    box = Inbox(inbox_of(user, dovecot.port), None)
    await box.connect()
    assert await box.uids() == ()
    dovecot.deliver(letter(1), to=user)
    await box.mark([1])  # the EXISTS comes with this answer, and the library drops it
    await asyncio.wait_for(box.wait(timedelta(minutes=4)), 3)
    assert await box.uids() == (1,)
    await box.close()


async def test_wait_ends_by_itself_and_can_be_repeated(dovecot: Dovecot, user: str) -> None:
    box = Inbox(inbox_of(user, dovecot.port), None)
    await box.connect()
    for _ in range(3):
        await asyncio.wait_for(box.wait(timedelta(seconds=0.2)), 3)
        assert await box.uids() == ()
    await box.close()


async def test_without_idle_the_inbox_is_polled() -> None:
    with Dovecot("desk@example.org", without={"IDLE"}) as server:
        box = Inbox(inbox_of("desk@example.org", server.port, poll=timedelta(seconds=0.2)), None)
        assert not (await box.connect()).can_idle
        await asyncio.wait_for(box.wait(timedelta(minutes=4)), 3)
        server.deliver(letter(1), to="desk@example.org")
        assert await box.uids() == (1,)
        await box.close()


# The server goes away


async def test_dead_server_is_noticed_at_once_and_found_again() -> None:
    with Dovecot("desk@example.org") as server:
        settings = inbox_of("desk@example.org", server.port)
        box = Inbox(settings, None)
        before = await box.connect()
        waiting = asyncio.create_task(box.wait(timedelta(minutes=4)))
        await asyncio.sleep(0.3)
        server.kill()
        with pytest.raises(LinkDown) as down:
            await asyncio.wait_for(waiting, 3)
        assert not down.value.is_refusal
        with pytest.raises(LinkDown, match="Nothing listens"):
            await Inbox(settings, None).connect()
        server.start()
        server.deliver(letter(1), to="desk@example.org")
        again = Inbox(settings, None)
        assert await again.connect() == before
        assert await again.uids() == (1,)
        await again.close()


async def test_poll_notices_a_dead_server_too() -> None:
    with Dovecot("desk@example.org", without={"IDLE"}) as server:
        box = Inbox(inbox_of("desk@example.org", server.port, poll=timedelta(minutes=1)), None)
        await box.connect()
        waiting = asyncio.create_task(box.wait(timedelta(minutes=4)))
        await asyncio.sleep(0.1)
        server.kill()
        with pytest.raises(LinkDown, match="cut the connection"):
            await asyncio.wait_for(waiting, 3)


async def test_lost_index_shows_as_a_new_uidvalidity() -> None:
    with Dovecot("desk@example.org") as server:
        server.deliver(letter(1), to="desk@example.org")
        settings = inbox_of("desk@example.org", server.port)
        box = Inbox(settings, None)
        before = await box.connect()
        await box.close()
        server.forget_uids("desk@example.org")
        box = Inbox(settings, None)
        after = await box.connect()
        await box.close()
    assert after.uidvalidity > before.uidvalidity


async def test_cancelled_wait_closes_the_link(dovecot: Dovecot, user: str) -> None:
    box = Inbox(inbox_of(user, dovecot.port), None)
    await box.connect()
    waiting = asyncio.create_task(box.wait(timedelta(minutes=4)))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(LinkDown):
        await box.uids()
    await box.close()


# What only the operator can mend


async def down(settings: MailboxSettings) -> LinkDown:
    with pytest.raises(LinkDown) as error:
        await Inbox(settings, None, QUICK).connect()
    return error.value


async def test_tls_with_an_own_authority(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(letter(1), to=user)
    box = Inbox(inbox_of(user, dovecot.tls_port, dovecot.ca_file), None)
    await box.connect()
    assert len(await everything(box)) == 1
    waiting = asyncio.create_task(box.wait(SOON))
    await asyncio.sleep(0.2)
    dovecot.deliver(letter(2), to=user)
    await asyncio.wait_for(waiting, 3)
    assert await box.uids(above=1) == (2,)
    await box.close()


async def test_unknown_authority_is_a_refusal(dovecot: Dovecot, user: str, authority: Authority) -> None:
    error = await down(inbox_of(user, dovecot.tls_port, authority.file))
    assert error.is_refusal
    assert "authority that is not known here" in error.reason


@pytest.mark.parametrize(
    ("names", "is_expired", "words"),
    [(["127.0.0.1"], True, "has expired"), (["mail.example.org"], False, "made out to a name")],
    ids=["expired", "wrong name"],
)
async def test_bad_certificate_is_a_refusal(
    names: list[str], is_expired: bool, words: str, authority: Authority, dovecot: Dovecot
) -> None:
    bad = authority.issue(*names, is_expired=is_expired)
    with Dovecot("desk@example.org", identity=bad) as server:
        error = await down(inbox_of("desk@example.org", server.tls_port, authority.file))
    assert error.is_refusal
    assert words in error.reason


async def test_missing_ca_file_is_a_refusal(dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    error = await down(inbox_of(user, dovecot.tls_port, tmp_path / "none.pem"))
    assert error.is_refusal
    assert "none.pem" in error.reason


async def test_tls_to_a_plain_port_is_a_refusal(dovecot: Dovecot, user: str) -> None:
    error = await down(inbox_of(user, dovecot.port, dovecot.ca_file))
    assert error.is_refusal
    assert "does not begin with TLS" in error.reason


async def test_wrong_password_is_a_refusal_that_does_not_repeat_it(
    dovecot: Dovecot, user: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = 'kan"arien\\vogel'
    error = await down(inbox_of(user, dovecot.port, password=canary))
    assert error.is_refusal
    assert "Check user and password" in error.reason
    for form in (canary, canary.replace("\\", "\\\\"), canary.replace("\\", "\\\\").replace('"', '\\"')):
        assert form not in error.reason + caplog.text


async def test_missing_folder_is_a_refusal(dovecot: Dovecot, user: str) -> None:
    error = await down(inbox_of(user, dovecot.port, folder="Anfragen für uns"))
    assert error.is_refusal
    assert "Anfragen für uns" in error.reason


async def test_nobody_there_is_no_refusal(user: str) -> None:
    error = await down(inbox_of(user, free_port()))
    assert not error.is_refusal
    assert "Nothing listens" in error.reason


async def test_unknown_host_is_said(user: str) -> None:
    error = await down(inbox_of(user, 993, host="imap.example.invalid"))
    assert not error.is_refusal
    assert "imap.example.invalid has no address" in error.reason
