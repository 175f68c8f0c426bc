"""The desk beside the speed of light, in turns, on the same mails: `make bench`, or `python -m tests.bench --help`.

The law: only ratios of one round are compared; absolute figures belong to the machine that is named above them.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are stopped
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
    found = Round(_light(server, drain, pieces, number), _desk(options, server, drain, pieces, number))
    print(f"round {number + 1}: light {found.light.rate:.0f}, desk {found.desk.rate:.0f} mails/s", flush=True)
    return found


def _light(server: Dovecot, drain: Sink, pieces: tuple[Piece, ...], number: int) -> Run:
    before = drain.count()
    with tempfile.TemporaryDirectory(prefix="mt-bench-") as name:
        database, user = Path(name) / "light.db", f"light{number}@example.org"
        taken, worked = light.seconds(server.port, user, drain.port, database, len(pieces))
    drain.wait_for(before + _opening(pieces), 10)
    return Run(len(pieces) / taken, worked / len(pieces))


def _desk(options: Options, server: Dovecot, drain: Sink, pieces: tuple[Piece, ...], number: int) -> Run:
    """From READY until the last acknowledgement is out and the last mail marked."""
    before, user, opened = drain.count(), f"desk{number}@example.org", _opening(pieces)
    with tempfile.TemporaryDirectory(prefix="mt-bench-") as name:
        with Desk(Path(name), user, server.port, drain.port, options.database, options.connections) as desk:
            drain.wait_for(before + opened, _TIMEOUT, desk.is_up)
            wait_until(lambda: _unmarked(server, user) == 0, "the last mail to be marked", _TIMEOUT)
            taken, worked = time.perf_counter() - desk.ready_at, desk.cpu()
        outcomes = desk.outcomes()
    if (outcomes["opened"], outcomes["replied"]) != (opened, len(pieces) - opened):
        sys.exit(f"The desk did something else than it should: {dict(outcomes)}")
    if drain.count() != before + opened:
        sys.exit(f"{drain.count() - before} mails came out, {opened} should have.")
    return Run(len(pieces) / taken, worked / len(pieces), desk.peak)


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
    shares = sorted(one.share for one in rounds)
    print(
        f"\n{options.mails} mails waiting, medians of {len(rounds)} rounds, "
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
