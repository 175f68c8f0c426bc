"""The words of mail servers that report without a form. Tables only; what they mean is in `bounces`."""

from __future__ import annotations

import re

from mailtickets.core.mail import Address

# Who writes reports.
DAEMON = re.compile(
    r"(?:mailer[\-_.]?daemon|postmaster|post_master|mail-?daemon|mdaemon|mailadmin|mail[\-_]?system|mail\.delivery|"
    r"mailerdemon|bounces?|no-?reply.*bounce|mailerd|mail-delivery|smtp-?daemon|nobody|uucp|bounce-.*|"
    r"delivery-?(?:failure|status|report).*|microsoftexchange[0-9a-f]+|postoffice|mrbounce|mail-master|masteradmin|"
    r"system-administrator|mail-administrator|mail_administrator)(?:[+=\-][^@]*)?@",
    re.IGNORECASE,
)
_DAEMON_NAME = re.compile(
    r"mail(?:er)?[ \-]?(?:delivery|daemon|administrator|system|admin)\b|delivery (?:sub-?)?system|system administrator|"
    r"mail delivery|postmaster|returned mail",
    re.IGNORECASE,
)
# What reports are called.
SUBJECT = re.compile(
    r"un-?deliver(?:able|ed)|non-?deliver|not delivered|deliver(?:y|ed)?(?: of)?.{0,20}(?:fail|error|problem|report|status|delay|"
    r"unsuccessful|notification|subsystem)|fail(?:ed|ure).{0,20}(?:deliver|notice|notification|mail)|failure notice|"
    r"return(?:ed|ing) (?:e-?)?mail|mail (?:delivery|system|error|failure)|returned? to sender|could not (?:be )?(?:deliver|send)|"
    r"undelivered mail|message (?:not delivered|status|delayed|bounced)|bounced? (?:mail|message)|mail.{0,12}could not be|"
    r"user unknown|unknown user|address (?:unknown|error)|invalid (?:address|recipient)|unzustellbar|zustell(?:ung|fehler)|"
    r"nicht zugestellt|onbestelbaar|non remis|échec de (?:la )?remise|non distribu|devuelto|no se (?:ha )?(?:pudo|puede|podido) entregar|"
    r"mancata consegna|não entregue|falha na entrega|недостав|не достав|不达|退信|配信|送信できません|returned to sender",
    re.IGNORECASE,
)
NO_BOUNCE = re.compile(r"^\s*(?:re|aw|fwd?|wg|sv)\s*:", re.IGNORECASE)
# What they say when a letter has come to its end.
FAILED = re.compile(
    r"(?:could|can|did|was|were|is|are|has|have|will|would)\s?(?:not|n.t)\s(?:be\s|been\s)?(?:able\sto\s(?:be\s)?)?"
    r"(?:deliver|deliver(?:ed|able)|sent|reach|forward)|unable to (?:deliver|send|relay|complete|forward)|undeliver(?:able|ed)|"
    r"cannot be delivered|delivery (?:to .{1,200} )?(?:has )?fail|failed (?:permanently|delivery|recipients?|addresses)|"
    r"permanent (?:fatal )?(?:error|failure)|fatal errors?|user unknown|unknown user|no such (?:user|recipient|mailbox|person|address)|"
    r"not (?:a )?(?:valid|known|exist|found|listed|our customer)|doesn.?t exist|does not exist|invalid (?:recipient|user|mailbox|address)|"
    r"mailbox (?:is )?(?:full|unavailable|not found|disabled|inactive)|quota exceeded|over(?:\s|-)?quota|exceed(?:s|ed).{0,30}(?:quota|size|limit)|"
    r"account (?:has been |is )?(?:disabled|inactive|expired|closed|suspended)|host (?:unknown|not found)|unrouteable|"
    r"address(?:es)? (?:had|failed|rejected|not found|unknown)|recipient (?:rejected|unknown|not found|address)|"
    r"rejected (?:your|by|the)|(?:message|mail) (?:was |has been )?(?:automatically )?(?:rejected|refused|bounced|blocked|returned)|was automatically rejected|quota exceeded|giving up|given up|bounced? "
    r"|returned? (?:to sender|the message|mail)|relay(?:ing)? (?:access )?denied|access denied|unknown address|"
    r"the following (?:addresses|recipients?|address|error)|(?:^|\s)55\d[ \-]|\b5\.\d\.\d\b|nicht zugestellt|unzustellbar|kann nicht|non (?:è|e|ha) |"
    r"n.a pas pu|no (?:se )?(?:pudo|puede|ha podido)|não (?:foi|pôde|existe)|не (?:может|удалось|был|достав)|存在し|できません|无法|無法",
    re.IGNORECASE | re.MULTILINE,
)
# What they say while they still try.
DELAYED = re.compile(
    r"(?:has|have|was) (?:been )?(?:delayed|deferred)|delivery (?:is )?delayed|will (?:continue to |keep )?(?:retry|be retried|try|be tried)|"
    r"still (?:being )?(?:in the queue|trying|retried|queued)|not (?:yet )?been delivered|no action is required|warning message only|"
    r"temporary (?:problem|failure|error).{0,80}(?:retr|try)|delivery attempts will continue|wird (?:weiter|erneut) versucht",
    re.IGNORECASE,
)
# Where the notice ends and the returned letter begins.
_RETURNED = re.compile(
    r"^[ \t>*\-=#_]*(?:(?:this is a |below (?:this line )?is (?:a |the )?)?cop(?:y|ies) of (?:the |your )?(?:original |returned )?(?:message|mail|headers)|"
    r"-{2,}\s*(?:the |your |this is a copy |returned |original |start of |begin(?:ning)? |message |unsent |undelivered |forwarded |header|below|"
    r"included|transcript of message|mail |body|text |returned)|original (?:message|mail|headers|text)|message (?:headers?|text|contents?) (?:follow|:)|"
    r"(?:the )?(?:headers?|text|first|body|beginning|top) (?:of|and) (?:the |your )?(?:original|message|returned|undelivered)|your (?:original )?(?:message|mail) (?:follows|reads|begins)|"
    r"(?:unsent|undelivered|returned|rejected) message (?:below|follows|:)|included is a copy|the original message (?:was|is|follows)\b(?!.{0,40}received at)|"
    r"(?:start of|begin) (?:returned|original|the).{0,20}(?:message|mail)|return-path:|from \S+@\S+ +\w\w\w \w\w\w|received:\s*(?:from|by)|x-\w+(?:-\w+)*:\s|message-id:\s|mime-version:|content-type:\s)",
    re.IGNORECASE | re.MULTILINE,
)


def is_daemon(sender: Address) -> bool:
    """Whether a mail server, not a person, has this address or name."""
    return DAEMON.match(sender.key) is not None or _DAEMON_NAME.match(sender.name) is not None


def notice(text: str) -> str:
    """The part of a text that is the server's own, before the returned letter."""
    found = _RETURNED.search(text)
    return text[: found.start()] if found and found.start() > 20 else text


# Sentences that help the sender on: whom to ask, what to try. Nothing has failed for the addresses in them.
_ADVICE = re.compile(
    r"\btry (?:sending|emailing|e-mailing)|\be\.g\.|\bfor example\b|standard form of|\bto reach\b|"
    r"recommended action",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?:;]*(?:[.!?:;](?!\s)[^.!?:;]*)*(?:[.!?:;](?=\s)|\Z)\s*")


def without_advice(notice: str) -> str:
    """A notice without the sentences that only give advice."""
    if not _ADVICE.search(notice):
        return notice
    return "".join(found[0] for found in _SENTENCE.finditer(notice) if not _ADVICE.search(found[0]))
