"""How near two words are: a slip of the finger is told from another word."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that this one was probably meant to be; None if it is close to none."""
    found = [(slips(word, k), k) for k in known if abs(len(word) - len(k)) <= _allowed(k)]
    near = [(count, k) for count, k in found if count <= _allowed(k)]
    return min(near)[1] if near else None


def slips(one: str, other: str) -> int:
    """Letters added, left out, changed, or swapped with their neighbour, from one word to the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before = before, row
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _allowed(known: str) -> int:
    # Two slips turn every short word into every other.
    return 2 if len(known) >= 6 else 1
