"""Where a test wants the house to fail. Nobody else sets the variable, and nothing in the operator's file can."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mailtickets import failpoints
from mailtickets.config.settings import ConfigError
from mailtickets.failpoints import Action, Point

VARIABLE = "MAILTICKETS_FAILPOINTS"


def failpoint_plan() -> Mapping[Point, Action]:
    """What the environment asks for, mostly nothing. ConfigError if it cannot be understood."""
    try:
        return failpoints.plan(os.environ.get(VARIABLE, ""))
    except failpoints.BadPlan as error:
        raise ConfigError(str(error)) from error
