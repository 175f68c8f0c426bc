"""Real mails, odd ones among them, through keep, read, decide: each ends in exactly one outcome."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailtickets import desk, dkim
from mailtickets.config import load
from mailtickets.core.case import Outcome
from mailtickets.core.mail import RawMail
from mailtickets.hands import Hands
from mailtickets.intake import House, decide_all
from mailtickets.reader.pool import Reader
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
same_words = "none"
"""


async def _take_in(folder: Path, mails: list[bytes]) -> tuple[Counter[Outcome], Counter[str]]:
    """All mails as the daemon takes them, into a ledger of its own: their outcomes, and why some are in quarantine."""
    write_config(folder, imap_port=1, smtp_port=1, more=LIFTED)
    settings = load(folder / "config.toml")
    engine.make_current(settings.database_url, settings.state_dir)
    store = Store.open(settings.database_url, settings.blobs)
    outcomes: Counter[Outcome] = Counter()
    quarantined: Counter[str] = Counter()
    try:
        await store.write(people.sync_staff, settings.staff, NOW)
        async with Reader() as reader:
            house = House(
                store,
                reader,
                desk.furnish(settings),
                lambda: NOW,
                lambda: None,
                dkim.Checker(),
                Hands(),
            )
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
                quarantined += Counter(e.reason for e in endings if e.outcome is Outcome.QUARANTINED)
                stumbled = [e for e in endings if e.reason.startswith("The desk stumbled")]
                assert stumbled == []
    finally:
        await store.close()
    return outcomes, quarantined


@pytest.mark.skipif(not SHARED.exists(), reason="the shared mails are not beside this checkout")
async def test_every_shared_mail_ends_in_one_outcome(tmp_path: Path) -> None:
    mails = [path.read_bytes() for path in sorted(SHARED.glob("*.eml"))]
    began = time.monotonic()
    outcomes, quarantined = await _take_in(tmp_path, mails)
    print(dict(outcomes), dict(quarantined), f"{time.monotonic() - began:.1f} s")
    assert sum(outcomes.values()) == len(mails)
    # Many of them have no From, and nobody to answer; hardly any cannot be read.
    quarantined.pop("no sender: nobody can be answered")
    assert quarantined.total() < len(mails) * 0.005


async def test_every_letter_of_the_corpus_ends_in_one_outcome(tmp_path: Path) -> None:
    mails = [path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))]
    assert mails
    outcomes, _ = await _take_in(tmp_path, mails)
    assert sum(outcomes.values()) == len(mails)
