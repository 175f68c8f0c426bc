"""The ledger's own auditor: figures for the operator's digest, and whether every promise is kept.

The law: it only reads, in one transaction, and holds no more than a few rows in memory, however many there are.
"""

from collections.abc import Iterator

from mailtickets.store.audit import letters, mails, tickets, whole
from mailtickets.store.audit.figures import counts
from mailtickets.store.audit.laws import WORDS, Finding, Law
from mailtickets.store.audit.witness import InboxCount, InboxMail, RelayMail, Witness
from mailtickets.store.blobs import Blobs
from mailtickets.store.engine import Tx

__all__ = ["WORDS", "Finding", "InboxCount", "InboxMail", "Law", "RelayMail", "Witness", "check", "counts"]


def check(tx: Tx, blobs: Blobs, witness: Witness) -> tuple[Finding, ...]:
    """One finding for each law that can be judged with what was seen, in the order of their numbers."""
    return tuple(_findings(tx, blobs, witness))


def _findings(tx: Tx, blobs: Blobs, witness: Witness) -> Iterator[Finding]:
    yield letters.outcome(tx, witness)
    yield letters.octets(tx, blobs, witness)
    yield letters.once_on_a_ticket(tx)
    yield mails.sent(tx, witness)
    if (finding := mails.nothing_else(tx, witness)) is not None:
        yield finding
    yield mails.acknowledged_once(tx)
    yield mails.recipients(tx, witness)
    yield tickets.evidence(tx, witness)
    yield letters.no_machine(tx)
    yield tickets.of_history(tx, witness)
    if witness.secrets:
        yield whole.secrets(tx, witness)
    yield mails.progress(tx, witness)
    yield whole.whole(tx, witness)
