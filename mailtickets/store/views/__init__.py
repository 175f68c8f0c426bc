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
from mailtickets.store.views.trail import (
    LetterTrail,
    MailTrail,
    SentMail,
    letter_trail,
    letters_by_fingerprint,
    letters_by_message_id,
    letters_by_octets,
    letters_by_uid,
    mail_trail,
    mails_by_message_id,
)

__all__ = [
    "Delivery",
    "Entry",
    "Event",
    "Letter",
    "LetterRow",
    "LetterTrail",
    "MailRow",
    "MailTrail",
    "Overview",
    "SentMail",
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
    "letter_trail",
    "letters_by_fingerprint",
    "letters_by_message_id",
    "letters_by_octets",
    "letters_by_uid",
    "mail_trail",
    "mails_by_message_id",
    "outbox_rows",
    "overview",
    "quarantine_rows",
    "ticket",
    "tickets",
]
