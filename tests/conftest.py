"""Hypothesis profiles, and what several files of tests share."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

import simcore
from simcore import kit

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50)
settings.register_profile(
    "deep",
    deadline=None,
    max_examples=int(os.environ.get("SIMCORE_EXAMPLES", "100000")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def _lengths(assumptions: dict[str, str]) -> dict[str, Any]:
    """A case's assumptions, "15 minutes" as a timedelta."""
    lengths = {
        name: timedelta(minutes=float(value.split()[0]))
        for name, value in assumptions.items()
        if name.startswith("poll_")
    }
    return {**assumptions, **lengths}


def _project_case(case: dict[str, Any], **others: Any) -> pd.DataFrame:
    sequence = kit.from_api({"sequence": case["sequence"], "emails": case["emails"]})
    return simcore.project(
        sequence,
        pd.DataFrame(case["entries"]),
        until=case["until"],
        include_drafts=case["include_drafts"],
        assumptions=kit.Assumptions(**_lengths(case["assumptions"])),
        **others,
    )


def _rows_of(found: pd.DataFrame | list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Rows of a timeline or of an answer's, as they stand, instants in UTC."""
    columns = ["subscriber_id", "run", "position", "email_id", "send_at"]
    if isinstance(found, pd.DataFrame):
        values = [found[name].tolist() for name in columns[:-1]]
        values.append(found["send_at"].dt.tz_convert("UTC").tolist())
        return list(zip(*values, strict=True))
    rows = [[row[name] for name in columns] for row in found]
    return [(*row, datetime.fromisoformat(at) if isinstance(at, str) else at) for *row, at in rows]


def _text_of(kind: type[Exception], call: Callable[..., Any], *args: Any, **named: Any) -> str:
    with pytest.raises(kind) as caught:
        call(*args, **named)
    assert type(caught.value) is kind
    return str(caught.value)


@pytest.fixture(scope="session")
def project_case() -> Callable[..., pd.DataFrame]:
    """The timeline that simcore gives for a case."""
    return _project_case


@pytest.fixture(scope="session")
def rows_of() -> Callable[..., list[tuple[Any, ...]]]:
    """The rows of a timeline, or of an answer's, to compare."""
    return _rows_of


@pytest.fixture(scope="session")
def text_of() -> Callable[..., str]:
    """The whole text of the error, of exactly that type, that a call raises."""
    return _text_of


@pytest.fixture(scope="session")
def chain() -> Callable[..., kit.Sequence]:
    """A sequence of published emails with the delays given, such as (1, "days"), subjects A, B, …"""

    def made(*delays: tuple[int, str], **named: Any) -> kit.Sequence:
        emails = [
            kit.Email(
                id=100 + at, subject=chr(ord("A") + at), delay_value=value, delay_unit=unit, published=True
            )
            for at, (value, unit) in enumerate(delays)
        ]
        return kit.Sequence(name="Chain", emails=tuple(emails), **named)

    return made
