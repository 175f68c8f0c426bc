"""What both mail doors share: the TLS they ask for, and plain words for what goes wrong on the wire.

The law: a certificate is always checked; there is no switch that turns it off.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from mailtickets import strike

SOON = timedelta(days=14)  # a certificate that ends sooner is worth a word


class State(StrEnum):
    OK = "ok"
    NOTE = "note"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """What `mailtickets check` says about one thing that a door has tried."""

    subject: str  # "connect", "certificate", "login" …
    state: State
    text: str  # whole sentences


@dataclass(frozen=True, slots=True)
class Trouble:
    reason: str  # whole sentences, with what to do
    is_refusal: bool  # only the operator can mend it


class BadFile(Exception):
    """A certificate or key of ours cannot be used; `str()` is a whole sentence."""


def context(
    ca_file: Path | None, cert_file: Path | None = None, key_file: Path | None = None
) -> ssl.SSLContext:
    """Checks chain, name and dates, against the machine's authorities or those of `ca_file` (PEM).

    `cert_file` (PEM, with its chain) is shown to a server that asks for one. BadFile.
    """
    try:
        made = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(ca_file) if ca_file else None)
    except OSError as error:
        raise BadFile(f"The ca_file {ca_file} cannot be used ({error.strerror or error}).") from error
    made.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996
    if cert_file is not None:
        _show(made, cert_file, key_file)
    return made


def _show(context: ssl.SSLContext, cert_file: Path, key_file: Path | None) -> None:
    asked: list[None] = []

    def passphrase() -> str:
        asked.append(None)
        return ""

    try:
        # Without a function to ask, OpenSSL would ask the terminal.
        context.load_cert_chain(cert_file, key_file, password=passphrase)
    except OSError as error:
        where = f"{cert_file} with the key in {key_file or 'the same file'}"
        if asked:
            raise BadFile(
                f"The key of {where} has a passphrase that nobody can type. Store it without one, mode 0600."
            ) from error
        if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
            raise BadFile(
                f"The certificate {where} does not belong to that key. Name the right key_file."
            ) from error
        why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        raise BadFile(
            f"The certificate {where} cannot be used ({why or error}). Both must be PEM; check cert_file and key_file."
        ) from error


# X509_V_ERR_* of OpenSSL, x509_vfy.h
_CERTIFICATES = {
    7: "comes from another authority than the one in ca_file.",
    9: "is not valid yet. Is the clock of this machine right?",
    10: "has expired. Renew it on that server.",
    18: "is signed by itself. Name it in ca_file if it is the right one.",
    19: "comes from an authority that is not known here. Name that authority's certificate in ca_file.",
    20: "comes from an authority that is not known here. Name that authority's certificate in ca_file.",
    62: "is made out to another name. Write the name that it holds as host.",
    64: "is made out to a name, not to this number. Write the name that it holds as host.",
}


def trouble(error: BaseException, host: str, port: int) -> Trouble:
    """Say what a failed connection means. Looks through the wrappers that libraries put around an OSError."""
    where = f"{host}:{port}"
    match _origin(error):
        case ssl.SSLCertVerificationError() as bad:
            wrong = _CERTIFICATES.get(bad.verify_code, f"is not valid ({bad.verify_message}).")
            return Trouble(f"The certificate of {where} {wrong}", is_refusal=True)
        case ssl.SSLError() as bad if bad.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
            return Trouble(f"{where} does not begin with TLS. Check port and tls.", is_refusal=True)
        case ssl.SSLError() as bad:
            return Trouble(f"TLS with {where} failed ({bad.reason or bad}).", is_refusal=False)
        case socket.gaierror() as lost:
            return Trouble(
                f"{host} has no address ({lost.strerror}). Is the name right, and does DNS work here?",
                is_refusal=False,
            )
        case ConnectionRefusedError():
            return Trouble(f"Nothing listens at {where}. Is the server up, and is the port right?", False)
        case TimeoutError():
            return Trouble(f"{where} does not answer in time. Is it up, and are port and tls right?", False)
        case ConnectionError():
            return Trouble(f"{where} cut the connection.", is_refusal=False)
        case OSError() as other:
            return Trouble(f"{where} cannot be reached ({other.strerror or other}).", is_refusal=False)
        case other:
            return Trouble(f"{where} does not keep to the protocol ({other or type(other).__name__}).", False)


def _origin(error: BaseException) -> BaseException:
    """The first of what led to it. (A TimeoutError comes from a CancelledError, which says less.)"""
    while isinstance(error.__cause__, Exception):
        error = error.__cause__
    return error


def certificate(peer: Mapping[str, Any], now: datetime | None) -> Finding:
    """Until when it is good. `peer`: as SSLSocket.getpeercert gives it."""
    ends_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(peer["notAfter"]), UTC)
    text = f"The certificate is good until {ends_at:%d %B %Y}."
    if now is not None and ends_at - now < SOON:
        return Finding("certificate", State.NOTE, f"{text} Renew it on that server in time.")
    return Finding("certificate", State.OK, text)


def keep_alive(sock: Any) -> None:
    """Notice within a minute that the other end has vanished without a word, and keep a NAT from forgetting us."""
    # A connection that has ended meanwhile needs no care: the next word with it says so.
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, option):  # not on every system
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def one_line(text: str, longest: int = 300) -> str:
    """A server's answer, fit for a sentence: without our secrets, should it repeat them."""
    whole = strike.out(" ".join(text.split()), strike.SHORTEST_SAID)
    return whole[:longest].rstrip(". ")
