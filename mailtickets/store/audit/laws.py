"""What must hold at every moment, and what is found when one looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

SHOWN = 20  # breaches of one law that are told in full


class Law(StrEnum):
    """The thirteen promises. Their numbers are those of docs/torture.md."""

    OUTCOME = "I1"
    OCTETS = "I2"
    ONCE_ON_A_TICKET = "I3"
    SENT = "I4"
    NOTHING_ELSE = "I5"
    ACKNOWLEDGED_ONCE = "I6"
    RECIPIENTS = "I7"
    EVIDENCE = "I8"
    NO_MACHINE = "I9"
    HISTORY = "I10"
    SECRETS = "I11"
    PROGRESS = "I12"
    WHOLE = "I13"


@dataclass(frozen=True, slots=True)
class Words:
    """How a person is told of a law."""

    holds: str  # a whole sentence that is true as long as nothing is broken
    counted: str  # what was looked at
    todo: str  # what to do when it is broken


WORDS = {
    Law.OUTCOME: Words(
        "Every mail of the inboxes has exactly one outcome.",
        "letters",
        "See “mailtickets ledger”. If the daemon runs and these stay, restart it; what was kept is decided then.",
    ),
    Law.OCTETS: Words(
        "Every letter that is marked on the server lies here octet by octet.",
        "marked letters",
        "The letter on the server is the good one: keep it, and restore the database or the blob folder from a backup.",
    ),
    Law.ONCE_ON_A_TICKET: Words(
        "No letter stands on the tickets twice.",
        "messages",
        "Report it: the desk has taken a copy for a new letter.",
    ),
    Law.SENT: Words(
        "Every mail that is noted as sent was taken by the relay.",
        "mails",
        "Look at them with “mailtickets outbox list”; “mailtickets outbox retry” sends one again.",
    ),
    Law.NOTHING_ELSE: Words(
        "No mail left that is not in the outbox.",
        "mails at the relay",
        "Find out who else sends in the desk's name.",
    ),
    Law.ACKNOWLEDGED_ONCE: Words(
        "No ticket was acknowledged twice.",
        "acknowledgements",
        "Report it, with what “mailtickets ledger” says.",
    ),
    Law.RECIPIENTS: Words(
        "Whoever was told of a ticket is on it, or is staff.",
        "mails about tickets",
        "Somebody who was staff then and is not now is no leak. Else look at what was sent, and report it.",
    ),
    Law.EVIDENCE: Words(
        "Nothing was changed by a letter that proves nothing.",
        "changes",
        "Look at the ticket's history, undo what was changed, and report it.",
    ),
    Law.NO_MACHINE: Words(
        "No machine was answered.", "mails caused by machines", "Report it: this is how loops begin."
    ),
    Law.HISTORY: Words(
        "Every ticket is what its history tells.",
        "tickets",
        "Somebody changed the database by hand, or the desk is wrong: report it.",
    ),
    Law.SECRETS: Words(
        "No password of ours stands in the database.",
        "columns",
        "Change that password, then have whoever wrote it there know.",
    ),
    Law.PROGRESS: Words(
        "Nothing waits longer than it should.",
        "waiting letters and mails",
        "See that “mailtickets run” is up, and what its log says of the inbox and the relay.",
    ),
    Law.WHOLE: Words(
        "The database is whole.",
        "checks",
        "Stop the desk, keep a copy of the database, and restore the last good backup.",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one law."""

    law: Law
    checked: int
    broken: int
    rows: tuple[str, ...]  # the first of what is broken, a sentence each

    @property
    def holds(self) -> bool:
        return self.broken == 0

    @property
    def sentence(self) -> str:
        """For a person; with what to do if it is broken."""
        words = WORDS[self.law]
        looked = f"{self.checked:,} {words.counted} looked at"
        if self.holds:
            return f"{words.holds} ({looked}.)"
        return f"NOT TRUE: {words.holds} ({looked}, {self.broken:,} broken.) {words.todo}"


def tally(law: Law, verdicts: Iterable[str]) -> Finding:
    """One verdict for each thing that was looked at: "" is fine, else what is wrong. Consumed as a stream."""
    checked = broken = 0
    rows: list[str] = []
    for verdict in verdicts:
        checked += 1
        if verdict:
            broken += 1
            if len(rows) < SHOWN:
                rows.append(verdict)
    return Finding(law, checked, broken, tuple(rows))


def told(law: Law, checked: int, wrong: Iterable[str]) -> Finding:
    """Where only what is wrong is listed, and the rest was counted."""
    stream = iter(wrong)
    rows = tuple(islice(stream, SHOWN))
    return Finding(law, max(checked, len(rows)), len(rows) + sum(1 for _ in stream), rows)


def together(law: Law, *findings: Finding) -> Finding:
    """Several looks at one law."""
    rows = tuple(islice((row for finding in findings for row in finding.rows), SHOWN))
    return Finding(law, sum(f.checked for f in findings), sum(f.broken for f in findings), rows)
