"""How an access token is shown to a mail server. Pure.

The law: what is shown is a secret, too: base64 hides nothing.
"""

from __future__ import annotations

from base64 import b64encode

MECHANISMS = ("XOAUTH2", "OAUTHBEARER")  # the best known first
REFUSED = {
    "XOAUTH2": b"",
    "OAUTHBEARER": b"AQ==",
}  # said to the reasons of a refusal, so that it ends (RFC 7628 3.2.3)


def initial_response(mechanism: str, user: str, token: str, host: str, port: int) -> bytes:
    """In base64. OAUTHBEARER as of RFC 7628 section 3.1, XOAUTH2 as Google and Microsoft describe it."""
    if mechanism == "OAUTHBEARER":
        saslname = user.replace("=", "=3D").replace(",", "=2C")  # RFC 5801 section 4
        told = f"n,a={saslname},\1host={host}\1port={port}\1auth=Bearer {token}\1\1"
    else:
        told = f"user={user}\1auth=Bearer {token}\1\1"
    return b64encode(told.encode())
