"""`simulate` says what will become of a mail, and leaves no trace of having been asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner, Result

from mailtickets.cli.app import app
from mailtickets.core.mail import Address
from mailtickets.demo import letters
from mailtickets.demo.letters import Letter
from mailtickets.store.engine import Tx
from mailtickets.store.schema import metadata
from tests.house.house import SUPPORT
from tests.house.postroom import NOON, Post, PostRoom
from tests.house.robots import bouncer
from tests.postgres import Postgres, missing

LEE = Address("lee@customer.example", "Lee Chang")
ANN = Address("ann@example.org", "Ann Smith")
ALARM = (
    b"From: disk@host.example\r\nAuto-Submitted: auto-generated\r\nMessage-ID: <a@host.example>\r\n"
    b"Subject: Disk full\r\n\r\nIt is.\r\n"
)
STRANGER = b"From: Eve <eve@else.example>\r\nSubject: [#1] psst\r\nMessage-ID: <e@else.example>\r\n\r\nTell me more.\r\n"
NOBODY = b"Subject: who?\r\nMessage-ID: <n@else.example>\r\n\r\nNobody wrote this.\r\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PostRoom]:
    """A desk with one ticket, on either database; it stays open, as under a daemon that is up."""
    if request.param == "sqlite":
        with PostRoom(tmp_path / "desk") as built:
            built.take(_fresh())
            yield built
        return
    if reason := missing():
        pytest.skip(reason)
    with (
        Postgres() as server,
        PostRoom(tmp_path / "desk", url=server.database().replace("+psycopg", "", 1)) as built,
    ):
        built.take(_fresh())
        yield built


def _fresh(subject: str = "Blank pages", text: str = "The printer prints blank pages.") -> bytes:
    return letters.fresh(LEE, Address(SUPPORT), subject, text, NOON).as_bytes()


def _simulate(room: PostRoom, octets: bytes, *more: str) -> Result:
    file = room.config.parent / "simulated.eml"
    file.write_bytes(octets)
    words = ["simulate", str(file), "--as-of", room.now.isoformat(), "--config", str(room.config), *more]
    return CliRunner().invoke(app, words)


def _values(room: PostRoom, octets: bytes, *more: str) -> dict[str, Any]:
    done = _simulate(room, octets, "--json", *more)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _explained(room: PostRoom, letter: int) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["explain", str(letter), "--json", "--config", str(room.config)])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)[0]
    return found


def _essence(told: dict[str, Any]) -> dict[str, Any]:
    """What a prophecy and what came of it must have in common."""
    mails = sorted((mail["kind"], mail["to"]) for mail in told["mails"])
    same = ("outcome", "reason", "ticket", "route", "kind", "why_kind", "evidence_for", "evidence_against")
    return {key: told[key] for key in (*same, "changes", "joined", "not_mailed")} | {"mails": mails}


def _letters(posts: tuple[Post, ...]) -> dict[str, bytes]:
    """A letter of each sort that can come after the first one."""
    notice = next(post.letter for post in posts if post.to == ANN.spec)
    receipt = next(post for post in posts if post.to == LEE.spec)

    def ann(words: str) -> bytes:
        return letters.reply(notice, ANN, words, NOON).as_bytes()

    return {
        "an answer": ann("Please clean the drum."),
        "a note": ann("#note\n\nA known fault."),
        "commands": ann("#priority high\n#assign me"),
        "a near-miss": ann("#statsu closed"),
        "a link asked for": ann("#login"),
        "a reply": letters.reply(receipt.letter, LEE, "Any news?", NOON).as_bytes(),
        "another matter": _fresh("Invoice", "The invoice is wrong, please look at it."),
        "a new sender": letters.fresh(
            Address("new@else.example", "New"), Address(SUPPORT), "Hi", "Me.", NOON
        ).as_bytes(),
        "an alarm": ALARM,
        "a stranger with the number": STRANGER,
        "nobody": NOBODY,
        "a bounce": bouncer(report=True)(receipt, NOON)[0],
    }


def test_what_is_foretold_is_what_happens(room: PostRoom) -> None:
    for what, octets in _letters(room.send()).items():
        room.now += timedelta(minutes=1)
        foretold = _values(room, octets)
        (ending,) = room.take(octets)
        assert _essence(foretold) == _essence(_explained(room, ending.stored.inbound)), what


def test_nothing_is_changed_by_asking(room: PostRoom) -> None:
    posts = room.send()
    before = _state(room)
    for octets in _letters(posts).values():
        assert _simulate(room, octets, "--mails").exit_code == 0
    assert _state(room) == before


def test_nothing_is_changed_while_no_daemon_is_up(tmp_path: Path) -> None:
    with PostRoom(tmp_path / "desk") as room:
        room.take(_fresh())
        posts = room.send()
    before = _files(room)
    for octets in _letters(posts).values():
        assert _simulate(room, octets).exit_code == 0
    assert _files(room) == before


def _state(room: PostRoom) -> object:
    """All rows, on PostgreSQL the sequences too; and every file."""
    return room.store.read_sync(_rows), _files(room)


def _rows(tx: Tx) -> object:
    rows = {name: [repr(row) for row in tx.execute(select(table))] for name, table in metadata.tables.items()}
    drawn = "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"
    return rows, tx.execute(text(drawn)).all() if tx.dialect.name == "postgresql" else ()


def _files(room: PostRoom) -> dict[str, str]:
    """Octets of every file but the mail itself. SQLite's shared memory is no file that anything is kept in, and an
    empty log is as good as none."""
    found = {
        str(path.relative_to(room.config.parent)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(room.config.parent.rglob("*"))
        if path.is_file() and path.name != "simulated.eml" and not path.name.endswith("-shm")
    }
    nothing = hashlib.sha256(b"").hexdigest()
    return {
        name: octets for name, octets in found.items() if not (name.endswith("-wal") and octets == nothing)
    }


def test_a_letter_that_has_come_before_is_said_to_be_one_and_can_be_played_again(room: PostRoom) -> None:
    octets = _fresh("Again", "This comes twice.")
    room.take(octets)
    done = _simulate(room, octets)
    assert "outcome  ignored: duplicate of letter 2" in done.stdout
    assert "mailtickets explain 2. With --again it counts as new." in done.stdout
    assert _values(room, octets, "--again")["outcome"] == "opened"


def test_the_texts_of_the_mails_are_printed_when_asked_for(room: PostRoom) -> None:
    octets = _fresh("Invoice", "The invoice is wrong.")
    assert "Thank you for writing." not in _simulate(room, octets).stdout
    told = _simulate(room, octets, "--mails").stdout
    assert "acknowledgement       lee@customer.example: Re: [#2] Your message to Example Support" in told
    assert "  | Thank you for writing." in told
    assert "  | > The invoice is wrong." in told


def test_a_letter_that_is_too_big_or_cannot_be_read_is_told_its_end(room: PostRoom) -> None:
    big = _fresh() + b"x" * (26 * 2**20)
    told = _values(room, big)
    assert (told["outcome"], told["reason"]) == ("quarantined", "oversize")
    assert [mail["kind"] for mail in told["mails"]] == ["oversize"]
    deep = (
        b"From: lee@customer.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\n\r\nx\r\n" * 300
    )
    done = _simulate(room, deep)
    assert done.exit_code == 1
    assert "It would be quarantined:" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--as-of", "soon"), "Write it like 2026-11-20T12:00."),
        (("--mailbox", "nix@example.org"), "There are: support@example.org."),
    ],
)
def test_what_cannot_be_is_a_usage_error(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    with PostRoom(tmp_path / "desk") as room:
        done = _simulate(room, _fresh(), *words)
    assert (done.exit_code, said in done.output) == (2, True)


def test_a_mail_of_the_desk_leads_back_even_in_a_simulation(room: PostRoom) -> None:
    posts = room.send()
    reply = letters.reply(Letter(LEE, posts[-1].letter.octets), LEE, "And now?", NOON).as_bytes()
    assert _values(room, reply)["route"] == "own id"
