"""The operator's file becomes Settings: every error at once, or none at all."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mailtickets.config import across, faults, keys, secret
from mailtickets.config.build import refresh_token_name, settings
from mailtickets.config.faults import Fault
from mailtickets.config.settings import ConfigError, Settings
from mailtickets.config.tables import DatabaseTable, DeskTable, File, Login, OAuth2Table
from mailtickets.core.openpgp import Key, Signer

PLACES = (Path("config.toml"), Path("/etc/mailtickets/config.toml"))


def find(option: Path | None) -> Path:
    """`--config`, else ./config.toml, else /etc/mailtickets/config.toml. ConfigError if none is there."""
    if option is not None:
        return option
    for place in PLACES:
        if place.is_file():
            return place
    raise ConfigError(
        "There is no config.toml here and none in /etc/mailtickets. "
        "Write one with “mailtickets init”, or name yours with --config FILE."
    )


def load(path: Path, *, with_secrets: bool = True, is_signed_in: bool = True) -> Settings:
    """Read, check and build. ConfigError holds all that is wrong; without secrets, passwords stay empty.

    `is_signed_in`: refresh tokens must be there.
    """
    path = path.absolute()
    document = _document(path)
    found, wrong = _shape(document)
    wrong += across.faults(document)
    read: dict[str, str] = {}
    pinned: Mapping[str, Key] = {}
    signer: Signer | None = None
    if found is not None:
        pinned = keys.pinned(found, path.parent, wrong)
        read["database"] = _database_password(found.database, path.parent, wrong)
    if found is not None and with_secrets:
        wrong += _absent_files(found, path.parent)
        read["desk"] = _passphrase(found.desk, path.parent, wrong)
        signer = keys.signer(found.desk, path.parent, read["desk"], wrong)
        for place, login in _logins(found):
            if login.oauth2 is None:
                read[place] = _password(place, login, path.parent, wrong)
            else:
                read[f"{place}.oauth2"] = _application(f"{place}.oauth2", login.oauth2, path.parent, wrong)
                if is_signed_in:
                    _refresh_token(f"{place}.oauth2", login.oauth2, path.parent, wrong)
    if wrong or found is None:
        raise ConfigError("\n".join(str(fault) for fault in wrong))
    return replace(settings(found, path, read, pinned), signer=signer, passphrase=read.get("desk", ""))


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{path} is not there. Write one with “mailtickets init”.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}, line {line}: this is not UTF-8. Save the file as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        # tomllib ends its sentence with "(at line 3, column 5)".
        raise ConfigError(f"{path} is not TOML: {error}. Mend that place and try again.") from None


def _shape(document: dict[str, Any]) -> tuple[File | None, list[Fault]]:
    try:
        return File.model_validate(document), []
    except ValidationError as error:
        return None, list(faults.of_shape(error))


def _inboxes(file: File) -> tuple[tuple[str, Login], ...]:
    return tuple((f"mailbox[{i}].imap", box.imap) for i, box in enumerate(file.mailbox))


def _logins(file: File) -> tuple[tuple[str, Login], ...]:
    """Every server that wants a password, with its path in the file."""
    return (*_inboxes(file), ("smtp", file.smtp)) if file.smtp.user else _inboxes(file)


def _absent_files(file: File, folder: Path) -> Iterator[Fault]:
    """Files and folders that the start would stumble over later."""
    logins = (*_inboxes(file), ("smtp", file.smtp))
    wanted = [(f"{place}.ca_file", login.ca_file) for place, login in logins]
    wanted += [(f"{place}.oauth2.ca_file", login.oauth2.ca_file) for place, login in logins if login.oauth2]
    for path, name in wanted:
        if name and not (folder / name).is_file():
            yield Fault(path, faults.shown(path, name), f"there is no file {folder / name}")
    own = [
        (f"{place}.{key}", getattr(login, key))
        for place, login in logins
        for key in ("cert_file", "key_file")
    ]
    for path, name in own:
        if name and not secret.is_there(name, folder):
            yield Fault(
                path, faults.shown(path, name), f"there is no file that can be read at {folder / name}"
            )
    if file.desk.templates_dir and not (folder / file.desk.templates_dir).is_dir():
        path, name = "desk.templates_dir", file.desk.templates_dir
        yield Fault(path, faults.shown(path, name), f"there is no folder {folder / name}")


def _passphrase(table: DeskTable, folder: Path, wrong: list[Fault]) -> str:
    """Of the desk's own OpenPGP key; "" if it has none, or with a fault."""
    if table.openpgp_passphrase_env:
        return _from_environment("desk", table.openpgp_passphrase_env, wrong, "openpgp_passphrase_env")
    if not table.openpgp_passphrase_file:
        return ""
    path = "desk.openpgp_passphrase_file"
    return _from_file(path, table.openpgp_passphrase_file, folder, "Put the passphrase there", wrong)


def _database_password(table: DatabaseTable, folder: Path, wrong: list[Fault]) -> str:
    """ "" if there is none, or with a fault. Whoever only looks into the database needs it too."""
    if table.password_env:
        return _from_environment("database", table.password_env, wrong)
    if not table.password_file:
        return ""
    todo = "Put the password there"
    return _from_file("database.password_file", table.password_file, folder, todo, wrong)


def _password(place: str, login: Login, folder: Path, wrong: list[Fault]) -> str:
    """The password, or "" and a fault."""
    if not login.password_env:
        name = login.password_file or f"{place.rpartition('.')[2]}-password"
        return _from_file(f"{place}.password_file", name, folder, "Put the password there", wrong)
    return _from_environment(place, login.password_env, wrong)


def _from_environment(place: str, name: str, wrong: list[Fault], key: str = "password_env") -> str:
    try:
        return secret.from_environment(name)
    except ValueError as error:
        path = f"{place}.{key}"
        wrong.append(Fault(path, faults.shown(path, name), f"{error}. Put the password there"))
        return ""


def _application(place: str, table: OAuth2Table, folder: Path, wrong: list[Fault]) -> str:
    """The application's own secret; "" if it has none, or with a fault."""
    if not (name := table.client_secret_file):
        return ""
    return _from_file(
        f"{place}.client_secret_file", name, folder, "Put the application's secret there", wrong
    )


def _refresh_token(place: str, table: OAuth2Table, folder: Path, wrong: list[Fault]) -> None:
    """It is read when it is used; that it is there is worth knowing now."""
    if table.grant == "refresh_token":
        name = table.refresh_token_file or refresh_token_name(place.removesuffix(".oauth2"))
        todo = "“mailtickets authorize” gets one and puts it there"
        _from_file(f"{place}.refresh_token_file", name, folder, todo, wrong)


def _from_file(path: str, name: str, folder: Path, todo: str, wrong: list[Fault]) -> str:
    """The secret in a file, or "" and a fault with what is to be done."""
    try:
        return secret.from_file(name, folder)
    except FileNotFoundError as error:
        advice = f"there is no file that can be read at {error}. {todo}, mode 0600"
    except ValueError as error:
        advice = f"{error}. {todo}"
    except OSError as error:
        advice = f"this cannot be read ({error.strerror})"
    wrong.append(Fault(path, faults.shown(path, name), advice))
    return ""
