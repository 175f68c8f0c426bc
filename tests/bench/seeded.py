"""The same mails into a desk with years behind it and into an empty one, in turns; and how long each takes to start."""

from __future__ import annotations

import statistics
import sys
from dataclasses import dataclass

from tests.bench import post, rounds
from tests.bench.post import Piece
from tests.bench.stand import Stand


@dataclass(frozen=True, slots=True)
class _Run:
    rate: float  # mails a second
    start: float  # seconds from the process to READY
    peak: int  # octets


def users(count: int) -> list[str]:
    """The inboxes that so many rounds need."""
    return [f"{who}{number}@example.org" for who in ("empty", "seeded") for number in range(count)]


def play(stand: Stand, url: str, mails: int, count: int) -> None:
    """`url`: of a database that `tests.bench.seed` has filled; it is a little fuller afterwards."""
    # Other mails each time: what a desk has had already is a copy.
    found = []
    for number in range(count):
        pieces = post.pieces(mails, "support@example.org", seed=100 + number)
        empty = _run(stand, pieces, f"empty{number}@example.org", None)
        found.append((empty, _run(stand, pieces, f"seeded{number}@example.org", url)))
        print(
            f"round {number + 1}: empty {found[-1][0].rate:.0f}, seeded {found[-1][1].rate:.0f} mails/s",
            flush=True,
        )
    share = statistics.median(seeded.rate / empty.rate for empty, seeded in found)
    starts = [max(run.start for run in runs) for runs in zip(*found, strict=True)]
    print(
        f"\n{mails} mails into a seeded database, {count} rounds: {share:.2f} of the rate into an empty one\n"
        f"  slowest start {starts[0]:.1f} s empty, {starts[1]:.1f} s seeded; "
        f"at most {max(seeded.peak for _, seeded in found) / 1e6:.0f} MB"
    )


def _run(stand: Stand, pieces: tuple[Piece, ...], user: str, url: str | None) -> _Run:
    stand.server.deliver_all([piece.octets for piece in pieces], to=user)
    before = stand.sink.count()
    with stand.desk(user, url) as desk:
        taken = rounds.take(stand, desk, pieces, user, before)
        if desk.done() != len(pieces) or stand.sink.count() != before + rounds.opening(pieces):
            sys.exit(f"{desk.done()} mails have their outcome, {stand.sink.count() - before} came out.")
    return _Run(len(pieces) / taken, desk.ready_at - desk.begun_at, desk.peak)
