"""What the operator may write, but should know about: said by `check` and at every start."""

from __future__ import annotations

from mailtickets.config import values
from mailtickets.config.settings import Settings


def concerns(settings: Settings) -> tuple[str, ...]:
    """Whole sentences: what it is, what follows from it, what to write."""
    return (*_trust(settings), *_people(settings), *_page(settings))


def _trust(settings: Settings) -> tuple[str, ...]:
    if settings.policy.trust.authserv_id:
        return ()
    signed = (
        ", or when the mail bears a valid DKIM signature of the sender's domain"
        if settings.policy.trust.dkim
        else ""
    )
    return (
        "[trust] authserv_id is empty: a sender is believed only when replying to a mail that the desk sent to that "
        f"very person{signed}. All else that an agent orders in a new mail waits until the agent has answered the desk's "
        "question with yes. If your mail server checks DMARC and writes Authentication-Results, put the name it "
        "writes there; “mailtickets check trust” finds it out.",
    )


def _people(settings: Settings) -> tuple[str, ...]:
    if not settings.staff:
        return (
            "There is no [[agent]]: nobody is told of new tickets, and nobody can answer one. "
            'Add yourself, with role = "admin".',
        )
    if not settings.policy.operators:
        return (
            'Nobody gets the desk\'s alarms and its daily digest. Give one [[agent]] role = "admin", '
            "or write addresses to [desk] operators.",
        )
    return ()


def _page(settings: Settings) -> tuple[str, ...]:
    if settings.web.listen.startswith(values.UNIX):
        return ()
    host = settings.web.listen.rpartition(":")[0].strip("[]")
    if host and settings.policy.url.startswith("https://") and not settings.web.trusted_proxies:
        return (
            "[web] trusted_proxies is empty: to the page every visitor is the web server in front of it, so all of them "
            'share one limit of sign-ins. Write the address that it comes from, like trusted_proxies = ["127.0.0.1"].',
        )
    if host and not values.is_loopback(host) and settings.policy.url.startswith("http://"):
        return (
            f"The page listens on {settings.web.listen} without TLS: sign-in links travel readable. Let it listen on "
            "127.0.0.1 behind a web server that speaks https, and put that server's https:// address to [desk] public_url.",
        )
    return ()
