"""The front door at a server that misbehaves: whatever it does, LinkDown comes within the deadline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from mailtickets import log
from mailtickets.imap import Deadlines, Inbox, LinkDown, inbox, probe
from mailtickets.imap.syntax import EPOCH
from mailtickets.wire import Finding, State
from tests.edges.conftest import inbox_of
from tests.loopback import HOST

QUICK = Deadlines(connect=0.3, command=0.25, octets_a_second=10_000, logout=0.2)
WITHIN = 3.0  # seconds until it must be over
USER = "desk@example.org"

SILENCE = b""
DROP = b"\0drop"
RESET = b"\0reset"
GREETING = "greeting"

# What a well-behaved server says; {tag} is the command's.
GOOD = {
    GREETING: b"* OK [CAPABILITY IMAP4rev1] ready\r\n",
    "CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE UIDPLUS\r\n{tag} OK done\r\n",
    "LOGIN": b"{tag} OK in\r\n",
    "SELECT": b"* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [PERMANENTFLAGS (\\Seen)] x\r\n{tag} OK in\r\n",
    "NOOP": b"{tag} OK\r\n",
    "SEARCH": b"* SEARCH 1 2\r\n{tag} OK\r\n",
    "HEADS": b"* 1 FETCH (UID 1 RFC822.SIZE 5 INTERNALDATE \"21-Nov-2026 05:57:21 +0100\")\r\n"
    b"* 2 FETCH (UID 2 RFC822.SIZE 5 INTERNALDATE \" 1-Dec-2026 05:57:21 +0000\")\r\n{tag} OK\r\n",
    "FETCH": b"* 1 FETCH (UID 1 BODY[] {{5}}\r\nhello)\r\n* 2 FETCH (UID 2 BODY[] {{5}}\r\nworld)\r\n{tag} OK\r\n",
    "STORE": b"{tag} OK\r\n",
    "CREATE": b"{tag} OK\r\n",
    "SUBSCRIBE": b"{tag} OK\r\n",
    "COPY": b"{tag} OK\r\n",
    "EXPUNGE": b"{tag} OK\r\n",
    "IDLE": b"+ idling\r\n",
    "DONE": b"{tag} OK\r\n",
    "LOGOUT": b"* BYE bye\r\n{tag} OK\r\n",
}  # fmt: skip


class Scripted:
    """Owns a listening socket; says what `lines` tells."""

    def __init__(self, lines: dict[str, bytes]) -> None:
        self.lines = GOOD | lines
        self.heard: list[str] = []
        self.port = 0
        self.open: set[asyncio.Task[None]] = set()
        self._idle_tag = ""

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._say(writer, GREETING, "")
            while line := (await reader.readline()).decode().rstrip():
                self.heard.append(line)
                await self._say(writer, *self._verb(line))
        except ConnectionError:
            pass  # the door has hung up: that is what many a test waits for
        finally:
            writer.close()

    def _verb(self, line: str) -> tuple[str, str]:
        if line == "DONE":
            return "DONE", self._idle_tag
        tag, verb, *rest = line.split()
        if verb == "UID":
            verb = rest[0]
        if verb == "FETCH" and "BODY" not in line:
            verb = "HEADS"
        if verb == "IDLE":
            self._idle_tag = tag
        return verb, tag

    async def _say(self, writer: asyncio.StreamWriter, verb: str, tag: str) -> None:
        line = self.lines[verb]
        if RESET in line:
            writer.transport.abort()
            raise ConnectionResetError
        said, drops, _ = line.partition(DROP)
        writer.write(said.replace(b"{tag}", tag.encode()).replace(b"{{", b"{").replace(b"}}", b"}"))
        await writer.drain()
        if drops:
            raise ConnectionAbortedError


@asynccontextmanager
async def listening(server: Scripted) -> AsyncIterator[Scripted]:
    listener = await asyncio.start_server(server.accept, HOST, 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in server.open:
            task.cancel()
        await asyncio.gather(*server.open, return_exceptions=True)


def scripted(**lines: bytes) -> AbstractAsyncContextManager[Scripted]:
    """A server that differs from a good one in some answers."""
    return listening(Scripted(lines))


@pytest.fixture(autouse=True)
def _nothing_unseen(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No exception ends in a task or callback of which nobody hears, the library's own parser excepted."""
    yield
    unseen = [r.getMessage() for r in caplog.records if r.name == "asyncio" and r.levelno >= logging.ERROR]
    assert all("protocol.data_received() call failed" in message for message in unseen)


