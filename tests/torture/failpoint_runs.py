"""kill -9 at each named step, on either database; the start that follows is the recovery and, mostly, the next victim."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import make_url

from mailtickets.failpoints import Point
from mailtickets.store import connect, engine
from mailtickets.store.revision import MIGRATIONS
from tests.torture.site import Broken, Site, Stand

A_SITE = 12  # kills before a house is left in peace, judged in full and given up for a fresh one
START = (Point.LOCKED, Point.STAFF_KNOWN, Point.CLAIMS_RELEASED)
FIRST_START = (Point.MIGRATING, Point.MIGRATED)
UPGRADE = (Point.BACKING_UP, Point.BACKED_UP)
FRESH = (*FIRST_START, *UPGRADE)  # need a database that nobody has worked with: the first step of its house
CLOCK = (Point.JOB_TAKEN, Point.JOB_DONE)
TRANSACTIONS = frozenset(  # where the databases differ most: within a commit, and at the first look after one
    {Point.MIGRATING, Point.KEEPING, Point.DECIDED, Point.CLAIMED, Point.SETTLING, Point.LEFTOVERS_TAKEN}
)
REPEATED = frozenset(  # steps that a batch of letters comes through more than once
    {Point.LETTER_DECIDED, Point.DIALLING, Point.HANDING, Point.ANSWERED, Point.SETTLING, Point.SETTLED}
)


@dataclass
class Tally:
    """What became of the runs."""

    runs: Counter[str] = field(default_factory=Counter)  # by point
    recoveries: list[float] = field(default_factory=list)  # seconds from the last start to quiet
    mails: int = 0
    copies: int = 0
    houses: int = 0

    def rows(self) -> list[str]:
        slowest = max(self.recoveries, default=0.0)
        return [
            f"{self.runs.total()} kills at {len(self.runs)} steps in {self.houses} houses, {self.mails} mails; "
            f"slowest recovery {slowest:.1f} s; {self.copies} mails reached the relay twice; 0 promises broken"
        ]


def campaign(
    stand: Stand, kinds: Sequence[str], times: int, seed: int = 1, only: frozenset[Point] | None = None
) -> Tally:
    """Every step `times` times on each of the databases. Broken if a promise is, or if a step is never reached."""
    tally = Tally()
    dice = random.Random(seed)
    for kind in kinds:
        plan = [point for point in steps(kind) if only is None or point in only] * times
        dice.shuffle(plan)
        plan.sort(key=lambda point: point not in FRESH)
        while plan:
            fresh = [p for p in plan if p in FRESH][:1]
            some = fresh + [p for p in plan if p not in FRESH][: A_SITE - len(fresh)]
            for point in some:
                plan.remove(point)
            with stand.site(kind, is_empty=bool(fresh)) as site:
                _run_house(site, kind, some, dice, tally)
    return tally


def steps(kind: str) -> tuple[Point, ...]:
    """Those that a daemon on this database comes through."""
    # PostgreSQL is backed up by its own means.
    return tuple(point for point in Point if kind == "sqlite" or point not in UPGRADE)


def _run_house(site: Site, kind: str, points: Sequence[Point], dice: random.Random, tally: Tally) -> None:
    for point in points:
        try:
            _die_at(site, kind, point, dice)
            site.judge()
        except BaseException as error:
            error.add_note(f"{kind}, {point}; this house: {', '.join(points)}")
            raise
        tally.runs[point] += 1
    site.start()
    tally.recoveries.append(site.wait_until_quiet())
    site.judge(is_quiet=True)
    site.stop()
    tally.mails += site.post.count
    tally.copies += site.copies_at_relay()
    tally.houses += 1


def _die_at(site: Site, kind: str, point: Point, dice: random.Random) -> None:
    """Bring the house to a step and have it killed there."""
    at = dice.randint(1, 3) if point in REPEATED else 1
    if point in UPGRADE:
        _as_first_released(site)
    if point in CLOCK:
        _miss_a_job(site, kind)
    if point is Point.LEFTOVERS_TAKEN:
        _die_at(site, kind, Point.READ, dice)
    letters = site.post.some(dice.randint(2, 4), site.sink.mails)
    if point in (Point.BLOB_WRITTEN, Point.BLOB_NAMED):
        letters.append(site.post.big())
    if point is Point.GIVING_UP:
        site.sink.script("RCPT", "550 5.1.1 Nobody of that name.")
    if point is Point.UNCLAIMING:
        letters += site.post.some(4)
        site.sink.script("CONNECT", *["421 4.3.2 Not now."] * 2)
    if dice.random() < 0.5:
        site.deliver(letters)
        letters = []
    site.start(MAILTICKETS_FAILPOINTS=f"{point}=kill@{at}")
    if letters:
        site.deliver(letters)
    code = site.wait_for_death()
    if code != -9:
        raise Broken(f"{point}: the daemon ended with {code} instead of being killed there")
    site.sink.forget_script()


def _as_first_released(site: Site) -> None:
    """The database as the first release made it: an older one, which the start copies and brings up to date."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    database = connect.writer(site.settings.database_url)
    try:
        with database.begin() as tx:
            config.attributes["connection"] = tx
            command.upgrade(config, "0001")
    finally:
        database.dispose()


def _miss_a_job(site: Site, kind: str) -> None:
    """The hourly comparison was last made two days ago: it is made up for at the next start."""
    engine.make_current(
        site.settings.database_url, site.settings.state_dir
    )  # the house may not have come so far yet
    at = datetime.now(UTC) - timedelta(days=2)
    url = make_url(site.settings.database_url)
    row = ("reconcile", at.replace(tzinfo=None) if kind == "sqlite" else at)
    if kind == "sqlite":
        with sqlite3.connect(str(url.database)) as database:
            database.execute("DELETE FROM lease WHERE name = 'reconcile'")
            database.execute(
                "INSERT INTO lease (name, owner, ran_at) VALUES (?, '', ?)", (row[0], str(row[1]))
            )
        database.close()
    else:
        with psycopg.connect(
            url.set(drivername="postgresql").render_as_string(hide_password=False)
        ) as server:
            server.execute("DELETE FROM lease WHERE name = 'reconcile'")
            server.execute("INSERT INTO lease (name, owner, ran_at) VALUES (%s, '', %s)", row)
