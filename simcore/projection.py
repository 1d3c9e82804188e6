"""The verbs: what goes out when, for one subscriber and for all of them."""

import platform
import warnings
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from simcore import audience, explain, instants
from simcore.audience import Runs
from simcore.engine import rounds
from simcore.errors import EntryError, SimcoreError, shown
from simcore.instants import NAT_US
from simcore.plan import Plan
from simcore.timeline import timeline
from simcore.zones import LAST_US


class Sequence(Protocol):
    """What a platform's sequence offers to the verbs."""

    def plan(self, assumptions: Any = None, *, include_drafts: bool = False) -> Plan:
        """The delays and gates that the sequence comes down to."""
        ...


def preview(
    sequence: Sequence,
    entered_at: Any,
    *,
    include_drafts: bool = False,
    assumptions: Any = None,
    naive_time_zone: str | None = None,
) -> pd.DataFrame:
    """When each email goes out to one subscriber who enters at `entered_at`, and why then.

    `entered_at`: an aware datetime or Timestamp, or a string; without an offset it is wall-clock time in
    `naive_time_zone`, or else in the sequence's zone. `include_drafts` treats every draft as published.
    `assumptions`: the platform's switches, such as `kit.Assumptions(...)`.

    A row for each email that is not a draft. Index `position` (int16, from 0); columns `email_id` (int64),
    `subject` (str), `send_at` (datetime64[us, the sequence's zone]), `wait` (timedelta64[us], from the
    previous email or from the entry) and `reason` (str, one sentence). What cannot go out as things stand has
    NaT and the reason.

    Raises EntryError for an instant that cannot be read or sends after 2200. Warns where no email is
    published. Rules: spec K6 to K12.

    >>> import simcore
    >>> from simcore import kit
    >>> shown = simcore.preview(kit.load(simcore.example("welcome")), "2026-03-06 21:07")
    >>> shown["send_at"].dt.strftime("%a %d %b %H:%M %Z").tolist()
    ['Fri 06 Mar 21:07 EST', 'Fri 06 Mar 23:15 EST', 'Mon 09 Mar 09:00 EDT', 'Thu 12 Mar 09:00 EDT']
    """
    instants.check_zone(naive_time_zone)
    plan = _plan(sequence, assumptions, include_drafts)
    entered_us = instants.read_one(entered_at, "entered_at", naive_time_zone or plan.time_zone)
    done = [int(item.at_us[0]) for item in rounds(plan, np.array([entered_us]))]
    anchors = [entered_us, *done]
    rows = []
    for place, step in enumerate(plan.steps):
        if not step.sends:
            continue
        at_us = done[place] if place < len(done) else NAT_US
        if at_us > LAST_US:
            raise EntryError(
                f"the email at position {step.position} (id {step.email_id}) would go out after 2200-01-01 UTC: "
                "mend its delay, or the entry"
            )
        wait_us = at_us - anchors[place] if at_us != NAT_US else NAT_US
        reason = explain.reason(plan, place, anchors[place] if place < len(anchors) else None, at_us)
        rows.append((step.position, step.email_id, step.subject, at_us, wait_us, reason))
    if not rows:
        warnings.warn(
            "nothing to preview: no email is published (include_drafts=True shows drafts)", stacklevel=2
        )
    position, email_id, subject, send_us, waits_us, reasons = zip(*rows, strict=True) if rows else ((),) * 6
    return pd.DataFrame(
        {
            "email_id": np.array(email_id, np.int64),
            "subject": pd.array(list(subject), dtype="str"),
            "send_at": instants.show(np.array(send_us, np.int64), plan.time_zone),
            "wait": np.array(waits_us, np.int64).view("timedelta64[us]"),
            "reason": pd.array(list(reasons), dtype="str"),
        },
        index=pd.Index(np.array(position, np.int16), name="position"),
        copy=False,
    )