async def use(box: Inbox) -> list[bytes]:
    """All that the intake does, once."""
    await box.connect()
    octets = [raw.octets async for batch in box.fetch(await box.uids()) for raw in batch]
    await box.mark((1, 2))
    await box.wait(timedelta(seconds=0.1))
    return octets


async def test_good_server_is_used_to_the_end() -> None:
    async with scripted() as server:
        box = Inbox(inbox_of(USER, server.port), None, QUICK)
        assert await use(box) == [b"hello", b"world"]
        await box.close()
    assert [line.rpartition(" ")[2] for line in server.heard[-3:]] == ["IDLE", "DONE", "LOGOUT"]
    assert any(line.endswith("UID STORE 1:2 +FLAGS.SILENT (\\Seen)") for line in server.heard)


STEPS = ["LOGIN", "CAPABILITY", "SELECT", "NOOP", "SEARCH", "HEADS", "FETCH", "STORE", "IDLE", "DONE"]
MISBEHAVIOUR = {
    "falls silent": SILENCE,
    "hangs up": DROP,
    "resets": RESET,
    "says BYE": b"* BYE Autologout\r\n" + DROP,
    "says BYE and stays": b"* BYE Autologout\r\n",
    "answers BAD": b"{tag} BAD what\r\n",
    "answers another tag": b"ZZZ9 OK done\r\n",
    "sends garbage": bytes(range(128, 256)) + b"\r\n" + b"\xff\xfe{tag}\r\n",
    "sends a line without end": b"* " + b"x" * 100_000,
    "announces more than it sends": b"* 1 FETCH (UID 1 BODY[] {{500000}}\r\nhello",
    "closes within a literal": b"* 1 FETCH (UID 1 BODY[] {{500}}\r\nhello" + DROP,
    "announces less than it sends": b"* 1 FETCH (UID 1 BODY[] {{3}}\r\nhello)\r\n{tag} OK\r\n",
    "sends a flood of lines": b"* 1 FETCH (FLAGS ())\r\n" * 3000,
}


@pytest.mark.parametrize(
    ("step", "what"),
    [
        (step, what)
        for step in (GREETING, *STEPS)
        for what in MISBEHAVIOUR
        if not (step in ("IDLE", "DONE") and what == "answers BAD")  # a known answer to IDLE, see below
        # Where no mail was asked for, nobody looks at one.
        and (step == "FETCH" or what != "announces less than it sends")
    ],
)
async def test_misbehaviour_is_link_down_in_time(step: str, what: str) -> None:
    line = MISBEHAVIOUR[what]
    async with scripted(**{step: line}) as server:
        box = Inbox(inbox_of(USER, server.port), None, QUICK)
        with pytest.raises(LinkDown) as down:
            await asyncio.wait_for(use(box), WITHIN)
        # Closed at once, and for good.
        before = asyncio.get_running_loop().time()
        await box.close()
        assert asyncio.get_running_loop().time() - before < 0.1
        with pytest.raises(LinkDown):
            await box.uids()
    assert down.value.reason.endswith((".", "?"))
    assert down.value.is_refusal == (what == "answers BAD" and step in ("LOGIN", "SELECT"))
    if what == "falls silent":
        assert "does not answer in time" in down.value.reason
    if what in ("hangs up", "resets"):
        assert "cut the connection" in down.value.reason


