"""The desk: load the case, let the core decide, record, compose, queue.

The law: what is decided and what will be sent are one transaction, and a letter that breaks
the desk costs only itself: its savepoint is rolled back and it waits in quarantine.
"""

from __future__ import annotations

import hashlib
import secrets
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailtickets import config
from mailtickets.config import Settings
from mailtickets.core import classify, commands, compose, decide, identity, thread
from mailtickets.core.case import Case, Figure, Outcome, Reply, ReplyKind
from mailtickets.core.compose import About
from mailtickets.core.mail import Address, InboundMail, Unreadable
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.ticket import Ticket
from mailtickets.core.tokens import Secret
from mailtickets.failpoints import Point, reach
from mailtickets.store import audit, ledger, outbox, people, sessions
from mailtickets.store.engine import Tx, savepoint, unavailable
from mailtickets.store.outbox import Claimed
from mailtickets.store.people import Familiar
from mailtickets.templates import Templates

LINK_LIFETIME = timedelta(minutes=15)
LINKS_PER_HOUR = 5  # to one person: a stranger who types the address again and again fills no inbox


@dataclass(frozen=True, slots=True)
class Desk:
    """What every decision needs and no letter changes."""

    policy: Policy
    secret: Secret
    render: compose.Render


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that is ours and has been read, or could not be."""

    stored: ledger.Stored
    mail: InboundMail | Unreadable


@dataclass(frozen=True, slots=True)
class Ending:
    """How one letter ended, for the log and for the mark on the server."""

    stored: ledger.Stored
    outcome: Outcome
    reason: str
    message_id: str
    ticket: int | None  # number


def furnish(settings: Settings) -> Desk:
    """The desk of a config. ConfigError or TemplateError if it cannot be used."""
    render = Templates.load(settings.templates_dir).render
    return Desk(settings.policy, config.secrets(settings), render)


def take(tx: Tx, desk: Desk, letters: Sequence[Letter], now: datetime) -> tuple[Ending, ...]:
    """Decide a batch of letters; one commit for all, a savepoint for each.

    Those that have their outcome already are left out: of a commit whose answer was lost, or another daemon's.
    """
    undecided = ledger.undecided(tx, [letter.stored.inbound for letter in letters])
    letters = [letter for letter in letters if letter.stored.inbound in undecided]
    senders = [x.mail.sender for x in letters if isinstance(x.mail, InboundMail) and x.mail.sender]
    familiar = people.familiar(tx, (*people.named_by(desk.policy), *senders))
    endings = []
    for letter in letters:
        endings.append(_take_one(tx, desk, letter, familiar, now))
        reach(Point.LETTER_DECIDED)
    reach(Point.DECIDING)
    return tuple(endings)


def _take_one(tx: Tx, desk: Desk, letter: Letter, familiar: Familiar | None, now: datetime) -> Ending:
    if isinstance(letter.mail, Unreadable):
        return _quarantine(tx, letter.stored, letter.mail, now)
    try:
        with savepoint(tx):
            return _settle(tx, desk, letter.stored, letter.mail, familiar, now)
    except Exception as error:
        if unavailable(error):
            raise  # the world's: the whole batch is decided again
        # Ours, not the letter's; but one odd letter must not stop the others.
        broken = Unreadable(f"The desk stumbled over it: {error!r}", traceback.format_exc())
        return _quarantine(tx, letter.stored, broken, now)


def _quarantine(tx: Tx, stored: ledger.Stored, why: Unreadable, now: datetime) -> Ending:
    ledger.quarantine(tx, stored.inbound, why.error, why.traceback, now)
    return Ending(stored, Outcome.QUARANTINED, why.error, "", None)


def _settle(
    tx: Tx, desk: Desk, stored: ledger.Stored, mail: InboundMail, familiar: Familiar | None, now: datetime
) -> Ending:
    case = load(tx, desk, stored, mail, now, familiar)
    decision = (
        decide.on_oversize(case, desk.policy) if stored.mail.oversize else decide.on_mail(case, desk.policy)
    )
    cause = ledger.Cause(stored.inbound, f"in:{stored.inbound}")
    known = case.known
    around = (*([known.sender] if known.sender else []), *known.staff, *known.named)
    recorded = ledger.record(tx, cause, known.ticket, decision, known.sender, mail, desk.policy, now, around)
    _queue(tx, desk, decision.replies, recorded.ticket, case.desk, cause.text, now, around)
    ledger.settle(tx, stored.inbound, decision, case, recorded.ticket, now)
    number = recorded.ticket.number if recorded.ticket else None
    return Ending(stored, decision.outcome, decision.reason, mail.message_id, number)


def load(
    tx: Tx,
    desk: Desk,
    stored: ledger.Stored,
    mail: InboundMail,
    now: datetime,
    familiar: Familiar | None = None,
) -> Case:
    """Everything that the decision about a letter may depend on."""
    policy = desk.policy
    judgement = classify.kind(mail, policy.own)
    clues = thread.clues(mail, desk.secret, policy.ticket_tag, policy.own, policy.trust.subaddress)
    evidence = identity.evidence(mail, policy.trust, clues.tokens)
    wanted = commands.listing(mail)
    known = ledger.context(tx, stored, mail, clues, judgement, evidence, wanted, policy, now, familiar)
    return Case(now, _written_to(mail, stored.mail.mailbox, policy), mail, judgement, evidence, clues, known)


def _written_to(mail: InboundMail, mailbox: str, policy: Policy) -> Address:
    """The desk's address that the letter names, so that the answer comes from it; else the inbox's own."""
    named = [a for a in (*mail.to, *mail.cc) if a.key in policy.own]
    box = policy.mailbox(mailbox)
    return Address(named[0].spec if named else box.address.spec, box.address.name or policy.name)


def _queue(
    tx: Tx,
    desk: Desk,
    replies: Sequence[Reply],
    ticket: Ticket | None,
    sender: Address,
    cause: str,
    now: datetime,
    around: Sequence[Person] = (),
) -> int:
    """Put replies into words and into the outbox; how many were new there. `around`: as of `ledger.record`."""
    if not replies:
        return 0
    about = _about(tx, ticket, around)
    count = 0
    for reply in replies:
        linked = _with_link(tx, reply, now)
        outgoing = compose.message(
            linked, about, sender, reply.once or cause, desk.policy, desk.secret, desk.render, now
        )
        count += outbox.put(tx, outgoing, reply.once or cause, reply.is_held, now)
    return count


def _about(tx: Tx, ticket: Ticket | None, around: Sequence[Person]) -> About | None:
    if ticket is None:
        return None
    wanted = {ticket.requester, *([ticket.assignee] if ticket.assignee is not None else [])}
    found = {p.id: p for p in around if p.id in wanted}
    found |= people.by_ids(tx, wanted - found.keys())
    return About(ticket, found[ticket.requester], found.get(ticket.assignee) if ticket.assignee else None)


def _with_link(tx: Tx, reply: Reply, now: datetime) -> Reply:
    """A sign-in link for those that need one. The random bits are made here; only their hash is kept."""
    if reply.kind is not ReplyKind.LOGIN or reply.secret_link:
        return reply
    return replace(reply, secret_link=_mint_link(tx, reply.to.id, now))


def _mint_link(tx: Tx, person: int, now: datetime) -> str:
    token = secrets.token_urlsafe(24)
    sessions.mint_link(tx, person, hashed(token), now, now + LINK_LIFETIME)
    return f"/sign-in/{token}"


def hashed(token: str) -> str:
    """How a token is kept. 192 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in_link(tx: Tx, desk: Desk, address: str, now: datetime) -> str | None:
    """The URL of a new sign-in link, for whoever has that address; None if nobody has."""
    person = people.by_address(tx, Address(address).key)
    return None if person is None else desk.policy.url + _mint_link(tx, person.id, now)


