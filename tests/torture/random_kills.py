"""kill -9 at any moment, while mails flow."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.torture.site import Site, Stand

JUDGED_EVERY = 10  # kills: over a living ledger each look takes longer
READY = '"event": "ready"'


@dataclass(frozen=True, slots=True)
class Flow:
    """What became of it."""

    kind: str
    kills: int
    mails: int
    copies: int  # mails that reached the relay twice
    recovery: float  # seconds from the last start to quiet

    def row(self) -> str:
        return (
            f"{self.kind}: {self.kills} kills while {self.mails} mails flowed; quiet {self.recovery:.1f} s after the "
            f"last start; {self.copies} mails reached the relay twice; 0 promises broken"
        )


def campaign(stand: Stand, kind: str, kills: int, mails: int, seed: int = 1) -> Flow:
    """Broken if a promise is."""
    dice = random.Random(seed)
    with stand.site(kind) as site:
        for k, share in enumerate(_shares(mails, kills), 1):
            letters = site.post.some(share, site.sink.mails[-200:])
            half = len(letters) // 2
            site.deliver(letters[:half])
            site.start()
            site.deliver(letters[half:])
            _let_it_run(site, dice)
            site.kill()
            if k % JUDGED_EVERY == 0:
                site.judge()
        site.start()
        recovery = site.wait_until_quiet(600)
        site.judge(is_quiet=True)
        site.stop()
        return Flow(kind, site.kills, site.post.count, site.copies_at_relay(), recovery)


def _shares(mails: int, kills: int) -> Iterator[int]:
    for k in range(kills):
        yield mails * (k + 1) // kills - mails * k // kills


def _let_it_run(site: Site, dice: random.Random) -> None:
    """Mostly until it is up and a little longer; now and then not so long."""
    if dice.random() < 0.15:
        time.sleep(dice.uniform(0, 1))
        return
    ready = site.log.count(READY)
    until = time.monotonic() + 30
    while site.log.count(READY) == ready and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(dice.expovariate(1 / 0.7))