@pytest.mark.parametrize(
    ("step", "line", "words"),
    [
        (GREETING, b"* BYE Too many connections\r\n", "It greets with “BYE Too many connections”"),
        (GREETING, b"* PREAUTH welcome\r\n", "It greets with “PREAUTH welcome”"),
        (GREETING, b"SSH-2.0-OpenSSH_9.2\r\n", "It greets with “SSH-2.0-OpenSSH_9.2”"),
        ("LOGIN", b"{tag} NO [UNAVAILABLE] Try later\r\n", "Try later"),
        ("SEARCH", b"{tag} NO [SERVERBUG] Oops\r\n", "answers SEARCH with NO: [SERVERBUG] Oops"),
        ("CAPABILITY", b"* CAPABILITY FTP\r\n{tag} OK\r\n", "does not keep to the protocol"),
    ],
)
async def test_reason_holds_the_words_of_the_server(step: str, line: bytes, words: str) -> None:
    async with scripted(**{step: line}) as server:
        with pytest.raises(LinkDown) as down:
            await use(Inbox(inbox_of(USER, server.port), None, QUICK))
    assert words in down.value.reason
    assert not down.value.is_refusal


async def test_dribble_is_a_dead_link() -> None:
    class Dribbling(Scripted):
        async def _say(self, writer: asyncio.StreamWriter, verb: str, tag: str) -> None:
            await super()._say(writer, verb, tag)
            while verb == "FETCH":  # each octet restarts the library's own timer
                await asyncio.sleep(0.05)
                writer.write(b"x")
                await writer.drain()

    async with listening(Dribbling({"FETCH": b"* 1 FETCH (UID 1 BODY[] {{50000}}\r\n"})) as server:
        with pytest.raises(LinkDown, match="does not answer in time"):
            await asyncio.wait_for(use(Inbox(inbox_of(USER, server.port), None, QUICK)), WITHIN)


# Odd, but allowed


async def raws(**lines: bytes) -> list[tuple[int, bytes]]:
    async with scripted(**lines) as server:
        box = Inbox(inbox_of(USER, server.port), None, QUICK)
        await box.connect()
        found = [(r.uid, r.octets) async for batch in box.fetch(await box.uids()) for r in batch]
        await box.close()
        return found


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"* 1 FETCH (BODY[] {{5}}\r\nhello UID 1)\r\n{tag} OK\r\n", [(1, b"hello")]),
        (b"* 1 FETCH (UID 1 FLAGS (\\Seen) BODY[] {{5}}\r\nhello FLAGS (\\Seen))\r\n{tag} OK\r\n", [(1, b"hello")]),
        (b'* 1 FETCH (UID 1 BODY[] "a \\"UID 2\\" b")\r\n{tag} OK\r\n', [(1, b'a "UID 2" b')]),
        (b"* 1 FETCH (UID 1 BODY[] {{0}}\r\n)\r\n{tag} OK\r\n", [(1, b"")]),
        (b"* 1 FETCH (UID 1 BODY[] {{8}}\r\nUID 2 (\r)\r\n{tag} OK\r\n", [(1, b"UID 2 (\r")]),
        # A mail that somebody else changed, or that was not asked for, or that has gone.
        (b"* 2 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (UID 1 BODY[] {{2}}\r\nhi)\r\n{tag} OK\r\n", [(1, b"hi")]),
        (b"* 9 FETCH (UID 9 BODY[] {{2}}\r\nhi)\r\n{tag} OK\r\n", []),
        (b"* 1 FETCH (UID 1 BODY[] NIL)\r\n{tag} OK\r\n", []),
        (b"* 3 EXISTS\r\n* 1 FETCH (UID 1 BODY[] {{2}}\r\nhi)\r\n* 1 EXPUNGE\r\n{tag} OK\r\n", [(1, b"hi")]),
        (b"* 1 FETCH (UID 1 BODY[] {{2}}\r\nhi)\r\n{tag} NO [EXPUNGEISSUED] gone\r\n", [(1, b"hi")]),
        (b"{tag} OK nothing\r\n", []),
    ],
)  # fmt: skip
async def test_fetch_answers_in_all_their_forms(line: bytes, expected: list[tuple[int, bytes]]) -> None:
    assert await raws(FETCH=line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"* SEARCH\r\n{tag} OK\r\n", ()),
        (b"{tag} OK\r\n", ()),
        (b"* SEARCH 3 1\r\n* SEARCH 2\r\n* 4 EXISTS\r\n{tag} OK 5 found\r\n", (1, 2, 3)),
        (b"* SEARCH " + b" ".join(b"%d" % n for n in range(1, 200_001)) + b"\r\n{tag} OK\r\n", tuple(range(1, 200_001))),
    ],
    ids=["none", "nothing", "several", "200,000"],
)  # fmt: skip
async def test_search_answers_in_all_their_forms(line: bytes, expected: tuple[int, ...]) -> None:
    async with scripted(SEARCH=line) as server:
        box = Inbox(inbox_of(USER, server.port), None, Deadlines())
        await box.connect()
        assert await box.uids() == expected
        await box.close()


