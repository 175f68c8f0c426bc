"""Tickets, as the operator may see them: all of them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mailtickets.cli.options import NOT_THERE, USAGE, AsJson, ConfigFile, end, group, ledger, settings
from mailtickets.cli.rows import Column, Last, Row, newest, show, words

if TYPE_CHECKING:
    from mailtickets.config import Settings
    from mailtickets.core.case import Listed
    from mailtickets.core.policy import Policy
    from mailtickets.store.engine import Tx
    from mailtickets.store.views import TicketFilter

app = typer.Typer(help="Tickets: list, show.", callback=group, no_args_is_help=True)

COLUMNS = (
    Column("number", "No."),
    Column("subject", "Subject"),
    Column("status", "Status"),
    Column("priority", "Priority"),
    Column("assignee", "With"),
    Column("requester", "Requester"),
    Column("project", ""),
    Column("type", ""),
    Column("resolution", ""),
    Column("tags", ""),
    Column("created", ""),
    Column("updated", "Changed (UTC)"),
)


@app.command("list")
def list_(
    text: Annotated[
        list[str] | None, typer.Argument(help="Words that must stand in it.", show_default=False)
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="One or more.", show_default=False)
    ] = None,
    assignee: Annotated[str, typer.Option("--assignee", help="An agent's address, or “nobody”.")] = "",
    last: Last = 0,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """List tickets, the latest change first."""
    found = settings(config)
    from mailtickets.store import views

    with ledger(found) as store:
        asked = store.read_sync(_asked, found, tuple(text or ()), tuple(status or ()), assignee, newest(last))
        page = store.read_sync(views.tickets, None, asked)
    show([_row(listed) for listed in page.rows], COLUMNS, as_json=as_json, none="There is no such ticket.")
    if page.lag:
        print(
            f"Messages that cannot be found by their words yet: {page.lag}. The running desk sees to them in a moment.",
            file=sys.stderr,
        )


@app.command("show")
def show_one(
    number: Annotated[int, typer.Argument(help="The ticket's number.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    config: ConfigFile = None,
) -> None:
    """Show one ticket: its state, what was said, what was changed, what was mailed."""
    found = settings(config)
    from mailtickets.cli import story
    from mailtickets.store import views

    with ledger(found) as store:
        view = store.read_sync(views.ticket, number)
    if view is None:
        end(NOT_THERE, f"There is no ticket {number}.")
    if as_json:
        print(json.dumps(story.values(view), ensure_ascii=False, indent=2))
    else:
        print(story.text(view, found.policy))


def _asked(
    tx: Tx, settings: Settings, text: tuple[str, ...], statuses: tuple[str, ...], assignee: str, rows: int
) -> TicketFilter:
    from mailtickets.core.mail import Address
    from mailtickets.store import people
    from mailtickets.store.views import TicketFilter

    who = None if assignee in ("", "nobody") else people.by_address(tx, Address(assignee).key)
    if who is None and assignee not in ("", "nobody"):
        end(USAGE, f"--assignee: nobody known has the address {words(assignee)}.")
    return TicketFilter(
        statuses=frozenset(_status(settings.policy, one) for one in statuses) or None,
        assignee=who.id if who else None,
        is_unassigned=assignee == "nobody",
        words=text,
        size=rows,
    )


def _status(policy: Policy, word: str) -> str:
    from mailtickets.core.workflow import find

    id = find(word, policy.workflow.statuses)
    if id is None:
        known = ", ".join(status.id for status in policy.workflow.statuses)
        end(USAGE, f"--status: there is no status “{words(word)}”. There are: {known}.")
    return id


def _row(listed: Listed) -> Row:
    ticket = listed.ticket
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "status": ticket.status,
        "priority": ticket.priority,
        "assignee": listed.assignee.address.spec if listed.assignee else None,
        "requester": listed.requester.address.spec,
        "project": ticket.project,
        "type": ticket.type,
        "resolution": ticket.resolution,
        "tags": ticket.tags,
        "created": ticket.created_at,
        "updated": ticket.updated_at,
    }
