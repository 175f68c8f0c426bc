"""The desk beside the speed of light, in turns, on the same mails: `make bench`, or `python -m tests.bench --help`.

The law: only ratios of one round are compared; absolute figures belong to the machine that is named above them.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys

from tests.bench import backlog, big, rest, rounds, seeded, stand


def main() -> None:
    options = _options()
    if why := stand.missing(options.database):
        sys.exit(why)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are stopped
    users = [f"{who}{number}@example.org" for who in ("light", "desk") for number in range(options.rounds)]
    users += seeded.users(options.rounds)
    users += [f"{who}@example.org" for who in ("idle", "bare", "backlog", "big")]
    with stand.built(users, options.database, options.connections) as built:
        print(
            f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} before, "
            f"Python {platform.python_version()}, {options.database}"
        )
        if options.seeded:
            seeded.play(built, options.seeded, options.mails, options.rounds)
        elif options.rounds:
            rounds.play(built, options.mails, options.rounds)
        if options.idle:
            rest.play(built, options.idle)
        if options.backlog:
            backlog.play(built, options.backlog)
        if options.big:
            big.play(built, options.big)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--mails", type=int, default=2000, help="waiting in the inbox (2000)")
    parser.add_argument("--rounds", type=int, default=3, help="of light and desk in turns, 0: none (3)")
    parser.add_argument("--idle", type=int, default=20, help="mails for the figure at rest, 0: none (20)")
    parser.add_argument(
        "--backlog", type=int, default=0, help="mails in one long run, 0: none; 20000 is usual"
    )
    parser.add_argument("--big", type=int, default=0, help="mails of 25 MB, small ones behind; 100 is usual")
    parser.add_argument("--seeded", default="", metavar="URL", help="the rounds, empty against this database")
    parser.add_argument(
        "--database", choices=("sqlite", stand.POSTGRESQL), default="sqlite", help="of the desk (sqlite)"
    )
    parser.add_argument("--connections", type=int, default=4, help="to the SMTP sink; light uses 4 (4)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
