"""What people may be called in a question: address, its local part, whole name, any part of the name."""

from __future__ import annotations

from mailtickets.core.person import Person

ME = frozenset({"me", "mine", "myself"})
NOBODY = frozenset({"nobody", "none", "unassigned"})


def names_of(person: Person) -> frozenset[str]:
    """In the form in which names are compared: no case."""
    keys = [address.key for address in (person.address, *person.also)]
    name = person.shown.casefold()
    return frozenset({*keys, *(key.partition("@")[0] for key in keys), name, *name.split()})


def short_name(person: Person) -> str:
    """The name to suggest: the local part of the address, which has no blanks."""
    return person.address.key.partition("@")[0]