async def test_mail_that_is_told_with_the_answer_to_the_last_search_is_not_slept_over() -> None:
    # Nothing is found, and before the answer ends there is a third mail: IDLE would not tell of it again.
    async with scripted(SEARCH=b"* SEARCH\r\n* 3 EXISTS\r\n{tag} OK\r\n") as server:
        box = Inbox(inbox_of(USER, server.port), None, Deadlines())
        await box.connect()
        await asyncio.wait_for(box.wait(timedelta(minutes=4)), WITHIN)
        assert not any(line.endswith("IDLE") for line in server.heard)
        await box.close()


async def test_time_of_arrival_is_utc_and_never_missing() -> None:
    heads = (
        b'* 1 FETCH (UID 1 RFC822.SIZE 5 INTERNALDATE "21-Nov-2026 05:57:21 +0100")\r\n'
        b'* 2 FETCH (UID 2 RFC822.SIZE 5 INTERNALDATE "00-Foo-0000")\r\n{tag} OK\r\n'
    )
    async with scripted(HEADS=heads) as server:
        box = Inbox(inbox_of(USER, server.port), None, QUICK)
        await box.connect()
        first, second = [r async for batch in box.fetch(await box.uids()) for r in batch]
        await box.close()
    assert first.received_at == datetime(2026, 11, 21, 4, 57, 21, tzinfo=UTC)
    assert second.received_at == EPOCH


