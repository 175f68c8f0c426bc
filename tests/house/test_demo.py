"""The demo, as somebody who has just cloned it meets it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.loopback import wait_until


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that stays up, and what it has printed so far."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def screen(self) -> str:
        return (self.folder / "screen").read_text(errors="replace")

    def wait_for(self, words: str, timeout: float = 60) -> None:
        wait_until(
            lambda: words in self.screen or self.process.poll() is not None,
            f"“{words}”:\n{self.screen}",
            timeout,
        )
        assert words in self.screen, self.screen

    def send(self, *words: str) -> subprocess.CompletedProcess[str]:
        return _demo(self.folder, "send", *words)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    (tmp_path / "tmp").mkdir()
    with (tmp_path / "screen").open("wb") as screen:
        process = subprocess.Popen(
            [sys.executable, "-m", "mailtickets", "demo"],
            cwd=tmp_path,
            env=_env(tmp_path),
            stdout=screen,
            stderr=screen,
        )
    yield Demo(tmp_path, process)
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _env(folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder / "tmp"), "COLUMNS": "100"}


def _demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "tmp").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "mailtickets", "demo", *words]
    return subprocess.run(command, cwd=folder, env=_env(folder), capture_output=True, text=True, timeout=110)


@pytest.mark.timeout(150)
def test_once_plays_checks_and_leaves_nothing_behind(tmp_path: Path) -> None:
    begun = time.monotonic()
    done = _demo(tmp_path, "--once")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert done.stdout.count("✓") == 5
    assert "Each step happened." in done.stdout
    assert list((tmp_path / "tmp").iterdir()) == []
    assert time.monotonic() - begun < 60


@pytest.mark.timeout(240)
def test_it_stays_up_and_goes_on_by_hand(demo: Demo) -> None:
    demo.wait_for("Ctrl-C ends it.", 120)
    assert re.search(r"http://127\.0\.0\.1:\d+/sign-in/\S+", demo.screen)
    assert re.search(r"IMAP +127\.0\.0\.1 port \d+", demo.screen)

    sent = demo.send("--from", "kim@customer.example", "--subject", "The door", "It does not open.")
    assert (sent.returncode, sent.stderr) == (0, "")
    demo.wait_for("[#2] The door")
    wait_until(lambda: demo.screen.count("→ ann@example.org") == 4, "the mail about Kim's ticket", 30)

    assert demo.send("--from", "ann@example.org", "--reply-to-last", "Have you pulled?").returncode == 0
    wait_until(lambda: demo.screen.count("→ kim@customer.example") == 2, "the answer to Kim", 30)

    (left,) = (demo.folder / "tmp").glob("mailtickets-demo-*")
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(60) == 0
    assert not left.exists()
    assert str(left) not in subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout


def test_nothing_is_sent_where_no_demo_is_up(tmp_path: Path) -> None:
    done = _demo(tmp_path, "send", "hello")
    assert done.returncode == 1
    assert done.stderr.startswith("No demo is up. Start one")
