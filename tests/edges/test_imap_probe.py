"""What `mailtickets check` is told about an inbox."""

from __future__ import annotations

from mailtickets.imap import Deadlines, probe
from mailtickets.wire import State
from tests.authority_ca import Authority
from tests.dovecot import Dovecot
from tests.edges.conftest import inbox_of
from tests.loopback import free_port

QUICK = Deadlines(connect=5, command=5)


async def test_good_inbox_passes_step_by_step(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(b"Subject: x\r\n\r\nx\r\n", to=user)
    found = await probe(inbox_of(user, dovecot.tls_port, dovecot.ca_file), QUICK)
    assert [finding.subject for finding in found] == ["connect", "certificate", "login", "folder", "idle"]
    assert {finding.state for finding in found} == {State.OK}
    assert "INBOX is there and holds 1 mail; what the desk does not know yet will be taken in." in [
        finding.text for finding in found
    ]
    assert dovecot.flags(user) == {1: set()}


async def test_missing_idle_is_a_note() -> None:
    with Dovecot("desk@example.org", without={"IDLE"}) as server:
        *_, idle = await probe(inbox_of("desk@example.org", server.port), QUICK)
    assert (idle.subject, idle.state) == ("idle", State.NOTE)
    assert idle.text == "The server has no IDLE: mail is looked for every 1 s."


async def test_first_thing_that_is_wrong_is_the_last_that_is_said(
    dovecot: Dovecot, user: str, authority: Authority
) -> None:
    wrong = {
        "connect": inbox_of(user, free_port()),
        "login": inbox_of(user, dovecot.port, password="no"),
        "folder": inbox_of(user, dovecot.port, folder="Nowhere"),
    }
    for subject, settings in wrong.items():
        *before, last = await probe(settings, QUICK)
        assert (last.subject, last.state) == (subject, State.FAIL)
        assert {finding.state for finding in before} <= {State.OK}
    (finding,) = await probe(inbox_of(user, dovecot.tls_port, authority.file), QUICK)
    assert (finding.subject, finding.state) == ("connect", State.FAIL)
    assert "comes from an authority that is not known here" in finding.text
