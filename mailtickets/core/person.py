"""Who writes to the desk and who answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailtickets.core.mail import Address


class Role(StrEnum):
    REQUESTER = "requester"
    AGENT = "agent"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an address. `address` is the registered one: links and receipts go nowhere else."""

    id: int
    address: Address
    name: str = ""
    role: Role = Role.REQUESTER
    also: tuple[Address, ...] = ()
    projects: tuple[str, ...] = ()  # that an agent works on; none named: all
    language: str = ""  # as set; "" = not set
    timezone: str = ""  # "" = the desk's
    heard: str = ""  # language that they write in, "" = not known
    bounces: int = 0  # mails to the address that came back for good, since the last sign of life
    paused: str = ""  # why nothing automatic is mailed there, a whole sentence; "" = it is
    shares: tuple[str, ...] = ()  # mail domains of a company that lets its people read each other's tickets

    @property
    def is_paused(self) -> bool:
        return bool(self.paused)

    @property
    def is_staff(self) -> bool:
        return self.role is not Role.REQUESTER

    @property
    def shown(self) -> str:
        name = self.name or self.address.name
        # A name that looks like an address may be another person's.
        return name if name and "@" not in name else self.address.spec

    @property
    def introduced(self) -> str:
        """Name and address, to readers who may not know this person: a name alone is soon borrowed."""
        spec = self.address.spec
        return spec if self.shown == spec else f"{self.shown} ({spec})"

    def reads_of(self, requester: Person) -> bool:
        """Whether a requester may read what this one wrote and was told: the own tickets, or the company's."""
        return requester.id == self.id or requester.address.domain in self.shares

    def works_on(self, project: str) -> bool:
        return self.is_staff and (not self.projects or project in self.projects)


class Part(StrEnum):
    """What somebody is on one ticket."""

    REQUESTER = "requester"
    CC = "cc"  # named by the requester: gets public answers
    FOLLOWER = "follower"  # staff who gets all mail
    THIRD = "third"  # joined by a thread of others: heard, but told nothing


@dataclass(frozen=True, slots=True)
class Participant:
    person: Person
    part: Part
