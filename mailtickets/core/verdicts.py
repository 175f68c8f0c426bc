"""What the operator's own mail server found out about a sender: its Authentication-Results. The only door to authres.

The law: only a field counts that bears that server's id, above the first foreign hop where its hops are known; one that
cannot be read counts as if it had said no.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

import authres
import authres.dmarc

from mailtickets.core.mail import InboundMail
from mailtickets.core.signatures import are_related


@dataclass(frozen=True, slots=True)
class Verdict:
    """One Authentication-Results field (RFC 8601 section 2.2)."""

    is_readable: bool = True
    dmarc: tuple[str, ...] = ()  # results, in lower case
    dmarc_from: tuple[str, ...] = ()  # header.from of those that passed
    checks_dkim: bool = False
    dkim_domains: tuple[str, ...] = ()  # of signatures that are valid
    spf_domains: tuple[str, ...] = ()  # of envelope senders that may use the other server

    def knows_path(self, domain: str) -> bool:
        """Whether the letter came from a server of that domain's. It proves nothing of From, but explains a lost signature."""
        return any(are_related(one, domain) for one in self.spf_domains)


def verdicts(mail: InboundMail, authserv_id: str, own_hosts: Collection[str]) -> Iterator[Verdict]:
    """What the server of that id wrote, top first; nothing if `authserv_id` is ""."""
    if not authserv_id:
        return
    wanted, own = authserv_id.casefold(), frozenset(host.casefold() for host in own_hosts)
    for name, value in mail.headers:
        # RFC 8601 section 5: what stands below a foreign hop, a foreigner may have written.
        if name == "received" and own and not _is_own_hop(value, own):
            return
        if name == "authentication-results" and (found := _ID.match(value)) and _called(found) == wanted:
            yield _verdict(value[found.end() :])


def authserv_id(value: str) -> str:
    """The id at the start of a field; comments may stand before it."""
    found = _ID.match(value)
    return _called(found) if found else ""


def _called(found: re.Match[str]) -> str:
    return (found[1] or found[2]).casefold()


_ID = re.compile(r"(?:\s|\([^()]*\))*(?:\"([^\"]*)\"|([^\s;()\"]+))")
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.IGNORECASE)
_LOCAL_HOPS = frozenset({"localhost", "localhost.localdomain", "127.0.0.1", "[127.0.0.1]", "::1", "[::1]"})


def _is_own_hop(received: str, own_hosts: frozenset[str]) -> bool:
    found = _BY.search(received)
    host = found[1].casefold().rstrip(".") if found else ""
    return host in own_hosts or host in _LOCAL_HOPS


@lru_cache(maxsize=256)  # asked twice of each letter, and authres takes 3 ms
def _verdict(said: str) -> Verdict:
    """`said`: what follows the id."""
    parsed = _parsed(_legible(said)) if len(said) <= _LONGEST else None
    if parsed is None:
        # A stranger may choose words in it that cannot be read, but not that a "fail" beside them is forgotten.
        return Verdict(is_readable=False, dmarc=("fail",) if _FAILED.search(said) else ())
    dmarc = [result for result in parsed.results if result.method.lower() == "dmarc"]
    dkim = [result for result in parsed.results if result.method.lower() == "dkim"]
    spf = [result for result in parsed.results if result.method.lower() == "spf"]
    return Verdict(
        dmarc=tuple(result.result.lower() for result in dmarc),
        dmarc_from=tuple(d for r in _passed(dmarc) for d in _domains(r, "header", "from")),
        checks_dkim=bool(dkim),
        dkim_domains=tuple(d for r in _passed(dkim) for d in _signers(r)),
        spf_domains=tuple(d for r in _passed(spf) for d in _domains(r, "smtp", "mailfrom")),
    )


def _parsed(said: str) -> authres.AuthenticationResultsHeader | None:
    # authres lets a comment that never ends swallow what follows.
    bare = _QUOTED.sub("", said)
    for _ in range(_DEEPEST):
        bare = _COMMENT.sub("", bare)
    if any(mark in bare for mark in '()"'):
        return None
    try:
        return _FEATURES.parse(f"Authentication-Results: x{said}")
    except authres.AuthResError:
        return None


_LONGEST = 4_000  # characters; of more, half a second goes by
_DEEPEST = 3  # comments within comments
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
_FEATURES = authres.FeatureContext(authres.dmarc)
_FAILED = re.compile(r"dmarc\s*(?:\([^()]*\)\s*)?=\s*fail", re.IGNORECASE)
_EMPTY_PATH = re.compile(r"=\s*<>")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def _legible(said: str) -> str:
    """Without what good servers write and authres does not know: a last semicolon, `<>`, other alphabets (RFC 8616).

    Nothing that is put in can end a quoted string or a comment: a stranger chooses words that stand in them.
    """
    return _BEYOND_ASCII.sub("_", _EMPTY_PATH.sub("=_", said.rstrip(" \t;")))


def _passed(results: list[authres.AuthenticationResult]) -> Iterator[authres.AuthenticationResult]:
    return (result for result in results if result.result.lower() == "pass")


def _signers(result: authres.AuthenticationResult) -> tuple[str, ...]:
    """The signing domain; header.i, which the signer is free to choose below it, only where that is all there is."""
    return tuple(_domains(result, "header", "d")) or tuple(_domains(result, "header", "i"))


def _domains(result: authres.AuthenticationResult, kind: str, name: str) -> Iterator[str]:
    """The domains in a property of a result: "@example.org", "ann@example.org" and "example.org" alike."""
    for field in result.properties:
        if field.type.lower() == kind and field.name.lower() == name:
            yield str(field.value).rpartition("@")[2].lower().rstrip(".")
