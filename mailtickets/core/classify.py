"""What wrote a letter. First test that fires wins: most dangerous to answer first.

The law: a letter that any header calls automatic is not a person's; words in a subject count only where a
program put them, before everything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from mailtickets.core import absence
from mailtickets.core.absence import Absence
from mailtickets.core.mail import InboundMail


class Kind(StrEnum):
    PERSON = "person"
    AUTOMATIC = "automatic"  # forms, alarms, monitors: may open a ticket, is never answered
    AUTOREPLY = "autoreply"  # an automatic answer that says nothing of an absence
    VACATION = "vacation"  # somebody is away
    BOUNCE = "bounce"  # a mail of ours did not arrive
    DELAY = "delay"  # a mail of ours is late: the server still tries
    RECEIPT = "receipt"  # a mail of ours was delivered (RFC 3464) or read (RFC 8098)
    CHALLENGE = "challenge"  # a mail of ours waits until somebody proves to be a person
    COMPLAINT = "complaint"  # somebody called a mail of ours junk (RFC 5965)
    LIST = "list"
    OURS = "ours"  # sent by this very desk


@dataclass(frozen=True, slots=True)
class Judgement:
    kind: Kind
    reason: str  # "Auto-Submitted: auto-replied (RFC 3834)"
    absence: Absence | None = None  # until when somebody is away

    @property
    def is_person(self) -> bool:
        return self.kind is Kind.PERSON


def kind(mail: InboundMail, own: frozenset[str]) -> Judgement:
    """What wrote it and why we think so. `own`: keys of the desk's addresses."""
    if mail.sender is not None and mail.sender.key in own:
        return Judgement(Kind.OURS, "From is an address of this desk")
    for test in _TESTS:
        judgement = test(mail)
        if judgement is not None:
            return _as_absence(judgement, mail) if judgement.kind is Kind.AUTOREPLY else judgement
    return Judgement(Kind.PERSON, "nothing says that a machine wrote it")


def _report(mail: InboundMail) -> Judgement | None:
    if mail.bounce is not None:
        found = {"delayed": Kind.DELAY, "delivered": Kind.RECEIPT}.get(mail.bounce.action, Kind.BOUNCE)
        return Judgement(found, f"a delivery report: {mail.bounce.action} (RFC 3464)")
    if mail.report is not None:
        said = f": {mail.report.said}" if mail.report.said else ""
        if mail.report.kind == "receipt":
            return Judgement(Kind.RECEIPT, f"a read receipt{said} (RFC 8098)")
        return Judgement(Kind.COMPLAINT, f"somebody called our mail junk{said} (RFC 5965)")
    if _parameter(mail, "content-type", "report-type") == "delivery-status":
        return Judgement(Kind.BOUNCE, "report-type=delivery-status (RFC 3464)")
    return None


def _challenge(mail: InboundMail) -> Judgement | None:
    """No standard has them: by the header of a known program, or by its words and a mark of a machine."""
    for name in _CHALLENGE_HEADERS:
        if value := _first(mail, name):
            return Judgement(Kind.CHALLENGE, f"{name.title()}: {_shown(value)}")
    by_machine = bool(
        mail.return_path == ""
        or _word(_first(mail, "auto-submitted")) not in ("", "no")
        or _word(_first(mail, "precedence")) in ("bulk", "junk", "auto_reply", "auto-reply")
        or (mail.sender and _CHALLENGER.match(mail.sender.key))
    )
    if not by_machine:
        return None  # nearly all letters, and looking through one costs a tenth of a decision
    found = _CHALLENGE.search(mail.subject) or _CHALLENGE.search(" ".join(mail.text[:_MAX_CHALLENGE].split()))
    return Judgement(Kind.CHALLENGE, f"it says “{_shown(found[0])}”") if found else None


def _auto_submitted(mail: InboundMail) -> Judgement | None:
    """RFC 3834 section 5: any value but "no" says that no person wrote this."""
    value = _word(_first(mail, "auto-submitted"))
    if value in ("", "no"):
        return None
    reason = f"Auto-Submitted: {value} (RFC 3834)"
    return Judgement(Kind.AUTOREPLY if value == "auto-replied" else Kind.AUTOMATIC, reason)


def _answering_machine(mail: InboundMail) -> Judgement | None:
    for name in _ANSWERING_HEADERS:
        value = _first(mail, name)
        if value and _word(value) not in ("no", "false"):
            return Judgement(Kind.AUTOREPLY, f"{name.title()}: {_shown(value)}")
    if _word(_first(mail, "precedence")) in ("auto_reply", "auto-reply"):
        return Judgement(Kind.AUTOREPLY, "Precedence: auto_reply")
    found = absence.SUBJECT.match(mail.subject)
    return Judgement(Kind.AUTOREPLY, f"the subject begins with “{found[0].strip()}”") if found else None


def _as_absence(judgement: Judgement, mail: InboundMail) -> Judgement:
    """An automatic answer that says that somebody is away, and until when if it says so.

    The words stay: 3/4 is March to some and April to others.
    """
    if not absence.is_absence(mail.subject, mail.typed):
        return judgement
    until = absence.until(mail.typed, mail.sent_at)
    if until is None:
        return replace(judgement, kind=Kind.VACATION)
    day = f" ({until.day.isoformat()})" if until.day else ""
    return Judgement(Kind.VACATION, f"{judgement.reason}, “{until.words}”{day}", until)


def _null_path(mail: InboundMail) -> Judgement | None:
    """RFC 5321 section 4.5.5: the null path is for notifications, never answer one."""
    if mail.return_path != "":
        return None
    return Judgement(
        Kind.BOUNCE if is_postmaster(mail) else Kind.AUTOMATIC, "an empty Return-Path (RFC 5321)"
    )


