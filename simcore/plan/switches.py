"""Switches for what platforms leave open: making, checking and listing them."""

from dataclasses import field, fields
from datetime import timedelta
from typing import Any

import pandas as pd

from simcore.errors import Problem, refuse, shown

LENGTH = "a datetime.timedelta"
POSITIVE_LENGTH = f"{LENGTH} over 0"
YES_NO = ("true", "false")
"""The values of a switch that is a bool, as people write them."""


def switch(default: Any, values: tuple[str, ...], meaning: str, rule: str) -> Any:
    """A field of a platform's assumptions: its default, its possible values, its meaning, and its rule."""
    return field(default=default, metadata={"values": values, "meaning": meaning, "rule": rule})


def check(assumptions: Any) -> None:
    """Raises ValidationError if a switch has a value that is not among those listed."""
    problems: list[Problem] = []
    for each in fields(assumptions):
        value, values = getattr(assumptions, each.name), each.metadata["values"]
        if isinstance(each.default, timedelta):
            positive = values[0] == POSITIVE_LENGTH
            if not isinstance(value, timedelta) or (positive and value <= timedelta(0)):
                problems.append((each.name, f"{each.name} must be {values[0]}", shown(value)))
        elif isinstance(each.default, bool):
            if not isinstance(value, bool):
                problems.append((each.name, f"{each.name} must be True or False", shown(value)))
        elif value not in values:
            problems.append((each.name, f"{each.name} must be one of: {', '.join(values)}", shown(value)))
    refuse(problems)


def table(kind: type) -> pd.DataFrame:
    """All switches of a class of assumptions: columns name, default, values, meaning, rule (all str), in order."""
    rows = [
        {
            "name": each.name,
            "default": str(each.default).lower() if isinstance(each.default, bool) else str(each.default),
            "values": " | ".join(each.metadata["values"]),
            "meaning": each.metadata["meaning"],
            "rule": each.metadata["rule"],
        }
        for each in fields(kind)
    ]
    return pd.DataFrame(rows, dtype="str")
