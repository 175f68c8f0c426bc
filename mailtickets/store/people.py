"""Everybody with an address. The law: an address belongs to one person, and nobody is ever taken out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, cached_property
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, or_, select, update
from sqlalchemy.sql.dml import ReturningInsert

from mailtickets.config import Staff
from mailtickets.core.decision import Mark
from mailtickets.core.mail import Address
from mailtickets.core.person import Person, Role
from mailtickets.core.policy import Policy
from mailtickets.store.connect import insert
from mailtickets.store.engine import Tx
from mailtickets.store.schema import IS_PAUSED, IS_STAFF, address, person
from mailtickets.store.sheet import Sheet

COLUMNS = (
    *person.c,
    address.c.key,
    address.c.spec.label("also"),
    address.c.called.label("also_called"),
    address.c.bounces,
    address.c.paused,
)
WIDTH = len(COLUMNS)
MANY = 500  # people of one name, or nearly
EVERYBODY = select(*COLUMNS).select_from(person.outerjoin(address)).order_by(person.c.id, address.c.key)

_OWNERS = select(address.c.person).where(address.c.key.in_(bindparam("keys", expanding=True)))
_BY_IDS = EVERYBODY.where(person.c.id.in_(bindparam("ids", expanding=True)))
_STAFF = EVERYBODY.where(IS_STAFF)
_BY_KEYS = EVERYBODY.where(person.c.id.in_(_OWNERS))


def staff(tx: Tx) -> tuple[Person, ...]:
    """All agents and admins."""
    return _read(tx, _STAFF)


def by_ids(tx: Tx, ids: Collection[int]) -> Mapping[int, Person]:
    """People by Person.id; ids that nobody has are left out."""
    return {p.id: p for p in _read(tx, _BY_IDS, ids=sorted(ids))} if ids else {}


def by_id(tx: Tx, id: int) -> Person | None:
    return by_ids(tx, (id,)).get(id)


def by_address(tx: Tx, key: str) -> Person | None:
    """Whoever has the address (Address.key), registered or another."""
    return by_key(_read(tx, _BY_KEYS, keys=[key])).get(key)


def called(tx: Tx, names: Collection[str]) -> tuple[Person, ...]:
    """Everybody whom one of these names could mean, and some others: an address, or words of a name, without case.

    Of more than `MANY` the first. An address is found by its key; for a name everybody is looked at.
    """
    known = _read(tx, _BY_KEYS, keys=sorted(names))
    words = {name for name in names if "@" not in name}
    if not words:
        return known
    # The databases fold the case of ASCII alone: of other letters any will do.
    patterns = [f"%{''.join(c if c.isascii() and c.isalnum() else '_' for c in word)}%" for word in words]
    columns = (person.c.spec, person.c.name, person.c.called)
    # SQLite's own LIKE knows no case; ILIKE would be our lower(), in Python, for each row.
    is_sqlite = tx.dialect.name == "sqlite"
    like = or_(*(c.like(p) if is_sqlite else c.ilike(p) for p in patterns for c in columns))
    ids = tx.scalars(select(person.c.id).where(like).limit(MANY)).all()
    return (*known, *by_ids(tx, ids).values())


class Familiar:
    """Whom the letters of a batch ask for. Each is read once, and kept true while the batch is decided."""

    def __init__(self, sheet: Sheet, now: datetime) -> None:
        self._sheet = sheet
        self._tx = sheet.unwritten  # people are never among what waits
        self._now = now
        self._by_key: dict[str, Person] = {}
        self._by_id: dict[int, Person] = {}
        self._new: set[str] = set()

    @cached_property
    def staff(self) -> tuple[Person, ...]:
        """All agents and admins."""
        return self._found(staff(self._tx))

    def meet(self, addresses: Iterable[Address]) -> tuple[Person, ...]:
        """Whoever has these addresses, each once. An address that nobody has becomes a person."""
        wanted = {a.key: a for a in addresses}
        if unknown := [key for key in wanted if key not in self._by_key]:
            self._found(_read(self._tx, _BY_KEYS, keys=unknown))
            if missing := [wanted[key] for key in unknown if key not in self._by_key]:
                self._found(_add(self._sheet, missing, self._now))
                self._new.update(a.key for a in missing)
        return tuple({p.id: p for p in map(self._by_key.__getitem__, wanted)}.values())

    def of(self, address: Address) -> Person:
        """Whoever has the address, or has it from now on."""
        return self._by_key.get(address.key) or self.meet((address,))[0]

    def is_new(self, address: Address) -> bool:
        """True the first time that somebody is asked about who came with this batch."""
        new = address.key in self._new
        self._new.discard(address.key)
        return new

    def by_ids(self, ids: Collection[int]) -> Mapping[int, Person]:
        """People by Person.id; ids that nobody has are left out."""
        if unknown := [id for id in ids if id not in self._by_id]:
            self._by_id |= by_ids(self._tx, unknown)
        return {id: self._by_id[id] for id in ids if id in self._by_id}

    def call(self, who: Person, name: str) -> Person:
        """Somebody of whom only the address was known has told a name."""
        if self._sheet.is_dry:
            now = replace(who, address=Address(who.address.spec, name))
        else:
            now = call(self._tx, who, name)
        self._by_id.pop(who.id, None)
        return self._found((now,))[0]

    def mark(self, marks: Iterable[Mark]) -> None:
        """What has become of mail to some addresses."""
        told = () if self._sheet.is_dry else tuple(marks)
        mark(self._tx, told, self._now)
        self._forget(self._by_key[one.who.key].id for one in told if one.who.key in self._by_key)

    def hear(self, who: Person, language: str) -> Person:
        """The language that somebody writes in."""
        self._sheet.put(_HEAR, {"who": who.id, "new_heard": language})
        now = replace(self._by_id.get(who.id, who), heard=language)
        self._by_id[now.id] = now
        self._by_key |= by_key((now,))
        return now

    def _forget(self, ids: Iterable[int]) -> None:
        """They are asked for again."""
        gone = frozenset(ids)
        self._by_key = {key: p for key, p in self._by_key.items() if p.id not in gone}
        self._by_id = {id: p for id, p in self._by_id.items() if id not in gone}
        self.__dict__.pop("staff", None)

    def _found(self, owners: tuple[Person, ...]) -> tuple[Person, ...]:
        # What was heard of them since waits to be written: whoever is known already is known better.
        known = tuple(self._by_id.get(p.id, p) for p in owners)
        self._by_key |= by_key(known)
        self._by_id |= {p.id: p for p in known}
        return known


def ensure_all(tx: Tx, addresses: Iterable[Address], now: datetime) -> Mapping[str, Person]:
    """Whoever has these addresses, by Address.key. An address that nobody has becomes a person."""
    wanted = tuple(addresses)
    familiar = Familiar(Sheet(tx), now)
    familiar.meet(wanted)
    return {a.key: familiar.of(a) for a in wanted}


def ensure(tx: Tx, who: Address, now: datetime) -> tuple[Person, bool]:
    """Whoever has the address, and whether that is somebody new."""
    familiar = Familiar(Sheet(tx), now)
    return familiar.of(who), familiar.is_new(who)


def call(tx: Tx, who: Person, name: str) -> Person:
    """Somebody of whom only the address was known has told a name."""
    tx.execute(update(person).where(person.c.id == who.id).values(called=name))
    return replace(who, address=Address(who.address.spec, name))


def mark(tx: Tx, marks: Iterable[Mark], now: datetime) -> None:
    """What has become of mail to some addresses."""
    for one in marks:
        paused = {"paused": one.paused, "paused_at": now if one.paused else None}
        row = update(address).where(address.c.key == one.who.key)
        tx.execute(row.values(bounces=one.bounces, **paused))


def lift(tx: Tx, keys: Collection[str]) -> int:
    """Mail again to these addresses (Address.key) by itself; how many were paused. () is all."""
    paused = update(address).where(IS_PAUSED)
    chosen = paused.where(address.c.key.in_(keys)) if keys else paused
    return tx.execute(chosen.values(bounces=0, paused="", paused_at=None)).rowcount


def sync_staff(tx: Tx, wanted: Sequence[Staff], now: datetime) -> None:
    """Make those, and only those, staff whom the config names. Who is named no more stays as a requester."""
    ensured = ensure_all(tx, (s.address for s in wanted), now)
    tx.execute(update(person).where(IS_STAFF).values(role=Role.REQUESTER))
    for one in wanted:
        id = ensured[one.address.key].id
        tx.execute(
            update(person)
            .where(person.c.id == id)
            .values(
                spec=one.address.spec,
                domain=one.address.domain,
                called=one.address.name,
                name=one.name,
                role=one.role,
                projects=one.projects,
                language=one.language,
                timezone=one.timezone,
            )
        )
        _own(tx, id, (one.address, *one.also))


def named_by(policy: Policy) -> tuple[Address, ...]:
    """Whom the config names without making them staff by it: operators, and who follows a project."""
    return (*policy.operators, *(a for project in policy.projects for a in project.notify))


def by_key(people: Iterable[Person]) -> dict[str, Person]:
    """People by each key of theirs."""
    owners = tuple(people)
    # The registered address may have become another person's since; the others are surely the own ones.
    return {p.address.key: p for p in owners} | {a.key: p for p in owners for a in p.also}


def read_rows(rows: Iterable[Row[Any]], skip: int = 0) -> tuple[tuple[Row[Any], Person], ...]:
    """People from rows that hold `COLUMNS` after `skip` others, with the first row of each.

    One person's rows stand together, and begin alike.
    """
    groups = (tuple(group) for _, group in groupby(rows, key=lambda row: row[: skip + 1]))
    return tuple((group[0], _joined([row[skip:] for row in group])) for group in groups)


def _joined(rows: Sequence[Sequence[Any]]) -> Person:
    """One person, from the row of each address."""
    id, spec, called, name, role, projects, language, timezone, heard = rows[0][:9]
    registered = Address(spec).key
    width = len(person.c)
    others = tuple(
        Address(row[width + 1], row[width + 2]) for row in rows if row[width] not in (None, registered)
    )
    own = next((row for row in rows if row[width] == registered), None)
    bounces, paused = own[width + 3 : width + 5] if own is not None else (0, "")
    return Person(
        *(id, Address(spec, called), name, role, others, projects, language, timezone, heard),
        bounces=bounces,
        paused=paused,
    )


def _read(tx: Tx, people: Select[Any], **values: Any) -> tuple[Person, ...]:
    return tuple(one for _, one in read_rows(tx.execute(people, values)))


def _add(sheet: Sheet, addresses: Sequence[Address], now: datetime) -> tuple[Person, ...]:
    """New people, one for each address; whoever has it already if another transaction was quicker."""
    tx = sheet.unwritten
    new = {a.key: Person(sheet.new_id(person), a) for a in addresses}
    if sheet.is_dry:
        return tuple(new.values())
    tx.execute(_NEW_PERSON, [_NOBODY | _columns(p) | {"created_at": now} for p in new.values()])
    rows = [
        {"key": key, "person": p.id, "spec": p.address.spec, "called": p.address.name}
        for key, p in new.items()
    ]
    added = set(tx.scalars(_new_address(tx.dialect.name), rows))
    lost = [key for key in new if key not in added]
    if not lost:
        return tuple(new.values())
    tx.execute(delete(person).where(person.c.id.in_([new[key].id for key in lost])))
    return (*(new[key] for key in added), *_read(tx, _BY_KEYS, keys=lost))


def _columns(who: Person) -> dict[str, Any]:
    return {"id": who.id, "spec": who.address.spec, "called": who.address.name, "domain": who.address.domain}


_HEAR = update(person).where(person.c.id == bindparam("who")).values(heard=bindparam("new_heard"))
_NOBODY = {"name": "", "role": Role.REQUESTER, "projects": (), "language": "", "timezone": "", "heard": ""}
_NEW_PERSON = person.insert()


@cache
def _new_address(dialect: str) -> ReturningInsert[Any]:
    return insert(dialect, address).on_conflict_do_nothing().returning(address.c.key)


def _own(tx: Tx, id: int, addresses: Sequence[Address]) -> None:
    """These are the person's addresses from now on, and no others."""
    keys = [a.key for a in addresses]
    tx.execute(delete(address).where(address.c.person == id, address.c.key.not_in(keys)))
    rows = [{"key": a.key, "person": id, "spec": a.spec, "called": a.name} for a in addresses]
    statement = insert(tx.dialect.name, address)
    told = statement.excluded
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=[address.c.key],
            set_={"person": told.person, "spec": told.spec, "called": told.called},
        ),
        rows,
    )