def _postmaster(mail: InboundMail) -> Judgement | None:
    if not is_postmaster(mail):
        return None
    return Judgement(Kind.AUTOMATIC, f"From is {mail.sender.spec if mail.sender else ''}: a mail server")


def _no_reply(mail: InboundMail) -> Judgement | None:
    """An address that says so is never answered; a form that names its writer in Reply-To is."""
    if mail.sender is None or mail.reply_to or not _NO_REPLY.match(mail.sender.key):
        return None
    return Judgement(Kind.AUTOMATIC, f"From is {mail.sender.spec}: nobody reads what is sent there")


def nobody_reads(key: str) -> bool:
    """Whether an address (Address.key) says that nobody reads what is sent there."""
    return bool(_NO_REPLY.match(key)) or key.rpartition("@")[0] in _SERVERS


def _list(mail: InboundMail) -> Judgement | None:
    """RFC 2369 and 2919: what came by a list was not written to the desk."""
    for name in (
        "list-id",
        "list-post",
        "list-help",
        "list-unsubscribe",
        "list-subscribe",
        "list-owner",
        "list-archive",
    ):
        if value := _first(mail, name):
            return Judgement(Kind.LIST, f"{name.title()}: {_shown(value)}")
    if _word(_first(mail, "precedence")) == "list" or _first(mail, "mailing-list"):
        return Judgement(Kind.LIST, "Precedence: list")
    return None


def _bulk(mail: InboundMail) -> Judgement | None:
    if (value := _word(_first(mail, "precedence"))) in ("bulk", "junk"):
        return Judgement(Kind.AUTOMATIC, f"Precedence: {value}")
    suppressed = {_word(v) for value in mail.header("x-auto-response-suppress") for v in value.split(",")}
    # The other values (DR, RN, NRN) only ask for no reports.
    if asked := suppressed & {"all", "autoreply", "oof"}:
        return Judgement(Kind.AUTOMATIC, f"X-Auto-Response-Suppress: {sorted(asked)[0]}")
    for name in _MACHINE_HEADERS:
        if (value := _first(mail, name)) and _word(value) not in ("no", "false"):
            return Judgement(Kind.AUTOMATIC, f"{name.title()}: {_shown(value)}")
    return None


_TESTS: tuple[Callable[[InboundMail], Judgement | None], ...] = (
    _report,
    _challenge,
    _auto_submitted,
    _answering_machine,
    _null_path,
    _list,
    _bulk,
    _postmaster,
    _no_reply,
)

_NO_REPLY = re.compile(
    r"(?:[a-z0-9.\-_]*[.\-_+])?(?:no|not|do[.\-_]?not|never)[.\-_]?(?:reply|respond|answer)(?:[.\-_+0-9][^@]*)?@|nepasrepondre@"
)

# What answering machines of before RFC 3834 say of themselves.
_ANSWERING_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply",
    "x-autoreply-from",
    "x-autoreply-domain",
    "x-mail-autoreply",
    "x-vacation",
    "x-cr-response",
)
_MACHINE_HEADERS = (
    "x-autogenerated",
    "x-auto-generated",
    "x-fc-machinegenerated",
    "x-failed-recipients",
    "feedback-type",
)

# Programs that hold a mail back until its sender proves to be a person.
_CHALLENGE_HEADERS = (
    "x-cr-challenge",
    "x-tmda-fingerprint",
    "x-boxbe",
    "x-spamarrest",
    "x-challenge-response",
    "x-qurb",
)
_CHALLENGER = re.compile(
    r"[^@]*@(?:[^@]*\.)?(?:spamarrest\.com|boxbe\.com|uolantispam\.|bluebottle\.com|mailblocks\.com)"
)
_CHALLENGE = re.compile(
    r"(?:confirm|verify) (?:your|that your|this) (?:e-?mail|message|delivery|identity|address)|"
    r"(?:confirm|verify) (?:that )?you (?:are|re) (?:a )?(?:human|person|real|not)|sender (?:verification|confirmation)|"
    r"(?:mail|message) (?:delivery )?(?:confirmation|verification) (?:request|required|needed)|"
    r"(?:your|the) (?:e-?mail|message) .{0,80}(?:held|will not be delivered|quarantined) .{0,40}(?:until|unless) .{0,40}(?:confirm|verif|click|repl)|"
    r"bestätigen sie .{0,40}(?:nachricht|e-?mail|absender)|confirmez .{0,40}(?:message|envoi|expéditeur)|"
    r"(?:confirme|confirmar) .{0,40}(?:mensaje|mensagem|envío|envio)",
    re.IGNORECASE,
)  # fmt: skip
_MAX_CHALLENGE = 2000  # characters in which the words are looked for


def is_postmaster(mail: InboundMail) -> bool:
    """Whether a mail server wrote it, by its address."""
    local = mail.sender.key.rpartition("@")[0] if mail.sender else ""
    return local in _SERVERS


_SERVERS = frozenset(
    {"mailer-daemon", "postmaster", "mailerdaemon", "mail-daemon", "mailer_daemon", "mdaemon"}
)


def _first(mail: InboundMail, name: str) -> str:
    return next(iter(mail.header(name)), "").strip()


def _word(value: str) -> str:
    """The first word of a value, its parameters and comments left out, in lower case."""
    return re.split(r"[;(\s]", value.strip().lower(), maxsplit=1)[0]


def _shown(value: str) -> str:
    return value if len(value) <= 60 else f"{value[:59]}…"


def _parameter(mail: InboundMail, name: str, parameter: str) -> str:
    found = re.search(rf";\s*{parameter}\s*=\s*\"?([^\s;\"]+)", _first(mail, name), re.IGNORECASE)
    return found[1].lower() if found else ""
