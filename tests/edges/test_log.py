"""The log tells the operator what happened, and never a secret or a body."""

from __future__ import annotations

import inspect
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from mailtickets import log, strike

CANARY = 'kan"arien\\vogel'


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def _events() -> list[tuple[str, Callable[..., None]]]:
    """Every event function: public, and gives nothing back."""
    found = inspect.getmembers(log, inspect.isfunction)
    return [(n, f) for n, f in found if f.__module__ == log.__name__ and n[0] != "_" and n != "setup"]


def _argument(annotation: str) -> object:
    """A value of the annotated type; wherever text goes, the canary goes."""
    samples: dict[str, object] = {
        "str": CANARY,
        "int": 7,
        "float": 7.5,
        "bool": True,
        "int | None": 12,
        "timedelta": timedelta(minutes=3),
        "datetime": datetime(2026, 1, 2, tzinfo=UTC),
        "Path": Path("/tmp") / CANARY,
        "Sequence[str]": (CANARY,),
        "BaseException": ValueError(CANARY),
        "OSError": OSError(28, CANARY),
    }
    return samples[annotation]


@pytest.mark.parametrize("format", ["json", "console"])
@pytest.mark.parametrize(("name", "event"), _events())
def test_no_event_shows_a_secret(name: str, event: Callable[..., None], format: str) -> None:
    stream = io.StringIO()
    log.setup(format, hidden=(CANARY,), stream=stream)
    parameters = inspect.signature(event).parameters.values()
    named = {p.name: _argument(p.annotation) for p in parameters if p.kind is p.KEYWORD_ONLY}
    event(*[_argument(p.annotation) for p in parameters if p.name not in named], **named)
    said = stream.getvalue()
    assert said
    assert "kan" not in said, name


def test_a_library_cannot_show_a_secret_either() -> None:
    stream = io.StringIO()
    log.setup("json", hidden=(CANARY,), stream=stream)
    logging.getLogger("sqlalchemy.pool").warning("connecting with %s", CANARY)
    assert _lines(stream)[0]["event"] == "connecting with …"
    assert _lines(stream)[0]["logger"] == "sqlalchemy.pool"


def test_the_imap_library_is_never_heard_below_warning() -> None:
    # Its DEBUG lines show LOGIN passwords that need quoting.
    log.setup("json", stream=io.StringIO())
    logging.root.setLevel(logging.DEBUG)
    assert not logging.getLogger("aioimaplib.aioimaplib").isEnabledFor(logging.INFO)


def test_a_done_mail_names_mail_ticket_and_outcome() -> None:
    stream = io.StringIO()
    log.setup("json", stream=stream)
    log.mail_done("support@example.org", 17, "a@example.org", "opened", "", 12)
    line = _lines(stream)[0]
    assert list(line)[:3] == ["at", "level", "event"]
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info",
        "event": "mail done",
        "mailbox": "support@example.org",
        "uid": 17,
        "message_id": "a@example.org",
        "outcome": "opened",
        "reason": "",
        "ticket": 12,
    }


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_strangers_message_id_draws_no_line_of_its_own(format: str) -> None:
    stream = io.StringIO()
    log.setup(format, stream=stream)
    log.mail_done("support@example.org", 1, "a\n\x1b[2Jforged@example.org", "ignored", "own", None)
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


def test_a_very_long_answer_is_cut() -> None:
    stream = io.StringIO()
    log.setup("json", stream=stream)
    log.given_up(1, "answer", "bob@example.org", 3, "x" * 10_000)
    assert len(_lines(stream)[0]["answer"]) == 300


def test_what_went_wrong_says_what_to_do() -> None:
    stream = io.StringIO()
    log.setup("json", stream=stream)
    log.mailbox_down("support@example.org", "The server refuses the password.", timedelta(minutes=10), True)
    line = _lines(stream)[0]
    assert line["level"] == "error"
    assert "mailtickets check" in line["next"]
    assert line["again_in"] == "10 min"


def test_a_crash_keeps_its_traceback() -> None:
    stream = io.StringIO()
    log.setup("json", stream=stream)
    try:
        raise ValueError("no such thing")
    except ValueError as error:
        log.crashed(error)
    assert "test_log.py" in _lines(stream)[0]["exception"]


def test_auto_is_json_where_nobody_watches() -> None:
    stream = io.StringIO()
    log.setup("auto", stream=stream)
    log.stopped()
    assert _lines(stream)[0]["event"] == "stopped"


def test_the_default_stream_is_where_systemd_listens() -> None:
    assert inspect.signature(log.setup).parameters["stream"].default is sys.stderr


@pytest.mark.parametrize("format", ["json", "console"])
def test_secret_that_comes_up_later_is_struck_out_too(format: str) -> None:
    stream, secret = io.StringIO(), f"{CANARY} late {format}"
    log.setup(format, (), stream)
    log.concern(f"before: {secret}")
    strike.hide(secret, "short")
    log.concern(f"{secret}, {secret!r}, short")
    logging.getLogger("library").warning("%s", repr(secret))
    before, *after = stream.getvalue().splitlines()
    assert "late" in before
    assert "late" not in "".join(after)
    assert "short" in after[0]
