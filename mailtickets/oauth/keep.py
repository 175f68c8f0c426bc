"""The refresh token that a provider gave in place of the operator's: on disk before it is used.

The law: a file is whole or not there, mode 0600; the operator's own file is never written, and as soon as it
holds another token, that one counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

from mailtickets.config import OAuth2Settings

FOLDER = "tokens"
TRY_EVERY = 0.1  # seconds


def path(settings: OAuth2Settings, state_dir: Path) -> Path:
    """One file for each refresh token of the operator's, whoever uses it."""
    source = str(settings.folder / settings.refresh_token_file)
    what = hashlib.sha256("\n".join((settings.token_url, settings.client_id, source)).encode())
    return state_dir / FOLDER / f"{what.hexdigest()[:16]}.json"


@contextlib.asynccontextmanager
async def turn(file: Path) -> AsyncIterator[None]:
    """Nobody else renews this token meanwhile: the old one may be worth nothing a moment later."""
    _made(file.parent)
    handle = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # Not a blocking call in a thread: one that is cancelled would hold the lock for ever.
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(TRY_EVERY)
        yield
    finally:
        os.close(handle)


def current(file: Path, given: str) -> str:
    """The token to use: what came in place of the operator's `given` one, else that."""
    try:
        kept = json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return given
    is_of_given = isinstance(kept, dict) and kept.get("instead_of") == _mark(given)
    token = kept.get("refresh_token") if is_of_given else None
    return token if isinstance(token, str) and token else given


def save(file: Path, given: str, token: str) -> None:
    """On disk for good when this returns. OSError."""
    folder = _made(file.parent)
    fresh = file.with_suffix(f".{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w") as out:
            json.dump({"instead_of": _mark(given), "refresh_token": token}, out)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    _sync(folder)


def _mark(given: str) -> str:
    return hashlib.sha256(given.encode()).hexdigest()


def _made(folder: Path) -> Path:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(folder.parent)
    return folder


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
