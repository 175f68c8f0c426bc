"""The desk: load the case, let the core decide, record, compose, queue.

The law: what is decided and what will be sent are one transaction, and a letter that breaks
the desk costs only itself: its savepoint is rolled back and it waits in quarantine.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailtickets import config
from mailtickets.casefile import Desk, Judged, Letter, judge, load
from mailtickets.config import Settings
from mailtickets.core import compose, decide, mime, questions, retry, tokens
from mailtickets.core.case import Case, Figure, Outcome, Reply, ReplyKind
from mailtickets.core.compose import About, Outgoing
from mailtickets.core.mail import Address, InboundMail, Unreadable
from mailtickets.core.openpgp import Signer
from mailtickets.core.policy import Policy
from mailtickets.core.retry import Result
from mailtickets.core.ticket import Ticket
from mailtickets.failpoints import Point, reach
from mailtickets.store import audit, ledger, outbox, people, sessions
from mailtickets.store.engine import Tx, savepoint, unavailable
from mailtickets.store.ledger import Batch
from mailtickets.store.outbox import Claimed
from mailtickets.templates import Templates

__all__ = [
    "LINKS_PER_HOUR",
    "LINK_LIFETIME",
    "Desk",
    "Ending",
    "Letter",
    "Rehearsed",
    "close_session",
    "furnish",
    "give_up",
    "hashed",
    "mail_sign_in_link",
    "note_session",
    "open_session",
    "rehearse",
    "revoke_sessions",
    "send_alarm",
    "send_digest",
    "sign_in_link",
    "take",
]

NO_LINK = "/sign-in/…"  # in a mail that is only looked at
NO_CODE = "…"
LINK_LIFETIME = timedelta(minutes=15)
LINKS_PER_HOUR = 5  # to one person: a stranger who types the address again and again fills no inbox


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
    return Desk(settings.policy, config.secrets(settings), render, settings.signer)


def take(tx: Tx, desk: Desk, letters: Sequence[Letter], now: datetime) -> tuple[Ending, ...]:
    """Decide a batch of letters in their order; one commit for all. One that breaks the desk costs only itself.

    Those that have their outcome already are left out: of a commit whose answer was lost, or another daemon's.
    """
    undecided = ledger.undecided(tx, [letter.stored.inbound for letter in letters])
    endings = _take_each(tx, desk, [one for one in letters if one.stored.inbound in undecided], now)
    reach(Point.DECIDING)
    return endings


def _take_each(tx: Tx, desk: Desk, letters: Sequence[Letter], now: datetime) -> tuple[Ending, ...]:
    try:
        with savepoint(tx):
            return _take_together(tx, desk, letters, now)
    except Exception as error:
        if unavailable(error):
            raise  # the world's: the whole batch is decided again
        if len(letters) == 1:
            # Ours, not the letter's; but one odd letter must not stop the others.
            broken = Unreadable(f"The desk stumbled over it: {error!r}", traceback.format_exc())
            return (_quarantine(tx, letters[0].stored, broken, now),)
    # Nothing of the batch is written: each for itself, and the odd one is found.
    return tuple(ending for one in letters for ending in _take_each(tx, desk, (one,), now))


def _take_together(tx: Tx, desk: Desk, letters: Sequence[Letter], now: datetime) -> tuple[Ending, ...]:
    batch = Batch(tx, desk.policy, now)
    judged = [(x, judge(desk, x.stored, x.mail)) for x in letters if isinstance(x.mail, InboundMail)]
    batch.expect((seen.mail, seen.clues) for _, seen in judged)
    endings = {letter.stored.inbound: _settle(batch, desk, letter, seen) for letter, seen in judged}
    batch.write()
    for letter in letters:
        if isinstance(letter.mail, Unreadable):
            endings[letter.stored.inbound] = _quarantine(tx, letter.stored, letter.mail, now)
    return tuple(endings[letter.stored.inbound] for letter in letters)


def _quarantine(tx: Tx, stored: ledger.Stored, why: Unreadable, now: datetime) -> Ending:
    ledger.quarantine(tx, stored.inbound, why.error, why.traceback, now)
    return Ending(stored, Outcome.QUARANTINED, why.error, "", None)


def _settle(batch: Batch, desk: Desk, letter: Letter, seen: Judged) -> Ending:
    case, stored = load(batch, desk, letter, seen), letter.stored
    decision = (
        decide.on_oversize(case, desk.policy) if stored.mail.oversize else decide.on_mail(case, desk.policy)
    )
    cause = ledger.Cause(stored.inbound, f"in:{stored.inbound}")
    ticket = ledger.record(batch, cause, case.known.ticket, decision, case.known.sender, case.mail)
    sent = _queue(batch, desk, decision.replies, ticket, case.desk, cause.text)
    ledger.settle(batch, stored.inbound, decision, case, ticket)
    if decision.ends:
        ledger.answer_question(batch, decision.ends, stored.inbound)
    _ask(batch, desk, decision, stored.inbound, ticket, sent)
    reach(Point.LETTER_DECIDED)
    number = ticket.number if ticket else None
    return Ending(stored, decision.outcome, decision.reason, case.mail.message_id, number)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would become of a letter."""

    case: Case
    decision: decide.Decision
    ticket: Ticket | None  # as it would be afterwards
    mails: tuple[Outgoing, ...]  # in the order of the decision's replies


