"""The first row of a ticket's history: what a letter that opens one says of it."""

from __future__ import annotations

from mailtickets.core.case import Case
from mailtickets.core.person import Person
from mailtickets.core.policy import Policy
from mailtickets.core.thread import bare_subject
from mailtickets.core.ticket import Opened, Ticket

SUBJECT_LENGTH = 250
_SUBJECT_FROM_TEXT = 70
NO_SUBJECT = "(no subject)"


def opening(case: Case, policy: Policy, sender: Person, text: str, follows: Ticket | None = None) -> Opened:
    """What a new ticket begins with. `follows`: the closed ticket that the letter replies to."""
    flow = policy.workflow
    known = {project.key for project in policy.projects}
    handed = case.known.handed
    if handed is not None:
        written = handed.letter
        subject = _subject(written.subject or case.mail.subject, policy.ticket_tag, written.text or text)
        requester, origin_id = handed.writer.id, written.message_id
    else:
        subject = _subject(case.mail.subject, policy.ticket_tag, text)
        requester, origin_id = sender.id, case.mail.message_id
    return Opened(
        subject=subject,
        status=flow.first_status,
        priority=flow.default_priority,
        type=flow.default_type,
        project=follows.project if follows and follows.project in known else project_of(case, policy),
        requester=requester,
        desk=case.desk.key,
        origin_id=origin_id,
    )


def project_of(case: Case, policy: Policy) -> str:
    """The project of the address that was written to."""
    boxes = [b for b in policy.mailboxes if case.desk.key in {a.key for a in (b.address, *b.aliases)}]
    return boxes[0].project if boxes else policy.projects[0].key


def _subject(subject: str, tag: str, text: str) -> str:
    bare = bare_subject(subject, tag)[:SUBJECT_LENGTH].rstrip()
    return bare or _first_line(text)[:_SUBJECT_FROM_TEXT].rstrip() or NO_SUBJECT


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
