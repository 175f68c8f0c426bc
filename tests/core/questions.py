"""Questions for tests: who asks, when and where, and trees that hypothesis draws."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from mailtickets.core import query
from mailtickets.core.person import Person
from mailtickets.core.query import Name, Order, Query, Question, Scene, Unclear, built_in
from mailtickets.core.query.keys import GROUPS, KEYS, SORTS, Key, Kind
from mailtickets.core.query.names import names_of, short_name
from mailtickets.core.query.term import Asked, Compared, Is, Span, Term, Value, Words
from mailtickets.core.query.tree import All, Either, Not, Tree
from tests.core.cases import ANN, BEN, GUS, LEE, MARIA, NOW, POLICY

EVERYBODY = (ANN, BEN, GUS, MARIA, LEE)


def scene(me: Person | None = ANN, zone: str = "Europe/Paris") -> Scene:
    """A desk at which everybody of the cases is known."""
    for_staff = me is None or me.is_staff
    named: dict[Name, frozenset[int]] = {}
    for person in EVERYBODY if for_staff else ():
        for name in (Name(word, of_staff) for word in names_of(person) for of_staff in (True, False)):
            named[name] = named.get(name, frozenset()) | {person.id}
    return Scene(
        built_in(for_staff),
        POLICY.workflow,
        POLICY.projects,
        NOW,
        ZoneInfo(zone),
        me,
        named,
        tuple(short_name(p) for p in (ANN, BEN, GUS)) if for_staff else (),
    )


def asked(typed: str, me: Person | None = ANN, zone: str = "Europe/Paris") -> Question | Unclear:
    """What a question means there."""
    where = scene(me, zone)
    read = query.parse(typed, where.keys)
    return read if isinstance(read, Unclear) else query.understand(typed, read, where)


# Text that no quote of a mail program changes.
_TEXT = st.text(min_size=1, max_size=12).map(lambda t: t.translate(dict.fromkeys(map(ord, "“”„‟"))))
_WORDS = _TEXT.filter(str.strip)
_VALUES: st.SearchStrategy[Value] = st.one_of(
    st.builds(Is, _TEXT.filter(bool)),
    st.builds(Compared, st.sampled_from(["<", "<=", ">", ">="]), _TEXT.filter(bool)),
    st.builds(Span, _TEXT.filter(bool), _TEXT),
)
_TERMS: st.SearchStrategy[Term] = st.one_of(
    st.builds(Words, _WORDS),
    st.builds(
        Asked,
        st.sampled_from([key.name for key in KEYS]),
        st.lists(_VALUES, min_size=1, max_size=3).map(tuple),
    ),
)


def trees(terms: st.SearchStrategy[Term] = _TERMS) -> st.SearchStrategy[Tree[Term]]:
    """Trees as the parser makes them: what joins, joins two at least."""
    return st.recursive(
        terms,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: All(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: Either(tuple(parts))),
            inner.map(Not),
        ),
        max_leaves=6,
    )


def queries() -> st.SearchStrategy[Query]:
    orders = st.booleans()
    return st.builds(
        Query,
        trees(),
        st.none() | st.builds(Order, st.sampled_from(SORTS), orders),
        st.none() | st.builds(Order, st.sampled_from(GROUPS), orders),
    )


# Values that mean something at the desk of `scene`.
_MEANT = {
    Kind.NUMBER: ["1", "2", "3", "0", ">1", "<=2", "1..2", "..1"],
    Kind.MOMENT: ["today", "<1d", ">2d", "1d..3d", "2026-11", ">=2026-11-18", "<2026-11-19", "none", ">=3h", "2026-11-17..2026-11-18"],
    Kind.PERSON: ["me", "ann", "ben", "maria@birch.example", "lee", "chang"],
    Kind.PART: ["lee", "ann,ben", "nobody"],
    Kind.TAGS: ["vpn", "VPN,net", "none", "zebra"],
    Kind.SUBJECT: ["printer", '"paper jam"', "pap*", "Zürich", "机"],
}  # fmt: skip
_OF_KEY = {
    "status": ["new", "open,closed", "waiting", "resolved", '"in progress"'],
    "resolution": ["fixed", "none", "wont-fix"],
    "priority": ["low", "high..", "<high", "..normal", ">low", "low,high"],
    "type": ["question", "problem"],
    "project": ["support", "garden"],
    "is": ["open", "done", "new", "waiting", "resolved", "unassigned", "unanswered", "mine", "undelivered"],
    "waiting": ["us", "customer"],
    "has": ["attachment", "note"],
}
_SAID = ["printer", "drum", '"paper jam"', "jam", "strasse", "ZÜRICH", "打印", "机", "принтер", "lee", "pap*", "report", "zebra", "%"]  # fmt: skip


def _understood(key: Key) -> list[str]:
    extra = ["none", "nobody"] if key.name == "assignee" else []
    values = [*(_OF_KEY.get(key.name) or _MEANT[key.kind]), *extra]
    return [f"{key.name}:{value}" for value in values if key.may_lack or value != "none"]


def typed() -> st.SearchStrategy[str]:
    """Questions that mean something at the desk of `scene`."""
    terms = st.sampled_from(_SAID) | st.sampled_from(KEYS).flatmap(
        lambda key: st.sampled_from(_understood(key))
    )
    return st.recursive(
        terms,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(" ".join),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' or '.join(parts)})"),
            inner.map(lambda one: f"-({one})"),
        ),
        max_leaves=5,
    )
