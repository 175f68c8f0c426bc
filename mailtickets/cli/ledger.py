"""How every letter ended, and the letters that wait for the operator."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mailtickets.cli.options import (
    NOT_THERE,
    USAGE,
    AsJson,
    ConfigFile,
    clerk,
    end,
    group,
    settings,
)
from mailtickets.cli.options import ledger as opened
from mailtickets.cli.rows import Column, Last, Row, counted, newest, show, words

if TYPE_CHECKING:
    from mailtickets.core.case import Outcome
    from mailtickets.store.views import Letter, LetterRow

app = typer.Typer(
    help="What became of every letter; and those that wait after their server numbered them anew: accept.",
    invoke_without_command=True,
)
quarantine = typer.Typer(
    help="Letters that could not be read or decided: list, show, retry.", callback=group, no_args_is_help=True
)
held = typer.Typer(help="Letters held back in a storm: list, release.", callback=group, no_args_is_help=True)

Ids = Annotated[
    list[int] | None,
    typer.Argument(
        metavar="[ID]...", help="Which ones, as “list” numbers them; none named: all.", show_default=False
    ),
]

COLUMNS = (
    Column("id", "Id"),
    Column("received", "Received (UTC)"),
    Column("mailbox", ""),
    Column("uidvalidity", ""),
    Column("uid", "UID"),
    Column("sender", "From"),
    Column("subject", "Subject"),
    Column("message_id", ""),
    Column("kind", "Kind"),
    Column("why", ""),
    Column("outcome", "Outcome"),
    Column("reason", "Reason"),
    Column("ticket", "Ticket"),
    Column("attempts", ""),
    Column("size", ""),
    Column("marked", ""),
)


@app.callback()
def ledger(
    context: typer.Context,
    mailbox: Annotated[str, typer.Option("--mailbox", help="Only this desk address.")] = "",
    outcome: Annotated[str, typer.Option("--outcome", help="Only these: opened, replied, filed …")] = "",
    last: Last = 0,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """List what became of every letter, the newest first."""
    if context.invoked_subcommand:
        return
    found = settings(config)
    from mailtickets.store import views

    with opened(found) as store:
        rows = store.read_sync(views.ledger_rows, mailbox.casefold(), _outcome(outcome), newest(last))
    show(_rows(rows), COLUMNS, as_json=as_json, none="No letter has come yet.")


@app.command()
def accept(
    mailbox: Annotated[str, typer.Argument(help="The desk address.", show_default=False)],
    config: ConfigFile = None,
) -> None:
    """Take in what waits since the mail server numbered an inbox anew. Nobody gets an acknowledgement of it."""
    with clerk(settings(config)) as reached:
        count = reached.accept(mailbox.casefold())
    if not count:
        end(NOT_THERE, f"No letters of {mailbox} wait for your word.")
    print(counted(count, "letter is taken in.", "letters are taken in."))


@quarantine.command("list")
def list_quarantined(as_json: AsJson = False, config: ConfigFile = None) -> None:
    """List letters that could not be read or decided, the oldest first."""
    found = settings(config)
    from mailtickets.store import views

    with opened(found) as store:
        rows = store.read_sync(views.quarantine_rows)
    show(_rows(rows), COLUMNS, as_json=as_json, none="Nothing is in quarantine.")


@quarantine.command("show")
def show_quarantined(
    id: Annotated[int, typer.Argument(help="As “list” numbers it.", show_default=False)],
    raw: Annotated[bool, typer.Option("--raw", help="Write the letter itself, octet by octet.")] = False,
    config: ConfigFile = None,
) -> None:
    """Show why a letter is in quarantine."""
    found = settings(config)
    from mailtickets.store import views

    with opened(found) as store:
        letter = store.read_sync(views.letter, store.blobs, id)
    if letter is None:
        end(NOT_THERE, f"There is no letter {id} in the ledger.")
    if not raw:
        print(_told(letter))
    elif letter.octets is None:
        end(NOT_THERE, f"The octets of letter {id} are gone.")
    else:
        sys.stdout.buffer.write(letter.octets)


@quarantine.command()
def retry(ids: Ids = None, config: ConfigFile = None) -> None:
    """Have letters of the quarantine read again, after an update or once the cause is mended."""
    with clerk(settings(config)) as reached:
        count = reached.retry_quarantined(tuple(ids or ()))
    _done(count, ids, counted(count, "letter is read again.", "letters are read again."), "in quarantine")


@held.command("list")
def list_held(as_json: AsJson = False, config: ConfigFile = None) -> None:
    """List letters that were held back, the oldest first."""
    found = settings(config)
    from mailtickets.store import views

    with opened(found) as store:
        rows = store.read_sync(views.held_rows)
    show(_rows(rows), COLUMNS, as_json=as_json, none="Nothing is held back.")


@held.command()
def release(ids: Ids = None, config: ConfigFile = None) -> None:
    """Let held letters go on."""
    with clerk(settings(config)) as reached:
        count = reached.release_held(tuple(ids or ()))
    _done(count, ids, counted(count, "letter goes on.", "letters go on."), "held")


def _outcome(word: str) -> Outcome | None:
    from mailtickets.core.case import Outcome

    if not word:
        return None
    try:
        return Outcome(word)
    except ValueError:
        end(USAGE, f"--outcome: there is no outcome “{words(word)}”. There are: {', '.join(Outcome)}.")


def _done(count: int, ids: Sequence[int] | None, done: str, where: str) -> None:
    """Exit 1 if letters were named and none of them was there."""
    if ids and not count:
        end(NOT_THERE, f"None of these is {where}.")
    print(done)


def _rows(rows: Sequence[LetterRow]) -> list[Row]:
    return [
        {
            "id": row.id,
            "received": row.received_at,
            "mailbox": row.mailbox,
            "uidvalidity": row.uidvalidity,
            "uid": row.uid,
            "sender": row.sender,
            "subject": row.subject,
            "message_id": row.message_id,
            "kind": row.kind.value if row.kind else None,
            "why": row.why_kind,
            "outcome": row.outcome.value if row.outcome else None,
            "reason": row.reason,
            "ticket": row.ticket,
            "attempts": row.attempts,
            "size": row.size,
            "marked": row.marked_at is not None,
        }
        for row in rows
    ]


def _told(letter: Letter) -> str:
    row = letter.row
    said = [
        words(
            f"Letter {row.id}, UID {row.uid} of {row.mailbox}, {row.size} octets, read {row.attempts} times"
        ),
        words(f"From {row.sender or 'nobody'}: {row.subject}"),
        words(f"{row.outcome or row.state}: {row.reason}"),
        words(letter.error),
        "\n".join(words(line) for line in letter.traceback.splitlines()),
    ]
    return "\n".join(line for line in said if line)
