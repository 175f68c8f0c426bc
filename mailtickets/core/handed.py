"""Whose letter it is that an agent forwards to the desk: that person is the requester, not the agent.

The law: nobody is picked in doubt. The desk itself, the agent, and addresses that nobody reads are never meant.
"""

from __future__ import annotations

from collections.abc import Collection

from mailtickets.core.classify import nobody_reads
from mailtickets.core.mail import Forwarded, InboundMail


def letter(
    mail: InboundMail, mine: Collection[str], staff: Collection[str], own: Collection[str]
) -> Forwarded | None:
    """The forwarded letter that the agent means, None if there is none for sure.

    Keys of addresses: `mine` the agent's, `staff` all agents', `own` the desk's.
    """
    colleague: Forwarded | None = None
    for one in mail.forwards:
        key = one.sender.key
        if key in own or nobody_reads(key):
            return colleague
        if key in mine:
            continue  # the agent's own words in the thread: the customer's stand below
        if key not in staff:
            return one
        # A colleague who handed it on before, unless nobody else wrote.
        colleague = colleague or one
    return colleague
