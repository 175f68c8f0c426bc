"""Two mails that show what the mail servers around the desk do: one from the desk to itself, one that a stranger could send.

The law: the desk opens no ticket for them and answers neither; the one from outside claims, by a forged header, that the
desk's own server vouches for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime

from mailtickets.core import identity, tokens, verdicts
from mailtickets.core.identity import Trust
from mailtickets.core.mail import Address, InboundMail
from mailtickets.core.tokens import Secret
from mailtickets.wire import Finding, State

SUBJECT = "mailtickets check trust"
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.IGNORECASE)
_TEXT = (
    "This mail was made by “mailtickets check trust”. It shows what the mail servers on its way do to it.\r\n"
    "The desk leaves it alone; so may you.\r\n"
)


@dataclass(frozen=True, slots=True)
class Probe:
    """What both mails have in common. `began_at`: the day from which they may be found."""

    code: str  # random, lower case; stands in both subjects
    began_at: datetime
    sender: Address  # of the one from outside

    def subject(self, where: str) -> str:
        return f"{SUBJECT}: {where} {self.code}"


INSIDE, OUTSIDE = "inside", "outside"


def message_id(probe: Probe, where: str, secret: Secret, desk: Address) -> str:
    """An id that only this desk can make, for nobody and about no ticket: such a mail is left alone."""
    return tokens.mint(secret, 0, 0, f"{where}{probe.code}", desk.domain)


def inside(probe: Probe, secret: Secret, desk: Address) -> bytes:
    """What the desk mails to itself, by way of its relay."""
    return _letter(probe, INSIDE, secret, desk, desk.spec, (("Auto-Submitted", "auto-generated"),))


def outside(probe: Probe, secret: Secret, desk: Address, authserv_id: str) -> bytes:
    """What a stranger could send, with the word of a server that never saw it."""
    forged = f'{authserv_id}; dmarc=pass reason="{probe.code}" header.from={probe.sender.domain}'
    return _letter(probe, OUTSIDE, secret, desk, probe.sender.spec, (("Authentication-Results", forged),))


def _letter(
    probe: Probe, where: str, secret: Secret, desk: Address, sender: str, more: Iterable[tuple[str, str]]
) -> bytes:
    id = message_id(probe, where, secret, desk)
    fields = (
        *more,
        ("From", f"<{sender}>"),
        ("To", f"<{desk.spec}>"),
        ("Subject", probe.subject(where)),
        ("Date", format_datetime(probe.began_at)),
        ("Message-ID", f"<{id}>"),
        # Should a server on the way change the Message-ID, the desk still knows it for a probe by this.
        ("References", f"<{id}>"),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
    )
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"{head}\r\n{_TEXT}".encode()


# What has come of them?


def of_inside(probe: Probe, mail: InboundMail, secret: Secret, desk: Address) -> Finding:
    """Whether the relay leaves the desk's ids alone."""
    sent = message_id(probe, INSIDE, secret, desk)
    if mail.message_id.lower() == sent:
        return Finding("relay", State.OK, "The relay keeps the Message-ID of what the desk sends.")
    changed = f"The relay changes the Message-ID of what the desk sends: it left as <{sent}> and came as <{mail.message_id}>."
    if sent in (id.lower() for id in mail.references):
        return Finding(
            "relay",
            State.NOTE,
            f"{changed} People who answer are still known, by References, which it leaves alone; and where your mail server "
            'knows addresses like desk+token@, [trust] subaddress = "+" helps, too. Better have the relay keep the id.',
        )
    return Finding(
        "relay",
        State.FAIL,
        f"{changed} References was changed, too: whoever answers a mail of the desk is not known by it. Have the relay keep "
        'both, or set [trust] subaddress = "+" if your mail server knows addresses like desk+token@.',
    )


def of_outside(probe: Probe, mail: InboundMail, trust: Trust) -> Iterator[Finding]:
    """What the operator's server says of a stranger's mail, and what it does to a stranger's forgery."""
    fields = [value for name, value in mail.headers if name == "authentication-results"]
    true = [value for value in fields if probe.code not in value]
    written = tuple(dict.fromkeys(filter(None, map(verdicts.authserv_id, true))))
    if nameless := [name for name in written if "=" in name]:
        # As Microsoft 365 does: the first result stands where the name should be.
        written = tuple(name for name in written if name not in nameless)
    yield _NAMELESS if nameless and not written and not trust.authserv_id else _named(written, trust)
    yield from _judged(mail, probe, trust)
    yield _forged(mail, probe, trust, written)


_NAMELESS = Finding(
    "server",
    State.NOTE,
    "Your mail server writes Authentication-Results without a name of its own, as Microsoft 365 does: nobody can tell them "
    "from a stranger's. Leave [trust] authserv_id empty; the desk checks signatures itself, if [trust] dkim is on.",
)


