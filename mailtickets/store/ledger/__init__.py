"""The way in: letters are kept, understood by what is known already, and written down with their end."""

from mailtickets.store.ledger.answered import undeliverable
from mailtickets.store.ledger.batch import Batch
from mailtickets.store.ledger.context import context
from mailtickets.store.ledger.intake import (
    Stored,
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
from mailtickets.store.ledger.record import Cause, record

__all__ = [
    "Batch",
    "Cause",
    "Stored",
    "context",
    "cursor",
    "epochs",
    "keep",
    "mark",
    "quarantine",
    "record",
    "requeue_held",
    "requeue_quarantined",
    "settle",
    "undecided",
    "undeliverable",
    "unfinished",
    "unknown_uids",
    "unmarked",
]
