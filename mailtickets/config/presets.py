"""Ready desks: the workflow that a preset's file describes."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from mailtickets.core.workflow import Choice, Meaning, Status, Workflow


def workflow(preset: str) -> Workflow:
    """The lists of `mailtickets/presets/<preset>.toml`. FileNotFoundError if there is no such preset."""
    found = tomllib.loads(files("mailtickets").joinpath("presets", f"{preset}.toml").read_text("utf-8"))
    return Workflow(
        statuses=tuple(
            Status(row["id"], Meaning(row["meaning"]), row["label"], row["customer_label"])
            for row in found["status"]
        ),
        priorities=_choices(found["priorities"]),
        types=_choices(found["types"]),
        resolutions=_choices(found["resolutions"]),
        first_status=found["first_status"],
        default_priority=found["default_priority"],
        default_type=found["default_type"],
        on_answer=found["on_answer"],
        on_reply=found["on_reply"],
        on_reopen=found["on_reopen"],
    )


def _choices(labels: dict[str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(id, label) for id, label in labels.items())