def rehearse(tx: Tx, desk: Desk, letter: Letter, now: datetime, *, again: bool) -> Rehearsed | Unreadable:
    """Decide a letter that has not come, by the same steps; nothing is written, no id or number is used up.

    `again`: as if it had never come before.
    """
    if isinstance(letter.mail, Unreadable):
        return letter.mail
    batch = Batch(tx, desk.policy, now, is_dry=True)
    case = load(batch, desk, letter, judge(desk, letter.stored, letter.mail), again=again)
    if again:
        case = replace(case, known=replace(case.known, duplicate_of=None, replay_of=None))
    on = decide.on_oversize if letter.stored.mail.oversize else decide.on_mail
    decision = on(case, desk.policy)
    cause = ledger.Cause(letter.stored.inbound, f"in:{letter.stored.inbound}")
    # What a letter tells of addresses and of our mails is written at once, so it is left out.
    dry = replace(decision, undelivered=(), marks=())
    ticket = ledger.record(batch, cause, case.known.ticket, dry, case.known.sender, case.mail)
    replies = tuple(_with_secret(batch, reply) for reply in decision.replies)
    mails = _written(batch, desk, replies, ticket, case.desk, cause.text)
    return Rehearsed(case, decision, ticket, mails)


def _ask(
    batch: Batch,
    desk: Desk,
    decision: decide.Decision,
    letter: int,
    ticket: Ticket | None,
    sent: Sequence[tuple[Reply, Outgoing]],
) -> None:
    """Remember what a mail asks about a letter (inbound id), to know the answer by it."""
    for reply, outgoing in sent:
        token = tokens.read(desk.secret, outgoing.message_id)
        if reply.kind is ReplyKind.CONFIRM and reply.until and token:
            code = questions.kept(reply.code)
            asked = ledger.Asked(
                letter, ticket, outgoing.person, token.nonce, code, decision.bond, reply.until
            )
            ledger.ask_question(batch, asked)


def _queue(
    batch: Batch, desk: Desk, replies: Sequence[Reply], ticket: Ticket | None, sender: Address, cause: str
) -> tuple[tuple[Reply, Outgoing], ...]:
    """Put replies into words and into the outbox."""
    filled = [_with_secret(batch, reply) for reply in replies if not reply.is_stopped]
    written = _written(batch, desk, filled, ticket, sender, cause)
    sent = tuple(zip(filled, written, strict=True))
    for reply, outgoing in sent:
        outbox.put(batch.sheet, outgoing, reply.once or cause, reply.is_held, batch.now)
    return sent


def _written(
    batch: Batch, desk: Desk, replies: Sequence[Reply], ticket: Ticket | None, sender: Address, cause: str
) -> tuple[Outgoing, ...]:
    about = _about(batch, ticket) if replies else None
    composed = (
        compose.message(
            reply, about, sender, reply.once or cause, desk.policy, desk.secret, desk.render, batch.now
        )
        for reply in replies
    )
    return tuple(_signed(outgoing, desk.signer) for outgoing in composed)


def _signed(outgoing: Outgoing, signer: Signer | None) -> Outgoing:
    """The octets are final with this: a retry sends the same signature again."""
    if signer is None:
        return outgoing
    boundary = f"{mime.boundary(outgoing.message_id)}-s"
    return replace(outgoing, octets=mime.signed(outgoing.octets, boundary, signer.over))


def _about(batch: Batch, ticket: Ticket | None) -> About | None:
    if ticket is None:
        return None
    wanted = (ticket.requester, *([ticket.assignee] if ticket.assignee else []))
    found = batch.people.by_ids(wanted)
    return About(ticket, found[ticket.requester], found.get(ticket.assignee) if ticket.assignee else None)


