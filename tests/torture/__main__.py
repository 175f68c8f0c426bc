"""The campaigns, long: `make torture`, or some of them: `make torture ARGS="failpoints --rounds 35"`.

Prints a line as each is done, and writes the table to torture.md (`--table`). Ends with 1 if a promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.torture import failpoint_runs, imap_links, random_kills, servers, smtp_links
from tests.torture.site import Stand

KINDS = ("sqlite", "postgresql")


def _failpoints(stand: Stand, wanted: argparse.Namespace) -> Iterator[str]:
    for seed in range(1, wanted.rounds + 1):
        yield from failpoint_runs.campaign(stand, KINDS, 1, seed).rows()


def _random(stand: Stand, wanted: argparse.Namespace) -> Iterator[str]:
    for kind in KINDS:
        yield random_kills.campaign(stand, kind, wanted.kills // 2, wanted.mails // 2).row()


def _imap(_: Stand, __: argparse.Namespace) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        done = asyncio.run(imap_links.campaign(Path(folder), imap_links.cases()))
    slowest = max(done, key=lambda one: one.seconds)
    yield (
        f"{len(done)} faults of an IMAP server, each in each state, all left behind; "
        f"slowest {slowest.seconds:.1f} s ({slowest.what} at {slowest.step}, deadlines and pauses shortened)"
    )


def _smtp(_: Stand, __: argparse.Namespace) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        count = asyncio.run(smtp_links.campaign(Path(folder), smtp_links.cases()))
    yield f"{count} faults of an SMTP server, each at each stage: tried again, given up and counted as the policy says"


def _servers(stand: Stand, _: argparse.Namespace) -> Iterator[str]:
    for kind in KINDS:
        yield servers.dovecot_is_killed(stand, kind).row()
        yield servers.dovecot_loses_its_index(stand, kind).row()
        yield servers.postfix_is_killed(stand, kind).row()
    yield servers.postgresql_is_restarted(stand).row()
    yield servers.postgresql_is_restarted(stand, how=servers.AT_ONCE).row()


def _house(stand: Stand, _: argparse.Namespace) -> Iterator[str]:
    yield servers.disk_is_full(stand, seconds=20).row()
    yield servers.database_is_locked(stand, seconds=40).row()
    for kind in KINDS:
        yield servers.clock_is_moved(stand, kind).row()
        yield servers.second_instance(stand, kind).row()


def _client(stand: Stand, _: argparse.Namespace) -> Iterator[str]:
    for seed, kind in enumerate(KINDS):
        yield servers.second_client(stand, kind, mails=400, seed=seed).row()


CAMPAIGNS: dict[str, Callable[[Stand, argparse.Namespace], Iterator[str]]] = {
    "failpoints": _failpoints,
    "random": _random,
    "imap": _imap,
    "smtp": _smtp,
    "servers": _servers,
    "house": _house,
    "client": _client,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("campaigns", nargs="*", help=", ".join(CAMPAIGNS))
    parser.add_argument("--rounds", type=int, default=35, help="over every step on both databases")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--mails", type=int, default=20_000)
    parser.add_argument("--table", type=Path, default=Path("torture.md"))
    wanted = parser.parse_args()
    lines = ["| campaign | minutes | result |", "|---|---|---|"]
    failed = 0
    with Stand() as stand:
        for name in wanted.campaigns or CAMPAIGNS:
            began = time.monotonic()
            try:
                for line in CAMPAIGNS[name](stand, wanted):
                    lines.append(f"| {name} | {(time.monotonic() - began) / 60:.1f} | {line} |")
                    print(lines[-1], flush=True)
            except Exception:
                failed += 1
                traceback.print_exc()
                lines.append(f"| {name} | {(time.monotonic() - began) / 60:.1f} | **failed**, see above |")
                print(lines[-1], flush=True)
            wanted.table.write_text("\n".join(lines) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
