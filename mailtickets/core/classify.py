"""What wrote a letter. First test that fires wins: most dangerous to answer first.

The law: a letter that any header calls automatic is not a person's; words in a subject count only where a
program put them, before everything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from mailtickets.core.mail import InboundMail


class Kind(StrEnum):
    PERSON = "person"
    AUTOMATIC = "automatic"  # forms, alarms, monitors: may open a ticket, is never answered
    VACATION = "vacation"
    BOUNCE = "bounce"  # delivery report of any kind, delay notices too
    RECEIPT = "receipt"  # read receipt (RFC 8098)
    LIST = "list"
    OURS = "ours"  # sent by this very desk


@dataclass(frozen=True, slots=True)
class Judgement:
    kind: Kind
    reason: str  # "Auto-Submitted: auto-replied (RFC 3834)"

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
            return _with_return(judgement, mail) if judgement.kind is Kind.VACATION else judgement
    return Judgement(Kind.PERSON, "nothing says that a machine wrote it")


def _report(mail: InboundMail) -> Judgement | None:
    if mail.bounce is not None:
        return Judgement(Kind.BOUNCE, f"a delivery report: {mail.bounce.action} (RFC 3464)")
    match _parameter(mail, "content-type", "report-type"):
        case "delivery-status":
            return Judgement(Kind.BOUNCE, "report-type=delivery-status (RFC 3464)")
        case "disposition-notification":
            return Judgement(Kind.RECEIPT, "report-type=disposition-notification (RFC 8098)")
        case "feedback-report":
            return Judgement(Kind.AUTOMATIC, "report-type=feedback-report (RFC 5965)")
        case _:
            return None


def _auto_submitted(mail: InboundMail) -> Judgement | None:
    """RFC 3834 section 5: any value but "no" says that no person wrote this."""
    value = _word(_first(mail, "auto-submitted"))
    if value in ("", "no"):
        return None
    reason = f"Auto-Submitted: {value} (RFC 3834)"
    return Judgement(Kind.VACATION if value == "auto-replied" else Kind.AUTOMATIC, reason)


def _answering_machine(mail: InboundMail) -> Judgement | None:
    for name in _ANSWERING_HEADERS:
        value = _first(mail, name)
        if value and _word(value) not in ("no", "false"):
            return Judgement(Kind.VACATION, f"{name.title()}: {_shown(value)}")
    if _word(_first(mail, "precedence")) in ("auto_reply", "auto-reply"):
        return Judgement(Kind.VACATION, "Precedence: auto_reply")
    found = _ANSWERING_SUBJECT.match(mail.subject)
    return Judgement(Kind.VACATION, f"the subject begins with “{found[0].strip()}”") if found else None


def _complaint(mail: InboundMail) -> Judgement | None:
    """Microsoft's feedback loop is older than RFC 5965: its reports have a fixed subject and a letter inside."""
    if not _COMPLAINT.fullmatch(mail.subject) or not mail.attachments:
        return None
    return Judgement(Kind.AUTOMATIC, "a provider's report that somebody called our mail junk")


def _with_return(judgement: Judgement, mail: InboundMail) -> Judgement:
    """With the day of return, in the words of the letter: 3/4 is March to some and April to others."""
    found = _AWAY.search(mail.typed[:_MAX_NOTICE])
    if found is None:
        return judgement
    return replace(judgement, reason=f"{judgement.reason}, “{' '.join(found[0].split())}”")


def _null_path(mail: InboundMail) -> Judgement | None:
    """RFC 5321 section 4.5.5: the null path is for notifications, never answer one."""
    if mail.return_path != "":
        return None
    return Judgement(
        Kind.BOUNCE if _is_postmaster(mail) else Kind.AUTOMATIC, "an empty Return-Path (RFC 5321)"
    )


def _postmaster(mail: InboundMail) -> Judgement | None:
    if not _is_postmaster(mail):
        return None
    return Judgement(Kind.AUTOMATIC, f"From is {mail.sender.spec if mail.sender else ''}: a mail server")


def _no_reply(mail: InboundMail) -> Judgement | None:
    """An address that says so is never answered; a form that names its writer in Reply-To is."""
    if mail.sender is None or mail.reply_to or not _NO_REPLY.match(mail.sender.key):
        return None
    return Judgement(Kind.AUTOMATIC, f"From is {mail.sender.spec}: nobody reads what is sent there")


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
    _auto_submitted,
    _answering_machine,
    _complaint,
    _null_path,
    _list,
    _bulk,
    _postmaster,
    _no_reply,
)

