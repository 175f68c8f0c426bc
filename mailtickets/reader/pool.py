"""Opens letters in child processes, so that no letter can harm the desk.

The law: a letter that is too much for a child costs that child and nobody else, and the loop never waits for one.
Children are spawned, not forked, and live under limits; they end when their input does, or when the desk dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, Self

from mailtickets.core import mail
from mailtickets.core.mail import InboundMail, Unreadable
from mailtickets.reader.frames import CPU_SECONDS, LENGTH, READY, Answer

if TYPE_CHECKING:  # the desk itself reads no letters, and all that it takes is 12 MB
    from mailtickets.core.openpgp import Pinned
    from mailtickets.core.reading import ReadingLimits

DEADLINE: Final = 30.0  # seconds for one letter, whatever it does
AHEAD: Final = 8  # letters that lie with a child, so that it never waits for us
AHEAD_OCTETS: Final = 2**20
_CHUNK: Final = 2**18  # octets of answers that are taken at once
RESPAWNS: Final = 3  # how often a child is started again before the whole reader counts as broken
STARTS_WITHIN: Final = 60.0  # seconds; a machine that starts everything at once is slow


@dataclass(slots=True, eq=False)
class _Job:
    octets: bytes
    answer: asyncio.Future[Answer]
    is_second_try: bool = False


class Reader:
    """A pool of children. Letters that are asked for together are read together, in any order."""

    def __init__(
        self, children: int = 2, limits: ReadingLimits | None = None, pinned: Pinned | None = None
    ) -> None:
        """`pinned`: whose OpenPGP signatures the children look at; None: nobody's."""
        self._count = children
        self._limits = limits
        self._pinned = pinned
        self._jobs: deque[_Job] = deque()
        self._arrived = asyncio.Event()
        self._tenders: list[asyncio.Task[None]] = []
        self._children: set[_Child] = set()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Start the children. RuntimeError if one does not come up: the installation is broken."""
        try:
            first = await asyncio.gather(*(self._spawn() for _ in range(self._count)))
        except BaseException:
            await self.close()
            raise
        self._tenders = [asyncio.create_task(self._tend(child)) for child in first]
        for tender in self._tenders:
            tender.add_done_callback(self._give_up)

    async def read(self, octets: bytes) -> Answer:
        """The letter, or why it cannot be read. Takes at most about DEADLINE once its turn has come."""
        if not self._tenders or any(tender.done() for tender in self._tenders):
            raise RuntimeError("No reader process is running: start the desk again.")
        job = _Job(octets, asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        self._arrived.set()
        return await job.answer

    async def close(self) -> None:
        """End the children. Letters that still wait are cancelled."""
        for tender in self._tenders:
            tender.cancel()
        await asyncio.gather(*self._tenders, return_exceptions=True)
        self._tenders = []
        await asyncio.gather(*(child.end() for child in self._children))
        for job in (*self._jobs, *(job for child in self._children for job in child.letters)):
            job.answer.cancel()
        self._jobs.clear()
        self._children.clear()

    async def _spawn(self) -> _Child:
        child = await _Child.start(self._limits, self._pinned)
        self._children.add(child)
        try:
            await child.is_ready()
        except RuntimeError:
            await child.end()
            self._children.discard(child)
            raise
        return child

    async def _tend(self, child: _Child) -> None:
        """Keep one child busy, and put another in its place when it dies."""
        while True:
            self._fill(child)
            if not child.letters:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            why = await child.answer_one()
            if why is None:
                continue
            self._bury(child, why)
            await child.end()
            self._children.discard(child)
            child = await self._respawn()

    async def _respawn(self) -> _Child:
        """Another child; one that is killed while it starts is no reason to give up at once."""
        for _ in range(RESPAWNS - 1):
            with contextlib.suppress(RuntimeError):
                return await self._spawn()
        return await self._spawn()

    def _fill(self, child: _Child) -> None:
        while self._jobs and child.has_room():
            job = self._jobs.popleft()
            if not job.answer.done():  # whoever asked may have gone
                child.give(job)

    def _bury(self, child: _Child, why: _Death) -> None:
        """The letter that it was reading is to blame; those behind it go to another child."""
        from mailtickets import log  # here, since the children must not carry what it needs

        log.reader_replaced(why.reason)
        culprit = child.letters.popleft()
        if why.may_be_chance and not culprit.is_second_try:
            culprit.is_second_try = True
            child.letters.appendleft(culprit)
        elif not culprit.answer.done():
            culprit.answer.set_result(Unreadable(why.reason))
        self._jobs.extendleft(reversed(child.letters))
        child.letters.clear()

    def _give_up(self, tender: asyncio.Task[None]) -> None:
        """A child could not be replaced: nobody may wait for ever."""
        if tender.cancelled() or tender.exception() is None:
            return
        waiting = (*self._jobs, *(job for child in self._children for job in child.letters))
        for job in waiting:
            if not job.answer.done():
                job.answer.set_exception(RuntimeError(f"The reader processes are gone: {tender.exception()}"))


@dataclass(frozen=True, slots=True)
class _Death:
    """Why a child is no more. `may_be_chance`: somebody else may have killed it."""

    reason: str
    may_be_chance: bool


class _Child:
    """The parent's end of one child. `letters`: those it has and has not answered, oldest first."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._told = bytearray()  # what it has said and nobody has heard yet
        self.letters: deque[_Job] = deque()

    @classmethod
    async def start(cls, limits: ReadingLimits | None, pinned: Pinned | None) -> _Child:
        """Spawn one. It sees nothing of our environment, and of our files only the two pipes."""
        arguments = (str(os.getpid()), *map(str, astuple(limits) if limits else ()))
        child = cls(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-m", "mailtickets.reader.child", *arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=_CHUNK,
                env={},
            )
        )
        child._write(pickle.dumps(pinned))
        return child

    async def is_ready(self) -> None:
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                said = await self._frame()
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            raise RuntimeError("A reader process did not start.") from error
        if said != READY:
            raise RuntimeError("A reader process did not start.")

    def has_room(self) -> bool:
        if not self.letters:
            return True
        return len(self.letters) < AHEAD and sum(len(job.octets) for job in self.letters) < AHEAD_OCTETS

    def give(self, job: _Job) -> None:
        """Written without waiting: what is in the buffer is bounded by `has_room`."""
        self.letters.append(job)
        self._write(job.octets)

    def _write(self, frame: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(LENGTH.pack(len(frame)))
        self._process.stdin.write(frame)

    async def answer_one(self) -> _Death | None:
        """Wait for the answer to the oldest letter and pass it on; None, or why there is none."""
        try:
            frame = self._whole_frame()
            if frame is None:
                async with asyncio.timeout(DEADLINE):
                    frame = await self._frame()
            answer = _loads(frame)
        except TimeoutError:
            return _Death(f"The mail could not be read within {DEADLINE:.0f} seconds.", may_be_chance=False)
        except asyncio.IncompleteReadError:
            await self.end()  # one that has only closed its mouth must not live on
            return _death(self._process.returncode or 0)
        except pickle.UnpicklingError:
            return _Death("The process that read the mail gave a strange answer.", may_be_chance=False)
        job = self.letters.popleft()
        if not job.answer.done():
            job.answer.set_result(answer)
        return None

    async def _frame(self) -> bytes:
        assert self._process.stdout is not None
        while (frame := self._whole_frame()) is None:
            said = await self._process.stdout.read(_CHUNK)
            if not said:
                raise asyncio.IncompleteReadError(bytes(self._told), None)
            self._told += said
        return frame

    def _whole_frame(self) -> bytes | None:
        """The next answer if all of it has come. Several come together, and then nobody waits for the others."""
        if len(self._told) < LENGTH.size:
            return None
        end = LENGTH.size + LENGTH.unpack_from(self._told)[0]
        if len(self._told) < end:
            return None
        frame = bytes(self._told[LENGTH.size : end])
        del self._told[:end]
        return frame

    async def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            self._process.kill()
        await self._process.wait()


def _death(code: int) -> _Death:
    if code == -signal.SIGXCPU:
        return _Death(
            f"The mail took more than {CPU_SECONDS} seconds of computing to read.", may_be_chance=False
        )
    by = f"by signal {-code}" if code < 0 else f"with code {code}"
    return _Death(f"The process that read the mail ended {by}.", may_be_chance=True)


def _member(kind: object, name: str) -> mail.SegmentKind:
    """What `getattr` may be asked for: Python 3.11.2, Debian's, pickles a member of an enum as that."""
    if kind is not mail.SegmentKind or name not in mail.SegmentKind.__members__:
        raise pickle.UnpicklingError(f"{kind!r} has no {name} that is part of a letter")
    return mail.SegmentKind[name]


_ALLOWED: Final[Mapping[tuple[str, str], Callable[..., object]]] = {
    ("builtins", "getattr"): _member,
    **{
        (kind.__module__, kind.__qualname__): kind
        for kind in (
            *(mail.Address, mail.Attachment, mail.Bounce, mail.InboundMail, mail.Segment, mail.SegmentKind),
            *(mail.Forwarded, mail.Report, mail.Seal, mail.Unreadable, datetime, timedelta, timezone),
        )
    },
}


class _Unpickler(pickle.Unpickler):
    """A child reads what strangers wrote: it may only answer with a letter."""

    def find_class(self, module: str, name: str) -> Callable[..., object]:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a letter") from None


def _loads(octets: bytes) -> Answer:
    answer = _Unpickler(io.BytesIO(octets)).load()
    if not isinstance(answer, InboundMail | Unreadable):
        raise pickle.UnpicklingError("the answer is no letter")
    return answer
