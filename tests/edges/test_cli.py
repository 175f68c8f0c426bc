"""The operator's door: what each command prints, and how it ends."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from mailtickets import config
from mailtickets.cli import rows
from mailtickets.cli.app import app
from mailtickets.core.case import MessageKind, Outcome, ReplyKind
from mailtickets.core.decision import Mark
from mailtickets.core.ticket import Changed, Field
from mailtickets.store import engine, ledger, lock, people, search, sessions
from mailtickets.store.engine import Store
from tests.store.desk import Desk, outgoing
from tests.store.letters import ANN, LEE, letter

CONFIG = """
[[mailbox]]
address = "support@example.org"
[mailbox.imap]
host = "imap.example.org"
user = "support"
[smtp]
host = "smtp.example.org"
[[agent]]
address = "ann@example.org"
name = "Ann Smith"
role = "admin"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def desk(file: Path) -> Iterator[Desk]:
    """A desk with a ledger, and no daemon."""
    settings = config.load(file, with_secrets=False)
    engine.make_current(settings.database_url, settings.state_dir)
    store = Store.open(settings.database_url, settings.blobs)
    yield Desk(store, settings.policy)
    store.close_sync()


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def _rows(file: Path, *words: str) -> list[dict[str, Any]]:
    done = _run(*words, "--json", "--config", str(file))
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


# Rows


def test_tickets_are_listed_with_everything_a_script_wants(file: Path, desk: Desk) -> None:
    ticket = desk.opens()
    ann = desk.hire()
    desk.says(ticket, letter("two@customer.example"), Changed(Field.ASSIGNEE, None, ann.id))
    (row,) = _rows(file, "ticket", "list")
    wanted = {
        "number": 1,
        "subject": "Printer",
        "status": "new",
        "priority": "standard",
        "assignee": ANN.spec,
        "requester": LEE.spec,
        "project": "support",
    }
    assert wanted.items() <= row.items()
    assert datetime.fromisoformat(row["updated"]).tzinfo is not None


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), 1),
        (("status:New",), 1),
        (("status:closed",), 0),
        (("status:closed,new",), 1),
        (("status:closed or status:new",), 1),
        (("assignee:nobody",), 1),
        ((f"assignee:{LEE.spec}",), 0),
        (("blank", "pages"), 1),
        (("-blank",), 0),
        (("-status:closed", "-tag:vpn", "n:1"), 1),
        (("paper",), 0),
    ],
)
def test_tickets_can_be_narrowed(file: Path, desk: Desk, words: tuple[str, ...], found: int) -> None:
    desk.opens()
    desk.store.write_sync(search.write_cards, 100)
    assert len(_rows(file, "ticket", "list", *words)) == found


def test_words_that_cannot_be_found_yet_are_told(file: Path, desk: Desk) -> None:
    desk.opens()
    done = _run("ticket", "list", "blank", "--config", str(file))
    assert "There is no such ticket." in done.stdout
    assert "cannot be found by their words yet: 1" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ticket", "list", "status:clsoed"), "There are, for status: new, open"),
        (("ticket", "list", "x status:clsoed"), "Did you mean: x status:closed"),
        (("ticket", "list", "statsu:open"), "Character 1: the desk does not know statsu:"),
        (("ticket", "list", "assignee:x@example.org"), "there is no assignee:x@example.org"),
        (("ticket", "list", "assignee:me"), "name an address"),
        (("ticket", "list", "--status", "new"), "There is no option --status"),
        (("ledger", "--outcome", "eaten"), "There are: opened, replied"),
        (("outbox", "list", "--state", "lost"), "There are: due, claimed"),
        (("ticket", "show", "one"), "Invalid value"),
        (("tickets",), "No such command"),
    ],
)
def test_a_word_that_cannot_be_is_a_usage_error(
    file: Path, desk: Desk, words: tuple[str, ...], said: str
) -> None:
    done = _run("--config", str(file), *words)
    assert done.exit_code == 2
    assert said in done.output


