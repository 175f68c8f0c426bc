"""Everybody with an address. The law: an address belongs to one person, and nobody is ever taken out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import Executable, Row, Select, bindparam, delete, select, union, update

from mailtickets.config import Staff
from mailtickets.core.mail import Address
from mailtickets.core.person import Person, Role
from mailtickets.core.policy import Policy
from mailtickets.store.connect import insert
from mailtickets.store.engine import Tx
from mailtickets.store.schema import IS_STAFF, address, person

COLUMNS = (*person.c, address.c.key, address.c.spec.label("also"), address.c.called.label("also_called"))
WIDTH = len(COLUMNS)
EVERYBODY = select(*COLUMNS).select_from(person.outerjoin(address)).order_by(person.c.id, address.c.key)

_OWNERS = select(address.c.person).where(address.c.key.in_(bindparam("keys", expanding=True)))
_BY_IDS = EVERYBODY.where(person.c.id.in_(bindparam("ids", expanding=True)))
_STAFF = EVERYBODY.where(IS_STAFF)
_BY_KEYS = EVERYBODY.where(person.c.id.in_(_OWNERS))
_AROUND = EVERYBODY.where(person.c.id.in_(union(select(person.c.id).where(IS_STAFF), _OWNERS)))


@dataclass(frozen=True, slots=True)
class Familiar:
    """People read once for a batch, by Address.key. No letter changes them."""

    staff: Mapping[str, Person]  # all of them
    named: Mapping[str, Person]  # whoever has a name


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


def familiar(tx: Tx, addresses: Iterable[Address]) -> Familiar | None:
    """Whom a batch of letters asks for again and again; None if each letter has to look for itself."""
    found = _read(tx, _AROUND, keys=sorted({a.key for a in addresses}))
    # A letter may give a name to whoever has none, and the next letter must see it.
    named = [p for p in found if p.name or p.address.name]
    staff = [p for p in found if p.is_staff]
    return Familiar(by_key(staff), by_key(named)) if all(p in named for p in staff) else None


def around(
    tx: Tx, addresses: Iterable[Address], now: datetime, familiar: Familiar | None = None
) -> tuple[Mapping[str, Person], frozenset[str]]:
    """All staff and whoever has these addresses, by Address.key; and the keys that are new with this call."""
    wanted = {a.key: a for a in addresses}
    if familiar is None:
        found = by_key(_read(tx, _AROUND, keys=list(wanted)))
    else:
        found = {**familiar.staff, **{k: familiar.named[k] for k in wanted if k in familiar.named}}
        others = [key for key in wanted if key not in found]
        found |= by_key(_read(tx, _BY_KEYS, keys=others)) if others else {}
    missing = {key: a for key, a in wanted.items() if key not in found}
    for key, new in missing.items():
        found[key] = _add(tx, new, now)
    return found, frozenset(missing)


def ensure_all(tx: Tx, addresses: Iterable[Address], now: datetime) -> Mapping[str, Person]:
    """Whoever has these addresses, by Address.key. An address that nobody has becomes a person."""
    wanted = {a.key: a for a in addresses}
    found = by_key(_read(tx, _BY_KEYS, keys=list(wanted))) if wanted else {}
    for key, new in wanted.items():
        if key not in found:
            found[key] = _add(tx, new, now)
    return found


def ensure(tx: Tx, who: Address, now: datetime) -> tuple[Person, bool]:
    """Whoever has the address, and whether that is somebody new."""
    known = by_address(tx, who.key)
    return (known, False) if known else (_add(tx, who, now), True)


def call(tx: Tx, who: Person, name: str) -> Person:
    """Somebody of whom only the address was known has told a name."""
    tx.execute(update(person).where(person.c.id == who.id).values(called=name))
    return of(
        (who.id, who.address.spec, name, who.name, who.role, who.projects, who.language, who.timezone),
        who.also,
    )


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
    return {a.key: p for p in people for a in (p.address, *p.also)}


def read_rows(rows: Iterable[Row[Any]], skip: int = 0) -> tuple[tuple[Row[Any], Person], ...]:
    """People from rows that hold `COLUMNS` after `skip` others, with the first row of each. One person's rows stand together."""
    groups = (tuple(group) for _, group in groupby(rows, key=lambda row: row[skip]))
    return tuple((group[0], _joined([row[skip:] for row in group])) for group in groups)


def of(columns: Sequence[Any], also: tuple[Address, ...]) -> Person:
    """The person of the first columns of a row of `person`."""
    id, spec, called, name, role, projects, language, timezone = columns[:8]
    return Person(id, Address(spec, called), name, role, also, projects, language, timezone)


def _joined(rows: Sequence[Sequence[Any]]) -> Person:
    first = rows[0]
    registered = first[1].casefold()
    width = len(person.c)
    others = tuple(
        Address(row[width + 1], row[width + 2]) for row in rows if row[width] not in (None, registered)
    )
    return of(first, others)


def _read(tx: Tx, people: Select[Any], **values: Any) -> tuple[Person, ...]:
    return tuple(one for _, one in read_rows(tx.execute(people, values)))


def _add(tx: Tx, who: Address, now: datetime) -> Person:
    fields = {
        "spec": who.spec,
        "called": who.name,
        "name": "",
        "role": Role.REQUESTER,
        "projects": (),
        "language": "",
        "timezone": "",
        "created_at": now,
    }
    id = tx.execute(_NEW_PERSON, fields).scalar_one()
    added = {"key": who.key, "person": id, "spec": who.spec, "called": who.name}
    if tx.execute(_new_address(tx.dialect.name), added).first():
        return Person(id, who)
    # PostgreSQL: another transaction was quicker.
    tx.execute(delete(person).where(person.c.id == id))
    return by_key(_read(tx, _BY_KEYS, keys=[who.key]))[who.key]


@cache
def _new_address(dialect: str) -> Executable:
    return insert(dialect, address).on_conflict_do_nothing().returning(address.c.key)


_NEW_PERSON = person.insert().returning(person.c.id)


def _own(tx: Tx, id: int, addresses: Sequence[Address]) -> None:
    """These are the person's addresses from now on, and no others."""
    tx.execute(delete(address).where(address.c.person == id))
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
