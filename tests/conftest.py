"""How the tests are run: on how many cores, with how many examples; and what several files of them share."""

import gc
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

import simcore
from simcore import kit, sequenzy

_TEXTS = pd.Series(["", None], dtype="str")
TEXT = str(_TEXTS.dtype)  # the dtype of texts: str from pandas 3.0 on, object before
NO_ENTRIES = (
    "expected a DataFrame (of pandas, polars, pyarrow or such) or a list of dicts with subscriber_id and entered_at, "
    "a Series of instants indexed by subscriber_id, or a list of instants"
)
NO_EVENTS = NO_ENTRIES.partition(" and ")[0] + ", at and event"
NO_TEXT = str(_TEXTS[1])  # how a missing text among them reads: nan, None before

collect_ignore = [
    "parcelpost",  # a package that some tests have be installed, and no others
    "typed_script.py",  # half of its lines are wrong, and none is to be run
]

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("light", settings.get_profile("ci"), max_examples=10)
settings.register_profile(
    "deep",
    deadline=None,
    max_examples=int(os.environ.get("SIMCORE_EXAMPLES", "100000")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Has folders tested by a process for each core. What files are named for, or a debugger, is done by this one."""
    option = config.option
    if (
        getattr(option, "numprocesses", 0) is None  # pytest-xdist is there, and nobody said -n
        and not hasattr(config, "workerinput")
        and not (option.tx or option.collectonly or option.usepdb or option.trace or option.capture == "no")
        and any(Path(each).is_dir() for each in config.args)
    ):
        option.numprocesses, option.maxprocesses = "logical", option.maxprocesses or 8
        option.dist = "worksteal" if option.dist == "no" else option.dist


def pytest_configure(config: pytest.Config) -> None:
    """Fewer examples where the slow tests are left out; and commands that are started write as they do for users."""
    os.environ.pop("PYTHONUNBUFFERED", None)
    if "not slow" in config.option.markexpr and "HYPOTHESIS_PROFILE" not in os.environ:
        settings.load_profile("light")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Has tests that need one of these fixtures be slow; and one process begin with them, so that each starts once."""
    sessions = {"spark", "page"}
    for item in items:
        if sessions.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    if hasattr(config, "workerinput"):
        # Of what follows, one process takes from another's end what it has not come to.
        items.sort(
            key=lambda item: (sessions.isdisjoint(item.fixturenames), item.get_closest_marker("slow") is None)
        )


def pytest_collection_finish() -> None:
    """Has the collector of garbage look less often: it would take a tenth of the time.

    (Not `gc.freeze`: the oldest hypothesis looks for who refers to its random numbers, and would find nobody.)
    """
    gc.set_threshold(50_000, 20, 20)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Says why there is one process only."""
    if config.pluginmanager.hasplugin("xdist"):
        return None
    return "one process: with pytest-xdist, which the extra test has, there is one for each core"


def read_back(path: str | os.PathLike[str]) -> pd.DataFrame:
    """A Parquet file, its zones by name as simcore's are: what pandas makes of a name differs by version."""
    found = pd.read_parquet(path)
    zones = {name: ZoneInfo(str(found[name].dt.tz)) for name in found.select_dtypes("datetimetz")}
    return found.assign(**{name: found[name].dt.tz_convert(zone) for name, zone in zones.items()})


def _lengths(assumptions: dict[str, Any]) -> dict[str, Any]:
    """A case's assumptions, "15 minutes" as a timedelta."""
    lengths = {
        name: value if isinstance(value, timedelta) else timedelta(minutes=float(value.split()[0]))
        for name, value in assumptions.items()
        if "poll_" in name or "_poll" in name
    }
    return {**assumptions, **lengths}


def _arguments_of(case: dict[str, Any]) -> dict[str, Any]:
    events = case.get("events") or []
    return {
        "sequence": kit.from_api({"sequence": case["sequence"], "emails": case["emails"]}).without(
            case.get("left_out", ())
        ),
        "entries": pd.DataFrame(case["entries"], columns=["subscriber_id", "entered_at", "via", "time_zone"]),
        "time_zones": "time_zone" if any("time_zone" in entry for entry in case["entries"]) else None,
        "events": pd.DataFrame(events, columns=["subscriber_id", "at", "event", "ref"]) if events else None,
        "changes": kit.changes.from_json(case.get("changes") or []),
        "until": case["until"],
        "include_drafts": case["include_drafts"],
        "assumptions": kit.Assumptions(**_lengths(case["assumptions"])),
    }


def _project_case(case: dict[str, Any], **others: Any) -> pd.DataFrame:
    return simcore.project(**_arguments_of(case), **others)


def _simulate_case(case: dict[str, Any], **others: Any) -> simcore.Simulation:
    return simcore.simulate(**_arguments_of(case), **others)


def _sequenzy_case(case: dict[str, Any], **others: Any) -> simcore.Simulation:
    entries = case["entries"]
    return simcore.simulate(
        sequenzy.from_api(case["sequence"]),
        None if entries is None else _objects(entries, ["subscriber_id", "entered_at", "via", "properties"]),
        events=_objects(case["events"], ["subscriber_id", "at", "event", "ref", "properties"]),
        until=case["until"],
        enabled_at=case["enabled_at"],
        assumptions=sequenzy.Assumptions(**_lengths(case["assumptions"])),
        **others,
    )


def _objects(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    """Rows as a frame in which None and whole numbers stay what they are."""
    found = {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in columns}
    return pd.DataFrame(found | {"subscriber_id": found["subscriber_id"].infer_objects()})


def _records_of(found: pd.DataFrame | list[dict[str, Any]], *leave_out: str) -> list[tuple[Any, ...]]:
    """Rows of `subscribers` or `journal`, or of an answer's, as they stand: instants in UTC, None for missing."""
    if isinstance(found, pd.DataFrame):
        columns = {}
        for name in found.columns.difference(leave_out, sort=False):
            values = found[name]
            if isinstance(values.dtype, pd.DatetimeTZDtype):
                values = values.dt.tz_convert("UTC")
            columns[name] = values.astype(object).where(values.notna(), None)
        return list(zip(*(values.tolist() for values in columns.values()), strict=True))
    instants = {"entered_at", "last_send_at", "next_send_at", "ended_at", "at"}
    return [
        tuple(
            datetime.fromisoformat(value) if name in instants and isinstance(value, str) else value
            for name, value in row.items()
            if name not in leave_out
        )
        for row in found
    ]


def _rows_of(found: pd.DataFrame | list[dict[str, Any]], *leave_out: str) -> list[tuple[Any, ...]]:
    """Rows of a timeline or of an answer's, as they stand, instants in UTC."""
    columns = ["subscriber_id", "run", "position", "email_id", "send_at"]
    columns = [name for name in columns if name not in leave_out]
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
def arguments_of() -> Callable[..., dict[str, Any]]:
    """The arguments of `simcore.simulate` for a case."""
    return _arguments_of


@pytest.fixture(scope="session")
def simulate_case() -> Callable[..., simcore.Simulation]:
    """The simulation that simcore gives for a case."""
    return _simulate_case


@pytest.fixture(scope="session")
def sequenzy_case() -> Callable[..., simcore.Simulation]:
    """The simulation that simcore gives for a case of Sequenzy."""
    return _sequenzy_case


@pytest.fixture(scope="session")
def records_of() -> Callable[..., list[tuple[Any, ...]]]:
    """The rows of `subscribers` or `journal`, or of an answer's, to compare."""
    return _records_of


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
