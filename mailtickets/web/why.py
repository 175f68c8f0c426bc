"""Why a message is on its ticket and who heard of it: the account of its letter in a few lines, for staff."""

from __future__ import annotations

from collections.abc import Mapping

from mailtickets.core import telling
from mailtickets.core.person import Person
from mailtickets.core.silence import SENTENCES
from mailtickets.core.ticket import Ticket
from mailtickets.store.views import Entry


def lines(entry: Entry, people: Mapping[int, Person], on: Ticket) -> tuple[str, ...]:
    """One sentence for each question; () if nothing is kept of it, or the reader may not know."""
    account = entry.account
    if account is None:
        return ()
    mailed = [
        f"{telling.mail_name(one.kind)} to {people[one.person].shown}{', held back by a limit' if one.is_held else ''}"
        for one in account.mailed
        if one.person in people
    ]
    silent = [
        f"Not {people[one.person].shown}: {SENTENCES[one.why]}"
        for one in account.unmailed
        if one.person in people
    ]
    evidence = entry.evidence
    proven = evidence and telling.proven(evidence, entry.sender, on.id, {on.id: on.number}, people)
    return (
        f"Written by {telling.writer(entry.wrote, entry.why)}.",
        *((proven,) if proven else ()),
        f"By which clue it is here: {telling.clue(account, {})}.",
        f"Mailed because of it: {'; '.join(mailed) or 'nobody'}.",
        *silent,
    )