def _named(written: tuple[str, ...], trust: Trust) -> Finding:
    subject, ours = "server", trust.authserv_id.casefold()
    names = " or ".join(f"“{name}”" for name in written)
    if not written:
        if not ours:
            text = (
                "Your mail server writes no Authentication-Results. Senders are known by reply tokens and by the signatures "
                "that the desk checks itself; leave [trust] authserv_id empty."
            )
            return Finding(subject, State.OK if trust.dkim else State.NOTE, text)
        return Finding(
            subject,
            State.FAIL,
            f"[trust] authserv_id is “{trust.authserv_id}”, but your mail server has written no Authentication-Results of that name. "
            "Have it check DMARC, or leave authserv_id empty.",
        )
    if not ours:
        return Finding(
            subject,
            State.NOTE,
            f'Your mail server writes Authentication-Results as {names}. Put [trust] authserv_id = "{written[0]}", then '
            "begin again with --new: only then does the mail from outside bear that very name.",
        )
    if ours not in written:
        return Finding(
            subject,
            State.FAIL,
            f"Your mail server writes Authentication-Results as {names}, not as “{trust.authserv_id}”. "
            f'Put [trust] authserv_id = "{written[0]}", then begin again with --new.',
        )
    return Finding(
        subject, State.OK, f"Your mail server writes Authentication-Results as “{trust.authserv_id}”."
    )


def _judged(mail: InboundMail, probe: Probe, trust: Trust) -> Iterator[Finding]:
    """Whether that server says anything that counts."""
    mine = _without(mail, lambda value: probe.code in value)
    found = tuple(verdicts.verdicts(mine, trust.authserv_id, ()))
    if not found:
        return
    if any(not verdict.is_readable for verdict in found):
        yield Finding("verdict", State.NOTE, "What it wrote there cannot be read, so it vouches for nobody.")
    elif said := [result for verdict in found for result in verdict.dmarc]:
        yield Finding("verdict", State.OK, f"It says what DMARC makes of the sender: dmarc={said[0]}.")
    elif any(verdict.checks_dkim for verdict in found):
        text = (
            "It says nothing of DMARC, but of DKIM: that counts where the signature is the From domain's own."
        )
        yield Finding("verdict", State.OK, text)
    else:
        text = (
            "It says nothing of DMARC or DKIM, and SPF alone proves nothing. Have it check DMARC; until then the desk looks "
            "at signatures itself, if [trust] dkim is on."
        )
        yield Finding("verdict", State.OK if trust.dkim else State.NOTE, text)


def _forged(mail: InboundMail, probe: Probe, trust: Trust, written: tuple[str, ...]) -> Finding:
    subject = "forgery"
    left = [v for n, v in mail.headers if n == "authentication-results" and probe.code in v]
    if not left:
        text = "Your mail server takes away what a stranger has written in its name."
        if not trust.authserv_id:
            text = "The forged header did not come through, but it bore a name that we guessed: see above."
            return Finding(subject, State.NOTE, text)
        return Finding(subject, State.OK, text)
    if not trust.authserv_id:
        return Finding(
            subject,
            State.NOTE,
            "A header that a stranger has written under another server's name came through. That harms nobody, since no "
            "name counts yet.",
        )
    # What if the server had said nothing itself, as it does when its filter is away?
    alone = _without(mail, lambda value: probe.code not in value)
    if not identity.evidence(alone, trust, ()).authenticated:
        return Finding(
            subject,
            State.OK,
            "A stranger's Authentication-Results with your server's name come through, but below the first foreign server: "
            "with [trust] own_hosts as it is they count for nothing.",
        )
    return Finding(
        subject,
        State.FAIL,
        "A stranger's Authentication-Results with your server's name come through: anyone can write as anyone. Have the server "
        "take such headers away (RFC 8601 section 5; OpenDKIM and OpenDMARC, rspamd and Exim can, Postfix by header_checks)"
        f"{_meanwhile(alone, trust)}. Until it does, leave [trust] authserv_id empty.",
    )


def _meanwhile(alone: InboundMail, trust: Trust) -> str:
    """Whether it would help to look at the hops: not against whoever speaks to the server without any between."""
    hosts = _hosts(alone, trust)
    if trust.own_hosts or identity.evidence(alone, replace(trust, own_hosts=hosts), ()).authenticated:
        return "; [trust] own_hosts is no help, since the mail came straight to it"
    names = ", ".join(f'"{name}"' for name in hosts)
    return (
        f"; [trust] own_hosts = [{names}], with every other server of yours that writes Received, helps only against mail that "
        "came by way of another server"
    )


def _hosts(mail: InboundMail, trust: Trust) -> tuple[str, ...]:
    """Who has taken the mail in, by its own word: the names to begin with."""
    names = [
        found[1].lower().rstrip(".") for value in mail.header("received") if (found := _BY.search(value))
    ]
    known = trust.authserv_id.casefold().partition(".")[2]
    ours = [name for name in names if known and name.endswith(known)] or names[:1]
    return tuple(dict.fromkeys(ours))


def _without(mail: InboundMail, is_left_out: Callable[[str], bool]) -> InboundMail:
    """The mail without some of its Authentication-Results."""
    kept = tuple((n, v) for n, v in mail.headers if n != "authentication-results" or not is_left_out(v))
    return replace(mail, headers=kept)
