"""The window before a big database: `python -m tests.bench.window URL [--seconds 30]`, after `python -m tests.bench.seed URL`.

An agent and a customer, signed in, look at the overview, at lists with each filter and sort, for words, at tickets, at 50
requests a second. With --quick every kind of page is asked for ten times, one after the other, and what each costs is told.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx
from sqlalchemy import func, select

from mailtickets.config import Staff
from mailtickets.core.mail import Address
from mailtickets.core.person import Role
from mailtickets.store import people, search, sessions
from mailtickets.store.engine import Store, Tx
from mailtickets.store.schema import shelf, ticket
from mailtickets.web.window import token_hash
from tests.bench import seed
from tests.bench.desk import cpu, pss
from tests.loopback import HOST, free_port, wait_until

_CONFIG = """
[desk]
name = "Bench"
public_url = "http://{listen}"
state_dir = "{folder}"
[database]
url = "{url}"
[[mailbox]]
address = "support@example.org"
[mailbox.imap]
host = "imap.example.org"
user = "support@example.org"
password_file = "none"
[smtp]
host = "smtp.example.org"
[web]
listen = "{listen}"
"""
WORDS = (
    "printer",
    "Rechnung",
    "打印机",
    "принтер",
    "papierstau konto",
    "q4711",
    "vpn drops",
    "password reset",
    "page*",
)
LISTS = (
    "", "q=waiting:us", "q=assignee:me+is:open", "q=assignee:nobody+is:open", "q=waiting:customer", "q=is:open",
    "q=is:done", "q=status:closed", "q=assignee:agent7", "q=assignee:agent7+is:done&sort=number",
    "q=is:open+priority:high..", "q=-assignee:me+is:open", "q=created:<7d", "q=closed:<7d", "q=type:question", "q=has:attachment",
    "q=requester:user25@company25.example", "q=is:open+-printer", "q=subject:printer", "q=group:status",
)  # fmt: skip
COLUMNS = ("number", "subject", "status", "priority", "assignee", "updated")
SORTS = tuple(sign + column for column in COLUMNS for sign in ("", "-"))


def plan(tx: Tx, agent: str, customer: str, who: int) -> list[tuple[str, str, str]]:
    """What is looked at, by kind; each kind as often as people do."""
    rng, last = random.Random(2), tx.scalar(select(func.max(ticket.c.number))) or 0
    numbers = [rng.randint(max(1, last - 20_000), last) for _ in range(100)]
    own = tx.scalars(select(shelf.c.number).where(shelf.c.requester == who).limit(20)).all()
    lists = [f"/tickets?{one}" for one in LISTS]
    sorts = [f"/tickets?{one}&sort={sort}" for sort in SORTS for one in ("", "q=is:open", "q=is:done")]
    pages = [f"/tickets?page={page}" for page in (2, 7, 40)]
    words = [f"/tickets?q={quote(one)}" for one in WORDS] + [
        f"/tickets?q={quote(one)}+is:open" for one in WORDS[:4]
    ]
    kinds = {
        "overview": (20, ["/"], agent),
        "list": (20, lists, agent),
        "sorted list": (10, sorts + pages, agent),
        "words": (15, words, agent),
        "ticket": (25, [f"/ticket/{number}" for number in numbers], agent),
        "customer": (10, ["/tickets", "/tickets?q=printer", "/tickets?sort=number", *(f"/ticket/{n}" for n in own)], customer),
    }  # fmt: skip
    return [
        (what, paths[k % len(paths)], cookie)
        for what, (weight, paths, cookie) in kinds.items()
        for k in range(weight * 10)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.window", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mt-window-")))
        visits = prepared(options.url, folder)
        window = _Window(options.url, folder)
        stack.callback(window.close)
        if options.quick:
            _quick(window, visits)
        else:
            tell(*_load(window, visits, folder, options.rate, options.seconds))


def prepared(url: str, folder: Path) -> list[tuple[str, str, str]]:
    """Sign an agent and a customer in, and write the cards that wait; what they will look at."""
    store = Store.open(url, folder / "blobs")
    now, tokens = datetime.now(UTC), (secrets.token_urlsafe(24), secrets.token_urlsafe(24))
    staff = [
        Staff(Address(seed.agent(k), f"Agent {k}"), f"Agent {k}", Role.AGENT, (), (), "", "")
        for k in range(seed.AGENTS)
    ]
    store.write_sync(people.sync_staff, staff, now)
    who = store.read_sync(_busy)
    for person, token in zip((8, who), tokens, strict=True):
        store.write_sync(sessions.begin, person, token_hash(token), now)
    begun, cards = time.perf_counter(), 0
    while some := store.write_sync(search.write_cards, 2000):
        cards += some
    if cards:
        print(f"{cards} cards: {time.perf_counter() - begun:.0f} s", flush=True)
    visits = store.read_sync(plan, *tokens, who)
    store.close_sync()
    return visits


def _busy(tx: Tx) -> int:
    """A customer with some thirty tickets."""
    found = tx.execute(
        select(shelf.c.requester, func.count())
        .where(shelf.c.requester.between(seed.AGENTS + 1, seed.AGENTS + 2000))
        .group_by(shelf.c.requester)
    )
    whose: int = min((abs(count - 30), who) for who, count in found)[1]
    return whose


class _Window:
    """Owns the window's process."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = f"http://{HOST}:{free_port()}"
        config = folder / "config.toml"
        config.write_text(_CONFIG.format(listen=self.url.removeprefix("http://"), folder=folder, url=url))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mailtickets", "window", "--config", str(config)]
        )
        wait_until(self._answers, "the window to open", 120)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz").status_code == 200
        except httpx.HTTPError:
            return False

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def _quick(window: _Window, visits: list[tuple[str, str, str]]) -> None:
    seen = (
        list(dict.fromkeys(v for v in visits if v[0] != "ticket"))
        + [v for v in visits if v[0] == "ticket"][:5]
    )
    with httpx.Client(base_url=window.url) as client:
        for what, path, cookie in seen:
            took, before = [], cpu(window.process.pid)
            for _ in range(10):
                begun = time.perf_counter()
                client.get(path, headers={"Cookie": f"mailtickets={cookie}"}).raise_for_status()
                took.append((time.perf_counter() - begun) * 1000)
            worked = (cpu(window.process.pid) - before) * 100
            print(
                f"{what:12} {min(took):7.1f} least {statistics.median(took):7.1f} ms  CPU {worked:5.1f}  {path}"
            )
    print(f"PSS {pss(window.process.pid) / 1e6:.0f} MB")


