"""Batches in hand: so many at once, decided in the order in which they were taken; empty hands when somebody asks."""

from __future__ import annotations

import asyncio

from mailtickets.hands import PLACES, Hands


async def test_batches_are_decided_in_the_order_in_which_they_were_taken() -> None:
    hands, decided = Hands(), []

    async def take(number: int) -> None:
        async with hands.batch() as turn:
            await asyncio.sleep(0.01 * (5 - number))  # the later ones are read sooner
            await turn()
            decided.append(number)

    await asyncio.gather(*(take(number) for number in range(5)))
    assert decided == [0, 1, 2, 3, 4]


async def test_only_so_many_are_in_hand_at_once() -> None:
    hands, now, most = Hands(), 0, 0

    async def take() -> None:
        nonlocal now, most
        async with hands.batch() as turn:
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.001)
            await turn()
            now -= 1

    await asyncio.gather(*(take() for _ in range(10)))
    assert most == PLACES


async def test_a_batch_that_comes_to_nothing_holds_nobody_up() -> None:
    hands = Hands()

    async def fails() -> None:
        async with hands.batch():
            raise ValueError

    async def goes_on() -> None:
        async with hands.batch() as turn:
            await turn()

    results = await asyncio.wait_for(asyncio.gather(fails(), goes_on(), return_exceptions=True), 5)
    assert isinstance(results[0], ValueError)
    assert results[1] is None


async def test_empty_hands_are_empty_and_stay_so() -> None:
    hands, seen = Hands(), []

    async def take(number: int) -> None:
        async with hands.batch() as turn:
            seen.append(f"taken {number}")
            await asyncio.sleep(0.005)
            await turn()
            seen.append(f"decided {number}")

    async def look() -> None:
        async with hands.empty():
            seen.append("empty")
            await asyncio.sleep(0.005)
            seen.append("no longer")

    await asyncio.wait_for(asyncio.gather(take(0), take(1), look(), look(), take(2)), 5)
    for at in (i for i, word in enumerate(seen) if word == "empty"):
        assert seen[at + 1] == "no longer"
        before = seen[:at]
        assert sum(w.startswith("taken") for w in before) == sum(w.startswith("decided") for w in before)
    assert seen.count("empty") == 2
