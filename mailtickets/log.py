"""What the operator reads: one function for each event that an operator cares about.

The law: a line names the mail, the ticket and the outcome, never a body; what is known to be a secret
is struck out of every line, whoever wrote it. What went wrong says in `next` what to do.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

from mailtickets import strike

_LONGEST = 300  # characters of one value: a server's answer, not a letter
_log = structlog.get_logger()


def setup(format: str, hidden: Sequence[str] = (), stream: TextIO = sys.stderr) -> None:
    """`format`: json, console, or auto (console on a terminal). `hidden`: secrets to strike out (config.hidden)."""
    strike.settle(hidden)
    is_console = format == "console" or (format == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        _strike,
        _one_line_each,
        _head_first,
    ]
    processors = [*shared, _console(stream) if is_console else _json]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    _adopt_libraries(processors, stream)


def _adopt_libraries(ours: Sequence[Processor], stream: TextIO) -> None:
    """Warnings of the libraries come out in the same form."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ours],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.WARNING)
    # Its DEBUG lines hold passwords with a quote or a backslash in them, and XOAUTH2 tokens.
    logging.getLogger("aioimaplib").setLevel(logging.WARNING)


def _json(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)


def _console(stream: TextIO) -> Processor:
    return structlog.dev.ConsoleRenderer(colors=stream.isatty(), sort_keys=False, timestamp_key="at")


def _one_line_each(_: object, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """A stranger's Message-ID must not draw a line of its own into the log."""
    return {
        key: _plain(value) if isinstance(value, str) and key != "exception" else value
        for key, value in event.items()
    }


def _plain(value: str) -> str:
    whole = value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"
    if whole.isprintable():
        return whole
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in whole)


