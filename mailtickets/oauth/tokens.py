"""The access token of one account, fresh whenever it is asked for.

The law: one renewal at a time, in this process and on this machine; a refresh token that came in place of
another is on disk before its access token is used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from mailtickets import config, log, strike
from mailtickets.config import OAuth2Settings
from mailtickets.oauth import grant, keep
from mailtickets.oauth.grant import Granted, NoToken
from mailtickets.wire import Finding, State

EARLY = 600.0  # seconds before its end that a token is renewed
SHARE = 0.25  # of its life, where that is less
PATIENCE = 60.0  # seconds between tries while the old one is still good
REFUSED_PAUSE = 240.0  # seconds: a refresh token that was refused does not get right by hammering
YOUNG = 240.0  # seconds: a younger token that a mail server refuses is not refused for its age
LOOK_EVERY = 5.0  # seconds

T = TypeVar("T")
# (what, what is wrong with it or "" if it is well again, whether only the operator can mend it)
Tell = Callable[[str, str, bool], None]


@dataclass(frozen=True, slots=True)
class _Had:
    """An access token. Times are those of the event loop's clock."""

    token: str = field(repr=False)
    since: float
    renew_at: float
    ends_at: float


class Tokens:
    """Owns what the provider gave for one account."""

    def __init__(self, settings: OAuth2Settings, state_dir: Path) -> None:
        self.settings = settings
        self._file = keep.path(settings, state_dir)
        self._turn = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        self._had: _Had | None = None
        self._refusal: tuple[str, float, NoToken] | None = None  # of which refresh token, and when
        self.trouble: NoToken | None = None  # why the last renewal failed, while there still is a token
        self._unsaved: tuple[str, str] | None = None  # the operator's, and what came in its place

    async def access(self) -> str:
        """One that is good for a while yet. NoToken."""
        return await self._to_the_end(self._access())

    async def renew(self) -> float:
        """Have a new one, whatever the old one is worth; its lifetime in seconds. NoToken."""
        return await self._to_the_end(self._renew())

    async def close(self) -> None:
        """After what is on its way to the provider has been answered."""
        if self._running:
            await asyncio.wait(self._running, timeout=grant.ANSWER_WITHIN)

    def refused(self, token: str) -> bool:
        """A mail server does not take this token. True if another try, with a newer one, is worth it."""
        if self._had is None or token != self._had.token:
            return True
        if _now() - self._had.since < YOUNG:
            return False
        self._had = None
        return True

    @property
    def is_due(self) -> bool:
        """Whether there is a token that should be renewed by now."""
        return self._had is not None and self._had.renew_at <= _now()

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Whoever waits may be cancelled; the question is not: its answer may hold the only good refresh token."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen: nobody may be left to wait for it

    async def _access(self) -> str:
        async with self._turn:
            if self._had is None or self._had.renew_at <= _now():
                self._had = await self._renewed_or(self._had)
            return self._had.token

    async def _renew(self) -> float:
        async with self._turn:
            self._had = await self._renewed()
            return self._had.ends_at - self._had.since

    async def _renewed_or(self, old: _Had | None) -> _Had:
        """A new one; the old one while it lasts, if there is none to be had."""
        try:
            return await self._renewed()
        except NoToken:
            if old is None or old.ends_at <= _now():
                raise
            return _Had(old.token, old.since, _now() + PATIENCE, old.ends_at)

    async def _renewed(self) -> _Had:
        is_alone = self.settings.grant == "client_credentials"
        try:
            granted = await (self._by_itself() if is_alone else self._again())
        except NoToken as no:
            # Without one, whoever wanted to log in is told, and tells.
            self.trouble = no if self._had else None
            raise
        self.trouble = None
        strike.hide(granted.access_token)
        now = _now()
        early = min(EARLY, SHARE * granted.lifetime)
        return _Had(granted.access_token, now, now + granted.lifetime - early, now + granted.lifetime)

    async def _by_itself(self) -> Granted:
        return await self._unless_refused("", lambda: grant.by_itself(self.settings))

    async def _again(self) -> Granted:
        try:
            async with keep.turn(self._file):
                given = self._given()
                spent = self._current(given)
                strike.hide(given, spent)
                granted = await self._unless_refused(
                    spent, lambda: grant.by_refresh_token(self.settings, spent)
                )
                # From here to the disk nothing is awaited: a stop must not come between.
                fresh = granted.refresh_token
                if fresh and fresh != spent:
                    strike.hide(fresh)
                    self._unsaved = (given, fresh)
                self._save()
                return granted
        except OSError as error:
            raise NoToken(f"{error.filename} cannot be used ({error.strerror}).", is_refusal=True) from error

    def _given(self) -> str:
        """The operator's own refresh token, as it lies there now."""
        try:
            return config.refresh_token(self.settings)
        except FileNotFoundError as error:
            told = f"There is no refresh token at {error}. Run “mailtickets authorize”, which puts one there."
        except ValueError as error:
            told = f"{self.settings.refresh_token_file} is no refresh token: {error}. Run “mailtickets authorize”."
        raise NoToken(told, is_refusal=True)

    def _current(self, given: str) -> str:
        if self._unsaved is not None and self._unsaved[0] == given:
            return self._unsaved[1]
        return keep.current(self._file, given)

    def _save(self) -> None:
        """What is not on disk yet. Without it the next start would come with a spent one: tell, and try again."""
        if self._unsaved is None:
            return
        try:
            keep.save(self._file, *self._unsaved)
        except OSError as error:
            log.token_not_kept(self.settings.user, str(self._file), error)
        else:
            self._unsaved = None

    async def _unless_refused(self, spent: str, ask: Callable[[], Awaitable[Granted]]) -> Granted:
        if (
            self._refusal is not None
            and self._refusal[0] == spent
            and _now() < self._refusal[1] + REFUSED_PAUSE
        ):
            raise self._refusal[2]
        self._refusal = None
        try:
            return await ask()
        except NoToken as no:
            if no.is_refusal:
                self._refusal = (spent, _now(), no)
            raise


class Keyring:
    """All accounts; doors that use one refresh token share its Tokens."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._all: dict[Path, Tokens] = {}

    def of(self, settings: OAuth2Settings | None) -> Tokens | None:
        """None for a door that has a password."""
        if settings is None:
            return None
        key = keep.path(settings, self._state_dir) / settings.grant / settings.scope
        return self._all.setdefault(key, Tokens(settings, self._state_dir))

    async def close(self) -> None:
        for tokens in self._all.values():
            await tokens.close()

    async def watch(self, tell: Tell, beat: Callable[[], None]) -> None:
        """Renew in time, for ever, and tell what changes: an open inbox would not notice for days that its token
        is worth nothing.
        """
        told: dict[Path, str] = {}
        while True:
            beat()
            for key, tokens in self._all.items():
                if tokens.is_due:
                    with suppress(NoToken):  # it is in `trouble`
                        await tokens.access()
                wrong, is_refusal = (no.reason, no.is_refusal) if (no := tokens.trouble) else ("", False)
                if told.get(key, "") != wrong:
                    told[key] = wrong
                    tell(f"login of {tokens.settings.user}", wrong, is_refusal)
            await asyncio.sleep(LOOK_EVERY)


async def tried(tokens: Tokens) -> Finding:
    """For `mailtickets check`: whether the provider gives a token now. NoToken."""
    lifetime = await tokens.renew()
    host = urlsplit(tokens.settings.token_url).hostname
    return Finding("token", State.OK, f"{host} gives an access token, good for {lifetime / 60:.0f} min.")


def _now() -> float:
    return asyncio.get_running_loop().time()
