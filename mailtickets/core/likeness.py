"""Tells a letter that says the same as an earlier one: how a robot is known that no header gives away.

The law: numbers, links and marks of a single mail count for nothing, and where words differ here and there
most of what stands beside them must be the same.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

ALIKE = 0.8  # of the pairs of neighbouring words: one word in twenty may differ, not two
_LONGEST = 4000  # characters that are looked at
_LINK = re.compile(r"\S*(?:://|@)\S*")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Saying:
    """What somebody wrote: subject and text, and the files that came along (SHA-256)."""

    text: str
    files: frozenset[str] = frozenset()


def alike(one: Saying, other: Saying) -> bool:
    """Whether both say the same. Other files make another letter, whatever stands beside them."""
    if one.files != other.files:
        return False
    a, b = _pairs(one.text), _pairs(other.text)
    if not a or not b:
        return not a and not b
    return 2 * (a & b).total() >= ALIKE * (a.total() + b.total())


def _pairs(text: str) -> Counter[tuple[str, str]]:
    """Neighbouring words with their counts; the text has a beginning and an end, so one word makes two pairs."""
    words = (word.casefold() for word in _WORD.findall(_LINK.sub(" ", text[:_LONGEST])))
    plain = [word for word in words if not any(c.isdigit() for c in word)]
    return Counter(pairwise(("", *plain, ""))) if plain else Counter()