def mail_sign_in_link(tx: Tx, desk: Desk, address: str, now: datetime) -> int:
    """Mail a sign-in link to the registered address; how many mails that made."""
    person = people.by_address(tx, Address(address).key)
    if person is None or sessions.links_since(tx, person.id, now - timedelta(hours=1)) >= LINKS_PER_HOUR:
        return 0
    reply = Reply(ReplyKind.LOGIN, person, is_proven=True, secret_link=_mint_link(tx, person.id, now))
    return _queue(tx, desk, (reply,), None, _front(desk.policy), f"link:{hashed(reply.secret_link)}", now)


def open_session(tx: Tx, token: str, now: datetime) -> str | None:
    """Spend a link for a session token; None if it was spent, is too old, or never was."""
    person = sessions.use_link(tx, hashed(token), now)
    if person is None:
        return None
    session = secrets.token_urlsafe(24)
    sessions.open_session(tx, person, hashed(session), now)
    return session


def close_session(tx: Tx, session: str) -> None:
    sessions.close_session(tx, hashed(session))


def give_up(tx: Tx, desk: Desk, row: Claimed, reason: str, now: datetime) -> None:
    """A mail of ours that cannot be delivered becomes news on its ticket."""
    failure = ledger.undeliverable(tx, row, reason, desk.policy, now)
    if failure is None:
        return
    decision = decide.on_undeliverable(failure, desk.policy)
    cause = ledger.Cause(None, f"out:{row.id}")
    recorded = ledger.record(tx, cause, failure.ticket, decision, None, None, desk.policy, now)
    sender = _front(desk.policy, failure.ticket)
    _queue(tx, desk, decision.replies, recorded.ticket, sender, cause.text, now)


def _front(policy: Policy, ticket: Ticket | None = None) -> Address:
    """The desk's address for what answers no letter: the ticket's, else the first."""
    box = policy.mailboxes[0].address
    return Address(ticket.desk if ticket and ticket.desk in policy.own else box.spec, box.name or policy.name)


def send_digest(
    tx: Tx, desk: Desk, inboxes: Sequence[audit.InboxCount], findings: Sequence[audit.Finding], now: datetime
) -> int:
    """The day in figures, what the inboxes hold of it, and each promise that was not kept, to every operator."""
    figures = (
        *_figures(audit.counts(tx, now - timedelta(days=1), now)),
        *(figure for inbox in inboxes for figure in _inbox_figures(inbox)),
        Figure("Promises checked", f"{len(findings)}, {_kept(findings)}"),
    )
    broken = tuple(finding.sentence for finding in findings if not finding.holds)
    operators = [people.ensure(tx, address, now)[0] for address in desk.policy.operators]
    replies = tuple(
        Reply(ReplyKind.DIGEST, p, figures=figures, remarks=broken, is_proven=True) for p in operators
    )
    return _queue(tx, desk, replies, None, _front(desk.policy), f"digest:{now:%Y-%m-%d}", now)


def _inbox_figures(inbox: audit.InboxCount) -> tuple[Figure, ...]:
    return (
        Figure(f"Mails in the inbox {inbox.mailbox}", f"{inbox.mails:,}"),
        Figure("Of these in the ledger", f"{inbox.mails - inbox.unknown:,}"),
    )


def _kept(findings: Sequence[audit.Finding]) -> str:
    broken = sum(not finding.holds for finding in findings)
    return f"{broken} of them not kept" if broken else "all kept"


def _figures(counts: Iterable[tuple[str, int]]) -> tuple[Figure, ...]:
    return tuple(Figure(label, str(count)) for label, count in counts)
