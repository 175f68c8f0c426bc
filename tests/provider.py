"""An OAuth2 provider of the tests' own: hands out tokens, and misbehaves on demand.

    with Provider() as provider:
        provider.token_url, provider.device_url, provider.authorize_url
        first = provider.sign_in("desk@example.org")       # a refresh token, as if somebody had signed in
        provider.lifetime = 2                              # of the access tokens from now on, in seconds
        provider.rotates = True                            # each renewal gives a new refresh token, the old one is spent
        provider.script(503, {})                           # the next answer; then it behaves again
        provider.revoke("desk@example.org")                # refresh and access tokens are worth nothing
        provider.approve(user_code, "desk@example.org")    # somebody typed the device code
        provider.code_for(link, "desk@example.org")        # … or followed the link: where the browser is sent
        provider.asked                                     # every form that was posted
        provider.stop(); provider.start()                  # gone, and back on the same port with what it knew

`introspect_url` tells a mail server (RFC 7662) whose an access token is.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.authority_ca import Identity
from tests.loopback import HOST, free_port

CLIENT = "desk-application"
SECRET = "canary-client-secret-1f0c9a"


@dataclass
class _Access:
    user: str
    ends_at: float


@dataclass
class Provider:
    """Owns a listening socket and its thread."""

    lifetime: float = 3600.0
    rotates: bool = False
    says_lifetime: bool = True
    identity: Identity | None = None
    port: int = field(default_factory=free_port)
    delay: float = 0.0  # seconds before each answer
    asked: list[dict[str, str]] = field(default_factory=list)
    refresh: dict[str, str] = field(default_factory=dict)  # token → user
    access: dict[str, _Access] = field(default_factory=dict)
    ever: set[str] = field(default_factory=set)  # every token and code that was ever given
    _script: deque[tuple[int, Any]] = field(default_factory=deque)
    _devices: dict[str, tuple[str, str]] = field(default_factory=dict)  # device code → user code, user
    _codes: dict[str, tuple[str, str]] = field(default_factory=dict)  # code → user, challenge
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._server = ThreadingHTTPServer((HOST, self.port), _handler(self))
        if self.identity is not None:
            self._server.socket = self.identity.context().wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def _root(self) -> str:
        return f"{'https' if self.identity else 'http'}://{HOST}:{self.port}"

    @property
    def token_url(self) -> str:
        return f"{self._root}/token"

    @property
    def device_url(self) -> str:
        return f"{self._root}/device"

    @property
    def authorize_url(self) -> str:
        return f"{self._root}/authorize"

    @property
    def introspect_url(self) -> str:
        return f"{self._root}/introspect?token="

    # What a test says

    def script(self, status: int, *answers: Any) -> None:
        """The next answers to a question for a token, one each."""
        self._script.extend((status, answer) for answer in answers)

    def sign_in(self, user: str) -> str:
        token = self._new("refresh")
        self.refresh[token] = user
        return token

    def revoke(self, user: str) -> None:
        self.refresh = {t: u for t, u in self.refresh.items() if u != user}
        self.access = {t: a for t, a in self.access.items() if a.user != user}

    def approve(self, user_code: str, user: str) -> None:
        device = next(d for d, (code, _) in self._devices.items() if code == user_code)
        self._devices[device] = (user_code, user)

    def code_for(self, link: str, user: str) -> str:
        """Where the browser of somebody who followed the link and said yes is sent."""
        wish = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
        assert wish["client_id"] == CLIENT
        assert wish["code_challenge_method"] == "S256"
        code = self._new("code")
        self._codes[code] = (user, wish["code_challenge"])
        return f"{wish['redirect_uri']}?{urlencode({'code': code, 'state': wish['state']})}"

    # What is asked

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        time.sleep(self.delay)
        if path == "/introspect":
            found = self.access.get(form.get("token", ""))
            if found is None or found.ends_at < time.monotonic():
                return 200, {"active": False}
            return 200, {"active": True, "username": found.user, "email": found.user, "scope": "mail"}
        self.asked.append(form)
        if self._script:
            return self._script.popleft()
        if form.get("client_id") != CLIENT or form.get("client_secret", SECRET) != SECRET:
            return 401, {"error": "invalid_client", "error_description": f"no such {form}"}
        if path == "/device":
            device, code = self._new("device"), secrets.token_hex(4).upper()
            self._devices[device] = (code, "")
            return 200, {
                "device_code": device,
                "user_code": code,
                "verification_uri": f"{self._root}/activate",
                "expires_in": 900,
                "interval": 1,
            }
        return self._granted(form)

    def _granted(self, form: dict[str, str]) -> tuple[int, Any]:
        match form.get("grant_type", ""):
            case "refresh_token":
                spent = form["refresh_token"]
                if (user := self.refresh.get(spent)) is None:
                    return 400, {"error": "invalid_grant", "error_description": f"{spent} has been revoked."}
                return 200, self._tokens(user, self._next(spent) if self.rotates else "")
            case "client_credentials":
                return 200, self._tokens("desk@example.org", "")
            case "authorization_code":
                user, challenge = self._codes.pop(form["code"], ("", ""))
                proof = hashlib.sha256(form["code_verifier"].encode()).digest()
                if urlsafe_b64encode(proof).rstrip(b"=").decode() != challenge:
                    return 400, {"error": "invalid_grant"}
                return 200, self._tokens(user, self.sign_in(user))
            case other if other.endswith(":device_code"):
                _, user = self._devices[form["device_code"]]
                return (
                    (200, self._tokens(user, self.sign_in(user)))
                    if user
                    else (400, {"error": "authorization_pending"})
                )
        return 400, {"error": "unsupported_grant_type"}

    def _next(self, spent: str) -> str:
        return self.sign_in(self.refresh.pop(spent))

    def _tokens(self, user: str, refresh: str) -> dict[str, Any]:
        token = self._new("access")
        self.access[token] = _Access(user, time.monotonic() + self.lifetime)
        told: dict[str, Any] = {"access_token": token, "token_type": "Bearer"}
        if self.says_lifetime:
            told["expires_in"] = int(self.lifetime)
        return told | ({"refresh_token": refresh} if refresh else {})

    def _new(self, kind: str) -> str:
        token = f"canary-{kind}-{secrets.token_hex(12)}"
        self.ever.add(token)
        return token


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            self._say(_form(self.rfile.read(length).decode()))

        def do_GET(self) -> None:
            self._say(_form(urlsplit(self.path).query))

        def _say(self, form: dict[str, str]) -> None:
            status, said = provider.answer(urlsplit(self.path).path, form)
            octets = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


def _form(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