def _load(
    window: _Window, visits: list[tuple[str, str, str]], folder: Path, rate: float, seconds: float
) -> tuple[dict[str, list[float]], float, int]:
    (folder / "plan.json").write_text(json.dumps(visits))
    before = cpu(window.process.pid)
    words = [sys.executable, "-m", "tests.bench.readers", window.url, str(folder / "plan.json")]
    done = subprocess.run(
        [*words, "--rate", str(rate), "--seconds", str(seconds)], stdout=subprocess.PIPE, check=True
    )
    took: dict[str, list[float]] = json.loads(done.stdout)
    requests = sum(map(len, took.values()))
    return took, (cpu(window.process.pid) - before) / requests, pss(window.process.pid)


def tell(took: dict[str, list[float]], worked: float, octets: int) -> None:
    every = [one for times in took.values() for one in times]
    print(
        f"{len(every)} requests, CPU {worked * 1000:.1f} ms each, PSS {octets / 1e6:.0f} MB, load {os.getloadavg()[0]:.1f}"
    )
    for what, times in {**took, "all": every}.items():
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        print(
            f"{what:12} median {cuts[49]:6.1f}  p95 {cuts[94]:6.1f}  p99 {cuts[98]:6.1f}  max {max(times):6.1f} ms"
        )


if __name__ == "__main__":
    main()