def test_a_ticket_is_shown_whole(file: Path, desk: Desk) -> None:
    ticket = desk.opens()
    ann = desk.hire()
    change = Changed(Field.STATUS, "new", "waiting")
    desk.says(ticket, letter("two@example.org", sender=ANN), change, kind=MessageKind.NOTE)
    desk.mails(outgoing(ann, ReplyKind.OPENED, ticket=ticket.id))
    told = _run("ticket", "show", "1", "--config", str(file)).stdout
    for part in (
        "1  Printer",
        "Lee Chang <lee@customer.example>",
        "It prints blank pages.",
        "noted (staff only)",
        "status new → waiting by Ann Smith",
        "opened to ann@example.org: due",
    ):
        assert part in told
    whole = json.loads(_run("ticket", "show", "1", "--json", "--config", str(file)).stdout)
    assert whole["messages"][0]["text"] == "It prints blank pages."
    assert [message["kind"] for message in whole["messages"]] == ["public", "note"]
    assert (whole["tags"], whole["cc"], whole["followers"], whole["updated_by"]) == ([], [], [], ANN.spec)
    assert whole["history"][1] | {"at": ""} == {
        "field": "status",
        "old": "new",
        "new": "waiting",
        "at": "",
        "by": ANN.spec,
    }


def test_every_letter_stands_in_the_ledger(file: Path, desk: Desk) -> None:
    desk.opens(letter("one@customer.example"))
    (row,) = _rows(file, "ledger")
    wanted = {
        "mailbox": "support@example.org",
        "uid": 1,
        "message_id": "one@customer.example",
        "outcome": "opened",
        "reason": "new ticket",
        "ticket": 1,
    }
    assert wanted.items() <= row.items()
    assert len(_rows(file, "ledger", "--outcome", "filed")) == 0
    assert len(_rows(file, "ledger", "--mailbox", "Support@Example.org")) == 1


def test_a_script_gets_every_row_and_the_newest_few_if_it_asks(file: Path, desk: Desk) -> None:
    for n in range(120):
        desk.opens(letter(f"{n}@customer.example"))
    assert len(_rows(file, "ledger")) == 120
    assert len(_rows(file, "ticket", "list")) == 120
    assert [row["uid"] for row in _rows(file, "ledger", "--last", "2")] == [120, 119]


def test_quarantine_is_listed_shown_and_read_again(file: Path, desk: Desk) -> None:
    stored = desk.stored()
    desk.store.write_sync(
        ledger.quarantine, stored.inbound, "It has no end.", "Traceback: in reading", desk.now
    )
    (row,) = _rows(file, "quarantine", "list")
    assert row["outcome"] == Outcome.QUARANTINED
    told = _run("quarantine", "show", str(row["id"]), "--config", str(file)).stdout
    assert "It has no end." in told
    assert "Traceback: in reading" in told
    raw = _run("quarantine", "show", str(row["id"]), "--raw", "--config", str(file)).stdout_bytes
    assert raw.startswith(b"Subject: letter 1\r\n")
    done = _run("quarantine", "retry", str(row["id"]), "--config", str(file))
    assert (done.exit_code, done.stdout) == (0, "1 letter is read again.\n")
    assert _rows(file, "quarantine", "list") == []


def test_the_outbox_is_listed_and_sent_again(file: Path, desk: Desk) -> None:
    desk.mails(outgoing(desk.hire()), is_held=True)
    (row,) = _rows(file, "outbox", "list")
    assert (row["recipient"], row["state"], row["kind"]) == (ANN.spec, "held", "answer")
    assert _run("outbox", "retry", "--config", str(file)).stdout == "1 mail is tried again now.\n"
    assert [r["state"] for r in _rows(file, "outbox", "list", "--state", "due")] == ["due"]


