"""A desk on which it has been played a little: two customers have asked, two agents were told, every id is known."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path

from mailtickets.config import Staff
from mailtickets.core.mail import Address
from mailtickets.core.person import Role
from mailtickets.core.policy import Limits
from mailtickets.store import people
from mailtickets.store.engine import Store
from tests.store.front import DESKS, Front
from tests.store.letters import LEE, NOW

ANN, BEN = Address("ann@strasse.example", "Ann Smith"), Address("ben@strasse.example", "Ben Jones")
MIA = Address("mia@customer.example", "Mia Fox")
EVE = "eve@evil.example"
SECRET_WORDS = "The safe is behind the painting"  # what only Lee and the desk may read
SECRET_SUBJECT = "Printer in the vault"  # likewise
CANARY = "zebracanary"  # what a stranger wrote

# Nothing may be held, or it would only look as if it had not been obeyed.
LIFTED = replace(DESKS, limits=Limits(None, None, None, None, None, None, same_words=None))


@dataclass
class Stage:
    """Tickets 1 of Lee and 2 of Mia, and the id of every mail, by (kind and ticket, address)."""

    front: Front
    ids: Mapping[tuple[str, str], str]

    def id(self, kind: str, who: Address) -> str:
        return self.ids[kind, who.key]

    def copy(self, file: Path, folder: Path) -> Stage:
        """The same again, on a copy of its database."""
        folder.mkdir(exist_ok=True)
        shutil.copy(file, folder / "desk.db")
        store = Store.open(f"sqlite:///{folder / 'desk.db'}", folder / "blobs")
        return Stage(Front(store, LIFTED, self.front.uid, set(self.front.seen)), self.ids)


def play(ready_file: Path, folder: Path) -> tuple[Path, Stage]:
    """The database, closed, and what has been played on it."""
    file = folder / "desk.db"
    shutil.copy(ready_file, file)
    store = Store.open(f"sqlite:///{file}", folder / "blobs")
    staff = tuple(Staff(one, one.name, Role.AGENT, (), (), "", "") for one in (ANN, BEN))
    store.write_sync(people.sync_staff, staff, NOW)
    front, ids = Front(store, LIFTED), dict[tuple[str, str], str]()
    for number, who in ((1, LEE), (2, MIA)):
        said = f"{SECRET_WORDS}, says {who.spec}."
        front.write(who.spec, SECRET_SUBJECT, said, Message_ID=f"<first-{number}@customer.example>")
        ids |= {(f"{kind} {number}", to): str(mail["Message-ID"]) for kind, to, mail in front.mails()}
    store.close_sync()
    return file, Stage(front, ids)


def tells(mail: EmailMessage) -> bool:
    """Whether a mail tells its reader anything of those tickets."""
    words = said(mail)
    return SECRET_WORDS in words or SECRET_SUBJECT in words


def said(mail: EmailMessage) -> str:
    """All that the reader of a mail sees."""
    parts = (part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
    return "\n".join((*map(str, mail.values()), *parts))
