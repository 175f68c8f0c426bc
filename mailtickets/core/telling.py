"""What was decided about a letter, in plain sentences: for the operator who asks why, and for staff on the page."""

from __future__ import annotations

from collections.abc import Mapping

from mailtickets.core.account import Account
from mailtickets.core.case import ReplyKind
from mailtickets.core.classify import Kind
from mailtickets.core.identity import CHECKED, Evidence
from mailtickets.core.person import Person
from mailtickets.core.thread import Route

WRITERS = {
    Kind.PERSON: "a person",
    Kind.AUTOMATIC: "a program",
    Kind.AUTOREPLY: "an automatic answer",
    Kind.VACATION: "an absence note",
    Kind.BOUNCE: "a delivery report: it failed",
    Kind.DELAY: "a delivery report: it is late",
    Kind.RECEIPT: "a receipt",
    Kind.CHALLENGE: "a robot that asks for proof of a person",
    Kind.COMPLAINT: "a provider's complaint",
    Kind.LIST: "a mailing list",
    Kind.OURS: "this desk itself",
}
MAILS = {
    ReplyKind.ACKNOWLEDGEMENT: "acknowledgement",
    ReplyKind.ANSWER: "answer",
    ReplyKind.STATUS: "new status",
    ReplyKind.OPENED: "notice: new ticket",
    ReplyKind.REPLY: "notice: reply",
    ReplyKind.ANSWERED: "notice: answered",
    ReplyKind.NOTE: "notice: note",
    ReplyKind.CHANGED: "notice: changes",
    ReplyKind.ASSIGNED: "notice: assigned",
    ReplyKind.UNDELIVERED: "notice: undelivered",
    ReplyKind.NOTICE: "notice: a machine wrote",
    ReplyKind.RECEIPT: "receipt",
    ReplyKind.REFUSED: "refusal",
    ReplyKind.SUGGESTION: "suggestion",
    ReplyKind.CONFIRM: "question who it was",
    ReplyKind.UNPROVEN: "refusal: not believed",
    ReplyKind.HELP: "help",
    ReplyKind.LIST: "list",
    ReplyKind.SHOW: "copy of the ticket",
    ReplyKind.LOGIN: "sign-in link",
    ReplyKind.OVERSIZE: "mail too big",
    ReplyKind.ALARM: "alarm",
    ReplyKind.DIGEST: "digest",
}


def mail_name(kind: ReplyKind) -> str:
    """How a mail of ours is called in a list."""
    return MAILS.get(kind, kind.value)


def writer(kind: Kind | None, why: str) -> str:
    """What wrote a letter and by which header that was seen."""
    who = WRITERS.get(kind, str(kind)) if kind else "not known: the letter was not read"
    return f"{who}: {why}" if why else who


def clue(account: Account, known: Mapping[str, int]) -> str:
    """By which clue a letter came to its ticket, or why by none. `known`: numbers that Message-IDs lead to."""
    match account.route:
        case Route.OWN_ID:
            return "it answers a mail that this desk has written: the id is ours by its signature"
        case Route.KNOWN_ID | Route.SEEN_ID:
            named = next((id for id in account.ids if id in known), account.ids[0] if account.ids else "")
            is_here = account.route is Route.KNOWN_ID
            where = "is on that ticket" if is_here else "a letter on that ticket names too"
            return f"it answers <{named}>, which {where}"
        case Route.QUESTION:
            return "it answers a question of this desk's: whether another letter is its sender's own"
        case Route.TAG:
            return f"the number {account.tag} in the subject, and its sender may use it"
        case _:
            return f"none of the desk's: {', '.join(_why_new(account))}"


def _why_new(account: Account) -> list[str]:
    found = []
    if account.own:
        found.append("it holds an id of ours, but that ticket is gone")
    if account.ids:
        found.append(f"it answers <{account.ids[0]}>, which the desk did not know")
    if account.is_stranger:
        found.append(f"the subject names ticket {account.tag}, but its sender is not on that ticket")
    elif account.tag is not None:
        found.append(f"the subject names ticket {account.tag}, which is not there")
    return found or ["it answers no mail that the desk knows, and its subject names no ticket"]


def proven(
    evidence: Evidence,
    sender: Person | None,
    ticket: int,
    numbers: Mapping[int, int],
    people: Mapping[int, Person],
) -> str:
    """The same as `proofs`, in one sentence."""
    speaks_for, against = proofs(evidence, sender, ticket, numbers, people)
    if evidence.is_contrary:
        return f"Is it who it says? Doubtful: {'; '.join(against)}."
    if not speaks_for:
        but = f", and {'; '.join(against)}" if against else ""
        return f"Is it who it says? Nothing proves it{but}."
    but = f". But {'; '.join(against)}" if against else ""
    return f"Is it who it says? {_capital('; '.join(speaks_for))}{but}."


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def proofs(
    evidence: Evidence,
    sender: Person | None,
    ticket: int | None,
    numbers: Mapping[int, int],
    people: Mapping[int, Person],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What speaks for the sender being who From says, and what against. `ticket`: Ticket.id."""
    speaks_for: list[str] = []
    against = [evidence.contrary] if evidence.contrary else []
    for token in evidence.tokens:
        mine = sender is not None and token.person == sender.id
        number = numbers.get(token.ticket)
        about = f" about ticket {number}" if number else ""
        if mine:
            other = ", which is another one" if ticket is not None and token.ticket not in (ticket, 0) else ""
            speaks_for.append(f"it answers a mail that the desk sent to this very person{about}{other}")
        else:
            owner = people.get(token.person)
            whom = owner.address.spec if owner else "somebody else"
            against.append(f"it holds the id of a mail to {whom}: that proves nothing about this sender")
    for token in evidence.spent:
        number = numbers.get(token.ticket)
        about = f" about ticket {number}" if number else ""
        against.append(
            f"it answers a mail of the desk{about}, but somebody outside has seen the id: that proves nothing any more"
        )
    if evidence.stale:
        against.append(f"{evidence.stale}: it may be an old mail that somebody sends again")
    if evidence.disregarded:
        against.append(f"what vouches for it does not count: {evidence.disregarded}")
    if evidence.confirmed:
        speaks_for.append(f"the registered address has said yes: {evidence.confirmed}")
    if evidence.authenticated:
        is_ours = evidence.authenticated.endswith(CHECKED)
        who = "a valid signature" if is_ours else "the desk's own mail server"
        speaks_for.append(f"{who} vouches for the domain: {evidence.authenticated}")
    if evidence.signed:
        bound = "; what leads it to its ticket is signed too" if evidence.is_bound else ""
        speaks_for.append(f"it is signed with the sender's own OpenPGP key, {evidence.signed}{bound}")
    if evidence.doubt:
        against.append(f"its OpenPGP signature proves nothing: {evidence.doubt}")
    return tuple(dict.fromkeys(speaks_for)), tuple(dict.fromkeys(against))
