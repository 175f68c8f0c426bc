"""Reads a question: `status:open (priority:high or due:<7d) -tag:vpn "paper jam" sort:-updated`.

The law: whatever is typed is read, or answered with where it cannot be and what could stand there; `parse(written(q)) == q`.
Each character is looked at a fixed number of times, so that time grows with length alone.

By hand, since every text must do as words: for a grammar of tokens `Re:`, `f(x)`, `24"` and `http://…` are mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from mailtickets.core.query.keys import GROUPS, SORTS, Key
from mailtickets.core.query.term import (
    Asked,
    Compared,
    Is,
    Order,
    Query,
    Span,
    Stumble,
    Term,
    Unclear,
    Value,
    Words,
    written,
)
from mailtickets.core.query.tree import All, Either, Not, Tree

LONGEST = 10_000  # characters
DEEPEST = 20  # brackets within brackets
MOST = 100  # words and values

# At least two letters, so that C:\ is none; of those with one only what the table has.
_KEY = re.compile(r"([^\W\d_][\w-]{0,39}):(?!//)", re.ASCII)
_CURLY = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"'})
_SIGN = re.compile(r"<=|>=|<|>|=")
_DIRECTIONS = {"sort": SORTS, "group": GROUPS}


def parse(typed: str, keys: Mapping[str, Key]) -> Query | Unclear:
    """The question that was typed. `keys`: what may be asked, by every name that it has."""
    try:
        return _Reading(typed.translate(_CURLY), keys).query()
    except Stumble as stumble:
        return stumble.unclear


@dataclass(slots=True)
class _Reading:
    """Owns the place that has been read to."""

    text: str
    keys: Mapping[str, Key]
    at: int = 0
    depth: int = 0
    count: int = 0
    sort: Order | None = None
    group: Order | None = None

    def query(self) -> Query:
        if len(self.text) > LONGEST:
            raise Stumble(Unclear("The question has more than", f"{LONGEST:,} characters", ".", LONGEST))
        self._blanks()
        where: Tree[Term] = All(()) if self._ended() else self._either()
        if not self._ended():
            raise self._stumble("There is no bracket open before", ")", ". To look for it, put it in quotes.")
        return Query(where, self.sort, self.group)

    def _either(self) -> Tree[Term]:
        parts = [self._all()]
        while self._takes_word("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all(self) -> Tree[Term]:
        parts: list[Tree[Term]] = []
        is_ordered = False
        while not self._ended() and self.text[self.at] != ")" and not self._is_word("or"):
            if self._takes_word("and"):
                continue
            if self._takes_order():
                is_ordered = True
            else:
                parts.append(self._term())
            self._blanks()
        if not parts and (self._is_word("or") or self.depth or (self.at and not is_ordered)):
            what = self._token() or "the end"
            raise self._stumble(
                "Something to look for is missing before",
                what,
                ". To look for the word “or”, put it in quotes.",
            )
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _term(self) -> Tree[Term]:
        self.count += 1
        if self.count > MOST:
            raise self._stumble(
                f"The question has more than {MOST} words and values, up to", self._token(), "."
            )
        here = self.text[self.at]
        following = self.text[self.at + 1 : self.at + 2]
        if here == "-" and following and following != "-" and not following.isspace() and following != ")":
            self.at += 1
            return Not(self._term())
        return self._bracket() if here == "(" else self._asked() or self._words()

    def _bracket(self) -> Tree[Term]:
        begun = self.at
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._stumble(f"There are more than {DEEPEST} brackets in each other, up to", "(", ".")
        self.at += 1
        self._blanks()
        inside = self._either()
        if self._ended():
            self.at = begun
            raise self._stumble("Nothing closes", "(", ". To look for it, put it in quotes.", self.text + ")")
        self.at += 1
        self.depth -= 1
        return inside

    def _words(self) -> Words:
        begun = self.at
        text = self._in_quotes() if self.text[begun] == '"' else self._plain("")
        if not text.strip():
            self.at = begun
            raise self._stumble("There is nothing between", '""', ".")
        return Words(text, (begun, self.at))

    def _asked(self) -> Asked | None:
        begun = self.at
        key = self._key()
        if key is None:
            return None
        values = [self._value(key, begun)]
        while not self._ended() and self.text[self.at] == ",":
            self.at += 1
            self.count += 1
            values.append(self._value(key, begun))
        return Asked(key.name, tuple(values), (begun, self.at))

    def _key(self) -> Key | None:
        """The key that stands here, and go behind its colon; None if this is text."""
        found = _KEY.match(self.text, self.at)
        if found is None:
            return None
        word = found[1].lower().replace("-", "_")
        key = self.keys.get(word)
        if key is None and word in _DIRECTIONS:
            raise self._stumble("Only the whole question has an order, not a part of it:", found[0], "")
        if key is None:
            has_value = found.end() < len(self.text) and not self.text[found.end()].isspace()
            if len(word) < 2 or not has_value:
                return None  # "Re: printer", "C:\temp"
            raise self._unknown(found)
        self.at = found.end()
        self._blanks()
        return key

    def _unknown(self, found: re.Match[str]) -> Stumble:
        names = tuple(sorted({key.name for key in self.keys.values()} | set(_DIRECTIONS)))
        near = get_close_matches(found[1].lower(), [*self.keys, *_DIRECTIONS], 1, 0.7)
        meant = f"{self.text[: found.start()]}{near[0]}:{self.text[found.end() :]}" if near else ""
        return self._stumble(
            "The desk does not know", found[0], f". It knows: {', '.join(names)}.", meant, names
        )

    def _value(self, key: Key, begun: int) -> Value:
        sign = _SIGN.match(self.text, self.at)
        self.at = sign.end() if sign else self.at
        word = self._piece()
        if self.text.startswith("..", self.at) and (sign is None or not word):
            self.at += 2
            high = self._piece()
            if word or high:
                return Span(word, high)
        if not word:
            self.at = begun
            raise self._stumble(
                "There is nothing after", f"{key.name}:", f", such as {key.example}.", allowed=(key.example,)
            )
        return Is(word) if sign is None or sign[0] == "=" else Compared(sign[0], word)

    def _piece(self) -> str:
        if not self._ended() and self.text[self.at] == '"':
            return self._in_quotes()
        return self._plain(',"')

    def _in_quotes(self) -> str:
        """What stands between quotes; one that is doubled is one of the text."""
        begun, pieces = self.at, []
        while True:
            end = self.text.find('"', self.at + 1)
            if end < 0:
                self.at = begun
                raise self._stumble("Nothing closes the quote before", self._token(1), ".", self.text + '"')
            pieces.append(self.text[self.at + 1 : end])
            self.at = end
            if not self.text.startswith('""', end):
                break
            self.at = end + 1
        self.at += 1
        return '"'.join(pieces)

    def _plain(self, ends: str) -> str:
        """Up to a blank, or a bracket that closes one before it; of a value also up to a comma or dots."""
        begun, opened = self.at, 0
        while not self._ended():
            here = self.text[self.at]
            opened += (here == "(") - (here == ")")
            if here.isspace() or here in ends or opened < 0 or (ends and self.text.startswith("..", self.at)):
                break
            self.at += 1
        return self.text[begun : self.at]

    def _takes_order(self) -> bool:
        """Whether `sort:` or `group:` stands here; if so it is noted."""
        found = _KEY.match(self.text, self.at)
        if found is None or found[1].lower() not in _DIRECTIONS or self.depth:
            return False
        kind = found[1].lower()
        begun, self.at = self.at, found.end()
        word = self._plain("").lower()
        field, known = word.lstrip("-"), _DIRECTIONS[kind]
        name = self.keys[field].name if field in self.keys else field
        end, self.at = self.at, begun
        if name not in known:
            near = get_close_matches(field, known, 1, 0.6)
            meant = f"{self.text[:begun]}{kind}:{near[0]}{self.text[end:]}" if near else ""
            raise self._stumble(
                "There is no",
                self.text[begun:end],
                f". There are, for {kind}: {', '.join(known)}.",
                meant,
                known,
            )
        if getattr(self, kind) is not None:
            raise self._stumble("There is an order already before", self.text[begun:end], ".")
        order = Order(name, word.startswith("-"))
        self.sort, self.group = (order, self.group) if kind == "sort" else (self.sort, order)
        self.at = end
        return True

    def _takes_word(self, word: str) -> bool:
        if not self._is_word(word):
            return False
        self.at += len(word)
        self._blanks()
        return True

    def _is_word(self, word: str) -> bool:
        end = self.at + len(word)
        return self.text[self.at : end].lower() == word and (
            end >= len(self.text) or self.text[end].isspace() or self.text[end] in "()"
        )

    def _blanks(self) -> None:
        while not self._ended() and self.text[self.at].isspace():
            self.at += 1

    def _ended(self) -> bool:
        return self.at >= len(self.text)

    def _token(self, skip: int = 0) -> str:
        """What stands here, for a sentence about it."""
        return "".join(self.text[self.at + skip : self.at + skip + 30].split(maxsplit=1)[:1])

    def _stumble(
        self, before: str, term: str, after: str, meant: str = "", allowed: tuple[str, ...] = ()
    ) -> Stumble:
        return Stumble(Unclear(before, term, after, self.at, meant.strip(), allowed))


__all__ = ["DEEPEST", "LONGEST", "MOST", "parse", "written"]
