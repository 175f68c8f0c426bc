"""One TOML value in, one value of the desk out.

The law: a value that cannot be is a ValueError whose words say what to write instead; they follow
"… cannot be; ".
"""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from collections.abc import Callable
from datetime import timedelta
from difflib import get_close_matches
from urllib.parse import urlsplit

from mailtickets.core import openpgp
from mailtickets.core.mail import Address
from mailtickets.core.pictures import PUBLIC
from mailtickets.core.policy import Rate

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
SIZES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
LIFTED = "none"
UNIX = "unix:"  # before the path of a socket

_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+")
_DURATION = re.compile(r"(\d{1,6}) ?([smhd])")
_SIZE = re.compile(r"(\d{1,9}) ?([a-z]+)", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")
_KEY = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
_KEYWORD = re.compile(r"\$?[A-Za-z0-9_.-]+")  # RFC 3501 section 9: flag-keyword is an atom
_TAG = re.compile(r"[^{}]*[^{}\d\s][^{}\d\s]*\{number\}[^{}]*")


def quoted(words: tuple[str, ...]) -> str:
    """`"a", "b" or "c"`."""
    marked = [f'"{word}"' for word in words]
    return marked[0] if len(marked) == 1 else f"{', '.join(marked[:-1])} or {marked[-1]}"


def text(value: object) -> str:
    """One line of text, without blanks around it; may be empty."""
    if not isinstance(value, str):
        raise ValueError("write text in quotes")
    if not value.isprintable():
        raise ValueError("write one line of plain text")
    return value.strip()


def words(value: object) -> str:
    """Text that is not empty."""
    if not (found := text(value)):
        raise ValueError("write something, or leave the key out")
    return found


def fingerprint(value: object) -> str:
    """Of an OpenPGP key, as programs show it."""
    return openpgp.fingerprint(text(value))


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("write true or false, without quotes")
    return value


def number(low: int, high: int) -> Callable[[object], int]:
    """A whole number within bounds."""

    def whole(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"write a whole number from {low} to {high}, without quotes")
        return value

    return whole


def one_of(*known: str) -> Callable[[object], str]:
    """One of a few words; the advice names the nearest."""

    def known_word(value: object) -> str:
        if value in known:
            return str(value)
        near = get_close_matches(str(value).casefold(), known, n=1)
        hint = f'. Did you mean "{near[0]}"?' if near and len(known) > 1 else ""
        raise ValueError(f"write {quoted(known)}{hint}")

    return known_word


def address(value: object) -> Address:
    """A bare addr-spec (RFC 5322 section 3.4.1), without a name."""
    if isinstance(value, str) and _ADDRESS.fullmatch(value) and value.isprintable():
        return Address(value)
    inner = re.search(r"<([^<>]+)>", value) if isinstance(value, str) else None
    example = inner[1] if inner and _ADDRESS.fullmatch(inner[1]) else "ann@example.org"
    raise ValueError(f'write a bare mail address, like "{example}"')


def duration(value: object) -> timedelta:
    """`"60s"`, `"10m"`, `"1h"`, `"14d"`; `"0s"` is none at all."""
    if isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())):
        return timedelta(**{UNITS[found[2]]: int(found[1])})
    raise ValueError('write a span of time, like "60s", "10m", "1h" or "14d"')


def interval(value: object) -> timedelta:
    """A duration of at least a second."""
    if not (found := duration(value)):
        raise ValueError('write at least "1s"')
    return found


def rate(value: object) -> Rate | None:
    """`"3/1h"`: so many in that time; `"none"` lifts the limit."""
    if value == LIFTED:
        return None
    count, slash, per = value.partition("/") if isinstance(value, str) else ("", "", "")
    if slash and count.strip().isdecimal() and _DURATION.fullmatch(per.strip()) and duration(per):
        return Rate(int(count), duration(per))
    raise ValueError('write so many in a span of time, like "20/10m", or "none" to lift the limit')


