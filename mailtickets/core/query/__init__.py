"""Questions about tickets: one parser, one tree, read in memory here and by the database in `store.views`."""

from mailtickets.core.query.condition import Condition, Question
from mailtickets.core.query.grammar import parse
from mailtickets.core.query.keys import KEYS, Key, built_in
from mailtickets.core.query.matching import Matter, matches
from mailtickets.core.query.meaning import Name, Scene, names_in, understand
from mailtickets.core.query.term import Order, Query, Unclear, written

__all__ = [
    "KEYS",
    "Condition",
    "Key",
    "Matter",
    "Name",
    "Order",
    "Query",
    "Question",
    "Scene",
    "Unclear",
    "built_in",
    "matches",
    "names_in",
    "parse",
    "understand",
    "written",
]
