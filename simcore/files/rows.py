"""What stands in a file of entries or events, row by row: what can be used, and what is wrong with the others."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from simcore.clock import instants
from simcore.clock.grammar import MISSING
from simcore.clock.zones import NO_ZONE, Ints, zone_names
from simcore.errors import SimcoreError, shown
from simcore.files.inputs import named
from simcore.files.json_file import once
from simcore.files.stamps import aware
from simcore.plan.columns import OBJECTS
from simcore.plan.log import whole_id
from simcore.plan.plan import Plan

_NO_OBJECT = "not a JSON object"
_WAY_OUT = "--on-error quarantine sets them aside in a file of their own and goes on with the others"


@dataclass
class Rows:
    """What stands in a file of entries or events.

    `frame`: the rows that have all their fields. `places` int64 [rows]: the line of each (from 1), or in
    Parquet its row (from 0). `broken`: what is wrong, by place, be it in `frame` or not. `ends`: the last
    lines of rows that are no CSV, by place. `delimiter`: what divides the columns of a CSV file;
    `header`: what they are called in a Parquet file. `kept`: what came through a pipe, where it is kept.
    """

    path: Path
    unit: str
    frame: pd.DataFrame
    places: Ints
    broken: dict[int, str]
    ends: dict[int, int]
    delimiter: str = ","
    header: list[str] | None = None
    kept: BinaryIO | None = None

    def __post_init__(self) -> None:
        self.total = len(self.frame) + len(self.broken)
        self.good = np.ones(len(self.frame), np.bool_)

    def refuse(self, faults: Mapping[int, str]) -> None:
        """Adds what is wrong with rows of `frame`."""
        for row, fault in faults.items():
            place = int(self.places[row])
            told = self.broken.get(place)
            if told is None:
                self.broken[place] = fault
            elif fault not in told:  # what holds for two platforms is said once
                self.broken[place] = f"{told}; {fault}"
            self.good[row] = False

    def entries(self, plan: Plan | None, how: instants.Reader, *, zones: bool = False) -> pd.DataFrame:
        """The entries with their instants read; rows that cannot be used are refused.

        `plan`: None where nobody knows yet whose entries they are; then all columns are kept, and ways of entry are
        not looked at. `zones`: whether those must have zones in `time_zone`, or nothing (T22).
        """
        usable = self._timed("entered_at", how, plan)
        if "subscriber_id" not in usable:
            usable["count"] = pd.to_numeric(self._read(self.frame["count"], _count), errors="coerce")
        if "via" in self.frame:
            usable["via"] = self._filled("via")
        if "via" in self.frame and plan is not None:
            wrong = f"not one of: {', '.join(plan.vias)}"
            self._read(usable["via"].dropna(), lambda via: None if via in plan.vias else wrong)
        if "time_zone" in self.frame:
            usable["time_zone"] = self._filled("time_zone")
            if zones:
                self._read(
                    usable["time_zone"].dropna(), lambda name: None if name in zone_names() else NO_ZONE
                )
        return usable

    def events(self, plan: Plan | None, how: instants.Reader) -> pd.DataFrame:
        """The events with their instants read; rows that cannot be used are refused.

        `plan`: None where nobody knows yet whose events they are; then all columns are kept, and neither names nor
        refs are looked at.
        """
        usable = self._timed("at", how, plan)
        usable["event"] = self.frame["event"]
        usable["ref"] = self._filled("ref") if "ref" in self.frame else None
        if _enrols(plan) and "received_at" in self.frame:
            usable["received_at"] = self._received(how)
        if plan is None:
            return usable
        words = plan.events.vocabulary
        self._read(usable["event"], lambda name: words.wrong() if words.unknown(name) else None)
        refs = usable["ref"][usable["event"].isin(words.about)]
        code, found = _each(refs, words.ref)
        for row in refs.index[np.array([each is None for each in found], np.bool_)[code]].tolist():
            there = "no ref" if refs.isna()[row] else f"ref {shown(refs[row])}"
            self.refuse({row: f"{there}: expected {words.expected} that {usable['event'][row]} needs"})
        return usable

    def _timed(self, when: str, how: instants.Reader, plan: Plan | None) -> pd.DataFrame:
        stamps = self.frame[when]
        who = {"subscriber_id": self._ids()} if "subscriber_id" in self.frame else {}
        us, faults = how.read(stamps)
        self.refuse({row: f"{when} {shown(stamps.iloc[row])}: {faults[row]}" for row in faults})
        usable = pd.DataFrame(who | {when: aware(us)}, copy=False)
        if _enrols(plan):  # elsewhere they are columns as any others
            for name in [each for each in OBJECTS if each in self.frame]:
                usable[name] = self._read(self.frame[name], _object)
        return usable

    def _received(self, how: instants.Reader) -> Any:
        """When events were received, missing where nothing is said of it (Q39)."""
        given = self.frame["received_at"]
        us, faults = how.read(given)
        wrong = {row: fault for row, fault in faults.items() if fault != MISSING}
        self.refuse({row: f"received_at {shown(given.iloc[row])}: {fault}" for row, fault in wrong.items()})
        us = us.copy()
        us[[*faults]] = instants.NAT_US
        return aware(us)

    def _ids(self) -> "pd.Series[Any]":
        ids = self.frame["subscriber_id"]
        values = ids.cat.categories if isinstance(ids.dtype, pd.CategoricalDtype) else ids
        if pd.api.types.infer_dtype(values, skipna=True) == "string":
            ids = ids.mask(ids.str.strip() == "")
        self.refuse(dict.fromkeys(np.flatnonzero(ids.isna()).tolist(), "no subscriber_id"))
        return ids

    def _filled(self, name: str) -> "pd.Series[Any]":
        """A column in which what is blank is missing."""
        return self.frame[name].mask(self.frame[name] == "")

    def _read(self, given: "pd.Series[Any]", read: Callable[[Any], Any]) -> Any:
        """What is read of the values of a column; where that is a text it says what is wrong with the row."""
        code, found = _each(given, read)
        wrong = np.array([isinstance(each, str) for each in found], np.bool_)[code]
        for at in np.flatnonzero(wrong).tolist():
            self.refuse({given.index[at]: f"{given.name} {shown(given.iloc[at])}: {found[code[at]]}"})
        return found[code]

    def positions(self) -> list[int]:
        """Which of all rows of the file cannot be used, from 0."""
        every = np.union1d(self.places, [*self.broken]).astype(np.int64)
        rows: list[int] = np.searchsorted(every, sorted(self.broken)).tolist()
        return rows

    def told(self, way_out: str = _WAY_OUT) -> SimcoreError:
        """The one error for rows that cannot be used."""
        lines = [f"{named(self.path)}: {len(self.broken)} of {self.total} rows cannot be used"]
        lines += [f"  {self.unit} {place}: {self.broken[place]}" for place in sorted(self.broken)[:10]]
        if len(self.broken) > 10:
            lines.append(f"  and {len(self.broken) - 10} more")
        if any(instants.GUESSWORK in fault for fault in self.broken.values()):
            lines.append(instants.DAY_FIRST)
        return SimcoreError("\n".join([*lines, way_out]))


def _enrols(plan: Plan | None) -> bool:
    """Whether it may be for a sequence with a trigger, to which more columns mean something."""
    return plan is None or plan.trigger is not None


def _each(values: "pd.Series[Any]", read: Callable[[Any], Any]) -> tuple[Ints, Any]:
    """Of each value its place among the distinct ones, and what is read of these."""
    code, distinct = pd.factorize(values.astype(object), use_na_sentinel=False)
    return code, np.fromiter(map(read, distinct), object, len(distinct))


def _count(given: Any) -> Any:
    """How many arrivals a value says there are, or what is wrong with it."""
    number = whole_id(given)
    return number if number is not None and 0 <= number < 1 << 53 else "not a whole number of 0 or more"


def _object(text: Any) -> Any:
    """The object that a JSON text is, None for a blank one, or what is wrong with it."""
    if not isinstance(text, str):
        return None if pd.isna(text) else _NO_OBJECT
    if not text.strip():
        return None
    try:
        found = json.loads(text, parse_constant=_no_number, object_pairs_hook=once)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return f"{_NO_OBJECT}: it has half a character (a lone surrogate)"
    except (ValueError, RecursionError) as error:
        return f"{_NO_OBJECT}: {error}"
    return found if isinstance(found, dict) else _NO_OBJECT


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")
