"""The unit file is one that systemd accepts, and that leaves the service little to break."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "systemd/mailtickets.service"

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="left out: systemd")


def _analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words, str(UNIT)], capture_output=True, text=True)


def _service() -> configparser.SectionProxy:
    unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    return unit["Service"]


@needs_systemd
def test_systemd_finds_no_fault_in_the_unit() -> None:
    found = _analyze("verify")
    assert (found.returncode, found.stderr) == (0, "")


@needs_systemd
def test_the_service_may_do_little() -> None:
    found = _analyze("security", "--offline=yes", "--threshold=15")
    assert found.returncode == 0, found.stdout


def test_systemd_knows_when_it_is_ready_and_when_it_hangs() -> None:
    service = _service()
    assert service["Type"] == "notify"
    assert service["WatchdogSec"] == "60s"


def test_a_config_error_is_not_tried_again() -> None:
    # A second instance and a wrong config exit 78: only a person can mend that.
    assert "78" in _service()["RestartPreventExitStatus"].split()


def test_the_passwords_come_as_credentials() -> None:
    lines = UNIT.read_text("utf-8").splitlines()
    loaded = {
        line.partition("=")[2].partition(":")[0] for line in lines if line.startswith("LoadCredential=")
    }
    assert loaded == {"imap-password", "smtp-password"}
