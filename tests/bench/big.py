"""Mails as big as a desk takes them, and small ones behind: how much is in memory, and how long do the small ones wait?"""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Iterator

from tests.bench import post
from tests.bench.stand import Stand
from tests.loopback import wait_until

_USER = "big@example.org"
_SIZE = 18_200_000  # octets of the file; 25 MB on the wire
_SMALL = 20
_TIMEOUT = 1800.0


def play(stand: Stand, count: int) -> None:
    """So many big mails from as many senders, then twenty small ones."""
    small = [p.octets for p in post.pieces(3 * _SMALL, "support@example.org", seed=4) if p.opens][:_SMALL]
    for octets in _big(count):
        stand.server.deliver(octets, to=_USER)
    stand.server.deliver_all(small, to=_USER)
    before = stand.sink.count()
    with stand.desk(_USER) as desk:
        stand.sink.wait_for(before + 1, _TIMEOUT, desk.is_up)
        stand.sink.wait_for(before + count + len(small), _TIMEOUT, desk.is_up)
        taken, cpu = time.perf_counter() - desk.ready_at, desk.cpu()
        wait_until(lambda: desk.done() == count + len(small), "every mail to have its outcome", 60)
        outcomes = desk.outcomes()
    print(
        f"\n{count} mails of 25 MB, {len(small)} small ones behind them: all acknowledged after {taken:.1f} s "
        f"({cpu / taken:.1f} cores), outcomes {dict(outcomes)}\n"
        f"  at most {desk.peaks['daemon'] / 1e6:.0f} MB in the daemon, {desk.peaks['child'] / 1e6:.0f} MB in a child, "
        f"{desk.peak / 1e6:.0f} MB in all"
    )


def _big(count: int) -> Iterator[bytes]:
    file = random.Random(5).randbytes(_SIZE)
    for number in range(count):
        told = base64.encodebytes(number.to_bytes(8, "big") + file).replace(b"\n", b"\r\n")
        yield (
            (
                f"From: Customer <big{number}@customer.example>\r\nTo: support@example.org\r\n"
                f"Subject: A big file {number}\r\nMessage-ID: <big{number}@customer.example>\r\n"
                "Date: Mon, 05 Jan 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n"
                'Content-Type: multipart/mixed; boundary="big"\r\n\r\n'
                "--big\r\nContent-Type: text/plain\r\n\r\nHere it is.\r\n"
                "--big\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n"
                f'Content-Disposition: attachment; filename="file{number}.zip"\r\n\r\n'
            ).encode()
            + told
            + b"--big--\r\n"
        )
