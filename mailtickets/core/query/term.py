"""What was typed, taken apart: words, and keys with their values. Where it stood does not make it another term."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from mailtickets.core.query.tree import All, Either, Not, Tree


@dataclass(frozen=True, slots=True)
class Words:
    """Text to be found: one word, or several that stand together."""

    text: str
    at: tuple[int, int] = field(default=(0, 0), compare=False)  # from, to, in what was typed


@dataclass(frozen=True, slots=True)
class Is:
    word: str


@dataclass(frozen=True, slots=True)
class Compared:
    sign: str  # "<" "<=" ">" ">="
    word: str


@dataclass(frozen=True, slots=True)
class Span:
    """From one to the other, both inside; "" is open. One end at least is not."""

    low: str
    high: str


Value: TypeAlias = Is | Compared | Span


@dataclass(frozen=True, slots=True)
class Asked:
    """`key:value,value`: any of the values."""

    key: str  # a key's own name, not an alias
    values: tuple[Value, ...]  # one at least
    at: tuple[int, int] = field(default=(0, 0), compare=False)


Term: TypeAlias = Words | Asked


@dataclass(frozen=True, slots=True)
class Order:
    field: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole question. `where` is `All(())` if it narrows nothing."""

    where: Tree[Term]
    sort: Order | None = None
    group: Order | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """What cannot be asked: a sentence around the words in question, and the nearest that can be."""

    before: str
    term: str  # the words in question, as typed
    after: str
    at: int  # where they begin, from 0
    meant: str = ""  # the whole question put right, "" if nothing is near
    allowed: tuple[str, ...] = ()  # what would do in its place

    @property
    def sentence(self) -> str:
        """ "Character 8: there is no status:opne. There are, for status: new, open."."""
        before = self.before[:1].lower() + self.before[1:]
        return f"Character {self.at + 1}: {before} {self.term}{self.after}"


class Stumble(Exception):
    """A question ends here. It leaves this room as its `Unclear`, never as an exception."""

    def __init__(self, unclear: Unclear) -> None:
        super().__init__(unclear.sentence)
        self.unclear = unclear


def written(query: Query) -> str:
    """The question as text that is read as the same question again."""
    order = [
        f"{key}:{'-' if one.descending else ''}{one.field}"
        for key, one in (("group", query.group), ("sort", query.sort))
        if one is not None
    ]
    match query.where:
        case All(parts) if parts:
            where = [_within_all(part) for part in parts]
        case All():
            where = []
        case _:
            where = [_node(query.where)]
    return " ".join((*where, *order))


def _node(tree: Tree[Term]) -> str:
    match tree:
        case All(parts):
            return " ".join(map(_within_all, parts))
        case Either(parts):
            return " or ".join(f"({_node(p)})" if isinstance(p, Either) else _node(p) for p in parts)
        case Not(part):
            return f"-{_node(part) if isinstance(part, Words | Asked) else f'({_node(part)})'}"
        case Words(text):
            return quoted(text) if _is_syntax(text) else text
        case Asked(key, values):
            return f"{key}:{','.join(map(_value, values))}"


def _within_all(tree: Tree[Term]) -> str:
    return f"({_node(tree)})" if isinstance(tree, All | Either) else _node(tree)


def _value(value: Value) -> str:
    match value:
        case Is(word):
            return _piece(word)
        case Compared(sign, word):
            return sign + _piece(word)
        case Span(low, high):
            return f"{_piece(low) if low else ''}..{_piece(high) if high else ''}"


def quoted(text: str) -> str:
    """In quotes; a quote inside is doubled."""
    return '"' + text.replace('"', '""') + '"'


def _piece(word: str) -> str:
    is_plain = word and not any(c.isspace() or c in ',"()<>=' for c in word) and ".." not in word
    return word if is_plain and not word.startswith(".") and not word.endswith(".") else quoted(word)


def _is_syntax(text: str) -> bool:
    """Whether a text would be read as something else if it stood there as it is."""
    return (
        not text
        or text[0] in "-("
        or text.casefold() in ("or", "and")
        or any(c.isspace() or c in '":()' for c in text)
    )


def typed_terms(parts: Sequence[Tree[Term]]) -> tuple[str, ...]:
    """Parts of a question, each as it is written by itself."""
    return tuple(map(_within_all, parts))
