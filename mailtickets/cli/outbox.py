"""Mail on its way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mailtickets.cli.ledger import Ids
from mailtickets.cli.options import NOT_THERE, USAGE, AsJson, ConfigFile, clerk, end, group, ledger, settings
from mailtickets.cli.rows import Column, Last, counted, newest, show, words

if TYPE_CHECKING:
    from mailtickets.store.schema import MailState

app = typer.Typer(help="Mail on its way out: list, retry.", callback=group, no_args_is_help=True)

COLUMNS = (
    Column("id", "Id"),
    Column("kind", "Kind"),
    Column("recipient", "To"),
    Column("ticket", "Ticket"),
    Column("state", "State"),
    Column("attempts", "Tries"),
    Column("next", "Next (UTC)"),
    Column("answer", "Last answer"),
    Column("code", ""),
    Column("cause", ""),
    Column("message_id", ""),
    Column("created", ""),
    Column("settled", ""),
    Column("bounced", ""),
)


@app.command("list")
def list_(
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state", help="due, claimed, sent, failed or held; default: all not sent.", show_default=False
        ),
    ] = None,
    last: Last = 0,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """List mail that has not been sent, the newest first."""
    found = settings(config)
    from mailtickets.store import views

    states = [_state(word) for word in state or ()]
    with ledger(found) as store:
        mails = store.read_sync(views.outbox_rows, *states, limit=newest(last))
    rows = [
        {
            "id": mail.id,
            "kind": mail.kind.value,
            "recipient": mail.recipient,
            "ticket": mail.ticket,
            "state": mail.state.value,
            "attempts": mail.attempts,
            "next": mail.next_at,
            "answer": mail.answer,
            "code": mail.code,
            "cause": mail.cause,
            "message_id": mail.message_id,
            "created": mail.created_at,
            "settled": mail.settled_at,
            "bounced": mail.bounced_at,
        }
        for mail in mails
    ]
    show(rows, COLUMNS, as_json=as_json, none="No such mail is in the outbox.")


@app.command()
def retry(ids: Ids = None, config: ConfigFile = None) -> None:
    """Send now what failed, waits or is held."""
    with clerk(settings(config)) as reached:
        count = reached.retry_outbox(tuple(ids or ()))
    if ids and not count:
        end(NOT_THERE, "None of these waits in the outbox.")
    print(counted(count, "mail is tried again now.", "mails are tried again now."))


def _state(word: str) -> MailState:
    from mailtickets.store.schema import MailState

    try:
        return MailState(word)
    except ValueError:
        end(USAGE, f"--state: there is no state “{words(word)}”. There are: {', '.join(MailState)}.")
