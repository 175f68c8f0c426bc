"""What is kept of a decision, so that it can be explained for as long as its letter is."""

from __future__ import annotations

from dataclasses import dataclass

from mailtickets.core.case import Case, ReplyKind
from mailtickets.core.decision import Decision
from mailtickets.core.silence import Silence
from mailtickets.core.thread import Route

_IDS = 5  # of other senders' Message-IDs: the nearest parents


@dataclass(frozen=True, slots=True)
class Mailed:
    """Somebody who was mailed."""

    kind: ReplyKind
    person: int  # Person.id
    is_held: bool = False  # a limit held it back at first


@dataclass(frozen=True, slots=True)
class Unmailed:
    """Somebody who was not."""

    person: int  # Person.id
    why: Silence


@dataclass(frozen=True, slots=True)
class Account:
    """Which clues a letter held, by which of them it came to its ticket, and what everybody around it heard."""

    route: Route
    own: tuple[int, ...] = ()  # Ticket.id of ids of ours
    ids: tuple[str, ...] = ()  # of others, nearest parent first
    tag: int | None = None  # number in the subject
    is_stranger: bool = False  # the tag named a ticket that the sender is not on
    mailed: tuple[Mailed, ...] = ()
    unmailed: tuple[Unmailed, ...] = ()


def account(case: Case, decision: Decision) -> Account:
    """The account of a decision about a case."""
    return Account(
        route=case.known.route,
        own=case.clues.own,
        ids=case.clues.ids[:_IDS],
        tag=case.clues.tag,
        is_stranger=case.known.tagged is not None,
        mailed=tuple(Mailed(r.kind, r.to.id, r.is_held) for r in decision.replies),
        unmailed=tuple(Unmailed(s.person.id, s.why) for s in decision.silent),
    )
