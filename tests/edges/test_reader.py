"""Letters are opened in children of their own: what happens to a child happens to nobody else."""

from __future__ import annotations

import asyncio
import os
import pickle
import resource
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mailtickets.core import reading
from mailtickets.core.mail import InboundMail, SegmentKind, Unreadable
from mailtickets.core.reading import ReadingLimits
from mailtickets.reader import frames
from mailtickets.reader import pool as room
from mailtickets.reader.pool import Reader

LETTER = b"From: Lee <lee@customer.example>\nSubject: Printer\nDate: Sat, 21 Nov 2026 09:00:00 +0100\n\nIt smokes.\n"


def children() -> list[int]:
    """Processes of ours that read letters."""
    found = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "mailtickets.reader"],
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(pid) for pid in found.stdout.split()]


async def test_a_letter_comes_back_as_it_was_read() -> None:
    async with Reader(children=1) as reader:
        assert await reader.read(LETTER) == reading.read(LETTER)


async def test_many_letters_keep_their_answers_apart() -> None:
    letters = [LETTER.replace(b"Printer", b"Printer %d" % number) for number in range(300)]
    async with Reader() as reader:
        mails = await asyncio.gather(*map(reader.read, letters))
    subjects = [mail.subject for mail in mails if isinstance(mail, InboundMail)]
    assert subjects == [f"Printer {number}" for number in range(300)]


async def test_what_is_beyond_the_limits_is_unreadable_in_one_sentence() -> None:
    async with Reader(children=1, limits=ReadingLimits(mail=50)) as reader:
        answer = await reader.read(LETTER)
    assert isinstance(answer, Unreadable)
    assert answer.error.endswith("50 are the limit.")


async def test_a_child_that_is_killed_is_replaced_and_its_letter_read_by_another() -> None:
    async with Reader(children=1) as reader:
        await reader.read(LETTER)
        (child,) = children()
        os.kill(child, signal.SIGKILL)
        assert isinstance(await reader.read(LETTER), InboundMail)
        assert children() != [child]


async def test_a_letter_that_takes_too_long_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "DEADLINE", 1.0)
    async with Reader(children=1) as reader:
        (child,) = children()
        os.kill(child, signal.SIGSTOP)
        slow, fine = await asyncio.gather(reader.read(LETTER), reader.read(LETTER))
    assert slow == Unreadable("The mail could not be read within 1 seconds.")
    assert isinstance(fine, InboundMail)


@pytest.mark.parametrize(
    ("code", "may_be_chance"), [(-signal.SIGXCPU, False), (-signal.SIGKILL, True), (1, True)]
)
def test_only_a_death_that_may_be_chance_gives_a_letter_a_second_try(code: int, may_be_chance: bool) -> None:
    death = room._death(code)
    assert death.may_be_chance is may_be_chance
    assert death.reason.endswith(".")


async def test_memory_and_time_of_a_child_are_limited() -> None:
    async with Reader(children=1) as reader:
        await reader.read(LETTER)
        (child,) = children()
        limits = {
            name: resource.prlimit(child, getattr(resource, f"RLIMIT_{name}"))[0]
            for name in ("AS", "CPU", "CORE", "FSIZE")
        }
    assert limits["AS"] == frames.MEMORY
    assert frames.CPU_SECONDS < limits["CPU"] <= frames.CPU_SECONDS + 10
    assert limits["CORE"] == limits["FSIZE"] == 0


async def test_a_letter_that_needs_too_much_memory_is_unreadable() -> None:
    async with Reader(children=1) as reader:
        answer = await reader.read(LETTER + b"\n" * 24_000_000 + b"x")
        assert isinstance(answer, Unreadable)
        assert isinstance(await reader.read(LETTER), InboundMail)


HOSTILE = {
    "a page of many tags": b"From: a@b.example\nContent-Type: text/html\n\n" + b"<p>hello</p>" * 20_000,
    "a megabyte of >": b"From: a@b.example\n\n" + b">" * 1_000_000,
    "On x wrote": b"From: a@b.example\n\n" + b"On x wrote\n" * 50_000,
    "encoded words": b"From: a@b.example\n" + b"Subject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n\nx",
    "a thousand levels": b"From: a@b.example\n"
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(1000)),
    "a big file": b"From: a@b.example\nContent-Transfer-Encoding: base64\nContent-Type: application/pdf\n\n"
    + (b"QUJD" * 18 + b"\n") * 120_000,
}
LAG = 0.25  # seconds


@pytest.mark.parametrize("octets", HOSTILE.values(), ids=HOSTILE)
async def test_the_loop_goes_on_while_letters_are_read(octets: bytes) -> None:
    """What the parent itself computes in one go: how long others may wait for it."""
    worst = 0.0

    async def tick() -> None:
        nonlocal worst
        while True:
            begun, used = time.monotonic(), time.thread_time()
            await asyncio.sleep(0.005)
            # On a busy machine a sleeper is late whoever is to blame: what the loop computed meanwhile is ours.
            worst = max(worst, min(time.monotonic() - begun - 0.005, time.thread_time() - used))

    async with Reader() as reader:
        ticking = asyncio.create_task(tick())
        answers = await asyncio.gather(*(reader.read(octets) for _ in range(4)))
        ticking.cancel()
    assert all(isinstance(answer, InboundMail | Unreadable) for answer in answers)
    assert worst < LAG


async def test_children_end_with_the_reader_and_ignore_the_signals_that_stop_the_desk() -> None:
    async with Reader() as reader:
        for child in children():
            os.kill(child, signal.SIGTERM)
            os.kill(child, signal.SIGINT)
        assert isinstance(await reader.read(LETTER), InboundMail)
        assert len(children()) == 2
    assert children() == []


async def test_a_closed_reader_says_so() -> None:
    reader = Reader(children=1)
    with pytest.raises(RuntimeError, match="No reader process is running"):
        await reader.read(LETTER)


def test_children_die_with_a_parent_that_is_killed() -> None:
    script = textwrap.dedent("""
        import asyncio
        from mailtickets.reader.pool import Reader
        async def main():
            async with Reader(children=1) as reader:
                (child,) = reader._children
                print(child._process.pid, flush=True)
                await asyncio.sleep(60)
        asyncio.run(main())
    """)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    for _ in range(100):
        if not is_alive(child):
            return
        time.sleep(0.05)
    pytest.fail("the child lives on")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_may_answer_with_nothing_but_a_letter(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "obeyed"),)

    for answer in (Evil(), ["a list"], 7):
        with pytest.raises(pickle.UnpicklingError):
            room._loads(pickle.dumps(answer))
    assert not (tmp_path / "obeyed").exists()


def test_members_of_an_enum_come_through_as_every_python_pickles_them() -> None:
    class Asks:
        """Pickled as Python 3.11.2 pickles a member: by getattr."""

        def __init__(self, owner: object, name: str) -> None:
            self.asked = (owner, name)

        def __reduce__(self) -> tuple[object, ...]:
            return getattr, self.asked

    letter = reading.read(LETTER)
    older = replace(letter, segments=(replace(letter.segments[0], kind=Asks(SegmentKind, "TYPED")),))  # type: ignore[arg-type]
    assert room._loads(pickle.dumps(older)) == letter
    for asked in (Asks(SegmentKind, "__subclasses__"), Asks(InboundMail, "__init__"), Asks("", "format")):
        with pytest.raises(pickle.UnpicklingError):
            room._loads(pickle.dumps(asked))