_COMPLAINT = re.compile(r"\s*complaint about message from [0-9A-Fa-f.:]{3,45}\s*")
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

# Words that a program puts first. A person who writes "automatic reply does not work" does not write the colon.
_ANSWERING_SUBJECT = re.compile(
    r"\s*\[?(?:auto(?:matic|mated|mat)?[ \-]?(?:reply|response|responder|antwort)|out of (?:the )?office(?: auto-?reply)?|"
    r"vacation (?:reply|response|message)|automatische antwort(?: bei abwesenheit)?|abwesenheitsnotiz|abwesend|abwesenheit|"
    r"réponse automatique(?: d['’]absence du bureau)?|absence du bureau|respuesta automática|ausencia de la oficina|"
    r"fuera de (?:la )?oficina|resposta automática|ausência temporária|risposta automatica|fuori sede|"
    r"automatisch antwoord|afwezigheidsbericht|afwezig|automatiskt svar|autosvar|automatisk svar|frånvarande|fravær|"
    r"automaattinen vastaus|poissaoloviesti|odpowiedź automatyczna|autoodpowiedź|automatická odpověď|automatická odpoveď|"
    r"automatikus válasz|răspuns automat|автоматический ответ|автоответ|автовідповідь|автоматична відповідь|"
    r"otomatik yanıt|αυτόματη απάντηση|自动答复|自动回复|自動回覆|自動返信|不在通知|자동 회신|부재 중|trả lời tự động|"
    r"balasan otomatis|automatski odgovor|samodejni odgovor|automātiskā atbilde|automatinis atsakymas)\]?\s*[:：]",
    re.IGNORECASE,
)


_MAX_NOTICE = 4000  # characters of an absence notice in which the day of return is looked for
_WEEKDAY = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|"
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|"
    r"luned[iì]|marted[iì]|mercoled[iì]|gioved[iì]|venerd[iì]|segunda|terça|quarta|quinta|sexta|"
    r"maandag|dinsdag|woensdag|donderdag|vrijdag"
)
_MONTH = (
    r"(?:jan|feb|fév|febb|mar|mär|maa|mrt|apr|avr|abr|may|mai|mei|mag|maj|jun|juin|giu|jul|juil|lug|aug|aoû|ago|"
    r"sep|set|oct|okt|ott|out|nov|dec|dez|déc|dic|gen|ene|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек)\w{0,8}\.?"
)
_DAY = (
    rf"(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}[./\-]\d{{1,2}}\b(?:[./\-](?:\d{{4}}|\d\d)\b)?|"
    rf"\d{{1,2}}(?:st|nd|rd|th|er|º|\.)?\s(?:of\s|de\s)?{_MONTH}(?:,?\s(?:de\s)?\d{{4}})?|"
    rf"{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s\d{{4}})?)"
)
_AWAY = re.compile(
    r"\b(?:until|till|through|back (?:in (?:the )?office )?(?:on|at|by)|return(?:ing)?(?: to (?:the )?(?:office|work))? on|"
    r"bis(?: zum| einschließlich| inkl\.)?|(?:wieder|zurück|erreichbar)(?: da)? (?:am|ab)(?: dem)?|ab(?: dem)?|"
    r"jusqu['’]au|de retour le|à partir du|hasta el|regreso el|vuelvo el|a partir del|fino al?|rientro il|"
    r"até(?: ao?)?|regresso (?:a|em)|tot(?: en met)?|t/m|weer aanwezig op|till och med|t\.o\.m\.|til(?: og med)?|"
    rf"do(?: dnia)?|по|до)\s(?:the\s)?(?:(?:{_WEEKDAY})\b(?:,?\s(?:the\s|den\s|dem\s)?{_DAY})?|{_DAY})",
    re.IGNORECASE,
)


def _is_postmaster(mail: InboundMail) -> bool:
    local = mail.sender.key.rpartition("@")[0] if mail.sender else ""
    return local in ("mailer-daemon", "postmaster", "mailerdaemon", "mail-daemon", "mailer_daemon", "mdaemon")


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