def _head_first(_: object, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    head = ("at", "level", "event")
    return {key: event[key] for key in (*head, *(k for k in event if k not in head)) if key in event}


def _strike(_: object, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Nothing that holds a secret gets as far as being rendered, however a library has quoted it."""
    return {key: strike.out(value) if isinstance(value, str) else value for key, value in event.items()}


# The service


def starting(version: str, config_file: Path, state_dir: Path) -> None:
    _log.info("starting", version=version, config=str(config_file), state=str(state_dir))


def concern(sentence: str) -> None:
    """Something that the operator may have meant, but should know about: see config.concerns."""
    _log.warning("please look", next=sentence)


def ready(mailboxes: Sequence[str], page: str) -> None:
    """`page`: its URL, "" if it is switched off."""
    _log.info("ready", mailboxes=", ".join(mailboxes), page=page)


def stopping(why: str) -> None:
    _log.info("stopping", why=why)


def stopped() -> None:
    _log.info("stopped")


def crashed(error: BaseException) -> None:
    """The one line before the process ends: state is in the ledger, a restart goes on from there."""
    _log.error("crashed", error=repr(error), exc_info=error, next="Please report this. A restart is safe.")


def unwell(lag: float, silent: Sequence[str]) -> None:
    """The watchdog holds its tongue: `lag` in seconds of the event loop; loops that showed no sign of life."""
    _log.error(
        "unwell",
        lag_s=round(lag, 1),
        silent=", ".join(silent),
        next="systemd restarts the service if this goes on; a restart is safe.",
    )


# What it stands on


def database_away(reason: str) -> None:
    """`reason`: whole sentences, with what to do."""
    _log.error(
        "database unavailable",
        reason=reason,
        next="Nothing is lost: the desk waits and goes on by itself. “mailtickets check” tests the database.",
    )


def database_back(away_for: timedelta) -> None:
    _log.info("database back", away_for=_span(away_for))


def disk_full(folder: str, free: str, wanted: str) -> None:
    _log.error(
        "disk full",
        folder=folder,
        free=free,
        wanted=wanted,
        next="Make room there. Until then no letter is taken in and no mail is sent; then the desk goes on by itself.",
    )


def disk_has_room(folder: str, after: timedelta) -> None:
    _log.info("disk has room", folder=folder, after=_span(after))


def standing_by(mailbox: str) -> None:
    """Another daemon on the same database watches this inbox."""
    _log.warning(
        "standing by",
        mailbox=mailbox,
        next="Another mailtickets on this database watches it. This one takes over when that one ends.",
    )


def taken_over(mailbox: str) -> None:
    _log.info("inbox is ours", mailbox=mailbox)


def claims_released(mails: int) -> None:
    """What a daemon that died was at is sent by us."""
    _log.warning("claims released", mails=mails)


# The way in


def mailbox_connected(mailbox: str, can_idle: bool) -> None:
    _log.info("mailbox connected", mailbox=mailbox, watch="idle" if can_idle else "poll")


def mailbox_down(mailbox: str, reason: str, again_after: timedelta, is_refusal: bool) -> None:
    """A refusal wants the operator; anything else mends itself."""
    todo = "Mend that; “mailtickets check” tests it." if is_refusal else "It is tried again."
    report = _log.error if is_refusal else _log.warning
    report("mailbox down", mailbox=mailbox, reason=reason, again_in=_span(again_after), next=todo)


def mailbox_recovered(mailbox: str, down_for: timedelta) -> None:
    _log.info("mailbox recovered", mailbox=mailbox, down_for=_span(down_for))


def numbered_anew(mailbox: str, matched: int, unmatched: int, *, is_waiting: bool) -> None:
    """UIDVALIDITY has changed, and all mail has been compared with what the desk has."""
    todo = f"“mailtickets ledger accept {mailbox}” takes in what was not known; until then it waits."
    _log.warning(
        "mail numbered anew",
        mailbox=mailbox,
        known=matched,
        not_known=unmatched,
        next=todo if is_waiting else "Nothing: what was not known is taken in without acknowledgements.",
    )


def mail_done(mailbox: str, uid: int, message_id: str, outcome: str, reason: str, ticket: int | None) -> None:
    """`ticket`: its number."""
    _log.info(
        "mail done",
        mailbox=mailbox,
        uid=uid,
        message_id=message_id,
        outcome=outcome,
        reason=reason,
        ticket=ticket,
    )


def mail_quarantined(mailbox: str, uid: int, message_id: str, error: str) -> None:
    _log.error(
        "mail quarantined",
        mailbox=mailbox,
        uid=uid,
        message_id=message_id,
        error=error,
        next="See “mailtickets quarantine list”; “mailtickets quarantine retry” takes it in again.",
    )


def mail_held(mailbox: str, uid: int, message_id: str, reason: str) -> None:
    _log.warning(
        "mail held",
        mailbox=mailbox,
        uid=uid,
        message_id=message_id,
        reason=reason,
        next="See “mailtickets held list”; “mailtickets held release” lets it in.",
    )


def reader_replaced(reason: str) -> None:
    _log.warning("reader replaced", reason=reason)


# The way out


def sent(outbox: int, kind: str, recipient: str, ticket: int | None, message_id: str, answer: str) -> None:
    """`outbox`: the row's id. `answer`: what the relay said to the final dot."""
    _log.info(
        "sent",
        outbox=outbox,
        kind=kind,
        to=recipient,
        ticket=ticket,
        message_id=message_id,
        answer=answer,
    )


def deferred(
    outbox: int, kind: str, recipient: str, ticket: int | None, answer: str, again_at: datetime
) -> None:
    _log.warning(
        "deferred",
        outbox=outbox,
        kind=kind,
        to=recipient,
        ticket=ticket,
        answer=answer,
        again_at=again_at.isoformat(),
    )


def given_up(outbox: int, kind: str, recipient: str, ticket: int | None, answer: str) -> None:
    _log.error(
        "given up",
        outbox=outbox,
        kind=kind,
        to=recipient,
        ticket=ticket,
        answer=answer,
        next="The agents were told. “mailtickets outbox retry” sends it again.",
    )


def relay_down(host: str, reason: str, again_after: timedelta) -> None:
    _log.error(
        "relay down",
        host=host,
        reason=reason,
        again_in=_span(again_after),
        next="Mail waits in the outbox. “mailtickets check” tests the relay.",
    )


def relay_up(host: str, down_for: timedelta) -> None:
    _log.info("relay up", host=host, down_for=_span(down_for))


def login_failing(login: str, reason: str, is_refusal: bool) -> None:
    """The provider gives no new access token; mail goes on until the present one ends."""
    todo = "“mailtickets check” tests it." if is_refusal else "It is tried again."
    _log.error("login failing", login=login, reason=reason, next=todo)


def login_renewed(login: str) -> None:
    _log.info("login renewed", login=login)


def token_not_kept(user: str, file: str, error: OSError) -> None:
    """The provider gave a new refresh token, and it is in memory only."""
    _log.error(
        "token not kept",
        user=user,
        file=file,
        error=error.strerror,
        next="Make room, and let the service write there, before it is stopped; it is tried again at the next renewal. "
        "Else run “mailtickets authorize” after the next start.",
    )


def mail_stays(age: timedelta) -> None:
    """The oldest mail that is due has been so for that long."""
    _log.error(
        "mail stays",
        due_for=_span(age),
        next="See “mailtickets outbox list”, and whether the relay and the disk are well.",
    )


# The clock, the window


def job_ran(job: str, took: timedelta, found: str) -> None:
    """`found`: what it did, in a few words."""
    _log.info("job ran", job=job, took=_span(took), found=found)


def job_failed(job: str, error: BaseException) -> None:
    _log.error("job failed", job=job, error=repr(error), exc_info=error, next="It runs again when it is due.")


def window_started(pid: int, listen: str) -> None:
    _log.info("window started", pid=pid, listen=listen)


def window_restarted(exit_code: int, again_after: timedelta) -> None:
    _log.error(
        "window restarted",
        exit_code=exit_code,
        again_in=_span(again_after),
        next="Mail goes on meanwhile. If it happens again, look at the lines before this one.",
    )


def page_waits(reason: str) -> None:
    """`reason`: whole sentences, with what to do."""
    _log.warning("page waits", reason=reason, next="It is shown again when the database answers.")


def page_broke(code: str, page: str, error: BaseException) -> None:
    """`code` stands on the page that the visitor saw; `page` is its path, without any sign-in link."""
    _log.error(
        "page broke",
        code=code,
        page=page,
        error=repr(error),
        exc_info=error,
        next="Please report this. Mail goes on meanwhile.",
    )


def _span(span: timedelta) -> str:
    """1.5 s, 4 min, 2 h."""
    seconds = span.total_seconds()
    if seconds < 60:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 3600 else f"{seconds / 3600:.3g} h"
