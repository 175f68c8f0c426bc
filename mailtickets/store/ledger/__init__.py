"""The way in: letters are kept, understood by what is known already, and written down with their end."""

from mailtickets.store.ledger.answered import undeliverable
from mailtickets.store.ledger.batch import Batch
from mailtickets.store.ledger.context import context
from mailtickets.store.ledger.epochs import (
    Withheld,
    accept,
    is_to_be_surveyed,
    known_fingerprints,
    known_hashes,
    surveyed,
    wanted_uids,
    withheld,
)
from mailtickets.store.ledger.intake import (
    Stored,
    are_unfinished,
    cursor,
    epochs,
    keep,
    mark,
    quarantine,
    requeue_held,
    requeue_quarantined,
    settle,
    undecided,
    unfinished,
    unknown_uids,
    unmarked,
)
from mailtickets.store.ledger.questions import Asked, doubted
from mailtickets.store.ledger.questions import answer as answer_question
from mailtickets.store.ledger.questions import ask as ask_question
from mailtickets.store.ledger.questions import find as find_question
from mailtickets.store.ledger.record import Cause, record
from mailtickets.store.ledger.seals import counted
from mailtickets.store.ledger.seals import purge as purge_seals

__all__ = [
    "Asked",
    "Batch",
    "Cause",
    "Stored",
    "Withheld",
    "accept",
    "answer_question",
    "are_unfinished",
    "ask_question",
    "context",
    "counted",
    "cursor",
    "doubted",
    "epochs",
    "find_question",
    "is_to_be_surveyed",
    "keep",
    "known_fingerprints",
    "known_hashes",
    "mark",
    "purge_seals",
    "quarantine",
    "record",
    "requeue_held",
    "requeue_quarantined",
    "settle",
    "surveyed",
    "undecided",
    "undeliverable",
    "unfinished",
    "unknown_uids",
    "unmarked",
    "wanted_uids",
    "withheld",
]
