"""Which ticket a letter belongs to: the clues, in the order in which they count."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailtickets.core.tokens import Token


class Route(StrEnum):
    """By which clue a letter came to its ticket."""

    OWN_ID = "own id"  # a signed Message-ID of ours, or desk+token@
    KNOWN_ID = "known id"  # a Message-ID of a letter that the desk has
    SEEN_ID = "seen id"  # one that stood only in another letter's References
    TAG = "subject tag"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Clues:
    own: tuple[int, ...]  # Ticket.id of our own ids, nearest parent first
    ids: tuple[str, ...]  # all other ids of In-Reply-To and References, nearest parent first
    tag: int | None  # ticket number in the subject
    tokens: tuple[
        Token, ...
    ] = ()  # all of ours that the letter carries, nearest parent first: for identity.evidence
