"""Who around a letter is not mailed, and why: the questions by which a decision chooses whom it tells.

The law: whoever is left out is left out by an answer that is given here, so that it can be told afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

from mailtickets.core import audience
from mailtickets.core.difference import differences
from mailtickets.core.hearing import Hearing
from mailtickets.core.person import Person
from mailtickets.core.silence import Silence, Silent, WhyNot, all_silent, choose
from mailtickets.core.ticket import Changed, Field


def follower(h: Hearing) -> WhyNot:
    """Why staff that follows the ticket does not hear of a letter."""

    def why(person: Person) -> Silence | None:
        # Else it is somebody else, and whose name it bears has to hear of it.
        is_author = person.id == h.sender.id and not h.case.evidence.is_contrary
        return Silence.WROTE if is_author else None

    return why


def words(h: Hearing) -> WhyNot:
    """Why a customer on the ticket does not get what an agent says."""

    def why(person: Person) -> Silence | None:
        if person.id == h.sender.id:
            return Silence.WROTE
        if h.deeds.is_quiet:
            return Silence.QUIET
        return Silence.NOTE if h.deeds.is_internal else None

    return why


def changes(h: Hearing, made: Sequence[Changed], *, is_ordered: bool = True) -> WhyNot:
    """Why a customer on the ticket is not told what has changed there. What nobody ordered is news to the sender too."""
    first = audience.requester(h.around)
    is_status = any(c.field is Field.STATUS for c in made)
    is_seen = is_status and bool(differences(made, h.policy, h.around.person, is_staff=False))

    def why(person: Person) -> Silence | None:
        if person.id == h.sender.id and is_ordered:
            return Silence.WROTE
        if h.deeds.is_quiet:
            return Silence.QUIET
        if is_seen:
            return None if first and person.id == first.id else Silence.STATUS
        return Silence.NOTE if h.deeds.is_internal else Silence.CHANGES

    return why


def customers(h: Hearing, why_not: WhyNot) -> tuple[Silent, ...]:
    """Those outside whom an answer leaves out."""
    return choose(audience.outside(h.around), why_not).silent


def talk(h: Hearing) -> tuple[Silent, ...]:
    """What somebody outside says, the others outside do not hear; nor does staff hear its own words."""
    unheard = Silence.TALK if audience.is_on(h.around, h.sender) else Silence.THIRD
    return (
        *choose((h.sender,), lambda _: Silence.WROTE if unheard is Silence.TALK else unheard).silent,
        *customers(h, lambda person: Silence.WROTE if person.id == h.sender.id else Silence.TALK),
    )


def everybody(h: Hearing, why: Silence) -> tuple[Silent, ...]:
    """Nobody around the ticket is told."""
    return all_silent(audience.around(h.around, h.policy), why)