def project(
    sequence: Sequence,
    entries: Any = None,
    *,
    until: Any = None,
    include_drafts: bool = False,
    assumptions: Any = None,
    naive_time_zone: str | None = None,
    order: str = "entry",
) -> pd.DataFrame:
    """The timeline: one row for each email that goes out to each subscriber.

    `entries`: a DataFrame with `subscriber_id` (any dtype) and `entered_at` (instants, or strings with
    offsets), optionally `via`; a Series of instants whose index is the subscriber_id; or a DatetimeIndex,
    array or list of instants (ids 0, 1, 2, …). Naive times need `naive_time_zone`, in which they are
    wall-clock time. A subscriber who stands there again starts another run where the sequence repeats, and is
    ignored where it does not (spec K14). `until`: the world ends just before it; nothing at or after it
    happens. `include_drafts`, `assumptions`: as for `preview`.

    Columns, in order: `subscriber_id` (as given), `run` (int32, from 1), `position` (int16, from 0),
    `email_id` (int64), `subject` (category), `send_at` (datetime64[us, the sequence's zone]); a RangeIndex.
    Rows follow the entries, then the sends; `order="email"` gives them email by email.

    Raises EntryError that names the rows that cannot be read, or whose sends are after 2200.

    >>> import simcore
    >>> from simcore import kit
    >>> sequence = kit.load(simcore.example("welcome"))
    >>> sends = simcore.project(sequence, ["2026-03-06T21:07:30-05:00", "2026-03-07T08:00:00-05:00"])
    >>> len(sends), str(sends["send_at"].dtype)
    (8, 'datetime64[us, America/New_York]')
    """
    instants.check_zone(naive_time_zone)
    if order not in {"entry", "email"}:
        raise SimcoreError(f"order: found {shown(order)}, expected 'entry' or 'email'")
    plan = _plan(sequence, assumptions, include_drafts)
    until_us = audience.read_until(until, naive_time_zone)
    runs: Runs = audience.runs(
        entries, repeat=plan.repeat, vias=plan.vias, until_us=until_us, naive_time_zone=naive_time_zone
    )
    sending = [item for item in rounds(plan, runs.entered_us) if item.step.sends]
    return timeline(runs, sending, plan.time_zone, until_us, by_email=order == "email")


def split_entries(entries: Any, *, naive_time_zone: str | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Entries parted into (good, bad): rows that `project` can read, and rows that it cannot.

    `entries` and `naive_time_zone` as for `project`. Both are DataFrames with the columns given (a list or a
    Series becomes `subscriber_id` and `entered_at`) and their index; `bad` has a `reason` (str) more.

    >>> good, bad = split_entries(["2026-03-06T21:07:30-05:00", "03/06/2026"])
    >>> len(good), bad["reason"].tolist()
    (1, ['leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026'])
    """
    return audience.split(entries, naive_time_zone)


def example(name: str | None = None) -> Path | list[str]:
    """The path of a shipped example, or without a name the list of them.

    Raises SimcoreError for a name that is not in the list.

    >>> example("welcome").name
    'welcome.json'
    """
    folder = Path(str(resources.files("simcore").joinpath("examples")))
    shipped = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix in {".json", ".csv"}}
    if name is None:
        return list(shipped)
    if name not in shipped:
        raise SimcoreError(f"no example {shown(name)}; there are: {', '.join(shipped)}")
    return shipped[name]


def versions() -> dict[str, str]:
    """What a result depends on: the versions of simcore, Python, pandas, numpy and tzdata (the zone data).

    >>> sorted(versions())
    ['Python', 'numpy', 'pandas', 'simcore', 'tzdata']
    """
    from importlib import metadata  # slow to import, and seldom needed

    packages = ("pandas", "numpy", "tzdata")
    return {
        "simcore": metadata.version("simcore"),
        "Python": platform.python_version(),
        **{name: metadata.version(name) for name in packages},
    }


def _plan(sequence: Any, assumptions: Any, include_drafts: bool) -> Plan:
    if not hasattr(sequence, "plan"):
        raise SimcoreError(f"sequence: found {shown(sequence)}, expected one as loaded by simcore.kit.load")
    plan: Plan = sequence.plan(assumptions, include_drafts=include_drafts)
    return plan
