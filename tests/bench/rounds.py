"""Mails that wait in an inbox: light, then the desk, in turns, each on an inbox of its own with the same mails."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import light, post
from tests.bench.desk import Desk
from tests.bench.post import Piece
from tests.bench.stand import Stand
from tests.loopback import wait_until

TIMEOUT = 900.0  # seconds for one run


@dataclass(frozen=True, slots=True)
class Run:
    """Of one contestant on one inbox."""

    rate: float  # mails a second
    cpu: float  # seconds of the processor for one mail
    peak: int = 0  # octets


@dataclass(frozen=True, slots=True)
class Round:
    light: Run
    desk: Run

    @property
    def share(self) -> float:
        """How much of light's speed the desk has."""
        return self.desk.rate / self.light.rate


def play(stand: Stand, mails: int, rounds: int) -> None:
    """So many rounds, and what came of them."""
    pieces = post.pieces(mails, "support@example.org")
    found = []
    for number in range(rounds):
        for who in ("light", "desk"):
            stand.server.deliver_all([piece.octets for piece in pieces], to=f"{who}{number}@example.org")
        found.append(Round(_light(stand, pieces, number), _desk(stand, pieces, number)))
        one = found[-1]
        print(f"round {number + 1}: light {one.light.rate:.0f}, desk {one.desk.rate:.0f} mails/s", flush=True)
    _tell(mails, found)


def opening(pieces: Sequence[Piece]) -> int:
    """How many of them open a ticket, and so are acknowledged."""
    return sum(piece.opens for piece in pieces)


def take(stand: Stand, desk: Desk, pieces: Sequence[Piece], user: str, before: int) -> float:
    """Wait until the last acknowledgement is out and the last mail marked: seconds since READY."""
    stand.sink.wait_for(before + opening(pieces), TIMEOUT, desk.is_up)
    wait_until(lambda: _unmarked(stand, user) == 0, "the last mail to be marked", TIMEOUT)
    return time.perf_counter() - desk.ready_at


def must_be_right(stand: Stand, desk: Desk, pieces: Sequence[Piece], before: int) -> None:
    """A run counts only if every mail has its outcome, and every ticket one acknowledgement."""
    outcomes, opened = desk.outcomes(), opening(pieces)
    if (outcomes["opened"], outcomes["replied"]) != (opened, len(pieces) - opened):
        sys.exit(f"The desk did something else than it should: {dict(outcomes)}")
    if stand.sink.count() != before + opened:
        sys.exit(f"{stand.sink.count() - before} mails came out, {opened} should have.")


def _light(stand: Stand, pieces: Sequence[Piece], number: int) -> Run:
    before = stand.sink.count()
    with tempfile.TemporaryDirectory(prefix="mt-bench-") as name:
        database, user = Path(name) / "light.db", f"light{number}@example.org"
        taken, worked = light.seconds(stand.server.port, user, stand.sink.port, database, len(pieces))
    stand.sink.wait_for(before + opening(pieces), 10)
    return Run(len(pieces) / taken, worked / len(pieces))


def _desk(stand: Stand, pieces: Sequence[Piece], number: int) -> Run:
    before, user = stand.sink.count(), f"desk{number}@example.org"
    with stand.desk(user) as desk:
        taken, worked = take(stand, desk, pieces, user, before), desk.cpu()
        must_be_right(stand, desk, pieces, before)
    return Run(len(pieces) / taken, worked / len(pieces), desk.peak)


def _unmarked(stand: Stand, user: str) -> int:
    with stand.server.imap(user) as client:
        found = client.uid("SEARCH", "UNSEEN")[1][0]
        return len(found.split())


def _tell(mails: int, rounds: list[Round]) -> None:
    shares = sorted(one.share for one in rounds)
    print(
        f"\n{mails} mails waiting, medians of {len(rounds)} rounds, "
        f"desk to light {statistics.median(shares):.3f} ({shares[0]:.3f} to {shares[-1]:.3f})\n"
        f"{'':8}{'mails/s':>10}{'of light':>10}{'CPU ms/mail':>13}{'peak MB':>9}"
    )
    for who, runs in (("light", [one.light for one in rounds]), ("desk", [one.desk for one in rounds])):
        rate, cpu = (
            statistics.median(values) for values in zip(*((r.rate, r.cpu) for r in runs), strict=True)
        )
        share = "1" if who == "light" else f"1/{1 / statistics.median(shares):.1f}"
        peak = max(run.peak for run in runs)
        print(f"{who:8}{rate:10.0f}{share:>10}{cpu * 1000:13.2f}{f'{peak / 1e6:.0f}' if peak else '':>9}")
