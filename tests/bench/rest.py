"""The desk at rest, one mail at a time: from delivery to acknowledgement, beside the least that IDLE allows."""

from __future__ import annotations

import smtplib
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench import post
from tests.bench.light import BareIdle
from tests.bench.stand import Stand
from tests.loopback import HOST

_USER, _BARE = "idle@example.org", "bare@example.org"
_ANSWER = b"Subject: received\r\n\r\n" + b"We have received your request.\r\n" * 25


def play(stand: Stand, count: int) -> None:
    """So many mails to each of the two, in turns."""
    opening = [p.octets for p in post.pieces(6 * count + 20, "support@example.org", seed=2) if p.opens]
    ours, floor = [], []
    with stand.desk(_USER) as desk, _bare(stand) as bare:
        time.sleep(3)  # the window has started, every loop waits
        for mine, other in zip(opening[:count], opening[count : 2 * count], strict=True):
            floor.append(_seconds(stand, other, _BARE, bare.answer))
            ours.append(
                _seconds(stand, mine, _USER, lambda before: stand.sink.wait_for(before + 1, 30, desk.is_up))
            )
        peak = desk.peak
    _tell(sorted(ours), sorted(floor), peak)


def _seconds(stand: Stand, octets: bytes, user: str, answered: object) -> float:
    time.sleep(0.5)
    before, delivered = stand.sink.count(), time.perf_counter()
    stand.server.deliver(octets, to=user)
    assert callable(answered)
    done: float = answered(before)
    return done - delivered


class _Bare:
    """IDLE, fetch, answer: nothing is read and nothing kept."""

    def __init__(self, stand: Stand, idle: BareIdle, smtp: smtplib.SMTP) -> None:
        self._stand, self._idle, self._smtp = stand, idle, smtp

    def answer(self, before: int) -> float:
        self._idle.next_mail()
        self._smtp.sendmail("support@example.org", ["lee@customer.example"], _ANSWER)
        return self._stand.sink.wait_for(before + 1, 30)


@contextmanager
def _bare(stand: Stand) -> Iterator[_Bare]:
    with BareIdle(stand.server.port, _BARE) as idle, smtplib.SMTP(HOST, stand.sink.port) as smtp:
        yield _Bare(stand, idle, smtp)


def _tell(ours: list[float], floor: list[float], peak: int) -> None:
    least, median = statistics.median(floor), statistics.median(ours)
    print(
        f"\nAt rest, delivery to acknowledgement, {len(ours)} mails each\n"
        f"  bare IDLE client  median {least:.3f} s, slowest {floor[-1]:.3f} s\n"
        f"  desk              median {median:.3f} s, slowest {ours[-1]:.3f} s: "
        f"{median / least:.2f} and {ours[-1] / least:.2f} times the floor; {peak / 1e6:.0f} MB in all"
    )
