"""Tickets, as the operator may see them: all of them."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from mailtickets.cli.options import NOT_THERE, USAGE, AsJson, ConfigFile, end, group, ledger, now, settings
from mailtickets.cli.rows import Column, Last, Row, newest, show, words

if TYPE_CHECKING:
    from mailtickets.core.case import Listed
    from mailtickets.core.query import Unclear

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
    Column("first_answered", ""),
    Column("resolved", ""),
    Column("closed", ""),
    Column("reopened", ""),
)


# -tag:vpn is a word of the question, not an option.
@app.command("list", context_settings={"ignore_unknown_options": True})
def list_(
    question: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUERY]",
            help="Which ones, such as: status:open priority:high.. -tag:vpn 'printer or scanner' sort:-created.",
            show_default=False,
        ),
    ] = None,
    last: Last = 0,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """List tickets: those that a question selects, the latest change first."""
    if options := [word for word in question or () if word.startswith("--")]:
        end(
            USAGE,
            f"There is no option {words(options[0])}. What narrows stands in the question: status:open.",
        )
    found = settings(config)
    from mailtickets.core.query import Unclear
    from mailtickets.store import views

    with ledger(found) as store:
        typed = " ".join(question or ())
        asked = store.read_sync(views.understand, typed, found.policy, None, now())
        if isinstance(asked, Unclear):
            end(USAGE, _unclear(asked))
        wanted = views.filter_of(asked, found.policy.workflow)
        page = store.read_sync(views.tickets, None, replace(wanted, size=newest(last), is_bounded=False))
    show([_row(listed) for listed in page.rows], COLUMNS, as_json=as_json, none="There is no such ticket.")
    if not page.is_whole:
        print("Words that are too common were looked for in the newest tickets only.", file=sys.stderr)
    if page.lag:
        print(
            f"Messages that cannot be found by their words yet: {page.lag}. The running desk sees to them in a moment.",
            file=sys.stderr,
        )


def _unclear(asked: Unclear) -> str:
    meant = f" Did you mean: {asked.meant}" if asked.meant else ""
    return words(asked.sentence + meant)


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
        "first_answered": ticket.first_answered_at,
        "resolved": ticket.resolved_at,
        "closed": ticket.closed_at,
        "reopened": ticket.reopened,
    }