def count(value: object) -> int | None:
    """A whole number; `"none"` lifts the limit."""
    if value == LIFTED:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError('write a whole number without quotes, or "none" to lift the limit')


def size(value: object) -> int | None:
    """`"25 MiB"` in octets; a bare number is octets; `"none"` lifts the limit."""
    if value == LIFTED:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found and found[2].casefold() in SIZES and int(found[1]):
        return int(found[1]) * SIZES[found[2].casefold()]
    raise ValueError('write a size, like "25 MiB", or "none" to lift the limit')


def host(value: object) -> str:
    """A name or an IP address, and nothing else."""
    if isinstance(value, str) and (_HOST.fullmatch(value) or is_ip(value)):
        return value
    raise ValueError('write the bare name of a host, like "mail.example.org"; the port is a key of its own')


def company_domain(value: object) -> str:
    """The mail domain of one company, in small letters."""
    found = host(value).casefold() if isinstance(value, str) and "." in value and "@" not in value else ""
    if found in PUBLIC:
        raise ValueError("everybody can have an address there. Write a domain that only this company has")
    if not found or is_ip(found):
        raise ValueError('write what stands behind the @ of its addresses, like "customer.example"')
    return found


def is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether nobody else can listen on the way to this host."""
    return ipaddress.ip_address(host).is_loopback if is_ip(host) else host.casefold() == "localhost"


def network(value: object) -> str:
    """`"127.0.0.1"`, `"10.0.0.0/8"`, `"::1"`: one address, or all of a network."""
    if isinstance(value, str):
        try:
            return (
                str(ipaddress.ip_network(value, strict=False))
                if "/" in value
                else str(ipaddress.ip_address(value))
            )
        except ValueError:
            pass
    raise ValueError('write the address of the web server in front, like "127.0.0.1", or "10.0.0.0/24"')


def listen(value: object) -> str:
    """`"127.0.0.1:8025"`, `"[::1]:8025"`, `"unix:/run/mailtickets/page.sock"`; `""` switches the page off."""
    if value == "":
        return ""
    if isinstance(value, str) and value.startswith(UNIX):
        if is_socket(value):
            return value
        raise ValueError(
            'write "unix:" and the whole path of a socket, like "unix:/run/mailtickets/page.sock", of at most 107 octets'
        )
    name, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    named = bool(_HOST.fullmatch(bare)) or is_ip(bare)
    if named and (":" not in bare or bare != name) and port.isdecimal() and 0 < int(port) <= 65535:
        return f"{name}:{port}"
    raise ValueError(
        'write host and port, like "127.0.0.1:8025", or "unix:/run/mailtickets/page.sock", or "" to switch the page off'
    )


def is_socket(value: str) -> bool:
    """`"unix:/run/mailtickets/page.sock"`."""
    path = value.removeprefix(UNIX)
    # unix(7): sockaddr_un holds 108 octets, the last of them a zero.
    is_path = path.startswith("/") and path.isprintable() and 1 < len(path.encode()) < 108
    return value.startswith(UNIX) and is_path


def nameserver(value: object) -> tuple[str, int]:
    """`"192.0.2.53"`, `"127.0.0.1:5353"`, `"[::1]:53"`: an address and its port, 53 if none is named."""
    if isinstance(value, str) and is_ip(value):
        return value, 53
    name, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    bare = name.removeprefix("[").removesuffix("]")
    if is_ip(bare) and port.isdecimal() and 0 < int(port) <= 65535:
        return bare, int(port)
    raise ValueError('write the address of a name server, like "192.0.2.53" or "127.0.0.1:5353"')


def web_url(value: object) -> str:
    """An http(s) URL without a slash at its end."""
    found = urlsplit(value) if isinstance(value, str) and value.isprintable() else None
    if (
        found
        and found.scheme in ("http", "https")
        and found.hostname
        and not found.query
        and not found.fragment
    ):
        return found.geturl().rstrip("/")
    raise ValueError('write where people reach the page, like "https://desk.example.org"')


def endpoint(value: object) -> str:
    """Where an application asks for tokens: https, or http on this machine; "" stays empty."""
    if value == "":
        return ""
    found = urlsplit(value) if isinstance(value, str) and value.isprintable() and " " not in value else None
    if (
        found
        and found.hostname
        and not found.fragment
        and not found.username
        and (found.scheme == "https" or (found.scheme == "http" and is_loopback(found.hostname)))
    ):
        return found.geturl()
    raise ValueError('write an address that begins with "https://": secrets travel there')


def tenant(value: object) -> str:
    """A company's id or domain at Microsoft, or "common"."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", value):
        return value
    raise ValueError('write the tenant id, a domain of the company like "example.org", or "common"')


