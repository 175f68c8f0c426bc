"""Named steps: dead without a plan, exact with one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailtickets import config, failpoints
from mailtickets.config import ConfigError
from mailtickets.failpoints import Action, Injected, Point, reach

PROGRAM = Path(__file__).parents[2] / "mailtickets"


@pytest.fixture(autouse=True)
def _harmless_afterwards() -> Iterator[None]:
    yield
    failpoints.arm({})


def test_without_a_plan_no_step_does_anything() -> None:
    failpoints.arm(config.failpoint_plan())
    for point in Point:
        reach(point)


@pytest.mark.parametrize("point", Point)
def test_every_step_stands_once_in_the_program(point: Point) -> None:
    calls = [path for path in PROGRAM.rglob("*.py") if f"reach(Point.{point.name})" in path.read_text()]
    assert len(calls) == 1


def test_a_step_acts_at_the_pass_that_was_asked_for() -> None:
    failpoints.arm({Point.KEPT: Action("raise", at=2)})
    reach(Point.KEPT)
    reach(Point.READ)
    with pytest.raises(Injected, match="kept"):
        reach(Point.KEPT)
    reach(Point.KEPT)


def test_without_a_number_it_acts_each_time() -> None:
    failpoints.arm({Point.KEPT: Action("raise")})
    for _ in range(2):
        with pytest.raises(Injected):
            reach(Point.KEPT)


def test_kill_is_a_kill() -> None:
    program = (
        "from mailtickets import failpoints as f\n"
        "f.arm(f.plan('kept=kill'))\nf.reach(f.Point.READ)\nf.reach(f.Point.KEPT)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9


def test_a_plan_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILTICKETS_FAILPOINTS", "kept=kill@3 read=sleep:2.5  settled=raise")
    assert config.failpoint_plan() == {
        Point.KEPT: Action("kill", at=3),
        Point.READ: Action("sleep", 2.5),
        Point.SETTLED: Action("raise"),
    }


@pytest.mark.parametrize(
    "text", ["kept", "kept=explode", "nowhere=kill", "kept=kill@soon", "kept=kill,read=kill"]
)
def test_a_plan_that_cannot_be_understood_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILTICKETS_FAILPOINTS", text)
    with pytest.raises(ConfigError, match="unset it"):
        config.failpoint_plan()
