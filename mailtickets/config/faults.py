"""What is wrong with the operator's file, in words: path, offending value, what to write instead.

The law: nothing that may be a secret is repeated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mailtickets.config import values
from mailtickets.config.tables import File, Table

_SECRET = re.compile(r"pas+|pwd|secret|token|cred", re.IGNORECASE)
_NAMES_A_PLACE = (
    "password_file",
    "password_env",
    "secret_file",
    "client_secret_file",
    "refresh_token_file",
    "token_url",
)
_URL_PASSWORD = re.compile(r"(://[^/@\s:]*):.*@")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_INDEX = re.compile(r"\[\d+\]")
_SHOWN = 80  # characters of a value: a config line, not an essay

_WANTED_TABLES = {
    "mailbox": "the desk has no inbox to read. Add [[mailbox]] with its address, and [mailbox.imap] below it",
    "imap": "where this inbox lies is not said. Add [mailbox.imap] with host and user below this [[mailbox]]",
    "smtp": "how mail goes out is not said. Add [smtp] with host, user and password_file",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that cannot be so. `value` is as it may be shown, "" for none."""

    path: str  # mailbox[0].imap.port
    value: str
    advice: str

    def __str__(self) -> str:
        what = f"{self.path} = {self.value}" if self.value else self.path
        return f"{what}: {self.advice}{'' if self.advice[-1] in '.?' else '.'}"


def cannot_be(path: str, value: object, advice: str) -> Fault:
    """A value that is out of the question, and what to write instead."""
    return Fault(path, shown(path, value), f"this cannot be; {advice}")


def of_shape(error: ValidationError) -> Iterator[Fault]:
    """All that the tables found."""
    for detail in error.errors(include_url=False):
        yield _fault(detail)


def shown(path: str, value: object) -> str:
    """A value as TOML would have it, cut; never one that may be a secret. "" for a table or a list of them."""
    name = path.rpartition(".")[2]
    if isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(v, Mapping) for v in value)):
        return ""
    if _SECRET.search(name) and not name.startswith(_NAMES_A_PLACE):
        return "…"
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = _URL_PASSWORD.sub(r"\1:…@", text)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def joined(location: tuple[int | str, ...]) -> str:
    """("mailbox", 0, "imap", "port") → mailbox[0].imap.port"""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{_key(step)}" for step in location)
    return path.removeprefix(".")


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name)


def _fault(detail: ErrorDetails) -> Fault:
    location, value = detail["loc"], detail["input"]
    path, name = joined(location), str(location[-1])
    match detail["type"]:
        case "extra_forbidden":
            return Fault(path, shown(path, value), _nearest(location))
        case "missing" if name in _WANTED_TABLES:
            return Fault(path, "", _WANTED_TABLES[name])
        case "missing":
            return Fault(path, "", f"this is required. Write {name} = {_example(location)}")
        case "too_short" if name in _WANTED_TABLES:
            return Fault(path, "", _WANTED_TABLES[name])
        case "too_short":
            return Fault(path, shown(path, value), "write at least one")
        case "model_type" | "model_attributes_type":
            return Fault(path, shown(path, value), f"this is a table. Write [{_INDEX.sub('', path)}]")
        case "list_type" if isinstance(value, Mapping):
            return Fault(path, "", f"there may be several. Write [[{path}]] with two brackets")
        case "list_type":
            return Fault(path, shown(path, value), "write a list in square brackets")
        case "value_error":
            return cannot_be(path, value, str(detail["ctx"]["error"]))
        case other:
            raise AssertionError(f"{path}: no words for the error {other}")


def _nearest(location: tuple[int | str, ...]) -> str:
    name, table = str(location[-1]), _table(location[:-1])
    known = list(table.model_fields)
    if elsewhere := [path for path, key in _keys(File) if key == name]:
        return f"there is no such key here. It belongs in {' or '.join(f'[{path}]' for path in elsewhere)}"
    if near := get_close_matches(name.casefold(), known, n=2, cutoff=0.6):
        return f"there is no such key. Did you mean {values.quoted(tuple(near))}?"
    return f"there is no such key. Known here: {', '.join(known)}"


def _example(location: tuple[int | str, ...]) -> str:
    examples = _table(location[:-1]).model_fields[str(location[-1])].examples or ["…"]
    return json.dumps(examples[0])


def _table(location: tuple[int | str, ...]) -> type[BaseModel]:
    """The table that a path leads to."""
    table: type[BaseModel] = File
    for step in location:
        if isinstance(step, str):
            table = _inner(table.model_fields[step].annotation) or table
    return table


def _inner(annotation: Any) -> type[Table] | None:
    """The table type within `X`, `list[X]` or `X | None`; None if it holds no table."""
    if get_origin(annotation) in (list, Union, UnionType):
        return next((found for inner in get_args(annotation) if (found := _inner(inner))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, Table) else None


def _keys(table: type[BaseModel], path: str = "") -> Iterator[tuple[str, str]]:
    """Every key of the file: (path of its table, name)."""
    for name, info in table.model_fields.items():
        if inner := _inner(info.annotation):
            yield from _keys(inner, f"{path}.{name}".removeprefix("."))
        elif path:
            yield path, name
