"""Named steps on a mail's way at which a test may stop the house, and nobody else can.

The law: without a plan, `reach` is one look at an empty dict. A plan comes from the environment variable
MAILTICKETS_FAILPOINTS, which `config` reads and `daemon` hands in once at the start:

    MAILTICKETS_FAILPOINTS="kept=kill"                    # SIGKILL to the process when it gets there
    MAILTICKETS_FAILPOINTS="settled=raise@3 read=sleep:2" # an exception the third time; two seconds each time
"""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Point(StrEnum):
    """Every step that has a name. In the order of the way: start, in, out, clock."""

    # The start.
    LOCKED = "locked"  # the state directory is ours, nothing else has been done
    BACKING_UP = "backing-up"  # the copy of an older database lies there under its temporary name
    BACKED_UP = "backed-up"  # it has its name; nothing has been migrated
    MIGRATING = "migrating"  # the database has its new form, uncommitted
    MIGRATED = "migrated"
    STAFF_KNOWN = "staff-known"
    CLAIMS_RELEASED = "claims-released"
    LEFTOVERS_TAKEN = "leftovers-taken"  # their attempt is counted, none is read
    # The way in.
    FETCHED = "fetched"  # octets are here, nothing is kept
    BLOB_WRITTEN = "blob-written"  # big octets are on disk under a temporary name
    BLOB_NAMED = "blob-named"  # they have their name, which is not surely on disk
    KEEPING = "keeping"  # within the transaction, all rows written
    KEPT = "kept"
    READ = "read"  # a batch came back from the children
    LETTER_DECIDED = "letter-decided"  # one of a batch, uncommitted
    DECIDING = "deciding"  # all of a batch, uncommitted
    DECIDED = "decided"
    MARKING = "marking"  # about to tell the server
    MARKED = "marked"  # the server knows, the ledger does not
    NOTED = "noted"  # the ledger knows of the mark
    # The way out.
    CLAIMING = "claiming"  # within the transaction
    CLAIMED = "claimed"
    DIALLING = "dialling"  # about to hand over one mail
    HANDING = "handing"  # the relay has the envelope, DATA comes next
    ANSWERED = "answered"  # the relay has said what it does with the mail; nobody has noted it
    GIVING_UP = "giving-up"  # the ticket has its note of what did not leave, uncommitted
    SETTLING = "settling"  # within the transaction
    SETTLED = "settled"
    UNCLAIMING = "unclaiming"  # about to give back what was never dialled
    # The clock.
    JOB_TAKEN = "job-taken"  # the lease is ours, the job has not begun
    JOB_DONE = "job-done"  # it is done, the lease does not say so


class Injected(Exception):
    """What `raise` raises."""


class BadPlan(ValueError):
    """A plan that cannot be read; `str()` says what to write."""


@dataclass(frozen=True, slots=True)
class Action:
    verb: str  # kill | raise | sleep
    seconds: float = 0.0  # of a sleep
    at: int = 0  # which time it acts; 0: each time


_SPEC = re.compile(r"(?P<point>[a-z-]+)=(?P<verb>kill|raise|sleep):?(?P<seconds>[\d.]*)(?:@(?P<at>\d+))?")

_armed: dict[Point, Action] = {}
_passes: Counter[Point] = Counter()
_counting = threading.Lock()  # steps are reached from the loop and from the store's threads


def plan(text: str) -> Mapping[Point, Action]:
    """What the variable says. BadPlan if it names no step or no action."""
    return dict(_one(word) for word in text.split())


def _one(word: str) -> tuple[Point, Action]:
    found = _SPEC.fullmatch(word)
    if found is None or found["point"] not in list(Point):
        raise BadPlan(
            f"MAILTICKETS_FAILPOINTS: “{word}” is no POINT=kill|raise|sleep:SECONDS[@TIMES]. "
            f"It is for tests: unset it, or name one of {', '.join(Point)}."
        )
    return Point(found["point"]), Action(found["verb"], float(found["seconds"] or 0), int(found["at"] or 0))


def arm(planned: Mapping[Point, Action]) -> None:
    """From now on these steps act; an empty plan makes all of them harmless again."""
    _armed.clear()
    _passes.clear()
    _armed.update(planned)


def reach(point: Point) -> None:
    """The house is at a step. Nothing, unless a plan names it."""
    if _armed:
        _act(point)


def _act(point: Point) -> None:
    action = _armed.get(point)
    if action is None:
        return
    with _counting:
        _passes[point] += 1
        is_turn = action.at in (0, _passes[point])
    if not is_turn:
        return
    match action.verb:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "raise":
            raise Injected(f"the failpoint {point} was asked to raise")
        case _:
            time.sleep(action.seconds)  # the loop stands still too, if the step is one of the loop's
