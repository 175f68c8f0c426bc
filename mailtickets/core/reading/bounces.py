"""Delivery reports: what came back, for whom, and why (RFC 3464, and the words of those who never read it).

The law: an address counts as failed only where a report speaks of it; what stands in the returned letter does not.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from mailtickets.core.mail import Bounce
from mailtickets.core.reading import addresses, phrases, services
from mailtickets.core.reading.characters import clean_line, clean_text, decoded
from mailtickets.core.reading.headers import Envelope, all_of, first_of
from mailtickets.core.reading.limits import Broken, ReadingLimits
from mailtickets.core.reading.mime import Entity, parse_fields, take_apart
from mailtickets.core.reading.services import Finding

Fields = tuple[tuple[str, str], ...]

_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED = frozenset(
    {
        "message/rfc822",
        "text/rfc822-headers",
        "message/global",
        "message/rfc822-headers",
        "message/global-headers",
    }
)
_GROUPS = re.compile(rb"\n[ \t]*\n+")
_REPORTING = re.compile(r"^Reporting-MTA: (?=[\s\S]{1,2000}?^Final-Recipient:)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.\-])([45]\d\d)(?:[ \-]|$)")
_SPEC = re.compile(
    r"[^\s<>()\[\]:;,\"'`@=|]{1,64}@[A-Za-z0-9\u00a1-\U0010ffff][^\s<>()\[\]:;,\"'`@=|!]{0,253}"
)
_FIELD_LINE = re.compile(
    r"[ \t>*]{0,8}(?:to|cc|from|reply-to|sender|subject|mail from|return-path)\s?:", re.IGNORECASE
)
_MAX_TEXT = 64 * 1024  # characters of a notice that are read
_MAX_NOTICE = 2000  # characters that travel on, for what the report itself leaves unsaid
MAX_RECIPIENTS = 500


def bounce(root: Entity, said: Envelope, text: str) -> Bounce | None:
    """What the letter reports, None if it is no delivery report."""
    found = _by_report(root, text) or _by_header(root, text) or services.amazon(text)
    found = found or _by_words(root, said, text)
    if found is None:
        return None
    if not found.recipients and (phrases.is_daemon(said.sender) if said.sender else said.return_path == ""):
        found = _enclosed(root) or found
    recipients = found.recipients[:MAX_RECIPIENTS]
    told = phrases.notice(text[:_MAX_TEXT])[:_MAX_NOTICE]
    return Bounce(found.action, recipients, found.status, found.diagnostic, _returned(root, text), told)


def _enclosed(root: Entity) -> Finding | None:
    """A whole report within a server's letter, as gateways wrap them: only where the letter names nobody itself."""
    for part in root.children:
        if part.type == "message/rfc822":
            with contextlib.suppress(Broken):
                if found := _by_report(take_apart(part.octets, ReadingLimits()), ""):
                    return found
    return None


def _by_report(root: Entity, text: str) -> Finding | None:
    """RFC 3464: the groups of a message/delivery-status, wherever it hangs, or spilt into the text."""
    reports = [part.octets for part in root.walk() if part.type in _REPORTS]
    if not reports and (spilt := _REPORTING.search(text[:_MAX_TEXT])):
        reports = [text[spilt.start() : _MAX_TEXT].encode("utf-8", "replace")]
    groups = [group for report in reports for group in _groups(report)]
    findings = [finding for group in groups if (finding := _of_group(group)) is not None]
    for action in ("failed", "delayed", "delivered"):
        same = [finding for finding in findings if finding.action == action]
        if same:
            recipients = tuple(dict.fromkeys(spec for finding in same for spec in finding.recipients))
            status = next((finding.status for finding in same if finding.status), "")
            diagnostic = next((finding.diagnostic for finding in same if finding.diagnostic), "")
            return Finding(action, recipients, status, diagnostic)
    return None


