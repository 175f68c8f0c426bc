"""Every command that the desk knows: one row each. Help, roles and slips of the finger follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from mailtickets.core import authority
from mailtickets.core.authority import Need, Proof, Verdict
from mailtickets.core.case import HelpLine
from mailtickets.core.commands import asks, fields
from mailtickets.core.commands.command import AGENTS, ALL, CUSTOMERS, Command
from mailtickets.core.person import Role
from mailtickets.core.workflow import folded

# A word that can do less for customers has a second row for them.
TABLE: tuple[Command, ...] = (
    # word, synonyms, roles, need, usage, help, function
    Command("status", ("state",), AGENTS, Need.ORDINARY,
            "#status S [resolution]", "Gives the ticket a status, and if it is done also a resolution.", fields.status),
    Command("close", ("closed",), AGENTS, Need.ORDINARY,
            "#close [resolution]", "Closes the ticket.", fields.close),
    Command("close", ("closed", "solved"), CUSTOMERS, Need.ORDINARY,
            "#close", "Closes your ticket: nothing more is needed.", fields.close),
    Command("resolve", ("resolved", "solved", "fixed"), AGENTS, Need.ORDINARY,
            "#resolve [resolution]", "Marks the ticket as solved.", fields.resolve),
    Command("reopen", ("open",), ALL, Need.ORDINARY,
            "#reopen", "Opens a ticket again that was closed.", fields.reopen),
    Command("assign", ("owner", "assignee"), AGENTS, Need.ORDINARY,
            "#assign who", "Hands the ticket to a colleague, to me, or to nobody.", fields.assign),
    Command("mine", ("take",), AGENTS, Need.ORDINARY,
            "#mine", "Takes the ticket yourself.", fields.mine),
    Command("priority", ("prio",), AGENTS, Need.ORDINARY,
            "#priority P", "Sets how urgent it is.", fields.priority),
    Command("tag", ("tags", "label"), AGENTS, Need.ORDINARY,
            "#tag +a -b", "Puts tags on the ticket, or takes them off.", fields.tag),
    Command("title", ("subject", "rename"), ALL, Need.ORDINARY,
            "#title text", "Gives the ticket a better subject.", fields.title),
    Command("note", ("internal", "private"), AGENTS, Need.ORDINARY,
            "#note", "Keeps this mail among staff.", asks.internal),
    Command("quiet", ("silent",), AGENTS, Need.ORDINARY,
            "#quiet", "Mails nobody outside about what this mail says and does.", asks.quiet),
    Command("show", ("view",), ALL, Need.NOTHING,
            "#show [number]", "Mails you a ticket with all that was said.", asks.showing, on_ticket=False),
    Command("list", ("tickets",), AGENTS, Need.NOTHING,
            "#list [mine|unassigned|waiting|closed|all] [question]",
            "Mails you a list of tickets: the open ones, or those that you ask for, such as “status:open tag:vpn printer”.", asks.listing, on_ticket=False),
    Command("list", ("tickets",), CUSTOMERS, Need.NOTHING,
            "#list [closed|all] [question]", "Mails you a list of your tickets: the open ones, or those that you ask for.", asks.listing, on_ticket=False),
    Command("login", ("signin",), ALL, Need.NOTHING,
            "#login", "Mails you a link that opens the page.", asks.signing_in, on_ticket=False),
    Command("yes", ("oui",), ALL, Need.NOTHING,
            "#yes code", "Confirms that you wrote what the desk has asked you about.", asks.confirming, on_ticket=False),
    Command("help", ("commands",), ALL, Need.NOTHING,
            "#help [command]", "Mails you this list.", asks.helping, on_ticket=False),
    Command("stop", (), ALL, Need.NOTHING,
            "#stop", "Ends the commands: all that follows is plain text.", asks.stopping, on_ticket=False),
)  # fmt: skip
# What an agent says to a customer is an order too: it goes out in the desk's name. It has no word.
RELAY = Command("", (), AGENTS, Need.ORDINARY, "", "Mails the customer what you write.", asks.saying)


def ruling(order: Command, role: Role, proof: Proof, strict: bool) -> Verdict:
    """The table of who is believed: what becomes of an order, given in a role, with what the letter proves."""
    return authority.verdict(order.need, role, proof, strict) if role in order.roles else Verdict.REFUSE


@cache
def words(role: Role) -> Mapping[str, Command]:
    """Every word that counts in a role, synonyms too, folded as values are."""
    rows = [row for row in TABLE if role in row.roles]
    named = {folded(word): row for row in rows for word in row.synonyms}
    return named | {folded(row.word): row for row in rows}


def help_lines(role: Role, about: str = "") -> tuple[HelpLine, ...]:
    """What a role may say; only the one command that it is about, if there is such a one."""
    one = words(role).get(folded(about.lstrip("#")))
    rows = (one,) if one else [row for row in TABLE if role in row.roles]
    return tuple(HelpLine(row.usage, row.help) for row in rows)