def test_paused_addresses_are_listed_and_lifted(file: Path, desk: Desk) -> None:
    desk.opens()
    desk.store.write_sync(people.mark, (Mark(LEE, 3, "It came back."),), desk.now)
    (row,) = _rows(file, "paused", "list")
    assert (row["address"], row["bounces"], row["why"]) == (LEE.spec, 3, "It came back.")
    shown = json.loads(_run("ticket", "show", "1", "--json", "--config", str(file)).stdout)
    assert shown["participants"] == [
        {"address": LEE.spec, "part": "requester", "language": "", "paused": "It came back."}
    ]
    done = _run("paused", "lift", "LEE@customer.example", "--config", str(file))
    assert done.stdout == "1 address gets automatic mail again.\n"
    assert _rows(file, "paused", "list") == []


def test_who_is_signed_in_is_listed_and_signed_out(file: Path, desk: Desk) -> None:
    lee, ann, now = desk.person(LEE), desk.hire(), datetime.now(UTC)
    for hash, who in (("a", lee), ("b", ann), ("c", ann)):
        desk.store.write_sync(sessions.begin, who.id, hash * 64, now)
    assert {row["address"] for row in _rows(file, "sessions", "list")} == {LEE.spec, ANN.spec}
    (row,) = _rows(file, "sessions", "list", "--person", LEE.spec)
    assert {"role": "requester", "address": LEE.spec}.items() <= row.items()
    assert datetime.fromisoformat(row["until"]) - datetime.fromisoformat(row["seen"]) == timedelta(days=7)
    assert "aaaa" not in _run("sessions", "list", "--json", "--config", str(file)).stdout
    done = _run("sessions", "revoke", str(row["id"]), "--config", str(file))
    assert done.stdout == "1 session is ended.\n"
    assert _rows(file, "sessions", "list", "--person", LEE.spec) == []
    done = _run("sessions", "revoke", "--person", "ANN@example.org", "--config", str(file))
    assert done.stdout == "2 sessions are ended.\n"
    assert _run("sessions", "revoke", "--all", "--config", str(file)).stdout == "0 sessions are ended.\n"


@pytest.mark.parametrize("words", [(), ("1", "--all"), ("--person", "ann@example.org", "--all")])
def test_everybody_is_only_signed_out_by_saying_so(file: Path, desk: Desk, words: tuple[str, ...]) -> None:
    desk.store.write_sync(sessions.begin, desk.hire().id, "a" * 64, datetime.now(UTC))
    done = _run("sessions", "revoke", *words, "--config", str(file))
    assert done.exit_code == 2
    assert "--all" in done.stderr
    assert len(_rows(file, "sessions", "list")) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("ticket", "show", "9"),
        ("quarantine", "show", "9"),
        ("quarantine", "retry", "9"),
        ("held", "release", "9"),
        ("outbox", "retry", "9"),
        ("paused", "lift", "nobody@example.org"),
        ("sessions", "list", "--person", "nobody@example.org"),
        ("sessions", "revoke", "9"),
        ("sessions", "revoke", "--person", "nobody@example.org"),
        ("link", "stranger@example.org"),
    ],
)
def test_what_is_not_there_ends_with_1_and_says_so(file: Path, desk: Desk, words: tuple[str, ...]) -> None:
    done = _run(*words, "--config", str(file))
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.strip().endswith(".")


@pytest.mark.parametrize(
    "words",
    [
        ("ticket", "list"),
        ("ledger",),
        ("quarantine", "list"),
        ("held", "list"),
        ("outbox", "list"),
        ("paused", "list"),
        ("sessions", "list"),
    ],
)
def test_no_rows_is_an_empty_array_or_a_sentence(file: Path, desk: Desk, words: tuple[str, ...]) -> None:
    assert _rows(file, *words) == []
    assert _run(*words, "--config", str(file)).stdout.strip().endswith(".")


def test_a_link_is_printed_for_who_is_known(file: Path, desk: Desk) -> None:
    done = _run("link", "Ann@example.org", "--config", str(file))
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("http://127.0.0.1:8025/")


