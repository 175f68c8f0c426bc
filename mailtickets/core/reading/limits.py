"""How much of a letter is read, and what is said of one that is more than that."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """Sizes in octets. A letter beyond one of the first five is not read at all."""

    mail: int = 25 * MIB
    headers: int = 256 * KIB  # the whole header block
    header_lines: int = 1000
    parts: int = 200
    # Deeper containers are not opened but kept as attachments.
    depth: int = 20
    header: int = 32 * KIB  # one field; the rest of a longer one is left out
    fold: int = 1_000_000  # of text; of longer texts only this much is searched for quotes
    fold_lines: int = 20_000
    relay_size: int = 10 * MIB  # of all attachments together: their octets travel with the letter


class Broken(Exception):
    """The letter cannot be read. The message is one plain sentence for the operator."""
