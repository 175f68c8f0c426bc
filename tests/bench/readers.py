"""People who look at the page, at a steady rate whatever it answers: a process of its own beside the window.

    python -m tests.bench.readers URL PLAN.json --rate 50 --seconds 30

PLAN.json: [[what, path, cookie], …]. Prints JSON: for each kind of page the milliseconds that each answer took.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections import defaultdict

import httpx

Visit = tuple[str, str, str]


async def read(url: str, plan: list[Visit], rate: float, seconds: float) -> dict[str, list[float]]:
    """Milliseconds by kind. A request is sent when its time has come, not when the one before is answered."""
    took: dict[str, list[float]] = defaultdict(list)
    rng = random.Random(1)
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=4)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=30) as client:

        async def visit(what: str, path: str, cookie: str, due: float) -> None:
            answer = await client.get(path, headers={"Cookie": f"mailtickets={cookie}"})
            if answer.status_code != 200:
                sys.exit(f"{path}: {answer.status_code}")
            took[what].append((time.perf_counter() - due) * 1000)

        for what, path, cookie in plan[:20]:  # whatever is made at the first request is made
            await visit(f"warm {what}", path, cookie, time.perf_counter())
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(int(rate * seconds)):
                due = begun + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(visit(*rng.choice(plan), due))
    return {what: times for what, times in took.items() if not what.startswith("warm ")}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.readers", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("plan")
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    with open(options.plan) as file:
        plan = [(what, path, cookie) for what, path, cookie in json.load(file)]
    print(json.dumps(asyncio.run(read(options.url, plan, options.rate, options.seconds))))


if __name__ == "__main__":
    main()