@pytest.fixture
def concerns(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the operator is told."""
    said: list[str] = []
    inbox._complain.cache_clear()
    monkeypatch.setattr(log, "concern", said.append)
    return said


async def test_mail_that_the_server_will_not_hand_out_holds_up_no_other(concerns: list[str]) -> None:
    class Broken(Scripted):
        async def _say(self, writer: asyncio.StreamWriter, verb: str, tag: str) -> None:
            if verb == "FETCH":
                asked = self.heard[-1].split()[3]
                good = b"* 2 FETCH (UID 2 BODY[] {{5}}\r\nworld)\r\n{tag} OK\r\n"
                self.lines["FETCH"] = good if asked == "2" else b"{tag} NO [SERVERBUG] Internal error\r\n"
            await super()._say(writer, verb, tag)

    async with listening(Broken({})) as server:
        box = Inbox(inbox_of(USER, server.port), None, QUICK)
        await box.connect()
        for _ in range(2):
            assert [r.uid async for batch in box.fetch(await box.uids()) for r in batch] == [2]
        await box.close()
    (concern,) = concerns
    assert "does not hand out mail 1 ([SERVERBUG] Internal error)" in concern


@pytest.mark.parametrize("lacking", ["HEADS", "FETCH"])
async def test_mail_that_an_answer_lacks_is_asked_for_once_more(lacking: str) -> None:
    class Forgetful(Scripted):
        async def _say(self, writer: asyncio.StreamWriter, verb: str, tag: str) -> None:
            self.lines[lacking] = GOOD[lacking]
            if verb == lacking and sum(self._verb(line)[0] == verb for line in self.heard if line) == 1:
                second = GOOD[lacking].index(b"* 2 FETCH")
                self.lines[lacking] = GOOD[lacking][second:]  # not a word of the first, and OK
            await super()._say(writer, verb, tag)

    async with listening(Forgetful({})) as server:
        box = Inbox(inbox_of(USER, server.port), None, QUICK)
        await box.connect()
        assert [r.uid async for batch in box.fetch(await box.uids()) for r in batch] == [2, 1]
        await box.close()


async def test_a_call_ends_the_wait_politely() -> None:
    async with scripted() as server:
        box = Inbox(inbox_of(USER, server.port), None, QUICK)
        await box.connect()
        await box.uids()
        wake = asyncio.Event()
        waiting = asyncio.create_task(box.wait(timedelta(seconds=30), wake))
        await asyncio.sleep(0.1)
        wake.set()
        await asyncio.wait_for(waiting, WITHIN)
        await box.close()
    assert server.heard[-2] == "DONE"
    assert server.heard[-1].endswith("LOGOUT")


@pytest.mark.parametrize(
    ("after", "lines", "words"),
    [
        ("keyword:$Done", {}, "does not keep the keyword $Done. Mail is marked as read instead."),
        ("seen", {"STORE": b"{tag} NO read-only\r\n"}, "does not mark mail (read-only)"),
        ("move:Done", {"COPY": b"{tag} NO over quota\r\n"}, "does not move mail to Done (over quota)"),
    ],
)
async def test_refused_mark_is_said_once_and_harms_nothing(
    after: str, lines: dict[str, bytes], words: str, concerns: list[str]
) -> None:
    async with scripted(**lines) as server:
        for _ in range(2):
            box = Inbox(inbox_of(USER, server.port, after=after), None, QUICK)
            await box.connect()
            await box.mark((1, 2))
            assert await box.uids() == (1, 2)
            await box.close()
    (concern,) = concerns
    assert words in concern


@pytest.mark.parametrize(
    "lines",
    [{"IDLE": b"{tag} NO not today\r\n"}, {"IDLE": b"{tag} BAD what\r\n"}, {"DONE": b"{tag} BAD what\r\n"}],
    ids=["NO", "BAD", "BAD to DONE"],
)
async def test_idle_that_is_refused_becomes_polling(lines: dict[str, bytes]) -> None:
    async with scripted(**lines) as server:
        box = Inbox(inbox_of(USER, server.port, poll=timedelta(seconds=0.1)), None, QUICK)
        await box.connect()
        await box.uids()
        await box.wait(timedelta(seconds=0.2))
        await asyncio.wait_for(box.wait(timedelta(seconds=5)), 1)
        await box.close()
    assert sum(line.endswith("IDLE") for line in server.heard) == 1


@pytest.mark.parametrize(
    ("after", "text"),
    [
        ("seen", "INBOX is read-only. Its mail will stay unread there."),
        ("keyword:$Done", "INBOX does not keep the keyword $Done. Mail will be marked as read instead."),
    ],
)
async def test_check_notes_marks_that_will_not_be_kept(after: str, text: str) -> None:
    select = b"* OK [UIDVALIDITY 7] x\r\n* OK [PERMANENTFLAGS ()] x\r\n{tag} OK [READ-ONLY] in\r\n"
    async with scripted(SELECT=select) as server:
        found = await probe(inbox_of(USER, server.port, after=after), QUICK)
    assert found[-1] == Finding("after", State.NOTE, text)
    assert "INBOX is there and is empty." in [finding.text for finding in found]
