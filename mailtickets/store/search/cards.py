"""The index of words: a card for each message, with the subject, the requester and the number of its ticket on it.

The law: a message is in the backlog from the commit that it came with until its card is written, by whoever, once. A card
is only ever added: a ticket with a new subject gets its cards anew and is found by the old one too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, select, text

from mailtickets.core.case import MessageKind
from mailtickets.core.person import Role
from mailtickets.core.query.words import folded, spaced
from mailtickets.store.engine import Tx
from mailtickets.store.schema import backlog, message, person, tally, ticket

LONGEST = 50_000  # characters of a message; PostgreSQL indexes no more than a megabyte
TIDY_AFTER = 2_000  # rows of the tally that could be fewer
# Card ids go up with their tickets, so that the newest tickets are found first and a card names its ticket.
SHIFT = 36

_AUTHOR, _REQUESTER = person.alias("author"), person.alias("requester")
_NEXT = (
    select(
        backlog.c.id,
        backlog.c.ticket,
        backlog.c.message,
        message.c.kind,
        message.c.text,
        message.c.attachments,
        message.c.unverified,
        message.c.author,
        _AUTHOR.c.role,
        ticket.c.number,
        ticket.c.subject,
        ticket.c.requester,
        ticket.c.project,
        _REQUESTER.c.name,
        _REQUESTER.c.called,
        _REQUESTER.c.spec,
        _REQUESTER.c.domain,
    )
    .select_from(
        backlog.join(message, message.c.id == backlog.c.message)
        .join(ticket, ticket.c.id == backlog.c.ticket)
        .join(_REQUESTER, _REQUESTER.c.id == ticket.c.requester)
        .outerjoin(_AUTHOR, _AUTHOR.c.id == message.c.author)
    )
    .order_by(backlog.c.id)
    .limit(bindparam("n"))
    .with_for_update(of=backlog, skip_locked=True)
)
_DONE = delete(backlog).where(backlog.c.id == bindparam("done"))
_SQLITE = text(
    "INSERT INTO card (rowid, head, heard, inside, whose) VALUES (:card, :head, :heard, :inside, :whose)"
)
_POSTGRESQL = text(
    "INSERT INTO card (id, words) VALUES (:card, setweight(to_tsvector('simple', :head), 'A') || "
    "setweight(to_tsvector('simple', :heard), 'B') || setweight(to_tsvector('simple', :inside), 'C') || "
    "setweight(to_tsvector('simple', :whose), 'D')) ON CONFLICT (id) DO UPDATE SET words = card.words || excluded.words"
)


def write_cards(tx: Tx, n: int) -> int:
    """Write the cards of up to `n` messages that wait for one; how many there were."""
    rows: Sequence[Any] = tx.execute(_NEXT, {"n": n}).all()
    if not rows:
        return 0
    fold = folded if tx.dialect.name == "sqlite" else spaced
    cards = {card["card"]: card for card in (_card(row, fold) for row in rows)}
    # In their order: FTS5 begins a new segment whenever an id is smaller than the one before.
    tx.execute(_SQLITE if tx.dialect.name == "sqlite" else _POSTGRESQL, [cards[id] for id in sorted(cards)])
    tx.execute(_DONE, [{"done": row.id} for row in rows])
    return len(rows)


def _card(row: Any, fold: Callable[[str], str]) -> dict[str, Any]:
    files = " ".join(file.name for file in row.attachments if not file.inline)
    said = fold(f"{row.text[:LONGEST]} {files}")
    is_heard = _is_heard(row)
    head = f"{row.number} {row.subject} {row.name or row.called} {row.spec}"
    return {
        "card": card_id(row.ticket, row.message),
        "head": fold(head),
        "heard": said if is_heard else "",
        "inside": "" if is_heard else said,
        "whose": f"{requester_term(row.requester)} {domain_term(row.domain)} {project_term(row.project)}",
    }


def _is_heard(row: Any) -> bool:
    """Whether the requester may read it: said by the requester or by staff, to them, and truly."""
    by_staff = row.role is not None and row.role is not Role.REQUESTER
    return row.kind is MessageKind.PUBLIC and not row.unverified and (by_staff or row.author == row.requester)


def card_id(ticket: int, message: int) -> int:
    return ticket << SHIFT | message


def requester_term(person: int) -> str:
    """A word on every card of a requester's tickets, in a field where nobody's words are looked for."""
    return f"r{person}"


def domain_term(domain: str) -> str:
    return f"d{domain.encode().hex()}"


def project_term(project: str) -> str:
    return f"p{project.encode().hex()}"


def lag(tx: Tx) -> int:
    """How many messages cannot be found by their words yet; counted to a thousand."""
    first = select(backlog.c.id).limit(1000).subquery()
    return tx.scalar(select(func.count()).select_from(first)) or 0


def rebuild(tx: Tx) -> None:
    """Empty the index; the cards are written anew one after the other."""
    tx.execute(
        text(
            "INSERT INTO card (card) VALUES ('delete-all')"
            if tx.dialect.name == "sqlite"
            else "TRUNCATE card"
        )
    )
    tx.execute(delete(backlog))
    waiting = select(message.c.ticket, message.c.id).order_by(message.c.id)
    tx.execute(backlog.insert().from_select(["ticket", "message"], waiting))


def tidy(tx: Tx) -> int:
    """Add up the rows of the tally if they have become many; how many are fewer."""
    kinds = (tally.c.project, tally.c.status, tally.c.priority, tally.c.assignee)
    rows, sums = tx.scalar(select(func.count(tally.c.id))) or 0, select(*kinds).group_by(*kinds).subquery()
    least = tx.scalar(select(func.count()).select_from(sums)) or 0
    if rows - least < TIDY_AFTER:
        return 0
    mine = select(tally.c.id).with_for_update(skip_locked=True)
    taken: Sequence[Any] = tx.execute(
        delete(tally).where(tally.c.id.in_(mine)).returning(*kinds, tally.c.count)
    ).all()
    counts = Counter[tuple[Any, ...]]()
    for row in taken:
        counts[tuple(row[:-1])] += row[-1]
    names = [column.name for column in kinds]
    kept = [{**dict(zip(names, kind, strict=True)), "count": n} for kind, n in counts.items() if n]
    if kept:
        tx.execute(tally.insert(), kept)
    return len(taken) - len(kept)
