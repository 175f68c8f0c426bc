"""Takes pictures of each mail's HTML, as phones and desktops show it, light and dark.

    python -m tests.bench.shoot_mails /tmp/shots [name …]

Look at them for what `docs` calls a good mail: no sideways scroll, one thing stands out, every red is bad news.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from mailtickets.core import facts
from mailtickets.templates import Templates
from mailtickets.templates.sample import DESK, NOW, POLICY, SAMPLES

WIDTHS = (380, 700)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    render = Templates.load().render
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for sample in SAMPLES:
            if names and sample.name not in names:
                continue
            known = facts.of(
                sample.reply, sample.about, DESK, DESK.spec, "mt.1.1.sample@example.org", POLICY, NOW
            )
            shoot(browser, render(known).html, folder, sample.name)
        browser.close()


def shoot(browser: Browser, html: str, folder: Path, name: str) -> None:
    for width in WIDTHS:
        for scheme in SCHEMES:
            page = browser.new_page(viewport={"width": width, "height": 500}, color_scheme=scheme)
            page.set_content(html)
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                print(f"{name}: {wide} px wide on a screen of {width}")
            page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", full_page=True)
            page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
