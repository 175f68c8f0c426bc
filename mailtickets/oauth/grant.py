"""What is asked of a provider's endpoints, and what its answers mean.

The law: no secret is repeated in an error, whatever the provider repeats.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mailtickets import wire
from mailtickets.config import OAuth2Settings

if TYPE_CHECKING:
    import httpx

ANSWER_WITHIN = 30.0  # seconds
USUAL_LIFETIME = 3600.0  # seconds, where the provider does not say (RFC 6749 section 5.1)
LONGEST_LIFETIME = 7 * 86400.0  # seconds
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")  # RFC 6750 section 2.1 allows less, some providers do not know
_PASSES = frozenset({"temporarily_unavailable", "server_error", "slow_down"})

AGAIN = "Run “mailtickets authorize” and sign in anew; the desk goes on by itself"
_ADVICE = {  # RFC 6749 section 5.2, RFC 8628 section 3.5
    "invalid_grant": f"The refresh token is spent, too old or withdrawn: a new password, or a while without use, does that. {AGAIN}",
    "interaction_required": f"Somebody has to sign in again. {AGAIN}",
    "consent_required": f"Somebody has to allow it again. {AGAIN}",
    "invalid_client": "client_id or the secret in client_secret_file is wrong, or the secret has run out there. "
    "Take the present ones from the provider",
    "unauthorized_client": "The provider does not allow this application to ask so. Look at client_id, tenant and "
    "grant, and at what the application may do there",
    "invalid_scope": "The provider does not know the scope, or does not give it to this application. Look at scope",
    "invalid_request": "The provider does not understand the question. Look at tenant, scope and token_url",
    "unsupported_grant_type": "The provider has no such grant. Look at grant",
    "access_denied": "It was not allowed there",
    "expired_token": "Nobody answered in time. Begin again",
}


class NoToken(Exception):
    """There is no access token now; `reason` in whole sentences."""

    def __init__(self, reason: str, is_refusal: bool, code: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_refusal = is_refusal  # only the operator can mend it
        self.code = code  # the provider's own word, "authorization_pending"


@dataclass(frozen=True, slots=True)
class Granted:
    access_token: str = field(repr=False)
    lifetime: float  # seconds
    refresh_token: str = field(repr=False)  # "": none was sent, the old one stays


async def by_refresh_token(settings: OAuth2Settings, refresh_token: str) -> Granted:
    """RFC 6749 section 6. NoToken."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "scope": settings.scope}
    return _granted(settings, await ask(settings, settings.token_url, form))


async def by_itself(settings: OAuth2Settings) -> Granted:
    """RFC 6749 section 4.4: the application logs in without a person. NoToken."""
    form = {"grant_type": "client_credentials", "scope": settings.scope}
    return _granted(settings, await ask(settings, settings.token_url, form))


async def by_sign_in(settings: OAuth2Settings, form: Mapping[str, str]) -> Granted:
    """The end of a sign-in, by device code or by link; with a refresh token. NoToken."""
    granted = _granted(settings, await ask(settings, settings.token_url, form))
    if not granted.refresh_token:
        raise NoToken(
            f"{_host(settings.token_url)} gave no refresh token: the desk would be locked out within the hour. "
            "The scope must ask for it (offline_access, at Microsoft and others).",
            is_refusal=True,
        )
    return granted


async def ask(settings: OAuth2Settings, url: str, form: Mapping[str, str]) -> Mapping[str, Any]:
    """The answer to a form, a JSON object. NoToken for everything else."""
    who = {"client_id": settings.client_id}
    if settings.client_secret:
        who["client_secret"] = settings.client_secret  # RFC 6749 section 2.3.1: both providers want it here
    filled = {name: value for name, value in (*form.items(), *who.items()) if value}
    import httpx  # here, since it takes 10 MB, and most desks have a password

    host, port = _host(url), urlsplit(url).port or 443
    try:
        tls = wire.context(settings.ca_file)
        async with httpx.AsyncClient(verify=tls, trust_env=False, timeout=ANSWER_WITHIN) as client:
            answer = await client.post(url, data=filled, headers={"Accept": "application/json"})
    except wire.BadFile as error:
        raise NoToken(str(error), is_refusal=True) from None
    except httpx.TimeoutException:
        raise NoToken(wire.trouble(TimeoutError(), host, port).reason, is_refusal=False) from None
    except httpx.HTTPError as error:
        trouble = wire.trouble(_origin(error), host, port)
        raise NoToken(trouble.reason, trouble.is_refusal) from None
    said = _object(answer)
    if answer.status_code == 200 and "error" not in said:
        return said
    raise _refusal(host, answer.status_code, said, tuple(filled.values()))


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _origin(error: BaseException) -> BaseException:
    """httpx and httpcore wrap what the socket said."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _refusal(host: str, status: int, said: Mapping[str, Any], secrets: tuple[str, ...]) -> NoToken:
    """What an error of RFC 6749 section 5.2 means."""
    code = said.get("error") if isinstance(said.get("error"), str) else ""
    description = said.get("error_description")
    words = wire.one_line(description, longest=200) if isinstance(description, str) else ""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) > 7:
            words = words.replace(secret, "…")
    if not code or status >= 500 or status == 429 or code in _PASSES:
        told = f"{host} answers {status}{f' ({code})' if code else ''} and gives no token now."
        # Where there is no such page, there will be none later.
        return NoToken(told, is_refusal=status in (404, 405, 410) and not code, code=code or "")
    quoted = f" (“{words}”)" if words else ""
    advice = _ADVICE.get(code, "Look for that word in the provider's documentation")
    return NoToken(f"{host} refuses a token: {code}{quoted}. {advice}.", is_refusal=True, code=code)


def _granted(settings: OAuth2Settings, said: Mapping[str, Any]) -> Granted:
    token, fresh = said.get("access_token"), said.get("refresh_token") or ""
    if not (isinstance(token, str) and _TOKEN.fullmatch(token)):
        raise NoToken(f"{_host(settings.token_url)} answers without a token.", is_refusal=False)
    if not (isinstance(fresh, str) and (not fresh or _TOKEN.fullmatch(fresh))):
        raise NoToken(
            f"{_host(settings.token_url)} sent a refresh token that cannot be one.", is_refusal=False
        )
    return Granted(token, _lifetime(said.get("expires_in")), fresh)


def _lifetime(said: object) -> float:
    """Seconds, from a number or a number in quotes."""
    try:
        seconds = float(said) if isinstance(said, (int, float, str)) else USUAL_LIFETIME
    except ValueError:
        return USUAL_LIFETIME
    return min(max(seconds, 0.0), LONGEST_LIFETIME) if seconds == seconds else USUAL_LIFETIME
