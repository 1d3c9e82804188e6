"""Reads files of sequences, and turns what you type into arguments."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from simcore.answers.options import Options
from simcore.answers.projection import make
from simcore.cli.options import option_of, there
from simcore.clock import instants
from simcore.errors import SimcoreError, shown
from simcore.files.inputs import is_stdin, named
from simcore.files.json_file import read_json
from simcore.files.stamps import aware
from simcore.plan.platform import platform_of, recognised
from simcore.plan.switches import YES_NO
from simcore.show import terminal
from simcore.text.wording import count, listed


@contextmanager
def naming(what: str | Path) -> Iterator[None]:
    """Puts before an error what it is about, if the error does not begin with it."""
    try:
        yield
    except SimcoreError as error:
        raise SimcoreError(f"{named(what)}: {str(error).removeprefix(f'{named(what)}: ')}") from None


def load(file: Path, naive_time_zone: str | None, only: Mapping[str, Any]) -> Any:
    """The one sequence of a file (FILE#ID for one in a list of several); `only` as for `load_all`."""
    found = load_all(file, naive_time_zone, only)
    if len(found) > 1:
        raise _one_of(file, found)
    return found[0]


def load_all(file: Path, naive_time_zone: str | None, only: Mapping[str, Any]) -> list[Any]:
    """The sequences of a file. `only`: the options that only some platforms have, by their parameters."""
    before, mark, wanted = str(file).rpartition("#")
    of_list = bool(mark) and not file.exists()
    file = Path(before) if of_list else file
    owners = there()
    with naming(file):
        payload = read_json(file)
        platform = recognised(payload)
    for option, given in only.items():
        if given not in {None, False} and option not in platform.options:
            titles = listed((owner.title for owner in owners.values() if option in owner.options), "or")
            raise SimcoreError(
                f"{option_of(option)}: only for {titles} sequences, and {named(file)} is a {platform.title} sequence"
            )
    for option, zone in (("--time-zone", only["time_zone"]), ("--naive-time-zone", naive_time_zone)):
        with naming(option):
            instants.check_zone(zone)
    given = {name: only.get(name) for name in ("emails", "time_zone") if only.get(name) is not None}
    where = named(file)
    if "emails" in given:
        second = f"--emails {named(given['emails'])}"
        with naming(second):
            given["emails"] = read_json(given["emails"])
        where = f"{where} with {second}"
    with naming(where):
        found = platform.load(payload, given)
        if of_list and not isinstance(found, list):
            raise SimcoreError(f"not a list of sequences: leave out #{wanted}")
    offered = found if isinstance(found, list) else [found]
    chosen = [sequence for sequence in offered if not of_list or platform.key(sequence) == wanted]
    if not chosen or (of_list and len(chosen) > 1):
        raise _one_of(file, offered)
    apart = "emails" in only and "emails" in platform.options and not isinstance(found, list)
    if apart and "emails" not in given and not chosen[0].emails:
        terminal.say(
            f"{where}: it has no emails: if they are in a file of their own, give it with --emails",
            "Warning",
        )
    own = [*dict.fromkeys(sequence.time_zone for sequence in chosen)]
    if "time_zone" in given and given["time_zone"] not in own:
        terminal.say(f"--time-zone has no effect: {where} has the time zone {listed(own)} itself", "Warning")
    return chosen


def _one_of(file: Path, found: list[Any]) -> SimcoreError:
    where = "/dev/stdin" if is_stdin(file) else file  # -#30 would be taken for an option
    names = ", ".join(f"{where}#{platform_of(each).key(each)} ({each.name})" for each in found) or "none"
    return SimcoreError(
        f"{named(file)}: found a list of {count(len(found), 'sequence')}, expected one: choose from: {names}"
    )


def zone_of(sequence: Any) -> str | None:
    """The zone of a sequence, or of a dict of sequences; None if theirs differ."""
    zones = {each.time_zone for each in (sequence.values() if isinstance(sequence, dict) else [sequence])}
    return zones.pop() if len(zones) == 1 else None


def assumed(given: list[str] | None, sequence: Any, called: str = "--assume") -> Any:
    """The switches of the sequence's platform, with the values given; `called`: what errors call them."""
    switches = platform_of(sequence).assumptions
    defaults = {switch.name: switch.default for switch in fields(switches)}
    chosen: dict[str, Any] = {}
    for item in given or []:
        name, equals, value = item.partition("=")
        if not equals or name not in defaults:
            names = ", ".join(defaults) or "none"
            raise SimcoreError(
                f"{called}: found {shown(item)}, expected NAME=VALUE with one of the names: {names}"
            )
        default = defaults[name]
        if isinstance(default, timedelta):
            chosen[name] = _length(item, value, called)
        else:
            chosen[name] = (
                value.lower() == "true" if isinstance(default, bool) and value.lower() in YES_NO else value
            )
    return switches(**chosen)


def _length(item: str, value: str, called: str) -> timedelta:
    with suppress(ValueError):
        length = pd.Timedelta(value) if re.search("[a-z:]", value) else pd.NaT  # a bare number has no unit
        if isinstance(length, pd.Timedelta):
            return length.to_pytimedelta()
    raise SimcoreError(f"{called}: found {shown(item)}, expected a length of time such as 15min or 0:15:00")


def asked_of(
    sequence: Any,
    until: str | None,
    assume: list[str] | None,
    naive_time_zone: str | None,
    only: Mapping[str, Any],
    *,
    seed: int | None,
    unit: str | None,
    day_first: bool,
) -> dict[str, Any]:
    """The options that project, forecast, simulate, impact and compare share, as arguments.

    `sequence`: one, or for compare a dict of them by name.
    """
    clock = naive_time_zone or zone_of(sequence)
    how = instants.Reader(clock, dayfirst=day_first)
    times = {"until": until, "enabled_at": only.get("enabled_at")}
    asked: dict[str, Any] = {
        name: aware([how.read_one(typed, option_of(name))])[0]
        for name, typed in times.items()
        if typed is not None
    }
    asked |= {
        "include_drafts": only["include_drafts"],
        "assumptions": {name: assumed(assume, each) for name, each in sequence.items()}
        if isinstance(sequence, dict)
        else assumed(assume, sequence),
        "naive_time_zone": clock,
        "unit": unit,
        "dayfirst": day_first,
        "seed": seed,
    }
    if only.get("changes") is not None:
        make(sequence, [], Options(**asked))  # without entries; any error after this is about the changes
        with naming(only["changes"]):
            asked["changes"] = platform_of(sequence).changes(read_json(only["changes"]))
            make(sequence, [], Options(**asked))
    return asked
