"""The numbers that people call tickets by. The law: in sequence none is left out, and none is given away twice."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, bindparam, case, select, update
from sqlalchemy.sql.dml import ReturningInsert

from mailtickets.core.policy import Policy
from mailtickets.store.connect import insert
from mailtickets.store.schema import counter, ticket
from mailtickets.store.sheet import Sheet

LEAST_RANDOM = 1_000_000  # seven digits
TRIES = 50  # for a random number that no ticket has
_AHEAD = 200  # numbers that are looked at together for being taken

_TAKEN = select(ticket.c.id).where(ticket.c.number == bindparam("number"))
_TAKEN_AMONG = select(ticket.c.number).where(ticket.c.number.between(bindparam("first"), bindparam("last")))
_COUNTER = select(counter.c.value).where(counter.c.name == "ticket")
_COUNTED = update(counter).where(counter.c.name == "ticket").values(value=bindparam("last"))


class Numbers:
    """Gives new tickets their numbers. Belongs to one transaction."""

    def __init__(self, sheet: Sheet, policy: Policy) -> None:
        self._sheet = sheet
        self._policy = policy
        self._last: int | None = None
        self._counted = 0  # what the counter says
        self._given: set[int] = set()
        self._taken: frozenset[int] = frozenset()
        self._looked_to = LEAST_RANDOM - 1  # numbers up to here are known to be free, or to be taken

    def next(self) -> int:
        """A number that no ticket has."""
        return self._random() if self._policy.number_style == "random7" else self._following()

    def _following(self) -> int:
        """One more than the last; the row is locked until the transaction ends, so none is left out."""
        if self._last is None:
            self._last = self._counted = self._begin()
        else:
            self._last += 1
        while self._is_taken(self._last):
            self._last += 1
        return self._last

    def _begin(self) -> int:
        start = self._policy.number_start
        if self._sheet.is_dry:
            return max((self._sheet.unwritten.scalar(_COUNTER) or 0) + 1, start)
        counted = self._sheet.unwritten.execute(_counting(self._sheet.dialect), {"start": start})
        first: int = counted.scalar_one()
        return first

    def write(self) -> None:
        """Have the counter say the last number that was given."""
        if self._last is not None and self._last > self._counted and not self._sheet.is_dry:
            self._sheet.unwritten.execute(_COUNTED, {"last": self._last})
            self._counted = self._last

    def _is_taken(self, number: int) -> bool:
        """Only if the numbers were random once."""
        if number > self._looked_to:
            self._looked_to = number + _AHEAD
            span = {"first": number, "last": self._looked_to}
            self._taken = frozenset(self._sheet.unwritten.scalars(_TAKEN_AMONG, span))
        return number in self._taken

    def _random(self) -> int:
        """Seven digits that tell nothing of how many tickets there are."""
        for _ in range(TRIES):
            number = LEAST_RANDOM + secrets.randbelow(9 * LEAST_RANDOM)
            is_taken = self._sheet.unwritten.scalar(_TAKEN, {"number": number}) is not None
            if not is_taken and number not in self._given:
                self._given.add(number)
                return number
        raise RuntimeError("All ticket numbers of seven digits are taken. Set number_style to sequence.")


@cache
def _counting(dialect: str) -> ReturningInsert[Any]:
    start: BindParameter[int] = bindparam("start")
    following = counter.c.value + 1
    return (
        insert(dialect, counter)
        .values(name="ticket", value=start)
        .on_conflict_do_update(
            index_elements=[counter.c.name],
            set_={"value": case((following < start, start), else_=following)},
        )
        .returning(counter.c.value)
    )
