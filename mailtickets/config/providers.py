"""Where the two great mail providers hand out tokens, and what they call the right to a mailbox."""

from __future__ import annotations

from dataclasses import dataclass

OWN = "own"  # the operator names the endpoints
MANY_TENANTS = ("common", "organizations", "consumers")  # stand for every company, so for none


@dataclass(frozen=True, slots=True)
class Provider:
    """`{tenant}` in an address is the company."""

    token_url: str
    authorize_url: str
    device_url: str  # RFC 8628; "": not for mail
    scope: str  # IMAP and SMTP with one token
    scope_of_application: str  # with client credentials; "": there is none


_MICROSOFT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0"

KNOWN = {
    # Google's device flow gives no right to mail (its list of allowed scopes), and neither do client credentials.
    "google": Provider(
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth?access_type=offline&prompt=consent",
        device_url="",
        scope="https://mail.google.com/",
        scope_of_application="",
    ),
    "microsoft": Provider(
        token_url=f"{_MICROSOFT}/token",
        authorize_url=f"{_MICROSOFT}/authorize",
        device_url=f"{_MICROSOFT}/devicecode",
        scope="https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
        scope_of_application="https://outlook.office365.com/.default",
    ),
}
