"""Tickets found by their words, ranked. The law: what the index gives is a hint; who may see it is asked of the shelf."""

from mailtickets.store.search.cards import lag, rebuild, tidy, write_cards
from mailtickets.store.search.question import LOOKED_AT, Hits, Within, find, standing

__all__ = ["LOOKED_AT", "Hits", "Within", "find", "lag", "rebuild", "standing", "tidy", "write_cards"]
