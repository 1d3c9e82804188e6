"""Files of sequences, and what is asked of them: what is typed becomes arguments."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

import simcore
from simcore import kit, sequenzy
from simcore.cli.options import option_of
from simcore.clock import instants
from simcore.errors import SimcoreError, shown
from simcore.files import tabular as files
from simcore.files.json_file import read_json
from simcore.kit.api import all_from_api
from simcore.kit.changes import from_json
from simcore.text.wording import count

# Asked from the last to the first, since Kit's frame fits others' files too.
PLATFORMS: dict[str, ModuleType] = {"kit": kit, "sequenzy": sequenzy}
_ONLY = {"kit": ("emails", "time_zone", "include_drafts", "changes"), "sequenzy": ("enabled_at", "render")}


@contextmanager
def naming(what: object) -> Iterator[None]:
    """Says in an error what it is about."""
    try:
        yield
    except SimcoreError as error:
        raise SimcoreError(f"{what}: {error}") from None


def title(platform: str) -> str:
    """A platform's name, for people."""
    return platform.capitalize()


def load(file: Path, naive_time_zone: str | None, only: Mapping[str, Any]) -> Any:
    """The one sequence of a file, which of a list of several is FILE#ID; `only` as for `load_all`."""
    found = load_all(file, naive_time_zone, only)
    if len(found) > 1:
        raise _one_of(file, found)
    return found[0]


def load_all(file: Path, naive_time_zone: str | None, only: Mapping[str, Any]) -> list[Any]:
    """The sequences of a file, one or more; `only`: what is given, by its parameter, and not for every platform."""
    named, mark, wanted = str(file).rpartition("#")
    of_list = bool(mark) and not file.exists()
    file = Path(named) if of_list else file
    with naming(file):
        payload = read_json(file)
        platform = next((name for name in reversed(PLATFORMS) if PLATFORMS[name].api.mine(payload)), None)
        if platform is None:
            looks = [f"  {title(name)}'s: {each.api.LOOK}" for name, each in PLATFORMS.items()]
            expected = "expected a sequence as its platform's API gives it"
            raise SimcoreError("\n".join([expected, *looks, f"  found: {shown(payload)}"]))
    for owner, options in _ONLY.items():
        for option in options if owner != platform else ():
            if only.get(option) not in {None, False}:
                raise SimcoreError(
                    f"{option_of(option)}: only for a sequence of {title(owner)}'s; "
                    f"{file} is one of {title(platform)}'s"
                )
    emails, time_zone = only.get("emails"), only["time_zone"]
    for option, given in (("--time-zone", time_zone), ("--naive-time-zone", naive_time_zone)):
        with naming(option):
            instants.check_zone(given)
    with naming(file):
        if of_list and "sequences" not in payload:
            raise SimcoreError(f"not a list of sequences: leave out #{wanted}")
        if platform != "kit":
            return [PLATFORMS[platform].from_api(payload)]
        if "sequences" not in payload or emails is not None:
            return [kit.from_api(payload, None if emails is None else read_json(emails), time_zone=time_zone)]
        listed = all_from_api(payload, time_zone=time_zone)
        chosen = [each for each in listed if not of_list or str(each.id) == wanted]
    if not chosen or (of_list and len(chosen) > 1):
        raise _one_of(file, listed)
    return chosen


def _one_of(file: Path, listed: list[Any]) -> SimcoreError:
    names = ", ".join(f"{file}#{each.id} ({each.name})" for each in listed) or "none"
    return SimcoreError(f"{file}: a list of {count(len(listed), 'sequence')}: name one of them: {names}")


def zone_of(sequence: Any) -> str | None:
    """The zone of a sequence, or of all in a dict of them; None where they differ."""
    zones = {each.time_zone for each in (sequence.values() if isinstance(sequence, dict) else [sequence])}
    return zones.pop() if len(zones) == 1 else None


def assumed(given: list[str] | None, sequence: Any) -> Any:
    """The switches of the sequence's platform, as they are turned."""
    platform = next(each for each in PLATFORMS.values() if isinstance(sequence, each.Sequence))
    defaults = {each.name: each.default for each in fields(platform.Assumptions)}
    chosen: dict[str, Any] = {}
    for item in given or []:
        name, equals, value = item.partition("=")
        if not equals or name not in defaults:
            raise SimcoreError(
                f"--assume: found {shown(item)}, expected NAME=VALUE, the name one of: {', '.join(defaults)}"
            )
        chosen[name] = _length(item, value) if isinstance(defaults[name], timedelta) else value
    return platform.Assumptions(**chosen)


def _length(item: str, value: str) -> timedelta:
    with suppress(ValueError):
        length = pd.Timedelta(value) if re.search("[a-z:]", value) else pd.NaT  # a bare number has no unit
        if isinstance(length, pd.Timedelta):
            return length.to_pytimedelta()
    raise SimcoreError(f"--assume: found {shown(item)}, expected a length of time such as 15min or 0:15:00")


def asked_of(
    sequence: Any,
    until: str | None,
    assume: list[str] | None,
    naive_time_zone: str | None,
    only: Mapping[str, Any],
) -> dict[str, Any]:
    """What is typed for project, forecast, simulate, impact and compare alike, as their arguments.

    `sequence`: or, for compare, a dict of them by name.
    """
    clock = naive_time_zone or zone_of(sequence)
    times = {"until": until, "enabled_at": only.get("enabled_at")}
    asked: dict[str, Any] = {
        name: files.aware([instants.read_one(typed, option_of(name), clock)])[0]
        for name, typed in times.items()
        if typed is not None
    }
    asked |= {
        "include_drafts": only["include_drafts"],
        "assumptions": {name: assumed(assume, each) for name, each in sequence.items()}
        if isinstance(sequence, dict)
        else assumed(assume, sequence),
        "naive_time_zone": clock,
    }
    if only.get("changes") is not None:
        with naming(only["changes"]):
            asked["changes"] = from_json(read_json(only["changes"]))
            simcore.project(sequence, [], **asked)  # to nobody: what is wrong now is wrong with the changes
    return asked
