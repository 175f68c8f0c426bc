"""The desk beside the speed of light, in turns, on the same mails: `make bench`, or `python -m tests.bench --help`.

The law: only ratios of one round are compared; absolute figures belong to the machine that is named above them.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests import dovecot
from tests.bench import light, post, sink
from tests.bench.desk import Desk
from tests.bench.post import Piece
from tests.bench.sink import Sink
from tests.dovecot import Dovecot
from tests.loopback import wait_until

_TIMEOUT = 600.0


@dataclass(frozen=True, slots=True)
class Round:
    """Mails a second, and the desk's peak memory in octets."""

    light: float
    desk: float
    peak: int


@dataclass(frozen=True, slots=True)
class Options:
    mails: int
    rounds: int
    idle: int
    database: str
    connections: int


def main() -> None:
    options = _options()
    if why := dovecot.missing() or sink.missing():
        sys.exit(why)
    users = [f"{who}{number}@example.org" for who in ("light", "desk") for number in range(options.rounds)]
    with Dovecot(*users, "idle@example.org") as server, Sink() as drain:
        load = os.getloadavg()[0]
        print(
            f"{platform.machine()}, {os.cpu_count()} cores, load {load:.2f} before, Python {platform.python_version()}"
        )
        pieces = post.pieces(options.mails, "support@example.org")
        rounds = [_round(options, server, drain, pieces, number) for number in range(options.rounds)]
        if rounds:
            _tell_rounds(options, rounds)
        if options.idle:
            _tell_idle(_idle(options, server, drain))


def _round(options: Options, server: Dovecot, drain: Sink, pieces: tuple[Piece, ...], number: int) -> Round:
    """Light, then the desk, each on an inbox of its own with the same mails."""
    for who in ("light", "desk"):
        server.deliver_all([piece.octets for piece in pieces], to=f"{who}{number}@example.org")
    rate = _light(server, drain, pieces, number)
    mine, peak = _desk(options, server, drain, pieces, number)
    print(f"round {number + 1}: light {rate:.0f}, desk {mine:.0f} mails/s", flush=True)
    return Round(rate, mine, peak)


def _light(server: Dovecot, drain: Sink, pieces: tuple[Piece, ...], number: int) -> float:
    before = drain.count()
    with tempfile.TemporaryDirectory(prefix="mt-bench-") as name:
        user = f"light{number}@example.org"
        taken = light.seconds(server.port, user, drain.port, Path(name) / "light.db", len(pieces))
    drain.wait_for(before + _opening(pieces), 10)
    return len(pieces) / taken


def _desk(
    options: Options, server: Dovecot, drain: Sink, pieces: tuple[Piece, ...], number: int
) -> tuple[float, int]:
    """Mails a second from READY until the last acknowledgement is out and the last mail marked; peak memory."""
    before, user = drain.count(), f"desk{number}@example.org"
    with tempfile.TemporaryDirectory(prefix="mt-bench-") as name:
        with Desk(Path(name), user, server.port, drain.port, options.database, options.connections) as desk:
            drain.wait_for(before + _opening(pieces), _TIMEOUT, desk.is_up)
            wait_until(lambda: _unmarked(server, user) == 0, "the last mail to be marked", _TIMEOUT)
            taken = time.perf_counter() - desk.ready_at
        outcomes = desk.outcomes()
    opened = _opening(pieces)
    if (outcomes["opened"], outcomes["replied"]) != (opened, len(pieces) - opened):
        sys.exit(f"The desk did something else than it should: {dict(outcomes)}")
    if drain.count() != before + opened:
        sys.exit(f"{drain.count() - before} mails came out, {opened} should have.")
    return len(pieces) / taken, desk.peak


def _idle(options: Options, server: Dovecot, drain: Sink) -> list[float]:
    """Seconds from a mail's delivery to its acknowledgement, one after the other, the desk at rest."""
    found = []
    with (
        tempfile.TemporaryDirectory(prefix="mt-bench-") as name,
        Desk(Path(name), "idle@example.org", server.port, drain.port, options.database, 2) as desk,
    ):
        for piece in [p for p in post.pieces(3 * options.idle, "support@example.org", seed=2) if p.opens][
            : options.idle
        ]:
            time.sleep(1)
            before = drain.count()
            delivered = time.perf_counter()
            server.deliver(piece.octets, to="idle@example.org")
            found.append(drain.wait_for(before + 1, 30, desk.is_up) - delivered)
    return found


def _opening(pieces: tuple[Piece, ...]) -> int:
    return sum(piece.opens for piece in pieces)


def _unmarked(server: Dovecot, user: str) -> int:
    with server.imap(user) as client:
        found = client.uid("SEARCH", "UNSEEN")[1][0]
        return len(found.split())


def _tell_rounds(options: Options, rounds: list[Round]) -> None:
    shares = [one.desk / one.light for one in rounds]
    print(
        f"\n{options.mails} mails waiting, median of {len(rounds)} rounds (spread of the ratio {min(shares):.3f} to {max(shares):.3f})\n"
        f"  light           {statistics.median(one.light for one in rounds):8.0f} mails/s\n"
        f"  desk            {statistics.median(one.desk for one in rounds):8.0f} mails/s, 1/{1 / statistics.median(shares):.1f} of light\n"
        f"  desk, memory    {max(one.peak for one in rounds) / 1e6:8.0f} MB at its peak, all processes (PSS)"
    )


def _tell_idle(waits: list[float]) -> None:
    waits.sort()
    print(
        f"\nIdle, delivery to acknowledgement, {len(waits)} mails\n"
        f"  median {statistics.median(waits):.2f} s, slowest {waits[-1]:.2f} s (Dovecot holds its IDLE notices for 0.5 s)"
    )


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--mails", type=int, default=2000, help="waiting in the inbox (2000)")
    parser.add_argument("--rounds", type=int, default=3, help="of light and desk in turns (3)")
    parser.add_argument("--idle", type=int, default=20, help="mails for the idle figure, 0: none (20)")
    parser.add_argument("--database", default="sqlite:///mailtickets.db", help="of the desk")
    parser.add_argument("--connections", type=int, default=4, help="to the SMTP sink; light uses 4 (4)")
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