def database_url(value: object) -> str:
    """`sqlite:///file` or `postgresql://…`, as written."""
    if isinstance(value, str) and value.isprintable():
        if value.startswith("sqlite:///") and len(value) > len("sqlite:///"):
            return value
        if value.startswith("postgresql://") and len(value) > len("postgresql://"):
            return value
    raise ValueError('write "sqlite:///mailtickets.db" or "postgresql://user@host/database"')


def wants_password(url: str) -> None:
    """ValueError if a password from elsewhere would have no place in this database URL."""
    if not url.startswith("postgresql://"):
        raise ValueError("a database in a file has no password. Leave the key out")
    parts = urlsplit(url)
    if not parts.username:
        raise ValueError(
            'whose password this is, is not said. Write the user into url: "postgresql://user@host/…"'
        )
    if parts.password is not None:
        raise ValueError("the password has one source. Take it out of url, or leave the key out")


def folder_url(value: object) -> str:
    """The path within `file:path`."""
    if isinstance(value, str) and value.startswith("file:") and value.isprintable() and value != "file:":
        return value.removeprefix("file:")
    raise ValueError('write "file:" and a folder, like "file:blobs"')


def after(value: object) -> str:
    """What happens to a mail on the server once it is ours."""
    if value == "seen":
        return "seen"
    verb, _, what = value.partition(":") if isinstance(value, str) else ("", "", "")
    if verb == "keyword" and _KEYWORD.fullmatch(what):
        return f"keyword:{what}"
    if verb == "move" and what and what.isprintable():
        return f"move:{what}"
    raise ValueError('write "seen", "keyword:$MailTickets" or "move:Processed"')


def reopening(value: object) -> timedelta | None:
    """How long a reply reopens a closed ticket: None always, no time never (a follow-up is opened)."""
    if value == "reopen":
        return None
    if value == "follow-up":
        return timedelta(0)
    if isinstance(value, str) and value.startswith("reopen-within:"):
        span = value.removeprefix("reopen-within:")
        if _DURATION.fullmatch(span):
            return duration(span)
    raise ValueError('write "reopen", "follow-up" or "reopen-within:14d"')


def tag(value: object) -> str:
    """A format with `{number}` once and a mark before it, so that no bare number in a subject is taken for a ticket."""
    if isinstance(value, str) and value.isprintable() and value.isascii() and _TAG.fullmatch(value):
        return value.strip()
    raise ValueError('write {number} once, with a mark right before it, like "[#{number}]"')


def timezone(value: object) -> str:
    """A name of the IANA time zone database."""
    known = zoneinfo.available_timezones()
    if isinstance(value, str) and value in known:
        return value
    near = get_close_matches(str(value)[:40], sorted(known), n=1, cutoff=0.5)
    raise ValueError(f'write a time zone by its city, like "{near[0] if near else "Europe/Paris"}"')


def key(value: object) -> str:
    """A project's short name, as it stands in addresses and queries."""
    if isinstance(value, str) and _KEY.fullmatch(value):
        return value
    raise ValueError('write small letters, digits, "-" and "_" only, like "site-12"')


def variable(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        return value
    raise ValueError('write the name of an environment variable, like "IMAP_PASSWORD"')
