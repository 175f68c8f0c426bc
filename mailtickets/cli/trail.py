"""One mail's way in words for a terminal, and as values for a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import assert_never

from mailtickets.cli.rows import words
from mailtickets.core import telling
from mailtickets.core.account import Mailed
from mailtickets.core.case import Answer, Outcome, ReplyKind
from mailtickets.core.person import Person
from mailtickets.core.silence import SENTENCES
from mailtickets.core.ticket import Changed, Opened, Value
from mailtickets.store.attempts import Attempt
from mailtickets.store.schema import MailState
from mailtickets.store.views import Event, LetterRow, LetterTrail, MailTrail, SentMail

INDENT = "  "
KINDS_WIDTH = 20
CAUSES = {
    "out": "mail {number} of the desk could not be delivered",
    "link": "somebody asked for a sign-in link",
    "digest": "the day had ended",
    "limit": "a limit was met that day",
    "question": "the question about letter {number} was not answered with yes: mailtickets explain {number}",
}


# A letter.


def letter_text(trail: LetterTrail) -> str:
    """A page: each question that an operator asks, and its answer."""
    row = trail.row
    parts = [_head(trail), *judged(trail)]
    if row.outcome is not None:
        parts.append("\n".join(["Who was mailed?", *_mailed(trail)]))
        parts.append("\n".join(["Who was not, and why?", *_unmailed(trail)]))
    if trail.copies:
        again = [(f"letter {copy.id}", f"{_clock(copy.received_at)} {_ended(copy)}") for copy in trail.copies]
        parts.append(_section("Other copies of it", again))
    return "\n".join(parts)


def rehearsed_text(trail: LetterTrail, at: datetime, mails: Sequence[tuple[ReplyKind, str]]) -> str:
    """The same page of a letter that has not come. `mails`: kinds, and to whom with which subject."""
    row = trail.row
    head = [
        ("at", f"{_clock(at)} UTC, in the inbox of {row.mailbox}, {row.size} octets"),
        ("from", row.sender or "nobody"),
        ("outcome", _ended(row)),
    ]
    lines = [words_of(telling.mail_name(kind), what, KINDS_WIDTH) for kind, what in mails]
    parts = [
        "Simulated: nothing was changed, and nothing is sent.",
        _section(f"Letter: {row.subject or 'no subject'}", head),
        *judged(trail),
        "\n".join(["Who would be mailed?", *(lines or [f"{INDENT}nobody"])]),
        "\n".join(["Who would not, and why?", *_unmailed(trail)]),
    ]
    return "\n".join(parts)


def _head(trail: LetterTrail) -> str:
    row = trail.row
    head = [
        (
            "came",
            f"{_clock(row.received_at)} UTC to {row.mailbox}, UID {row.uid} of {row.uidvalidity}, {row.size} octets",
        ),
        ("from", row.sender or "nobody"),
        ("id", f"<{row.message_id}>" if row.message_id else "none"),
        ("outcome", _outcome(trail)),
    ]
    if trail.is_released:
        head.append(("", "It was held, and the operator let it go on."))
    if row.outcome is Outcome.QUARANTINED and row.attempts:
        head.append(("read", f"{row.attempts} times, the last one ended so: {trail.error}"))
    return _section(f"Letter {row.id}: {row.subject or 'no subject'}", head)


def judged(trail: LetterTrail) -> list[str]:
    """What was found out about a letter, and what followed on its ticket."""
    row, parts = trail.row, []
    if row.kind is not None:
        parts.append(_section("What wrote it?", [("", telling.writer(row.kind, trail.why_kind))]))
    if trail.account is not None:
        parts.append(_section("Which ticket?", [("", _which(trail))]))
    if trail.evidence is not None:
        parts.append(_section("Is it who it says?", _proofs(trail)))
    if trail.answers is not None or trail.doubt is not None:
        parts.append(_section("Was anybody asked?", [("", line) for line in _asked(trail)]))
    if trail.changes:
        parts.append(_section("What did it change?", [change(event, trail) for event in trail.changes]))
    if trail.joined:
        came = ", ".join(_called(person) for person in trail.joined)
        parts.append(_section("Who came onto the ticket by it?", [("", came)]))
    return parts


def _asked(trail: LetterTrail) -> list[str]:
    """Questions of ours: the one that the letter answers, the one about it."""
    lines = []
    if trail.answers is not None:
        about = (
            f"letter {trail.answers}: mailtickets explain {trail.answers}"
            if trail.answers
            else "a letter long ago"
        )
        lines.append(f"It answers the question about {about}")
    doubt = trail.doubt
    if doubt is None:
        return lines
    who = trail.people[doubt.person].address.spec if doubt.person in trail.people else "somebody"
    lines.append(
        f"{who} was asked for a yes {_clock(doubt.asked_at)}, which counted until {_clock(doubt.until_at)}"
    )
    by = (
        f" by letter {doubt.answered_by}: mailtickets explain {doubt.answered_by}"
        if doubt.answered_by
        else ""
    )
    match doubt.answer:
        case None:
            lines.append("no yes came in that time, and nothing else that ends it")
        case Answer.CONFIRMED:
            lines.append(f"confirmed {_at(doubt.answered_at)}{by}")
        case Answer.CANCELLED:
            lines.append(f"cancelled {_at(doubt.answered_at)}, since the answer was no plain yes{by}")
        case Answer.OVERTAKEN:
            lines.append(
                f"not done {_at(doubt.answered_at)}: the yes would have done something else by then{by}"
            )
        case Answer.LOST:
            lines.append(f"the mail that asked came back {_at(doubt.answered_at)}{by}")
        case _:
            assert_never(doubt.answer)
    return lines


def _outcome(trail: LetterTrail) -> str:
    row = trail.row
    match row.outcome:
        case None:
            return f"none yet: it waits to be read and decided (tried {row.attempts} times)"
        case Outcome.HELD:
            return f"held, {row.reason}. To let it go on: mailtickets held release {row.id}"
        case Outcome.QUARANTINED:
            return f"quarantined, {row.reason}. To have it read again: mailtickets quarantine retry {row.id}"
        case _:
            return _ended(row)


def _ended(row: LetterRow) -> str:
    if row.outcome is None:
        return "waits to be decided"
    where = f" (ticket {row.ticket})" if row.ticket is not None else ""
    return f"{row.outcome}{where}: {row.reason}"


def _which(trail: LetterTrail) -> str:
    account = trail.account
    if account is None:
        return "not known"
    number = trail.row.ticket
    where = "no ticket" if number is None else f"ticket {number}"
    if trail.row.outcome is Outcome.OPENED:
        where = f"ticket {number}, a new one"
    return f"{where}. By which clue? {_capital(telling.clue(account, trail.known_ids))}."


def _proofs(trail: LetterTrail) -> list[tuple[str, str]]:
    if trail.evidence is None:
        return []
    proofs = telling.proofs(trail.evidence, trail.sender, trail.ticket_id, trail.numbers, trail.people)
    speaks_for, against = (sentences or ("nothing",) for sentences in proofs)
    return [
        *(("for" if not i else "", sentence) for i, sentence in enumerate(speaks_for)),
        *(("against" if not i else "", sentence) for i, sentence in enumerate(against)),
    ]


def change(event: Event, trail: LetterTrail) -> tuple[str, str]:
    match event.change:
        case Opened() as opened:
            return (
                "opened",
                f"status {opened.status}, priority {opened.priority}, {opened.type} in {opened.project}",
            )
        case Changed(field=field, old=old, new=new):
            return str(field), f"{value_of(old, trail.people, field)} → {value_of(new, trail.people, field)}"


def value_of(value: Value, people: Mapping[int, Person], field: str) -> str:
    match value:
        case None | "" | ():
            return "nothing"
        case datetime():
            return _clock(value)
        case tuple():
            return ", ".join(value)
        case int() if field in ("requester", "assignee"):
            return people[value].address.spec if value in people else "somebody"
        case _:
            return str(value)


def _mailed(trail: LetterTrail) -> list[str]:
    lines = [line for mail in trail.mails for line in _mail(mail)]
    there = {(mail.row.kind, mail.recipient.id) for mail in trail.mails}
    meant = trail.account.mailed if trail.account else ()
    lines += [_absent(one, trail) for one in meant if (one.kind, one.person) not in there]
    return lines or [f"{INDENT}nobody"]


def _absent(one: Mailed, trail: LetterTrail) -> str:
    """A mail that was decided, but has no row under this letter."""
    person = trail.people.get(one.person)
    spec = person.address.spec if person else "somebody"
    why = "its row is gone: what was sent is kept for 90 days"
    if one.kind is ReplyKind.ALARM:
        why = "mailed once a day, however many letters call for it"
    return words_of(telling.mail_name(one.kind), f"{spec}: {why}", KINDS_WIDTH)


def _mail(mail: SentMail) -> list[str]:
    """One mail in a line, and a line for each attempt that did not deliver it."""
    head = f"{mail.row.recipient}: {_state(mail)}"
    lines = [words_of(telling.mail_name(mail.row.kind), head, KINDS_WIDTH)]
    return lines + [words_of("", attempt, KINDS_WIDTH) for attempt in _attempts(mail)]


def _state(mail: SentMail) -> str:
    row = mail.row
    nth = f" at try {row.attempts}" if row.attempts > 1 else ""
    match row.state:
        case _ if row.bounced_at is not None:
            return f"came back {_clock(row.bounced_at)}: {mail.bounce or 'the report gives no reason'}"
        case MailState.SENT:
            return f"handed over {_at(row.settled_at)}{nth}: {row.code} {row.answer}"
        case MailState.FAILED:
            return f"given up {_at(row.settled_at)}: {row.answer}"
        case MailState.HELD:
            return f"held back by a limit. To send it all the same: mailtickets outbox retry {row.id}"
        case MailState.CLAIMED:
            return "being sent now"
        case _:
            return f"waits, next try {_at(row.next_at)}"


def _attempts(mail: SentMail) -> list[str]:
    lines = [_attempt(one) for one in mail.attempts]
    noted = sum(one.counts for one in mail.attempts) + (mail.row.state in (MailState.SENT, MailState.CLAIMED))
    silent = mail.row.attempts - noted
    if silent > 0:
        lines.append(
            f"{silent} more without an answer: the desk was stopped, or lost the server, in mid-delivery"
        )
    return lines


def _attempt(one: Attempt) -> str:
    said = f"{one.code} {one.answer}" if one.code else one.answer
    if one.times > 1:
        return f"tried {one.times} times from {_clock(one.at)} to {_clock(one.until_at)}: {said}"
    return f"tried {_clock(one.at)}: {said}"


def _unmailed(trail: LetterTrail) -> list[str]:
    left = trail.account.unmailed if trail.account else ()
    lines = [
        words_of("", f"{_called(trail.people[one.person])}: {SENTENCES[one.why]}", 0)
        for one in left
        if one.person in trail.people
    ]
    if lines:
        return lines
    is_over = trail.row.outcome in (Outcome.IGNORED, Outcome.HELD, Outcome.QUARANTINED)
    return [f"{INDENT}{'everybody: see the outcome' if is_over else 'nobody was left out'}"]


# A mail of ours.


def mail_text(trail: MailTrail) -> str:
    """A page: what it was, what it came from, what became of it."""
    row, letter = trail.mail.row, trail.letter
    kind, _, number = row.cause.partition(":")
    cause = CAUSES.get(kind, row.cause).format(number=number)
    if letter is not None:
        cause = f"letter {letter.id}, {_ended(letter)}. More of it: mailtickets explain {letter.id}"
    elif kind == "in":
        cause = "a letter that is gone"
    lines = [
        ("to", row.recipient),
        ("ticket", str(row.ticket) if row.ticket is not None else "none"),
        ("id", f"<{row.message_id}>"),
        ("written", f"{_clock(row.created_at)} UTC"),
        ("because", cause),
        ("state", _state(trail.mail)),
        *(("", attempt) for attempt in _attempts(trail.mail)),
    ]
    return _section(f"Mail {row.id}, written by the desk: {telling.mail_name(row.kind)}", lines)


# Words.


def _section(title: str, lines: Sequence[tuple[str, str]]) -> str:
    width = max((len(label) for label, _ in lines), default=0)
    return "\n".join([words(title), *(words_of(label, text, width) for label, text in lines)])


def words_of(label: str, text: str, width: int) -> str:
    """An indented line; its label in a column of its own. A mail's own words must not steer the terminal."""
    gap = f"{label:<{width}}  " if width else ""
    return f"{INDENT}{gap}{words(text)}".rstrip()


def _called(person: Person) -> str:
    spec = person.address.spec
    return spec if person.shown == spec else f"{person.shown} <{spec}>"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _at(at: datetime | None) -> str:
    return _clock(at) if at else "never by itself"
