"""What every command shares: --config, --json, and how it ends when something is in the way."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from mailtickets.config import Settings
    from mailtickets.control.questions import Clerk
    from mailtickets.store.engine import Store

NOT_THERE = 1
USAGE = 2
IN_THE_WAY = 78  # EX_CONFIG of sysexits.h


def _wherever(context: typer.Context, value: Path | None) -> Path | None:
    """--config may stand before, between and after a command's words: the last one counts."""
    if value is not None:
        context.obj = value
    earlier: Path | None = context.obj
    return earlier


ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The config; else ./config.toml, else /etc/mailtickets/config.toml.",
        show_default=False,
        callback=_wherever,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON array.")]


def group(config: ConfigFile = None) -> None:
    """A group of commands: --config may stand right behind its name."""


def end(code: int, sentence: str) -> NoReturn:
    """Say why on stderr and exit."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(code)


def settings(file: Path | None, *, with_secrets: bool = False, is_signed_in: bool = True) -> Settings:
    """The operator's settings, or exit 78 with every error of the file. As of `config.load`."""
    from mailtickets import config, strike

    try:
        found = config.load(config.find(file), with_secrets=with_secrets, is_signed_in=is_signed_in)
    except config.ConfigError as error:
        end(IN_THE_WAY, str(error))
    strike.settle(config.hidden(found))
    return found


@contextmanager
def ledger(settings: Settings) -> Iterator[Store]:
    """The database, to read from; exit 1 if it cannot be reached or is not there yet, 78 if it does not fit."""
    from mailtickets.store import engine

    try:
        state = engine.revision_state(settings.database_url)
    except engine.Away as error:
        end(NOT_THERE, str(error))
    except PermissionError as error:
        end(NOT_THERE, _of_another(error))
    match state:
        case "empty":
            end(NOT_THERE, "There is no database yet. “mailtickets run” makes it.")
        case "older":
            end(IN_THE_WAY, "The database is older than this program. Run “mailtickets db upgrade”.")
        case "newer":
            end(IN_THE_WAY, "The database is newer than this program. Install the newer mailtickets again.")
    store = engine.Store.open(settings.database_url, settings.blobs, read_only=True)
    try:
        yield store
    except engine.Unavailable as error:
        end(NOT_THERE, str(error))
    finally:
        store.close_sync()


@contextmanager
def clerk(settings: Settings) -> Iterator[Clerk]:
    """Whoever may write: the daemon, or this process if none is up."""
    from mailtickets.config import ConfigError
    from mailtickets.control import way
    from mailtickets.control.questions import DaemonGone
    from mailtickets.store import engine
    from mailtickets.templates import TemplateError

    try:
        with way.reach(settings, now) as reached:
            yield reached
    except (ConfigError, TemplateError, engine.WrongRevision) as error:
        end(IN_THE_WAY, str(error))
    except (DaemonGone, engine.Away, engine.Unavailable) as error:
        end(NOT_THERE, str(error))
    except PermissionError as error:
        end(NOT_THERE, _of_another(error))


def now() -> datetime:
    """The clock of the command line."""
    return datetime.now(UTC)


def unusable(folder: Path) -> str:
    """Why the daemon cannot work in this state directory, "" if it can. Makes it if it is not there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return f"{folder} cannot be made ({error.strerror}). Make it, or change [desk] state_dir."
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"{folder} cannot be written. Give it to the user that runs the service."
    return ""


def _of_another(error: PermissionError) -> str:
    return f"{error.filename} belongs to another user. Ask as the one that runs the service: sudo -u mailtickets …"