# How it ends


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("run",),
        ("window",),
        ("link", "ann@example.org"),
        ("ticket", "list"),
        ("ledger",),
        ("db", "upgrade"),
        ("outbox", "retry"),
    ],
)
def test_a_wrong_config_ends_with_78_and_every_error(tmp_path: Path, words: tuple[str, ...]) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[desk]\nnaem = 'x'\n" + CONFIG.replace("imap.example.org", "imap://x"))
    done = _run(*words, "--config", str(path))
    assert done.exit_code == 78
    assert "desk.naem" in done.stderr
    assert "mailbox[0].imap.host" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--config", "{}", "ticket", "list"),
        ("ticket", "--config", "{}", "list"),
        ("ticket", "list", "--config", "{}"),
        ("--config", "/nowhere.toml", "ticket", "list", "--config", "{}"),
    ],
)
def test_the_config_may_stand_anywhere_and_the_last_one_counts(
    file: Path, desk: Desk, words: tuple[str, ...]
) -> None:
    done = _run(*[word.format(file) for word in words])
    assert done.exit_code == 0, done.output


def test_before_the_first_start_it_says_so(file: Path) -> None:
    done = _run("ticket", "list", "--config", str(file))
    assert done.exit_code == 1
    assert "There is no database yet" in done.stderr


def test_a_second_instance_ends_with_78(file: Path) -> None:
    (file.parent / "imap-password").write_text("secret")
    with lock.hold(file.parent / "state"):
        for words in (("run",), ("db", "upgrade")):
            done = _run(*words, "--config", str(file))
            assert done.exit_code == 78, done.output
            assert "Stop it first" in done.stderr


def test_a_daemon_that_does_not_answer_is_said(file: Path, desk: Desk) -> None:
    with lock.hold(file.parent / "state"):
        done = _run("outbox", "retry", "--config", str(file))
    assert done.exit_code == 1
    assert "does not answer" in done.stderr


def test_a_database_that_cannot_be_reached_is_said_without_its_password(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[database]\nurl = "postgresql://desk:kanarienvogel@127.0.0.1:1/x"\n' + CONFIG)
    done = _run("ledger", "--config", str(path))
    assert done.exit_code == 1
    assert "cannot be reached" in done.stderr
    assert "kanarienvogel" not in done.output


def test_the_database_is_upgraded_on_request(file: Path) -> None:
    assert "up to date now" in _run("db", "upgrade", "--config", str(file)).stdout
    assert "was up to date" in _run("db", "upgrade", "--config", str(file)).stdout


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "mailtickets", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "0.1.0\n")


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        (
            "--help",
            ("pydantic", "rich", "sqlalchemy", "structlog", "fastapi", "httpx", "jinja2", "mailparser"),
        ),
        ("read --help", ("rich", "sqlalchemy", "structlog", "fastapi", "mailparser")),
        ("ticket list", ("alembic", "fastapi", "jinja2", "rich", "mailparser", "aioimaplib", "structlog")),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(
    file: Path, desk: Desk, words: str, heavy: tuple[str, ...]
) -> None:
    code = f"""
import sys
from mailtickets.cli import main
sys.argv = ["mailtickets", *{words.split()!r}]
try:
    main()
finally:
    print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=file.parent)
    assert done.stderr.strip() == "[]"


# How rows look

COLUMNS = (rows.Column("n", "No."), rows.Column("what", "What"), rows.Column("hidden", ""))
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (None, ""),
        (True, "yes"),
        (False, ""),
        (7, "7"),
        (AT, "2026-01-02 03:04"),
        (("a", "b"), "a, b"),
        ("red\x1b[31m\nline", "red [31m line"),
    ],
)
def test_a_cell_is_one_line_that_cannot_steer_the_terminal(cell: rows.Cell, shown: str) -> None:
    assert rows.words(cell) == shown


def test_columns_stand_below_each_other_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    found: list[rows.Row] = [{"n": 1, "what": "short", "hidden": 0}, {"n": 1000, "what": "", "hidden": 0}]
    rows.show(found, COLUMNS, as_json=False, none="Nothing.")
    assert capsys.readouterr().out == "No.   What\n1     short\n1000\n"


def test_on_a_terminal_there_is_a_table_and_markup_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    rows.show([{"n": 1, "what": "[red]not red[/red]", "hidden": 0}], COLUMNS, as_json=False, none="")
    assert "[red]not red[/red]" in terminal.getvalue()
