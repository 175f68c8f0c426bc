"""Pictures that came before: who sends the same one again sends a logo."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Insert, bindparam, select

from mailtickets.core import pictures
from mailtickets.core.mail import InboundMail
from mailtickets.store.connect import insert
from mailtickets.store.schema import picture
from mailtickets.store.sheet import Sheet

_SEEN = select(picture.c.sha256).where(
    picture.c.source.in_(bindparam("sources", expanding=True)),
    picture.c.sha256.in_(bindparam("pictures", expanding=True)),
    picture.c.letters > bindparam("before"),
)


def seen(sheet: Sheet, mail: InboundMail, before: int = 0) -> frozenset[str]:
    """SHA-256 of the pictures in a letter that its sender, or the company, has sent more than `before` times."""
    small = pictures.small(mail)
    if mail.sender is None or not small:
        return frozenset()
    asked = {"sources": pictures.sources(mail.sender.key), "pictures": small, "before": before}
    return frozenset(sheet.tx.scalars(_SEEN, asked))


def remember(sheet: Sheet, mail: InboundMail) -> None:
    """The pictures of a letter are known from now on."""
    if mail.sender is None:
        return
    for source in pictures.sources(mail.sender.key):
        for sha256 in pictures.small(mail):
            sheet.put(_counting(sheet.dialect), {"source": source, "sha256": sha256, "letters": 1})


@cache
def _counting(dialect: str) -> Insert:
    statement = insert(dialect, picture)
    return statement.on_conflict_do_update(
        index_elements=[picture.c.source, picture.c.sha256], set_={"letters": picture.c.letters + 1}
    )
