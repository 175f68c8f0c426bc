"""Who asks, and how, behind a web server. The law: a header is believed only from those whom the operator named."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

SOCKET = (
    "unix"  # whoever knocks at a socket in a folder: it has no address, and only a web server is let in there
)


class Proxies:
    """Around the whole app: X-Forwarded-For and -Proto of `trusted` addresses and networks become client and scheme."""

    def __init__(self, app: ASGIApp, *, trusted: Sequence[str]) -> None:
        self._believing = ProxyHeadersMiddleware(app, [*trusted, SOCKET])  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope.get("client"):
            scope["client"] = (SOCKET, 0)
        await self._believing(scope, receive, send)  # type: ignore[arg-type]


def household(client: str) -> str:
    """What is counted as one visitor: an IPv4 address, or the /64 that an IPv6 customer is given; "" if it is neither."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(getattr(address, "ipv4_mapped", None) or address)
