"""A long run: is the desk as quick at its end as at its start, and does it grow?"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from tests.bench import post, rounds
from tests.bench.desk import Desk
from tests.bench.stand import Stand

_USER = "backlog@example.org"
_SLICE = 2000  # mails that are delivered at a time


@dataclass(frozen=True, slots=True)
class _Look:
    at: float  # seconds since READY
    done: int  # mails that have their outcome
    memory: int  # octets, all processes


def play(stand: Stand, mails: int) -> None:
    """One desk, so many mails waiting."""
    pieces = post.pieces(mails, "support@example.org", seed=3)
    for start in range(0, mails, _SLICE):
        stand.server.deliver_all([piece.octets for piece in pieces[start : start + _SLICE]], to=_USER)
    before, ended = stand.sink.count(), threading.Event()
    looks: list[_Look] = []
    with stand.desk(_USER) as desk:
        watch = threading.Thread(target=_watch, args=(desk, ended, looks))
        watch.start()
        try:
            taken = rounds.take(stand, desk, pieces, _USER, before)
        finally:
            ended.set()
            watch.join()
        rounds.must_be_right(stand, desk, pieces, before)
    _tell(mails, taken, looks, desk.peak)


def _watch(desk: Desk, ended: threading.Event, looks: list[_Look]) -> None:
    while not ended.wait(0.5):
        looks.append(_Look(time.perf_counter() - desk.ready_at, desk.done(), desk.memory()))


def _tell(mails: int, taken: float, looks: list[_Look], peak: int) -> None:
    # The first look is at a desk that has only just started, and the last mails wait for the last answers.
    first = _rate(looks, mails * 0.02, mails * 0.25)
    last = _rate(looks, mails * 0.75, mails * 0.98)
    early = next(look.memory for look in looks if look.done >= mails * 0.25)
    print(
        f"\n{mails} mails waiting, one long run: {mails / taken:.0f} mails/s\n"
        f"  first quarter {first:.0f} mails/s decided, last quarter {last:.0f} ({last / first:.2f} of it)\n"
        f"  memory {early / 1e6:.0f} MB after the first quarter, {looks[-1].memory / 1e6:.0f} MB at the end, "
        f"at most {peak / 1e6:.0f} MB"
    )


def _rate(looks: list[_Look], low: float, high: float) -> float:
    begun = next(look for look in looks if look.done >= low)
    later = [look for look in looks if look.done > begun.done]
    ended = next((look for look in later if look.done >= high), later[-1] if later else begun)
    return (ended.done - begun.done) / max(ended.at - begun.at, 0.001)
