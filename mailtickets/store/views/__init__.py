"""What the page and the command line ask. Read only; the law: a viewer is shown nothing that is not theirs."""

from mailtickets.store.views.listing import Sort, TicketFilter, TicketPage, tickets
from mailtickets.store.views.overview import Overview, StatusCount, Undelivered, Waiting, overview
from mailtickets.store.views.rows import (
    Letter,
    LetterRow,
    MailRow,
    held_rows,
    ledger_rows,
    letter,
    outbox_rows,
    quarantine_rows,
)
from mailtickets.store.views.ticket import Delivery, Entry, Event, TicketView, attached_to, ticket

__all__ = [
    "Delivery",
    "Entry",
    "Event",
    "Letter",
    "LetterRow",
    "MailRow",
    "Overview",
    "Sort",
    "StatusCount",
    "TicketFilter",
    "TicketPage",
    "TicketView",
    "Undelivered",
    "Waiting",
    "attached_to",
    "held_rows",
    "ledger_rows",
    "letter",
    "outbox_rows",
    "overview",
    "quarantine_rows",
    "ticket",
    "tickets",
]
