"""A visit to the page as a browser without scripts makes it: open the link, press its one button, read."""

from __future__ import annotations

import httpx

from mailtickets.demo.desk import Broken


def visit(link: str, address: str) -> str:
    """The HTML of a page, signed in by a link. Broken if a door stays shut."""
    with httpx.Client(follow_redirects=True, timeout=20, trust_env=False) as browser:
        try:
            _opened(browser.get(link))
            # The button is a form without fields that posts to its own address.
            _opened(browser.post(link, headers={"Origin": _origin(link)}))
            return _opened(browser.get(address)).text
        except httpx.HTTPError as error:
            raise Broken(f"The page does not answer: {error}.") from None


def _opened(answer: httpx.Response) -> httpx.Response:
    if answer.status_code != 200:
        raise Broken(f"The page answered {answer.status_code}.")
    return answer


def _origin(link: str) -> str:
    url = httpx.URL(link)
    return f"{url.scheme}://{url.netloc.decode()}"
