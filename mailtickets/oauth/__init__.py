"""Access tokens instead of passwords (RFC 6749): had from the provider, renewed in time, kept when they change."""

from mailtickets.oauth.first import authorize
from mailtickets.oauth.grant import NoToken
from mailtickets.oauth.sasl import MECHANISMS, REFUSED, initial_response
from mailtickets.oauth.tokens import Keyring, Tokens, tried

__all__ = [
    "MECHANISMS",
    "REFUSED",
    "Keyring",
    "NoToken",
    "Tokens",
    "authorize",
    "initial_response",
    "tried",
]
