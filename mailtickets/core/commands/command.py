"""What a command is: one row of the table, and what it is given and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from mailtickets.core.authority import Need
from mailtickets.core.case import Known, ReplyKind
from mailtickets.core.person import Person, Role
from mailtickets.core.policy import Policy
from mailtickets.core.ticket import Changed, Ticket

CUSTOMERS = frozenset({Role.REQUESTER})
AGENTS = frozenset({Role.AGENT, Role.ADMIN})
ALL = CUSTOMERS | AGENTS


@dataclass(frozen=True, slots=True)
class Scene:
    """What a command may look at. `ticket` is as the commands before it in the same mail have left it."""

    now: datetime
    actor: Person
    role: Role  # in which the actor speaks here: an agent of other projects is a customer
    ticket: Ticket | None
    known: Known
    policy: Policy
    is_own: bool = True  # the actor opened the ticket, or is staff


@dataclass(frozen=True, slots=True)
class Deed:
    """What a command does."""

    changes: tuple[Changed, ...] = ()
    asks: ReplyKind | None = None  # the mail that is the answer: HELP, LIST, SHOW, LOGIN
    about: str = ""  # what `asks` is about: the command that #help explains
    is_internal: bool = False  # this mail stays among staff
    is_quiet: bool = False  # this mail goes to nobody outside
    is_status: bool = False  # the sender has said which status is right, changed or not
    remark: str = ""  # for the receipt, a whole sentence


@dataclass(frozen=True, slots=True)
class Cannot:
    """Why a command cannot be done as it was written."""

    why: str  # a whole sentence
    allowed: tuple[str, ...] = ()  # values that would do
    nearest: str = ""  # the value that was probably meant


Run: TypeAlias = Callable[[Scene, str], Deed | Cannot]


@dataclass(frozen=True, slots=True)
class Command:
    word: str
    synonyms: tuple[str, ...]
    roles: frozenset[Role]
    need: Need
    usage: str  # "#status S [resolution]"
    help: str  # one plain sentence
    run: Run
    on_ticket: bool = True  # it is about a ticket: without one it is refused
