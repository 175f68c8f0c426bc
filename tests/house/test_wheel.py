"""What is installed is whole: a wheel in an empty environment plays the demo from an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Not code, and easily left behind: each of these must have come along.
CARRIED = (
    "mailtickets/py.typed",
    "mailtickets/config.example.toml",
    "mailtickets/mailtickets.service",
    "mailtickets/presets/simple.toml",
    "mailtickets/store/migrations/env.py",
    "mailtickets/web/static/page.css",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    _run(
        sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), cwd=ROOT
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `mailtickets` of an environment that holds the wheel, what it was locked with, and nothing else."""
    home = tmp_path_factory.mktemp("installed")
    uv = str(Path(sys.executable).with_name("uv"))
    python = str(home / "bin/python")
    _run(uv, "venv", "--quiet", "--python", sys.executable, "--allow-existing", str(home))
    lock = str(ROOT / "requirements.lock")
    _run(uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "--requirement", lock)
    _run(uv, "pip", "install", "--quiet", "--python", python, "--no-deps", "--no-index", str(wheel))
    return home / "bin/mailtickets"


def test_all_that_is_not_code_is_in_the_wheel(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert set(CARRIED) <= inside
    ours = {str(f.relative_to(ROOT / "templates")) for f in (ROOT / "templates").rglob("*") if f.is_file()}
    assert ours
    assert {f"mailtickets/letters/{name}" for name in ours} <= inside
    assert any(name.startswith("mailtickets/store/migrations/versions/") for name in inside)


def test_nothing_of_the_workshop_is_in_the_wheel(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in inside if name.startswith(("tests/", "docs/")) or "__pycache__" in name]


@pytest.mark.timeout(240)
def test_the_wheel_plays_the_demo_in_an_empty_folder(program: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [program, "demo", "--once"],
        cwd=tmp_path,
        env={"PATH": os.defpath, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Each step happened." in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_wheel_says_its_version(program: Path, tmp_path: Path) -> None:
    said = _run(str(program), "--version", cwd=tmp_path)
    assert said.strip()


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
