"""Types of columns. The law: what was written is read again as the same value, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, String, Text
from sqlalchemy.types import TypeDecorator

from mailtickets.core.account import Account, Mailed, Unmailed
from mailtickets.core.case import ReplyKind
from mailtickets.core.identity import Evidence
from mailtickets.core.mail import Attachment, Segment, SegmentKind
from mailtickets.core.silence import Silence
from mailtickets.core.thread import Route
from mailtickets.core.ticket import Opened, Value
from mailtickets.core.tokens import Token

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Told: TypeAlias = Value | Opened  # what a row of history may hold as old or new

# SQLite numbers rows by itself only in a column of type INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")
Octets = LargeBinary
# Text to sort by, as SQLite and Python do: by its characters, whatever language the server speaks.
KEY = Text(collation="C").with_variant(Text(), "sqlite")


def storable(text: str) -> str:
    """Text without what a database refuses: PostgreSQL takes no NUL, neither of them a lone surrogate."""
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


class Words(TypeDecorator[str]):
    """Whatever people and machines wrote."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else storable(value)


class Moment(TypeDecorator[datetime]):
    """An aware UTC time. SQLite knows no zones: there it lies as UTC without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[E], Generic[E]):
    """A member of a closed list, kept as its word."""

    impl = String(40)
    cache_ok = True

    def __init__(self, words: type[E]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return value if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return value if value is None else self.words(value)


class Coded(TypeDecorator[T], Generic[T]):
    """A small value of the core as JSON."""

    impl = Text
    cache_ok = True

    def __init__(self, plain: Callable[[T], Any], value: Callable[[Any], T]) -> None:
        super().__init__()
        self.plain = plain
        self.value = value

    def process_bind_param(self, value: T | None, dialect: Dialect) -> str | None:
        # JSON of ASCII only: a NUL or a surrogate lies in it as six plain characters.
        return None if value is None else json.dumps(self.plain(value), separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> T | None:
        return None if value is None else self.value(json.loads(value))


def _segments_plain(segments: tuple[Segment, ...]) -> Any:
    return [[s.kind, s.text] for s in segments]


def _segments(plain: Any) -> tuple[Segment, ...]:
    return tuple(Segment(SegmentKind(kind), text) for kind, text in plain)


def _attachments_plain(attachments: tuple[Attachment, ...]) -> Any:
    return [
        [a.name, a.content_type, a.size, a.sha256, a.inline, a.content_id, a.is_logo] for a in attachments
    ]


def _attachments(plain: Any) -> tuple[Attachment, ...]:
    return tuple(map(_attachment, plain))


def _attachment(plain: Any) -> Attachment:
    name, content_type, size, sha256, inline, content_id, *later = plain
    # What was kept before logos were known has a field less.
    return Attachment(name, content_type, size, sha256, inline, content_id, is_logo=later == [True])


_TOKENS = ("tokens", "spent")
_ALWAYS = frozenset({"tokens", "authenticated", "contrary"})


def _evidence_plain(evidence: Evidence) -> Any:
    plain = {f.name: getattr(evidence, f.name) for f in fields(Evidence)}
    plain |= {name: [[t.ticket, t.person, t.nonce] for t in plain[name]] for name in _TOKENS}
    # What says nothing is left out: most letters have but one proof.
    return {name: said for name, said in plain.items() if said or name in _ALWAYS}


def _evidence(plain: Any) -> Evidence:
    tokens = {name: tuple(Token(*of) for of in plain.get(name, ())) for name in _TOKENS}
    return Evidence(**(plain | tokens))


def _account_plain(account: Account) -> Any:
    mailed = [[m.kind, m.person, int(m.is_held)] for m in account.mailed]
    unmailed = [[u.person, u.why] for u in account.unmailed]
    clues = [account.route, account.own, account.ids, account.tag, int(account.is_stranger)]
    return [*clues, mailed, unmailed]


def _account(plain: Any) -> Account:
    route, own, ids, tag, is_stranger, mailed, unmailed = plain
    return Account(
        Route(route),
        tuple(own),
        tuple(ids),
        tag,
        bool(is_stranger),
        tuple(Mailed(ReplyKind(kind), person, bool(held)) for kind, person, held in mailed),
        tuple(Unmailed(person, Silence(why)) for person, why in unmailed),
    )


def _told_plain(told: Told) -> Any:
    match told:
        case datetime():
            return {"at": told.isoformat()}
        case Opened():
            return {"opened": {f.name: getattr(told, f.name) for f in fields(Opened)}}
        case _:
            return told


def _told(plain: Any) -> Told:
    match plain:
        case {"at": str(moment)}:
            return datetime.fromisoformat(moment)
        case {"opened": dict(opening)}:
            return Opened(**opening)
        case list():
            return tuple(plain)
        case _:
            known: Value = plain
            return known


def _strings(plain: Any) -> tuple[str, ...]:
    return tuple(plain)


OPENED = "opened"  # history.field of a ticket's first row

Segments = Coded(_segments_plain, _segments)
Attachments = Coded(_attachments_plain, _attachments)
Proofs = Coded(_evidence_plain, _evidence)
Accounts = Coded(_account_plain, _account)
Strings = Coded[tuple[str, ...]](list, _strings)
History = Coded(_told_plain, _told)
