"""The whole life of a child that opens letters. Run by the pool; it carries nothing that reading does not need.

The law: it lives under limits, and ends when its input does or when the desk dies.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import logging
import os
import pickle
import resource
import signal
import sys
import traceback
from contextlib import suppress
from typing import BinaryIO, Final, NoReturn

from mailtickets.core import reading
from mailtickets.core.mail import Unreadable
from mailtickets.core.openpgp import NOBODY, Pinned
from mailtickets.core.reading import Broken, ReadingLimits
from mailtickets.reader.frames import CPU_SECONDS, LENGTH, MEMORY, READY, Answer

_PR_SET_PDEATHSIG: Final = 1
_PIPE: Final = 2**20  # octets, the most that Linux gives to anybody


def live(parent: int, limits: ReadingLimits) -> NoReturn:
    """Read letters until there are no more."""
    _settle_in(parent)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    pinned = pickle.loads(_frame(source)) or NOBODY  # noqa: S301 - from the desk itself, before any letter
    answer = READY
    while True:
        sink.write(LENGTH.pack(len(answer)) + answer)
        sink.flush()
        octets = _frame(source)
        _grant_time()
        answer = _answered(octets, limits, pinned)


def _frame(source: BinaryIO) -> bytes:
    """The next one. The child ends when there is none."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        sys.exit(0)
    return source.read(LENGTH.unpack(head)[0])


def _settle_in(parent: int) -> None:
    # The desk decides when to end: a terminal's Ctrl-C and systemd's SIGTERM go to us too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _widen(sys.stdin.fileno(), sys.stdout.fileno())
    if os.getppid() != parent:  # it died before we asked to be told
        sys.exit(0)
    gc.freeze()  # what has been imported stays: looking at it again and again would cost a tenth
    logging.disable(logging.CRITICAL)  # libraries log pieces of letters
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _widen(*pipes: int) -> None:
    """Pipes that hold many letters: each time that one is full or empty, both sides are woken for nothing."""
    for pipe in pipes:
        with suppress(OSError):  # a user may have only so many octets in pipes
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def _grant_time() -> None:
    """The kernel counts the whole life of a process, so each letter moves the limit on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + CPU_SECONDS + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def _answered(octets: bytes, limits: ReadingLimits, pinned: Pinned) -> bytes:
    answer: Answer
    try:
        return pickle.dumps(reading.read(octets, limits, pinned), pickle.HIGHEST_PROTOCOL)
    except Broken as error:
        answer = Unreadable(str(error))
    except MemoryError:
        answer = Unreadable("The mail needs more memory to read than one mail may have.")
    except Exception as error:
        # Ours to mend, not the letter's fault: the traceback goes to quarantine with it.
        answer = Unreadable(f"The mail could not be read ({type(error).__name__}).", traceback.format_exc())
    return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    live(int(sys.argv[1]), ReadingLimits(*map(int, sys.argv[2:])))
