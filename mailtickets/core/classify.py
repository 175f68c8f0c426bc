"""What wrote a letter. First test that fires wins: most dangerous to answer first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    PERSON = "person"
    AUTOMATIC = "automatic"  # forms, alarms, monitors: may open a ticket, is never answered
    VACATION = "vacation"
    BOUNCE = "bounce"  # delivery report of any kind, delay notices too
    RECEIPT = "receipt"  # read receipt (RFC 8098)
    LIST = "list"
    OURS = "ours"  # sent by this very desk


@dataclass(frozen=True, slots=True)
class Judgement:
    kind: Kind
    reason: str  # "Auto-Submitted: auto-replied (RFC 3834)"

    @property
    def is_person(self) -> bool:
        return self.kind is Kind.PERSON
