"""The first refresh token: somebody signs in at the provider, once, in a browser of their own.

The law: a password is never seen here; the refresh token is given to the caller and to nobody else.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from mailtickets.config import OAuth2Settings
from mailtickets.oauth import grant
from mailtickets.oauth.grant import NoToken

# Where the browser is sent with the code. Nobody listens there: the address is copied from its address bar.
# RFC 8252 section 7.3: an application on a desktop may name any port of loopback.
NOWHERE = "http://127.0.0.1:53682/"
USUAL_INTERVAL = 5.0  # seconds (RFC 8628 section 3.2)
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


async def authorize(
    settings: OAuth2Settings,
    say: Callable[[str], None],
    read: Callable[[str], str],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> str:
    """A refresh token. `say` shows a line, `read` asks for one. NoToken."""
    if settings.device_url:
        return await _by_device(settings, say, sleep)
    if settings.authorize_url:
        return await _by_link(settings, say, read)
    raise NoToken(
        "Where to sign in is not known. Write device_url or authorize_url into the [oauth2] table.",
        is_refusal=True,
    )


async def _by_device(
    settings: OAuth2Settings, say: Callable[[str], None], sleep: Callable[[float], Awaitable[None]]
) -> str:
    """RFC 8628."""
    said = await grant.ask(settings, settings.device_url, {"scope": settings.scope})
    device = _text(said, "device_code")
    where = said.get("verification_uri") or said.get("verification_url")
    say(
        f"Open {where} in any browser, sign in as {settings.user}, and type this code: {_text(said, 'user_code')}"
    )
    say("This ends by itself as soon as that is done.")
    interval = _seconds(said, "interval", USUAL_INTERVAL)
    left = _seconds(said, "expires_in", 900.0)
    while left > 0:
        await sleep(interval)
        left -= interval
        try:
            form = {"grant_type": DEVICE_CODE, "device_code": device}
            return (await grant.by_sign_in(settings, form)).refresh_token
        except NoToken as no:
            if no.code == "slow_down":
                interval += 5.0  # RFC 8628 section 3.5
            elif no.is_refusal and no.code != "authorization_pending":
                raise
    raise NoToken("Nobody signed in in time. Run it again.", is_refusal=True)


async def _by_link(settings: OAuth2Settings, say: Callable[[str], None], read: Callable[[str], str]) -> str:
    """RFC 6749 section 4.1 with RFC 7636: the code is worth nothing without what only we know."""
    verifier, state = secrets.token_urlsafe(64), secrets.token_urlsafe(16)
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    wish = {
        "client_id": settings.client_id,
        "redirect_uri": NOWHERE,
        "response_type": "code",
        "scope": settings.scope,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "login_hint": settings.user,
    }
    glue = "&" if urlsplit(settings.authorize_url).query else "?"
    say(f"Open this address in a browser and sign in as {settings.user}:")
    say(f"{settings.authorize_url}{glue}{urlencode(wish)}")
    say(
        f"At the end the browser shows an error, at an address that begins with {NOWHERE}: that is as it should be."
    )
    code = _code(read("Copy that whole address and put it here: "), state)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": NOWHERE,
        "code_verifier": verifier,
    }
    return (await grant.by_sign_in(settings, form)).refresh_token


def _code(address: str, state: str) -> str:
    """From the address that the browser was sent to."""
    found = {name: values[0] for name, values in parse_qs(urlsplit(address.strip()).query).items()}
    if error := found.get("error"):
        raise NoToken(f"The provider says {error[:80]}. Run it again.", is_refusal=True)
    if "code" not in found or not secrets.compare_digest(found.get("state", "").encode(), state.encode()):
        raise NoToken(
            "That is not the address of this sign-in: it holds no code, or another one's. Run it again.",
            is_refusal=True,
        )
    return found["code"]


def _text(said: Mapping[str, Any], name: str) -> str:
    if not isinstance(found := said.get(name), str) or not found:
        raise NoToken(f"The provider's answer holds no {name}. Look at device_url.", is_refusal=True)
    return found


def _seconds(said: Mapping[str, Any], name: str, usual: float) -> float:
    found = said.get(name)
    return float(found) if isinstance(found, (int, float)) and 0 < found < 86400 else usual