def _groups(octets: bytes) -> Iterator[Fields]:
    for block in _GROUPS.split(octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").strip()):
        fields = parse_fields(block)
        if fields:
            yield fields


def _of_group(fields: Fields) -> Finding | None:
    """One recipient (RFC 3464 section 2.3). We know the address that was written to, not where it was forwarded."""
    final = _typed(first_of(fields, "final-recipient"))
    original = _typed(first_of(fields, "original-recipient"))
    status = next(iter(_STATUS.findall(first_of(fields, "status"))), "")
    action = _ACTIONS.get(first_of(fields, "action").split(" ")[0].split("(")[0].strip().lower(), "")
    if not action:
        action = {"5": "failed", "4": "delayed", "2": "delivered"}.get(status[:1], "")
    if not action or not (final or original or first_of(fields, "final-recipient")):
        return None
    recipients = tuple(spec for spec in (original, final) if spec)[:1]
    return Finding(
        action, recipients, status, _shortened(first_of(fields, "diagnostic-code").partition(";")[2])
    )


_ACTIONS = {
    "failed": "failed",
    "failure": "failed",
    "error": "failed",
    "delayed": "delayed",
    "delivered": "delivered",
    "relayed": "delivered",
    "expanded": "delivered",
}


def _typed(value: str) -> str:
    """ "rfc822; ann@example.org": the address, "" if it is none."""
    spec = clean_line(value.rpartition(";")[2]).strip("<> ")
    if addresses.is_spec(spec):
        return spec
    if _MASKED.search(spec):
        return ""
    found = _SPEC.search(spec)
    return found[0].rstrip(".") if found else ""


_MASKED = re.compile(r"(?<!\.)\.\.\.@")  # what an archive makes of "ann.smith@example.org"


def _by_header(root: Entity, text: str) -> Finding | None:
    """X-Failed-Recipients, which Exim and Gmail write."""
    value = ", ".join(all_of(root.headers, "x-failed-recipients"))
    recipients = tuple(dict.fromkeys(_SPEC.findall(value)))
    if not recipients:
        return None
    notice = phrases.notice(text[:_MAX_TEXT])
    action = "delayed" if phrases.DELAYED.search(notice) and not phrases.FAILED.search(notice) else "failed"
    return Finding(action, recipients, *_why(notice))


def _by_words(root: Entity, said: Envelope, text: str) -> Finding | None:
    """A notice without a form: by who wrote it, what it is called, and what it says."""
    daemon = said.return_path == "" or said.sender is None or phrases.is_daemon(said.sender)
    titled = bool(phrases.SUBJECT.search(said.subject))
    # Some servers answer with "Re:" and the letter's own subject; of a person's letter it says that it is one.
    is_server = said.sender is not None and phrases.DAEMON.match(said.sender.key) is not None
    if not (daemon or titled) or (not is_server and phrases.NO_BOUNCE.search(said.subject)):
        return None
    notice = phrases.notice(text[:_MAX_TEXT])
    fails, delays = bool(phrases.FAILED.search(notice)), bool(phrases.DELAYED.search(notice))
    if daemon + titled + (fails or delays) < 2:
        return None
    own = {a.key for a in (*said.to, *((said.sender,) if said.sender else ()))}
    recipients = _named(notice, own)
    if (
        not recipients
        and not (daemon and titled)
        and not any(part.type in _RETURNED for part in root.children)
    ):
        return None
    return Finding("delayed" if delays and not fails else "failed", recipients, *_why(notice))


def _named(notice: str, own: set[str]) -> tuple[str, ...]:
    """The addresses that a notice speaks of, those of the two letters' own fields only if there are no others."""
    told = phrases.without_advice(notice)
    lines = told.split("\n")
    for chosen in ([line for line in lines if not _FIELD_LINE.match(line)], lines):
        specs = (
            _trimmed(found)
            for line in chosen
            for found in _SPEC.finditer(line)
            if not _SENDER.search(line, max(0, found.start() - _LONGEST_BEFORE), found.start())
        )
        wanted = (
            spec
            for spec in specs
            if "@" in spec and spec.casefold() not in own and not phrases.DAEMON.match(spec.casefold())
        )
        if recipients := tuple(dict.fromkeys(wanted)):
            return recipients
    return ()


_LONGEST_BEFORE = 40  # characters before an address that say whose it is
_SENDER = re.compile(r"\bmail from:?\s+<?$", re.IGNORECASE)  # "not accepting mail from ann@example.org"


def _trimmed(found: re.Match[str]) -> str:
    """Without the dots and stars of "ann@example.org...User unknown"."""
    return found[0].split("..")[0].rstrip(".").strip("*")


def _why(notice: str) -> tuple[str, str]:
    """The enhanced status code, and the line that gives the reason."""
    status = next(iter(_STATUS.findall(notice)), "")
    for line in notice.split("\n"):
        if (status and status in line) or _REPLY_CODE.search(line):
            return status, _shortened(line)
    found = phrases.FAILED.search(notice)
    if found is None:
        return status, ""
    start = notice.rfind("\n", 0, found.start()) + 1
    return status, _shortened(notice[start:].partition("\n")[0])


def _shortened(text: str) -> str:
    line = clean_line(text)
    return line if len(line) <= 300 else f"{line[:299]}…"


def _returned(root: Entity, text: str) -> str:
    """The Message-ID of the letter that came back, from its headers or from their copy in the text."""
    for part in root.walk():
        if part.type in _RETURNED and part is not root:
            found = _MESSAGE_ID.search(clean_text(decoded(part.octets[:65_536])))
            if found:
                return found[1]
    notice = phrases.notice(text[:_MAX_TEXT])
    found = _MESSAGE_ID.search(text[len(notice) : len(notice) + _MAX_TEXT])
    return found[1] if found else ""


_MESSAGE_ID = re.compile(r"^[ \t>|]*Message-ID:\s*<([^<>\s]{1,998})>", re.IGNORECASE | re.MULTILINE)
