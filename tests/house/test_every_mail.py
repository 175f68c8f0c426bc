"""Real mails, odd ones among them, through keep, read, decide: each ends in exactly one outcome."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailtickets import desk
from mailtickets.config import load
from mailtickets.core.case import Outcome
from mailtickets.core.mail import RawMail
from mailtickets.intake import House, decide_all
from mailtickets.reader import Reader
from mailtickets.store import engine, ledger, people
from mailtickets.store.engine import Store
from tests.house.house import SUPPORT, write_config

SHARED = Path(__file__).parents[3] / "shared" / "mail" / "messages"
CORPUS = Path(__file__).parents[1] / "corpus"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BATCH = 100
LIFTED = """
[limits]
unproven_per_address = "none"
unproven_per_domain = "none"
unproven_in_all = "none"
tickets_per_sender = "none"
"""


async def _take_in(folder: Path, mails: list[bytes]) -> Counter[Outcome]:
    """All mails as the daemon takes them, into a ledger of its own."""
    write_config(folder, imap_port=1, smtp_port=1, more=LIFTED)
    settings = load(folder / "config.toml")
    engine.make_current(settings.database_url, settings.state_dir)
    store = Store.open(settings.database_url, settings.blobs)
    outcomes: Counter[Outcome] = Counter()
    try:
        await store.write(people.sync_staff, settings.staff, NOW)
        async with Reader() as reader:
            house = House(store, reader, desk.furnish(settings), lambda: NOW, lambda: None, asyncio.Lock())
            for start in range(0, len(mails), BATCH):
                raws = [
                    RawMail(SUPPORT, 1, uid, NOW - timedelta(minutes=1), octets, len(octets))
                    for uid, octets in enumerate(mails[start : start + BATCH], start + 1)
                ]
                stored = await store.write(ledger.keep, store.blobs, raws, NOW)
                endings = await decide_all(house, stored)
                outcomes += Counter(ending.outcome for ending in endings)
                # The same octets again are left alone before they are read.
                outcomes[Outcome.IGNORED] += len(raws) - len(stored)
                assert await store.write(ledger.unfinished, store.blobs, NOW, 10) == ()
                stumbled = [e for e in endings if e.reason.startswith("The desk stumbled")]
                assert stumbled == []
    finally:
        await store.close()
    return outcomes


@pytest.mark.skipif(not SHARED.exists(), reason="the shared mails are not beside this checkout")
async def test_every_shared_mail_ends_in_one_outcome(tmp_path: Path) -> None:
    mails = [path.read_bytes() for path in sorted(SHARED.glob("*.eml"))]
    began = time.monotonic()
    outcomes = await _take_in(tmp_path, mails)
    print(dict(outcomes), f"{time.monotonic() - began:.1f} s")
    assert sum(outcomes.values()) == len(mails)
    # Without a sender, too deep, or empty: there are some. More would mean that reading is broken.
    assert outcomes[Outcome.QUARANTINED] < len(mails) * 0.03


async def test_every_letter_of_the_corpus_ends_in_one_outcome(tmp_path: Path) -> None:
    mails = [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))]
    assert mails
    outcomes = await _take_in(tmp_path, mails)
    assert sum(outcomes.values()) == len(mails)