def _with_secret(batch: Batch, reply: Reply) -> Reply:
    """A sign-in link, or a code, for those that need one. The random bits are made here; only their hash is kept."""
    if reply.kind is ReplyKind.CONFIRM:
        return replace(reply, code=NO_CODE if batch.sheet.is_dry else _code())
    if reply.kind is not ReplyKind.LOGIN or reply.secret_link:
        return reply
    if batch.sheet.is_dry:
        return replace(reply, secret_link=NO_LINK)
    return replace(reply, secret_link=_mint_link(batch.sheet.tx, reply.to.id, batch.now))


def _code() -> str:
    """60 random bits, to be typed if need be: "k3vq-9xwm-…" without 0, 1, 8 and 9."""
    letters = base64.b32encode(secrets.token_bytes(8)).decode("ascii").lower()
    return "-".join((letters[:4], letters[4:8], letters[8:12]))


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
    batch = Batch(tx, desk.policy, now)
    queued = _queue(batch, desk, (reply,), None, _front(desk.policy), f"link:{hashed(reply.secret_link)}")
    batch.write()
    return len(queued)


def open_session(tx: Tx, token: str, now: datetime) -> str | None:
    """Spend a link for a session token; None if it was spent, is too old, or never was."""
    person = sessions.use_link(tx, hashed(token), now)
    if person is None:
        return None
    session = secrets.token_urlsafe(24)
    sessions.begin(tx, person, hashed(session), now)
    return session


def close_session(tx: Tx, session: str, everywhere: bool = False) -> None:
    sessions.end(tx, hashed(session), everywhere=everywhere)


def note_session(tx: Tx, session: str, now: datetime) -> None:
    """Write down that somebody who is signed in is there."""
    sessions.note(tx, hashed(session), now)


def revoke_sessions(tx: Tx, ids: Sequence[int], addresses: Sequence[str]) -> int:
    """End sessions (Session.id), and all of whoever has these addresses; () and () is everybody. How many there were."""
    if not ids and not addresses:
        return sessions.revoke_all(tx)
    owners = [people.by_address(tx, Address(spec).key) for spec in addresses]
    return sessions.revoke(tx, ids) + sessions.revoke_all(tx, {one.id for one in owners if one})


def give_up(tx: Tx, desk: Desk, row: Claimed, reason: str, result: Result, now: datetime) -> None:
    """A mail of ours that cannot be delivered becomes news on its ticket."""
    failure = ledger.undeliverable(tx, row, reason, retry.diagnosis(result), desk.policy, now)
    decision = decide.on_undeliverable(failure, desk.policy)
    cause = ledger.Cause(None, f"out:{row.id}")
    batch = Batch(tx, desk.policy, now)
    ticket = ledger.record(batch, cause, failure.ticket, decision, None, None)
    _queue(batch, desk, decision.replies, ticket, _front(desk.policy, failure.ticket), cause.text)
    batch.write()


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
    batch = Batch(tx, desk.policy, now)
    replies = tuple(
        Reply(ReplyKind.DIGEST, person, figures=figures, remarks=broken, is_proven=True)
        for person in batch.people.meet(desk.policy.operators)
    )
    queued = _queue(batch, desk, replies, None, _front(desk.policy), f"digest:{now:%Y-%m-%d}")
    batch.write()
    return len(queued)


def _inbox_figures(inbox: audit.InboxCount) -> tuple[Figure, ...]:
    return (
        Figure(f"Mails in the inbox {inbox.mailbox}", f"{inbox.mails:,}"),
        Figure("Of these in the ledger", f"{inbox.mails - inbox.unknown:,}"),
    )


def _kept(findings: Sequence[audit.Finding]) -> str:
    broken = sum(not finding.holds for finding in findings)
    return f"{broken} of them not kept" if broken else "all kept"


def send_alarm(tx: Tx, desk: Desk, reason: str, once: str, now: datetime) -> int:
    """Something needs a look, to each operator; how many mails that made. `once`: what it is about."""
    batch = Batch(tx, desk.policy, now)
    operators = batch.people.meet(desk.policy.operators)
    replies = tuple(Reply(ReplyKind.ALARM, p, reason=reason, is_proven=True) for p in operators)
    queued = _queue(batch, desk, replies, None, _front(desk.policy), once)
    batch.write()
    return len(queued)


def _figures(counts: Iterable[tuple[str, int]]) -> tuple[Figure, ...]:
    return tuple(Figure(label, str(count)) for label, count in counts)
