"""What counts but once: ids of ours until somebody outside has seen them, signatures of letters that order something.

The law: what is spent stays spent, whoever shows it again; but the letter that spent it may be decided again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache

from sqlalchemy import Insert, Table, bindparam, select

from mailtickets.core.tokens import Token
from mailtickets.store.connect import insert
from mailtickets.store.schema import imprint, spent
from mailtickets.store.sheet import Sheet

_SPENT = select(spent.c.token, spent.c.inbound).where(spent.c.token.in_(bindparam("tokens", expanding=True)))
_IMPRINTS = select(imprint.c.sha256, imprint.c.inbound).where(
    imprint.c.sha256.in_(bindparam("imprints", expanding=True))
)


class Once:
    """What a batch of letters asks of that, kept true from one letter to the next. Belongs to one transaction."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._tokens: dict[Token, int | None] = {}  # by which letter (inbound id) it was spent
        self._imprints: dict[str, int | None] = {}  # which letter bore it first

    def expect(self, tokens: Collection[Token]) -> None:
        """Ask together for what letters will ask for one by one."""
        if unknown := {t.key: t for t in tokens if t not in self._tokens}:
            found = dict(self._sheet.unwritten.execute(_SPENT, {"tokens": list(unknown)}).all())
            self._tokens |= {token: found.get(key) for key, token in unknown.items()}

    def spent(self, tokens: Collection[Token], letter: int) -> frozenset[Token]:
        """Those of them that prove nothing any more, in this letter (inbound id)."""
        self.expect(tokens)
        return frozenset(t for t in tokens if self._tokens[t] not in (None, letter))

    def spend(self, tokens: Iterable[Token], letter: int) -> None:
        """Somebody outside knows them by this letter."""
        for token in tokens:
            if self._tokens.get(token) is None:
                self._tokens[token] = letter
                self._sheet.put(_first(self._sheet.dialect, spent), {"token": token.key, "inbound": letter})

    def imprinted(self, imprints: Collection[str], letter: int) -> int | None:
        """The letter, another than this one, that bore one of these first; None if none did."""
        if unknown := [one for one in imprints if one not in self._imprints]:
            found = dict(self._sheet.unwritten.execute(_IMPRINTS, {"imprints": unknown}).all())
            self._imprints |= {one: found.get(one) for one in unknown}
        firsts = (self._imprints[one] for one in imprints)
        return next((first for first in firsts if first is not None and first != letter), None)

    def imprint(self, imprints: Iterable[str], letter: int) -> None:
        """This letter bears them."""
        for one in imprints:
            if self._imprints.get(one) is None:
                self._imprints[one] = letter
                self._sheet.put(_first(self._sheet.dialect, imprint), {"sha256": one, "inbound": letter})


@cache
def _first(dialect: str, table: Table) -> Insert:
    return insert(dialect, table).on_conflict_do_nothing()
