"""The operator's file: TOML in, frozen settings out, every error at once. The only reader of the environment."""

from mailtickets.config.advice import concerns
from mailtickets.config.failing import failpoint_plan
from mailtickets.config.keys import concerns as key_concerns
from mailtickets.config.loading import find, load
from mailtickets.config.secret import hidden, left_in_environment, refresh_token, secrets
from mailtickets.config.settings import (
    ConfigError,
    ImapSettings,
    MailboxSettings,
    OAuth2Settings,
    SessionLimits,
    Settings,
    SmtpSettings,
    Staff,
    WebSettings,
)

__all__ = [
    "ConfigError",
    "ImapSettings",
    "MailboxSettings",
    "OAuth2Settings",
    "SessionLimits",
    "Settings",
    "SmtpSettings",
    "Staff",
    "WebSettings",
    "concerns",
    "failpoint_plan",
    "find",
    "hidden",
    "key_concerns",
    "left_in_environment",
    "load",
    "refresh_token",
    "secrets",
]
