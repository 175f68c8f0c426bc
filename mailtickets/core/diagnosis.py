"""What a mail server's refusal means, in words that a person understands (RFC 5321 section 4.2, RFC 3463).

The law: the words of the server are read before its numbers, since many send 5.0.0 or 5.7.1 for everything; and
what is not known is said to be unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from mailtickets.core.mail import Bounce


class Trouble(StrEnum):
    """Why a mail did not arrive. The value is what people are told."""

    NO_MAILBOX = "There is no mailbox of that name"
    NO_DOMAIN = "The part after the @ takes no mail, or does not exist"
    MOVED = "The person has moved to another address"
    DISABLED = "The mailbox is closed or takes no mail"
    FULL = "The mailbox is full"
    TOO_BIG = "The mail is too big for that mailbox"
    FORBIDDEN = "That mailbox takes mail only from certain people"
    JUNK = "The other server took our mail for junk"
    BLOCKED = "The other server refuses mail from our server"
    UNAUTHENTICATED = "The other server does not believe that the mail came from us"
    CONTENT = "The other server refused what the mail holds, perhaps an attachment"
    RELAY = "That server does not handle mail for this address"
    LOOP = "The mail went round in circles between servers"
    UNREACHABLE = "The other server could not be reached"
    BUSY = "The other server was too busy, or asked to try later"
    EXPIRED = "The other server did not take the mail for days"
    TROUBLE_THERE = "The other server has a fault of its own"
    UNKNOWN = "The other server gives no reason that we know"

    @property
    def is_of_address(self) -> bool:
        """Whether it says something of the address, and not of this mail or of our server."""
        return self in _OF_ADDRESS


_OF_ADDRESS = frozenset(
    {
        Trouble.NO_MAILBOX,
        Trouble.NO_DOMAIN,
        Trouble.MOVED,
        Trouble.DISABLED,
        Trouble.FULL,
        Trouble.RELAY,
        Trouble.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    trouble: Trouble
    is_permanent: bool  # trying again would end the same way

    @property
    def words(self) -> str:
        """A whole sentence."""
        return f"{self.trouble.value}."

    @property
    def is_hard(self) -> bool:
        """Whether the address itself is bad, as far as one report can tell."""
        return self.is_permanent and self.trouble.is_of_address


NOTHING_KNOWN = Diagnosis(Trouble.UNKNOWN, is_permanent=False)


def diagnose(said: str, status: str = "", code: int = 0) -> Diagnosis:
    """What is meant by a server's words, its enhanced status "5.1.1" and its reply code, each as far as it is known."""
    status = status or _first(_STATUS, said)
    code = code or int(_first(_CODE, said) or 0)
    trouble = _by_words(said) or _by_status(status)
    return Diagnosis(trouble, _is_permanent(status, code))


def of_bounce(report: Bounce) -> Diagnosis:
    """What a delivery report means. What its one line leaves unsaid may stand in the server's letter."""
    short = diagnose(report.diagnostic, report.status)
    if short.trouble is not Trouble.UNKNOWN or not report.notice:
        return short
    return replace(short, trouble=_by_words(" ".join(report.notice.split())) or short.trouble)


def _by_words(said: str) -> Trouble | None:
    return next((trouble for trouble, words in _WORDS if words.search(said)), None)


def _is_permanent(status: str, code: int) -> bool:
    """Many a report has a 4 beside a 5: the reply code is what the server itself said."""
    if code:
        return code >= 500
    return not status.startswith("4")


def _by_status(status: str) -> Trouble:
    detail = status.partition(".")[2]
    return _STATUSES.get(detail) or _SUBJECTS.get(detail.partition(".")[0], Trouble.UNKNOWN)


def _first(pattern: re.Pattern[str], said: str) -> str:
    found = pattern.search(said)
    return found[1] if found else ""


