"""The first refresh token of a mailbox: somebody signs in at the provider, and it is put where the config says."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailtickets.cli.options import IN_THE_WAY, NOT_THERE, USAGE, ConfigFile, end, settings

if TYPE_CHECKING:
    from mailtickets.config import OAuth2Settings, Settings

User = Annotated[str, typer.Argument(help="Whose, if the config names several users.", show_default=False)]


def authorize(user: User = "", config: ConfigFile = None) -> None:
    """Sign in at the mail provider (OAuth2), and keep what lets the desk in from then on."""
    chosen = _chosen(settings(config, with_secrets=True, is_signed_in=False), user)
    file = chosen.folder / chosen.refresh_token_file
    if trouble := _unwritable(file):
        end(IN_THE_WAY, trouble)
    from mailtickets.oauth import NoToken
    from mailtickets.oauth import authorize as sign_in

    try:
        token = asyncio.run(sign_in(chosen, _say, _read))
    except NoToken as error:
        end(NOT_THERE, str(error))
    _keep(file, token)
    print(
        f"{file} holds the refresh token now. A desk that runs takes it within five minutes; else: mailtickets check"
    )


def _chosen(found: Settings, user: str) -> OAuth2Settings:
    """The one account that is meant; doors that share a file are one."""
    doors = (*(box.imap.oauth2 for box in found.mailboxes), found.smtp.oauth2)
    people = {o.folder / o.refresh_token_file: o for o in doors if o and o.refresh_token_file}
    meant = [one for one in people.values() if user in ("", one.user)]
    if not people:
        end(IN_THE_WAY, "No [mailbox.imap.oauth2] or [smtp.oauth2] of the config wants a refresh token.")
    names = ", ".join(sorted({one.user for one in people.values()}))
    if not meant:
        end(USAGE, f"No user of the config is called {user}. There are: {names}.")
    if len({one.user for one in meant}) > 1:
        end(USAGE, f"Say whose: mailtickets authorize USER. There are: {names}.")
    if len(meant) > 1:
        files = ", ".join(one.refresh_token_file for one in meant)
        end(
            USAGE,
            f"{meant[0].user} has several refresh tokens ({files}). Name one refresh_token_file for all of them.",
        )
    return meant[0]


def _unwritable(file: Path) -> str:
    """Said before somebody signs in for nothing."""
    if os.access(file if file.exists() else file.parent, os.W_OK):
        return ""
    return f"{file} cannot be written. Ask as somebody who may: sudo mailtickets authorize …"


def _keep(file: Path, token: str) -> None:
    """Whole or not at all, mode 0600, with the owner that the old one had."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(token + "\n")
        out.flush()
        os.fsync(out.fileno())
    owner = (file if file.exists() else file.parent).stat()
    if os.geteuid() == 0:
        os.chown(fresh, owner.st_uid, owner.st_gid)
    fresh.replace(file)


def _say(line: str) -> None:
    print(line, flush=True)


def _read(prompt: str) -> str:
    return input(prompt)
