"""The secrets that lie in files: the desk's own key, and the passwords of its servers.

The law: what is read here goes into a value that does not show it, and no error repeats it.
"""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_hex
from urllib.parse import parse_qs, unquote, urlsplit

from mailtickets.config.settings import ConfigError, ImapSettings, OAuth2Settings, Settings, SmtpSettings
from mailtickets.core.tokens import Secret

SHORTEST = 32  # octets; below that a Message-ID could be forged by trying


def secrets(settings: Settings) -> Secret:
    """The desk's keys; the first is made if it is not there yet. ConfigError if one cannot be used."""
    first, *older = settings.secret_files
    try:
        _make(first)
    except OSError as error:
        raise ConfigError(f"desk.secret_file: {first} cannot be made ({error.strerror}).") from error
    return Secret(tuple(_key(path) for path in (first, *older)))


def hidden(settings: Settings) -> tuple[str, ...]:
    """What must never show anywhere: for the log to strike out."""
    url = urlsplit(settings.database_url)
    # libpq takes a password, and that of a key, among the parameters too.
    asked = parse_qs(url.query)
    database = (
        url.password,
        unquote(url.password or ""),
        *asked.get("password", ()),
        *asked.get("sslpassword", ()),
    )
    doors: tuple[ImapSettings | SmtpSettings, ...] = (
        *(box.imap for box in settings.mailboxes),
        settings.smtp,
    )
    applications = (door.oauth2.client_secret for door in doors if door.oauth2)
    servers = (*(door.password for door in doors), *applications)
    return tuple(one for one in (*servers, *database, settings.passphrase) if one)


def left_in_environment(settings: Settings) -> dict[str, str]:
    """The environment for a process of ours that logs in to no mail server: without their passwords."""
    return {name: value for name, value in os.environ.items() if name not in settings.password_variables}


def refresh_token(oauth2: OAuth2Settings) -> str:
    """As it lies in its file now: whoever puts a new one there need not start anew. Errors as of `from_file`."""
    return from_file(oauth2.refresh_token_file, oauth2.folder)


def place(name: str, folder: Path) -> Path | None:
    """A file beside the config, else systemd's credential of that name; None if none is named."""
    places = _places(name, folder)
    readable = (path for path in places if os.access(path, os.R_OK))
    return next(readable, places[0]).absolute() if name else None


def is_there(name: str, folder: Path) -> bool:
    return any(path.is_file() and os.access(path, os.R_OK) for path in _places(name, folder))


def _places(name: str, folder: Path) -> tuple[Path, ...]:
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return (folder / name, *([Path(credentials) / name] if credentials else []))


def _make(path: Path) -> None:
    """Write a new key, whole or not at all; leave the one that is there."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(token_hex(32) + "\n")
        out.flush()
        os.fsync(out.fileno())
    try:
        # A link, not a rename: whoever is second keeps the first one's key.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _key(path: Path) -> bytes:
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise ConfigError(f"desk.secret_file: {path} cannot be read ({error.strerror}).") from error
    if len(key) < SHORTEST:
        raise ConfigError(
            f"desk.secret_file: {path} holds less than {SHORTEST} characters. "
            "Put the old key back, or remove the file to have a new one made."
        )
    return key


def from_file(name: str, folder: Path) -> str:
    """The first line of a file beside the config, else of systemd's credential of that name.

    A file that only root may read is passed over: it is what systemd's LoadCredential= is fed from.
    FileNotFoundError with the places that were tried; ValueError if the file holds no password.
    """
    places = _places(name, folder)
    for path in places:
        try:
            return _first_line(path.read_bytes())
        except (FileNotFoundError, PermissionError):
            continue
    raise FileNotFoundError(" or ".join(map(str, places)))


def whole_file(name: str, folder: Path) -> bytes:
    """The same for a file that is more than a line. FileNotFoundError."""
    places = _places(name, folder)
    for path in places:
        try:
            return path.read_bytes()
        except (FileNotFoundError, PermissionError):
            continue
    raise FileNotFoundError(" or ".join(map(str, places)))


def _first_line(octets: bytes) -> str:
    try:
        password = octets.decode("utf-8").split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError:
        raise ValueError("the file is not text") from None
    if not password:
        raise ValueError("the file is empty")
    return password


def from_environment(name: str) -> str:
    """ValueError if the variable is not set."""
    if not (password := os.environ.get(name, "")):
        raise ValueError("this variable is not set")
    return password
