"""All that an operator may decide, as one value that the core reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from mailtickets.core.identity import Trust
from mailtickets.core.mail import Address
from mailtickets.core.person import Person
from mailtickets.core.workflow import Workflow


@dataclass(frozen=True, slots=True)
class DeskAddress:
    """An inbox that the desk reads, and the addresses that lead to it."""

    address: Address  # its name is the desk's
    aliases: tuple[Address, ...]
    project: str  # key
    language: str


@dataclass(frozen=True, slots=True)
class Project:
    key: str
    name: str
    notify: tuple[Address, ...]  # followers of each new ticket; none: all staff that works on it


@dataclass(frozen=True, slots=True)
class Company:
    """Customers with one of its mail domains."""

    name: str
    domains: tuple[str, ...]
    is_shared: bool  # its people read each other's tickets on the page


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many in a span of time."""

    count: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """Against storms and loops; None lifts a limit."""

    unproven_per_address: Rate | None
    unproven_per_domain: Rate | None
    unproven_in_all: Rate | None
    automatic_per_ticket: int | None
    tickets_per_sender: Rate | None
    mail_size: int | None  # octets
    same_words: Rate | None = None  # letters that say the same, from one sender, that the desk answers


@dataclass(frozen=True, slots=True)
class Policy:
    name: str  # "Example Support"
    url: str  # public_url without a slash at the end
    language: str
    timezone: str
    ticket_tag: str  # "[#{number}]"
    mailboxes: tuple[DeskAddress, ...]
    projects: tuple[Project, ...]  # at least one
    workflow: Workflow
    trust: Trust
    limits: Limits
    strict: bool  # authority = "strict"
    reopen_within: timedelta | None  # a reply to a closed ticket reopens it: None always, 0 never (follow-up)
    undo_window: timedelta
    operators: tuple[Address, ...]  # who gets alarms and the digest
    number_start: int = 1  # the first ticket's number, in sequence
    number_style: str = "sequence"  # sequence | random7: seven random digits
    companies: tuple[Company, ...] = ()

    @property
    def own(self) -> frozenset[str]:
        """Keys of all addresses that are the desk itself."""
        return frozenset(a.key for box in self.mailboxes for a in (box.address, *box.aliases))

    @property
    def told(self) -> frozenset[str]:
        """Keys of all addresses that the operator has named to get notices or alarms, staff or not."""
        notified = (address for project in self.projects for address in project.notify)
        return frozenset(address.key for address in (*notified, *self.operators))

    def company(self, who: Person) -> Company | None:
        """The company that somebody's registered address belongs to."""
        return next((one for one in self.companies if who.address.domain in one.domains), None)

    def viewer(self, who: Person) -> Person:
        """Somebody who looks at the page, with what they may read besides the own tickets."""
        company = None if who.is_staff else self.company(who)
        return replace(who, shares=company.domains) if company and company.is_shared else who

    def project(self, key: str) -> Project:
        """KeyError if there is none."""
        for project in self.projects:
            if project.key == key:
                return project
        raise KeyError(key)

    def mailbox(self, key: str) -> DeskAddress:
        """The inbox that an address or alias leads to. KeyError if it is none of the desk's."""
        for box in self.mailboxes:
            if key in {a.key for a in (box.address, *box.aliases)}:
                return box
        raise KeyError(key)

    def tag(self, number: int) -> str:
        """What stands in subjects: "[#12]"."""
        return self.ticket_tag.format(number=number)

    def ticket_url(self, number: int) -> str:
        return f"{self.url}/ticket/{number}"
