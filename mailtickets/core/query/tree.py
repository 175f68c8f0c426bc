"""A question as a tree: leaves joined by all, either and not. The leaves are what was typed, or what it means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar, Union

L = TypeVar("L")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class All(Generic[L]):
    """Of no parts: everything."""

    parts: tuple[Tree[L], ...]


@dataclass(frozen=True, slots=True)
class Either(Generic[L]):
    """Of no parts: nothing."""

    parts: tuple[Tree[L], ...]


@dataclass(frozen=True, slots=True)
class Not(Generic[L]):
    part: Tree[L]


Tree: TypeAlias = Union["All[L]", "Either[L]", "Not[L]", L]


@dataclass(frozen=True, slots=True)
class Reader(Generic[L, R]):
    """What each kind of node becomes, of what its parts have become."""

    leaf: Callable[[L], R]
    all: Callable[[Sequence[R]], R]
    either: Callable[[Sequence[R]], R]
    no: Callable[[R], R]

    def read(self, tree: Tree[L]) -> R:
        """What becomes of a tree, from the leaves up."""
        match tree:
            case All(parts):
                return self.all([self.read(part) for part in parts])
            case Either(parts):
                return self.either([self.read(part) for part in parts])
            case Not(part):
                return self.no(self.read(part))
            case _:
                return self.leaf(tree)


def leaves(tree: Tree[L]) -> tuple[L, ...]:
    """All leaves, from left to right."""
    match tree:
        case All(parts) | Either(parts):
            return tuple(leaf for part in parts for leaf in leaves(part))
        case Not(part):
            return leaves(part)
        case _:
            return (tree,)


def conjuncts(tree: Tree[L]) -> tuple[Tree[L], ...]:
    """The parts that must all be so; no part of them is an `All` itself."""
    if isinstance(tree, All):
        return tuple(inner for part in tree.parts for inner in conjuncts(part))
    return (tree,)
