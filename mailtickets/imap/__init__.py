"""The front door: an IMAP inbox."""

from mailtickets.imap.inbox import Inbox, Mailbox
from mailtickets.imap.link import Deadlines, LinkDown
from mailtickets.imap.probe import probe

__all__ = ["Deadlines", "Inbox", "LinkDown", "Mailbox", "probe"]
