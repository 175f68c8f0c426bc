"""Who is believed: what must be proven before a command, or an agent's words, are obeyed.

The law: a From line proves nothing, and whatever speaks against a sender beats all that speaks for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from mailtickets.core.identity import Evidence
from mailtickets.core.person import Role


class Need(StrEnum):
    """How much a command asks for."""

    NOTHING = "nothing"  # changes nothing, and is answered to the registered address only
    ORDINARY = "ordinary"
    GRAVE = "grave"


class Proof(StrEnum):
    """What a letter proves about its sender, as far as one ticket goes."""

    NONE = "none"
    TOKEN = "token"  # noqa: S105  answers a mail that the desk sent to that very person about that very ticket
    AUTHENTICATED = (
        "authenticated"  # the operator's own server vouches for the From domain, or the sender's own key
    )
    BOTH = "both"
    CONTRARY = "contrary"  # something says that it is somebody else


class Verdict(StrEnum):
    """What becomes of an order. Of several in one letter the last in this list decides."""

    OBEY = "obey"
    CONFIRM = "confirm"  # nothing changes before the registered address has said yes
    REFUSE = "refuse"


_OBEYED = {
    Need.NOTHING: frozenset(Proof),
    Need.ORDINARY: frozenset({Proof.TOKEN, Proof.AUTHENTICATED, Proof.BOTH}),
    Need.GRAVE: frozenset({Proof.BOTH}),
}


def proof(evidence: Evidence, person: int, ticket: int) -> Proof:
    """What the evidence proves about a person (Person.id) and a ticket (Ticket.id, 0: none)."""
    if evidence.is_contrary:
        return Proof.CONTRARY
    if evidence.confirmed:
        return Proof.BOTH
    if evidence.stale:
        return Proof.NONE
    # A token that was minted for another person or ticket proves only that this one was leaked.
    answered = any(t.person == person and t.ticket == ticket for t in evidence.tokens)
    # A signature alone tells who wrote it, but not about which ticket.
    answered = answered or bool(evidence.signed and evidence.is_bound)
    match answered, bool(evidence.authenticated or evidence.signed):
        case True, True:
            return Proof.BOTH
        case True, False:
            return Proof.TOKEN
        case False, True:
            return Proof.AUTHENTICATED
        case _:
            return Proof.NONE


def verdict(need: Need, role: Role, proof: Proof, strict: bool) -> Verdict:
    """What becomes of an order that somebody in that role may give. `strict` makes all that is ordinary grave."""
    if strict and need is Need.ORDINARY:
        need = Need.GRAVE
    if proof in _OBEYED[need]:
        return Verdict.OBEY
    # Customers are anyone: whoever forges one, against what the domain itself says, makes the desk write to nobody.
    is_backscatter = proof is Proof.CONTRARY and role is Role.REQUESTER
    return Verdict.REFUSE if is_backscatter else Verdict.CONFIRM


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Of all orders of a letter: they are done together, or not at all. None is obeyed."""
    return max(verdicts, key=list(Verdict).index, default=Verdict.OBEY)


def is_known(evidence: Evidence, person: int) -> bool:
    """Whether what goes to this sender may hold what the sender wrote.

    A token for any ticket will do: it tells that the mails of the desk do arrive where this one comes from.
    """
    if evidence.is_contrary:
        return False
    is_vouched = bool(evidence.authenticated or evidence.signed or evidence.confirmed)
    return is_vouched or any(t.person == person for t in evidence.tokens)