_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.\-])([45]\d\d)(?=[ \-#:;]|$)")

# RFC 3463 section 3, without the class.
_STATUSES = {
    "1.0": Trouble.NO_MAILBOX,
    "1.1": Trouble.NO_MAILBOX,
    "1.2": Trouble.NO_DOMAIN,
    "1.3": Trouble.NO_MAILBOX,
    "1.4": Trouble.NO_MAILBOX,
    "1.6": Trouble.MOVED,
    "1.7": Trouble.UNAUTHENTICATED,
    "1.8": Trouble.UNAUTHENTICATED,
    "1.10": Trouble.NO_DOMAIN,  # RFC 7505: the null MX
    "2.0": Trouble.DISABLED,
    "2.1": Trouble.DISABLED,
    "2.2": Trouble.FULL,
    "2.3": Trouble.TOO_BIG,
    "3.1": Trouble.TROUBLE_THERE,
    "3.2": Trouble.BUSY,
    "3.4": Trouble.TOO_BIG,
    "4.1": Trouble.UNREACHABLE,
    "4.2": Trouble.UNREACHABLE,
    "4.3": Trouble.NO_DOMAIN,
    "4.4": Trouble.NO_DOMAIN,
    "4.5": Trouble.BUSY,
    "4.6": Trouble.LOOP,
    "4.7": Trouble.EXPIRED,
    "7.20": Trouble.UNAUTHENTICATED,  # RFC 7372
    "7.21": Trouble.UNAUTHENTICATED,
    "7.22": Trouble.UNAUTHENTICATED,
    "7.23": Trouble.UNAUTHENTICATED,
    "7.24": Trouble.UNAUTHENTICATED,
    "7.25": Trouble.BLOCKED,
    "7.26": Trouble.UNAUTHENTICATED,
    "7.606": Trouble.BLOCKED,  # Microsoft's list of servers
    "7.124": Trouble.FORBIDDEN,
}
_SUBJECTS = {
    "1": Trouble.NO_MAILBOX,
    "2": Trouble.DISABLED,
    "3": Trouble.TROUBLE_THERE,
    "4": Trouble.UNREACHABLE,
    "5": Trouble.TROUBLE_THERE,
    "6": Trouble.CONTENT,
    "7": Trouble.JUNK,
}


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


# In this order: what is said most exactly comes first. Measured on reports of real servers.
_WORDS: tuple[tuple[Trouble, re.Pattern[str]], ...] = (
    (
        Trouble.FULL,
        _any(
            r"mailbox (?:is )?full", r"(?:over|exceed\w*|out of)\s?-?(?:the |its |his |their |storage |mail |mailbox |disk )*quota",
            r"quota (?:is |has been )?(?:exceeded|full)", r"insufficient (?:disk|storage|mailbox)", r"inbox (?:is )?full",
            r"mailbox (?:size )?limit", r"OverQuota", r"not enough (?:storage|space)", r"postfach (?:ist )?voll", r"bo[iî]te pleine",
            r"storage allocation", r"mailfolder is full", r"quota violation", r"account is full", r"mailbox has exceeded",
        ),
    ),
    (
        Trouble.TOO_BIG,
        _any(
            r"(?:message|mail|size|file).{0,40}(?:too (?:big|large)|exceeds? .{0,40}(?:size|limit|maximum))", r"maximum (?:message )?size",
            r"message size (?:limit|exceeds)", r"size limit",
        ),
    ),
    (
        Trouble.UNAUTHENTICATED,
        _any(r"\bDMARC\b", r"\bSPF\b.{0,60}fail", r"sender policy framework", r"\bDKIM\b.{0,60}(?:fail|invalid|no)", r"unauthenticated (?:e?mail|sender)"),
    ),
    (
        Trouble.BLOCKED,
        _any(
            r"block ?list", r"black ?list", r"deny ?list", r"\bRBL\b", r"\bDNSBL\b", r"spamhaus", r"spamcop", r"barracuda",
            r"(?:client|host|\bip\b|server|network|connection)[^.]{0,60}(?:blocked|rejected|refused|banned|denied)",
            r"poor reputation", r"reverse (?:dns|hostname)", r"\brdns\b", r"sending IPs", r"\bPTR\b", r"temporarily deferred due to user complaints",
        ),
    ),
    (Trouble.JUNK, _any(r"\bspam\b", r"\bjunk\b", r"\bunsolicited\b", r"\bUCE\b", r"bulk mail", r"reputation", r"classified as")),
    (Trouble.CONTENT, _any(r"\bvirus\b", r"\bmalware\b", r"attachment", r"prohibited content", r"content (?:was )?(?:rejected|not allowed|filter)", r"illegal (?:content|extension)")),
    (
        Trouble.MOVED,
        _any(r"has moved", r"new address", r"no longer (?:valid|at|with|works|employed|here)", r"(?:user|recipient) has (?:left|changed)"),
    ),
    (
        Trouble.RELAY,
        _any(r"relay(?:ing)? (?:access )?(?:is )?(?:denied|not (?:permitted|allowed)|prohibited)", r"unable to relay", r"not permitted to relay", r"not a (?:local|gateway)"),
    ),
    (
        Trouble.NO_DOMAIN,
        _any(
            r"host (?:or domain name )?(?:is )?(?:unknown|not found)", r"domain (?:name )?(?:is |was )?(?:not found|unknown|does(?:n.t| not) exist|invalid)",
            r"dns lookup failure", r"host \S{1,255} not found", r"(?:unknown|no such|bad|invalid) (?:mail )?(?:host|domain)", r"name (?:service error|or service not known)", r"null ?mx",
            r"unrout(?:e)?able (?:mail )?(?:domain|address)", r"NXDOMAIN", r"does not accept mail", r"no mail exchanger",
        ),
    ),
    (
        Trouble.DISABLED,
        _any(
            r"(?:mailbox|account|user|address|recipient)[^.]{0,40}(?:disabled|inactive|deactivated|suspended|closed|expired|frozen|locked|terminated|not active)",
            r"(?:disabled|inactive|suspended|closed|expired) (?:mailbox|account|user|recipient)",
        ),
    ),
    (
        Trouble.FORBIDDEN,
        _any(
            r"not (?:authorized|permitted|allowed) to send", r"restrict", r"only accepts? (?:mail|messages) from", r"sender (?:is )?(?:not allowed|denied)",
            r"RESOLVER\.RST", r"not allowed to (?:send|post)",
        ),
    ),
    (
        Trouble.NO_MAILBOX,
        _any(
            r"(?:user|recipient|mailbox|address|account)s?\b[^.]{0,60}(?:unknown|not found|does(?:n.?t| not) exist|not exist|invalid|not listed|unavailable|rejected|not recognized|undeliverable|not (?:a )?valid)",
            r"(?:unknown|no such|invalid|nonexistent|non-existent|not a valid|bad) (?:local )?(?:user|recipient|mailbox|address|person|account|destination)",
            r"no (?:mailbox|user|account|recipient)s?\b", r"couldn.t find any (?:host|mailbox)", r"not our customer", r"unbekannt", r"inconnu", r"desconocido", r"no existe", r"n.existe pas",
            r"user not known", r"nosuchuser", r"doesn.t have an? .{0,40}account", r"not a registered", r"RecipNotFound", r"RecipientNotFound", r"there is no (?:such )?(?:user|one|mailbox)",
        ),
    ),
    (Trouble.LOOP, _any(r"too many hops", r"hop count", r"message looping", r"mail (?:forwarding )?loop", r"loops? back", r"too many received")),
    (Trouble.EXPIRED, _any(r"expired", r"too (?:long|old) in (?:the )?queue", r"retry time", r"retry timeout", r"message is too old", r"giving up", r"queue (?:time|life)")),
    (Trouble.UNREACHABLE, _any(r"connection (?:timed out|refused|reset|lost|dropped)", r"timed? ?-?out", r"(?:no route|could not connect|unable to connect|network is unreachable)", r"all hosts", r"can.t connect")),
    (Trouble.BUSY, _any(r"grey-?list", r"gray-?list", r"try (?:again|later)", r"too many (?:connections|messages|recipients)", r"rate ?limit", r"temporar", r"throttl", r"system load")),
)  # fmt: skip
